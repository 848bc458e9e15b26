"""Lend in the demonstration's past months, and let the borrowers repay."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.core.origin import origin
from apps.demo import debited, people, repaid


class Command(BaseCommand):
    help = "Lend in past months, take what was repaid since, post what banks say; only once."

    def handle(self, *args: Any, **options: Any) -> None:
        people.refuse_in_production()
        with origin("command:seed_repaid"):
            now = timezone.now()
            done = [*repaid.write(now=now), *debited.write(now=now)]
        self.stdout.write("; ".join(done) or "Payments are there already, or nothing was lent.")
