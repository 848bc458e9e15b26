"""Measure the expected credit loss of the demonstration's lenders, and stress it."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.core.origin import origin
from apps.demo import losses, people, stresses


class Command(BaseCommand):
    help = "Decide parameters by two people, estimate, and measure each end of a month; only once."

    def handle(self, *args: Any, **options: Any) -> None:
        people.refuse_in_production()
        with origin("command:seed_losses"):
            now = timezone.now()
            done = [*losses.write(now=now), *stresses.write(now=now)]
        self.stdout.write("; ".join(done) or "Losses are measured already, or no day was ended.")
