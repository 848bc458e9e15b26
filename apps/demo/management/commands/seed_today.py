"""Take today's applications of the demonstration."""

from collections import Counter
from datetime import datetime
from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone
from tqdm import tqdm

from apps.applications.models import Application
from apps.core.origin import origin
from apps.demo import applicants, desk, people, today


class Command(BaseCommand):
    help = "Register today's applicants and assess their applications; only once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--applications", type=int, default=36, help="For each segment.")

    def handle(self, *args: Any, **options: Any) -> None:
        people.refuse_in_production()
        if Application.objects.filter(channel=Application.Channel.COUNTER).exists():
            self.stdout.write("Today's applications are there already.")
            return
        with origin("command:seed_today"):
            states = _take(options["applications"], options["seed"], now=timezone.now())
        self.stdout.write(", ".join(f"{number} {state}" for state, number in states.items()))


@transaction.atomic
def _take(count: int, seed: int, *, now: datetime) -> Counter[str]:
    """Take `count` applications in each place, all or none; return how many are in which state."""
    states: Counter[str] = Counter()
    written = chain.from_iterable(
        today.write(place, count=count, seed=seed, now=now) for place in applicants.PLACES
    )
    total = count * len(applicants.PLACES)
    for one in tqdm(written, total=total, unit=" applications", mininterval=1):
        states[one.status] += 1
    desk.work(now=now)
    return states
