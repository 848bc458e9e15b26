"""End the days of the demonstration's lenders."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.core.origin import origin
from apps.demo import nights, people


class Command(BaseCommand):
    help = "End the last forty days of every lender that has lent, and close most; only once."

    def handle(self, *args: Any, **options: Any) -> None:
        people.refuse_in_production()
        with origin("command:seed_day_ends"):
            done = nights.write(now=timezone.now())
        self.stdout.write("; ".join(done) or "Days were ended already, or nothing was lent.")
