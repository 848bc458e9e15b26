"""Replay the history of every loan and compare it with the books."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.loans.models import Loan
from apps.repayments import proofs


class Command(BaseCommand):
    help = "Replay the history of loans and compare it with the books: all, or one by its number."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--loan", default="", help="The number of one loan.")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = Loan.objects.filter(account__isnull=False, disbursed_date__isnull=False)
        if options["loan"]:
            rows = rows.filter(number=options["loan"])
        proved = 0
        for loan in (
            rows.select_related("product__conditions").order_by("number").iterator(chunk_size=500)
        ):
            found = proofs.difference(loan)
            if found is not None:
                raise CommandError(f"{found.name}: expected {found.expected}; found {found.found}")
            proved += 1
        self.stdout.write(f"{proved} accounts are what their histories give.")
