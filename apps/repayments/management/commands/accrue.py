"""Accrue the days of a lender: `manage.py accrue --entity CODE [--day YYYY-MM-DD]`."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts.models import Entity
from apps.audit.services import system
from apps.core.errors import DomainError
from apps.repayments import services


class Command(BaseCommand):
    help = "Accrue a day of a lender, or all days that are over; doing it twice adds nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--entity", required=True, help="The code of the lender.")
        parser.add_argument(
            "--day", type=date.fromisoformat, help="YYYY-MM-DD; default: what is missing."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        entity = Entity.objects.filter(code=options["entity"]).first()
        if entity is None:
            raise CommandError(f"There is no lender {options['entity']!r}.")
        values: dict[str, Any] = {
            "actor": system("accrue"),
            "entity": entity,
            "now": timezone.now(),
        }
        try:
            if options["day"]:
                runs = [services.accrue_day(**values, day=options["day"])]
            else:
                runs = services.accrue_missing(**values)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        for run in runs:
            self.stdout.write(
                f"{run.day}: {run.loans} loans accrued, {run.charges} charges for being late,"
                f" {len(run.problems)} loans left out."
            )
        left_out = sorted({one["loan"] for run in runs for one in run.problems})
        if left_out:
            raise CommandError(f"Left out: {', '.join(left_out)}.")
        if not runs:
            self.stdout.write("Every day that is over is accrued.")
