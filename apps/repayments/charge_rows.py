"""The charges of a loan as lists show them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.loans.models import Loan
from apps.repayments import lateness, policies
from apps.repayments.facts import Bucket
from apps.repayments.models import AccountEvent

BUCKETS: dict[str, str | Lazy] = {
    Bucket.PENAL: _("Penal charge"),
    Bucket.FEE: _("Fee"),
    Bucket.TAX: _("Tax"),
    Bucket.INTEREST: _("Interest"),
}
CODES: dict[str, str | Lazy] = {
    lateness.PENAL: _("Late payment"),
    lateness.INTEREST: _("Interest on an unpaid instalment"),
    "bounce": _("Returned payment"),
    "switching": _("Change of the kind of rate"),
    "prepayment": _("Paying early"),
    "gst": _("Goods and services tax"),
}


@dataclass(frozen=True)
class Row:
    """One charge: what for, how much, and what of it is settled."""

    event: AccountEvent
    may_take_back: bool

    @property
    def bucket(self) -> str | Lazy:
        """What kind of charge it is, in words."""
        return BUCKETS[self.event.parameters["bucket"]]

    @property
    def code(self) -> str | Lazy:
        """What it is for, in words; a code nobody put into words as it was typed."""
        code: str = self.event.parameters["code"]
        return CODES.get(code, code)

    @property
    def reason(self) -> str:
        """Why it was asked for; empty for what the system computed."""
        return self.event.reason

    @property
    def due_on(self) -> date:
        """The day from which it is owed."""
        return date.fromisoformat(self.event.parameters["due_on"])

    @property
    def amount(self) -> Decimal:
        """How much was asked for."""
        return self.event.amount or Decimal(0)

    @property
    def open(self) -> Decimal:
        """What of it is still to be paid; nothing once it was taken back."""
        return self.amount - self.event.settled if self.event.status == "live" else Decimal(0)


def of_loan(loan: Loan, actor: User, *, most: int) -> list[Row]:
    """Return the last charges of a loan, the newest first."""
    rows = AccountEvent.objects.filter(loan=loan, kind="charge").order_by("-day", "-position")
    may = actor.has_perm(policies.CHARGE)
    return [Row(one, may and is_asked_by_people(one)) for one in rows[:most]]


def is_asked_by_people(event: AccountEvent) -> bool:
    """Say whether a charge that stands was asked for by somebody, and is taken back as such."""
    said = event.parameters
    return (
        event.status == "live"
        and said["code"] not in lateness.CODES
        and said["bucket"] != Bucket.TAX
    )
