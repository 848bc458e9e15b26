"""Prove that the ledger balances and agrees with what lies above it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.audit.services import system
from apps.ledger import proofs, services


class Command(BaseCommand):
    help = "Run every proof of the ledger, and name the first loan where one fails."

    def handle(self, *args: Any, **options: Any) -> None:
        run = services.prove(actor=system("prove_ledger"), now=timezone.now())
        failed = []
        for result in run.results:
            said = proofs.sentence(result["code"])
            if result["holds"]:
                self.stdout.write(f"holds  {said}")
                continue
            one = result["offender"]
            failed.append(said)
            loan = f" (loan {one['loan_id']})" if one["loan_id"] else ""
            self.stdout.write(
                f"FAILS  {said}: first for {one['name']}{loan}:"
                f" {one['expected']} against {one['found']}"
            )
        if failed:
            raise CommandError(f"The ledger is NOT proved: {'; '.join(failed)}.")
        self.stdout.write(
            f"The ledger is proved: {len(run.results)} checks in {run.seconds:.1f} seconds."
        )
