"""Lay out the demonstration's people and past loans."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from apps.core.origin import origin
from apps.demo import applicants, history, people

_YEARS_OF_HISTORY = 4
# The youngest loans of the past are this old: their outcome is known.
_MATURE_AFTER = timedelta(days=400)


class Command(BaseCommand):
    help = "Make the demonstration's people and its finished loans; what is there stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--loans", type=int, default=6_000, help="For each segment, about.")

    def handle(self, *args: Any, **options: Any) -> None:
        people.refuse_in_production()
        with origin("command:seed_demo"):
            made = people.ensure()
            self.stdout.write(f"{made} people made, {len(people.PEOPLE)} in all.")
            end = timezone.now().date() - _MATURE_AFTER
            start = end - timedelta(days=365 * _YEARS_OF_HISTORY)
            for place in applicants.PLACES:
                written = history.write(
                    place, rows=options["loans"], seed=options["seed"], start=start, end=end
                )
                said = f"{written:,} synthetic loans written" if written else "there already"
                self.stdout.write(f"{place.segment}: {said}.")
