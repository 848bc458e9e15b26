"""What can be asked about payments that have, or may have, a receipt."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.ledger.chart import Account
from apps.loans.models import Loan
from apps.repayments import receipt_wording, services
from apps.repayments.facts import MONEY_IN
from apps.repayments.models import AccountEvent

SHOWN = 25


@dataclass(frozen=True)
class PaymentRow:
    """A payment as a list shows it: what it was used for, and its receipt's number in the loan."""

    event: AccountEvent
    split: Mapping[Account, Decimal]
    number: str

    @property
    def parts(self) -> list[tuple[str, Decimal]]:
        """What the payment was used for, in words, with the amounts."""
        return [(_word(one), amount) for one, amount in self.split.items()]

    @property
    def is_live(self) -> bool:
        """Whether the payment counts: it was not taken back."""
        return self.event.status == "live"

    @property
    def has_receipt(self) -> bool:
        """Whether there is a receipt, or may be one."""
        return self.is_live or bool(self.number)


def payments(loan: Loan) -> QuerySet[AccountEvent]:
    """Return the payments of a loan, the newest first, those taken back among them."""
    rows = AccountEvent.objects.filter(loan=loan, kind__in=[kind.value for kind in MONEY_IN])
    return rows.order_by("-day", "-position", "-id")


def shown(loan: Loan, *, live_only: bool = False) -> list[PaymentRow]:
    """Return the last payments of a loan as a list shows them; three queries at most."""
    rows = payments(loan).select_related("paper", "entry", "made_by")
    if live_only:
        rows = rows.filter(status="live")
    found = rows.defer("paper__pdf", "paper__facts").prefetch_related("entry__lines")[:SHOWN]
    return [
        PaymentRow(event=one, split=services.split_of(one), number=_number(one)) for one in found
    ]


def _word(account: Account) -> str:
    # On paper it says what for; here is no room, and who reads it knows.
    return _("Paid ahead") if account == Account.ADVANCES else receipt_wording.bucket(account)


def _number(event: AccountEvent) -> str:
    paper = getattr(event, "paper", None)
    return f"R{paper.number}" if paper else ""
