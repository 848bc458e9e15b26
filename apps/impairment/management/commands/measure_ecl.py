"""Measure now: `manage.py measure_ecl --date D [--entity CODE] [--estimate] [--again]`."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts.models import Entity
from apps.audit import services as audit
from apps.core.errors import DomainError
from apps.impairment import services

_ACTOR = audit.system("measure_ecl")


class Command(BaseCommand):
    help = "Measure the expected credit loss of every loan on the books of a day that was ended."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--date", type=date.fromisoformat, required=True)
        parser.add_argument("--entity", help="The code of the lender; default: every one.")
        parser.add_argument("--estimate", action="store_true", help="Estimate from history first.")
        parser.add_argument("--again", action="store_true", help="Measure a finished day anew.")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = Entity.objects.order_by("code")
        code = options["entity"]
        found = list(rows.filter(code=code) if code else rows)
        if not found:
            raise CommandError(f"There is no lender {code}.")
        refused = []
        for entity in found:
            try:
                self._measure(entity, options)
            except DomainError as refusal:
                refused.append(f"{entity.code}: {refusal}")
        if refused:
            raise CommandError("\n".join(refused))

    def _measure(self, entity: Entity, options: dict[str, Any]) -> None:
        day, now = options["date"], timezone.now()
        if options["estimate"]:
            services.estimate(actor=_ACTOR, entity=entity, as_of=day, now=now)
        run = services.measure(
            actor=_ACTOR, entity=entity, day=day, now=now, again=options["again"]
        )
        self.stdout.write(f"{entity.code}: {run.loans} loans measured, run {run.run}.")
        for currency, stages in run.totals.items():
            for stage, sums in stages.items():
                self.stdout.write(
                    f"  {currency} stage {stage}: {sums['loans']} loans,"
                    f" exposure {sums['ead']}, loss {sums['loss']}"
                )
