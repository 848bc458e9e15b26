"""Import a tape of real loans, learn from the older ones, judge the newer ones.

Then try stricter cut-offs on them in the laboratory, derive every decision again, and open the
approved loans on the books.
"""

from argparse import ArgumentTypeError
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from io import StringIO
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone
from tqdm import tqdm

from apps.applications.models import Application
from apps.core import bulk
from apps.core.errors import DomainError
from apps.customers.models import BureauReport, Customer, Employment
from apps.decisions import selectors as decisions
from apps.decisions.models import Decision
from apps.demo import booking, findings, judging, people, record, trying
from apps.loans.management.commands import import_tape
from apps.loans.models import Loan, Outcome
from apps.products.models import Product

_LOADED = (Customer, Employment, BureauReport, Application, Loan, Outcome)
_LOOK_EVERY_SECONDS = 1.0
BENCHMARKS = Path(settings.BASE_DIR) / "docs" / "benchmarks.md"


class Command(BaseCommand):
    """Needs a worker beside it (`make demo-real` starts one). May be interrupted and run again."""

    help = "Judge the applications of a real loan tape through the worker and print the figures."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tape", type=Path, required=True)
        parser.add_argument("--mapping", default="lendingclub")
        parser.add_argument("--from-date", type=date.fromisoformat, default=date(2007, 1, 1))
        parser.add_argument(
            "--split-date",
            type=date.fromisoformat,
            default=date(2011, 1, 1),
            help="Loans paid out before are learned from, applications since are judged.",
        )
        parser.add_argument("--to-date", type=date.fromisoformat, default=date(2012, 1, 1))
        parser.add_argument("--limit", type=int, help="Judge only so many applications.")
        parser.add_argument(
            "--approve-below",
            type=_share,
            default=Decimal("0.12"),
            help="The cut-off that the laboratory tries on the judged applications.",
        )
        parser.add_argument(
            "--decline-from", type=_share, default=Decimal("0.20"), help="Beside it."
        )
        parser.add_argument(
            "--patience", type=float, default=120.0, help="Seconds without progress to wait."
        )
        parser.add_argument(
            "--record",
            type=Path,
            nargs="?",
            const=BENCHMARKS,
            help="Write the figures into docs/benchmarks.md, or into the file named.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        people.refuse_in_production()
        rules = import_tape.read_mapping(options["mapping"])
        people.ensure()
        call_command("import_tape", options["tape"], mapping=options["mapping"], stdout=self.stdout)
        bulk.refresh_statistics(*_LOADED)
        products = Product.objects.filter(code__in=rules.products.values())
        self._policy(products)
        self._champion(products, options)
        chosen = judging.choose(
            source=rules.source,
            from_date=options["split_date"],
            to_date=options["to_date"],
            limit=options["limit"],
        )
        self._judge(chosen, patience_seconds=options["patience"])
        found = findings.gather(chosen)
        self.stdout.write("\n" + record.text(found))
        tried = self._try(chosen, products, options)
        self.stdout.write("\n" + record.laboratory_text(tried))
        replayed = self._replay()
        self.stdout.write(f"\n{replayed}, all identical.")
        booked = self._book(chosen)
        self.stdout.write(f"\n{booked}.")
        if options["record"]:
            section = {
                "tried": tried,
                "replayed": replayed,
                "booked": booked,
                "tape": rules.source,
            }
            self._record(found, section, path=options["record"])

    def _policy(self, products: Any) -> None:
        """Load the policies unless every lender of the tape has one in force."""
        today = timezone.now().date()
        entities = {product.entity for product in products.select_related("entity")}
        if any(decisions.policy_in_force(entity, today) is None for entity in entities):
            call_command("load_policy", stdout=self.stdout)

    def _champion(self, products: Any, options: dict[str, Any]) -> None:
        """Train on the loans before the split and promote, unless a champion decides already."""
        self.stdout.write("Training on the loans before the split ...")
        call_command(
            "train_champion",
            segment=sorted(set(products.values_list("scoring_segment", flat=True))),
            from_date=options["from_date"],
            to_date=options["split_date"],
            holdout_to_date=options["to_date"],
            developer=people.of_role("risk_analyst").email,
            validator=people.of_role("model_validator").email,
            approver=people.of_role("model_approver").email,
            stdout=self.stdout,
        )

    def _judge(self, chosen: judging.Chosen, *, patience_seconds: float) -> None:
        states = judging.drive(
            chosen,
            pause=lambda: sleep(_LOOK_EVERY_SECONDS),
            clock=monotonic,
            patience_seconds=patience_seconds,
        )
        try:
            _show(states)
        except judging.Stalled as stalled:
            raise CommandError(
                f"{stalled} Is a worker running? What is done stays; run the command again."
            ) from stalled

    def _try(self, chosen: judging.Chosen, products: Any, options: dict[str, Any]) -> trying.Tried:
        """Ask the laboratory about stricter cut-offs; the worker beside us does it."""
        self.stdout.write("\nTrying other cut-offs in the laboratory ...")
        try:
            return trying.on_tape(
                chosen,
                entity=products[0].entity,
                products=[product.code for product in products],
                cut_offs=trying.CutOffs(
                    approve_below=options["approve_below"], decline_from=options["decline_from"]
                ),
                now=timezone.now(),
                pause=lambda: sleep(_LOOK_EVERY_SECONDS),
                clock=monotonic,
                patience_seconds=options["patience"],
            )
        except judging.Stalled as stalled:
            raise CommandError(f"{stalled} Is a worker running?") from stalled
        except (ValueError, DomainError) as refusal:
            raise CommandError(f"The experiment failed: {refusal}") from refusal

    def _replay(self) -> record.Replayed:
        """Derive every decision of the database again; CommandError where one differs."""
        self.stdout.write("\nReplaying every decision ...")
        began = monotonic()
        call_command("replay_decision", everything=True, stdout=StringIO(), stderr=self.stderr)
        return record.Replayed(Decision.objects.count(), monotonic() - began)

    def _book(self, chosen: judging.Chosen) -> booking.Booked:
        """Open the approved loans on the books; CommandError where the ledger is not proved."""
        self.stdout.write("\nOpening the approved loans on the books ...")
        try:
            return booking.open_approved(chosen, now=timezone.now())
        except booking.NotProved as failure:
            raise CommandError(str(failure)) from failure

    def _record(self, found: findings.Findings, rest: dict[str, Any], *, path: Path) -> None:
        version = connection.cursor().connection.info.server_version
        line = record.machine(f"PostgreSQL {version // 10_000}.{version % 10_000}")
        today = timezone.now().date()
        record.write(path, record.section(found, on=today, machine_line=line, **rest))
        self.stdout.write(f"\nRecorded in {path}.")


def _share(text: str) -> Decimal:
    """Return a share from the command line; argparse puts the option's name before the sentence."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ArgumentTypeError(f"{text!r} is no number.") from None


def _show(states: Iterator[judging.State]) -> None:
    """Show a bar of decisions while the worker works."""
    first = next(states)
    with tqdm(total=first.total, initial=first.decided, unit=" decisions", mininterval=0.5) as bar:
        for state in states:
            bar.update(state.decided - bar.n)
            bar.set_postfix_str(f"{state.letters:,} letters wait")
