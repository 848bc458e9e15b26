"""Leave something under way at the demonstration's lenders."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.core.origin import origin
from apps.demo import people, underway


class Command(BaseCommand):
    help = "Draft, try and propose policies, ask for an exception, block a borrower; only once."

    def handle(self, *args: Any, **options: Any) -> None:
        people.refuse_in_production()
        with origin("command:seed_underway"):
            done = underway.write(now=timezone.now())
        self.stdout.write("; ".join(done) or "It is under way already.")
