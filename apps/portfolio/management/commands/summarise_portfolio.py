"""Add portfolios up now: `manage.py summarise_portfolio [--entity CODE] [--again]`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts.models import Entity
from apps.portfolio import services


class Command(BaseCommand):
    help = "Add up what is missing of days, vintages and roll rates, of every lender or of one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--entity", help="The code of the lender; default: every one.")
        parser.add_argument("--again", action="store_true", help="Add up everything anew.")

    def handle(self, *args: Any, **options: Any) -> None:
        code = options["entity"]
        rows = Entity.objects.order_by("code")
        found = list(rows.filter(code=code) if code else rows)
        if not found:
            raise CommandError(f"There is no lender {code}.")
        for entity in found:
            made = services.summarise(entity=entity, now=timezone.now(), again=options["again"])
            said = "vintages" if made.vintages else "vintages stand"
            counts = f"{made.months} months of roll rates, {made.days} days"
            self.stdout.write(f"{entity.code}: {said}, {counts}.")
