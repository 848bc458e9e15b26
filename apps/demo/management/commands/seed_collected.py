"""Work on the overdue loans of the demonstration."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.core.origin import origin
from apps.demo import collected, people


class Command(BaseCommand):
    help = "Contact borrowers who are late, write notices, agree on a settlement; only once."

    def handle(self, *args: Any, **options: Any) -> None:
        people.refuse_in_production()
        with origin("command:seed_collected"):
            done = collected.write(now=timezone.now())
        self.stdout.write("; ".join(done) or "Overdue loans were worked on already, or none is.")
