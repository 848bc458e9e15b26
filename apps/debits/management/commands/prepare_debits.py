"""Prepare files of debits: `manage.py prepare_debits --date YYYY-MM-DD [--entity CODE]`."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts.models import Entity
from apps.audit.services import system
from apps.core.errors import DomainError
from apps.debits import services
from apps.debits.errors import NothingToPresent


class Command(BaseCommand):
    help = "Prepare what is asked for by direct debit on a day, for somebody to take on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--date", type=date.fromisoformat, required=True)
        parser.add_argument("--entity", help="The code of a lender; left out, all of them.")

    def handle(self, *args: Any, **options: Any) -> None:
        lenders = Entity.objects.order_by("code")
        if options["entity"]:
            lenders = lenders.filter(code=options["entity"])
            if not lenders:
                raise CommandError(f"There is no lender {options['entity']!r}.")
        for entity in lenders:
            try:
                file = services.prepare_file(
                    actor=system("prepare_debits"),
                    entity=entity,
                    branch=None,
                    collect_on=options["date"],
                    now=timezone.now(),
                )
            except NothingToPresent as refusal:
                self.stdout.write(f"{entity.code}: {refusal}")
                continue
            except DomainError as refusal:
                raise CommandError(f"{entity.code}: {refusal}") from refusal
            number, total = services.asked_for(file)
            self.stdout.write(f"{entity.code}: {file}, {number} debits, {file.currency} {total}")
