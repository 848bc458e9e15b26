"""Begin quality control at the demonstration's lender."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.core.origin import origin
from apps.demo import people, quality


class Command(BaseCommand):
    help = "Decide some cases, sample automatic decisions blindly and judge a few; only once."

    def handle(self, *args: Any, **options: Any) -> None:
        people.refuse_in_production()
        with origin("command:seed_quality"):
            done = quality.write(now=timezone.now())
        self.stdout.write("; ".join(done) or "Quality control has begun already.")
