"""Open the approved loans of a tape on the books, and prove the ledger."""

from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from apps.audit import services as audit
from apps.demo.judging import Chosen
from apps.ledger import services as ledger
from apps.loans import services as loans
from apps.loans.models import Instalment, Loan


class NotProved(Exception):
    """A proof of the ledger fails; the text says which."""


@dataclass(frozen=True, kw_only=True)
class Booked:
    """What is on the books of the tape's approved loans, and how long that and the proof took.

    `loans` and `instalments` count all that are there, `opened` those of this run.
    """

    loans: int
    instalments: int
    opened: int
    refused: int
    otherwise: int
    seconds: float
    checks: int
    proof_seconds: float

    def __str__(self) -> str:
        done = (
            f"{self.opened:,} opened in {self.seconds:,.1f} s"
            f" ({self.opened / max(self.seconds, 0.001):,.0f} a second)"
        )
        return (
            f"{self.loans:,} approved loans with {self.instalments:,} instalments on the books,"
            f" {done}; {self.otherwise:,} with another instalment than the tape's,"
            f" {self.refused:,} refused. {self.checks} proofs of the ledger hold,"
            f" in {self.proof_seconds:,.1f} s"
        )


def open_approved(chosen: Chosen, *, now: datetime) -> Booked:
    """Take the approved loans of a tape on the books and prove the ledger; say what was done.

    May be run again: what is on the books stays. Raises NotProved where a check fails.
    """
    approved = chosen.rows.order_by().filter(status="approved")
    rows = Loan.objects.filter(application__in=approved)
    began = monotonic()
    done = loans.take_on(actor=audit.system("demo"), loans=rows, now=now)
    seconds = monotonic() - began
    run = ledger.prove(actor=audit.system("demo"), now=now)
    if not run.holds:
        failed = [result["code"] for result in run.results if not result["holds"]]
        raise NotProved(f"These proofs of the ledger fail: {', '.join(failed)}.")
    booked = rows.filter(status="active")
    return Booked(
        loans=booked.count(),
        instalments=Instalment.objects.filter(loan__in=booked, in_force=True).count(),
        opened=done.loans,
        refused=len(done.refused),
        otherwise=done.otherwise,
        seconds=seconds,
        checks=len(run.results),
        proof_seconds=float(run.seconds),
    )
