"""Estimate from own history now: `manage.py estimate_ecl --date D [--entity CODE]`."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts.models import Entity
from apps.audit import services as audit
from apps.core.errors import DomainError
from apps.impairment import services


class Command(BaseCommand):
    help = "Estimate hazards and losses given default out of the history up to a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--date", type=date.fromisoformat, required=True)
        parser.add_argument("--entity", help="The code of the lender; default: every one.")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = Entity.objects.order_by("code")
        code = options["entity"]
        found = list(rows.filter(code=code) if code else rows)
        if not found:
            raise CommandError(f"There is no lender {code}.")
        refused = []
        for entity in found:
            try:
                made = services.estimate(
                    actor=audit.system("estimate_ecl"),
                    entity=entity,
                    as_of=options["date"],
                    now=timezone.now(),
                )
            except DomainError as refusal:
                refused.append(f"{entity.code}: {refusal}")
                continue
            self.stdout.write(
                f"{entity.code}: version {made.version} as of {made.as_of}, {made.loan_months}"
                f" loan-months with {made.defaults} defaults, {made.cases} defaults followed."
            )
        if refused:
            raise CommandError("\n".join(refused))
