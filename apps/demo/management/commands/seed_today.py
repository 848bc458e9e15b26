"""Take today's applications of the demonstration."""

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from tqdm import tqdm

from apps.applications.models import Application
from apps.core.origin import origin
from apps.demo import applicants, people, today


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
        count, now = options["applications"], timezone.now()
        states: Counter[str] = Counter()
        with origin("command:seed_today"):
            total = count * len(applicants.PLACES)
            with tqdm(total=total, unit=" applications", mininterval=1) as bar:
                for place in applicants.PLACES:
                    for one in today.write(place, count=count, seed=options["seed"], now=now):
                        states[one.status] += 1
                        bar.update()
            today.claim_one(now=now)
        self.stdout.write(", ".join(f"{number} {state}" for state, number in states.items()))
