"""What the repayment desk shows: what money would come to, and payments in a list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from apps.core.formatting import format_money
from apps.ledger.chart import Account
from apps.loans.models import Loan
from apps.repayments import hooks, receipt_wording
from apps.repayments.account import RECEIVABLE
from apps.repayments.day_sheet import Total
from apps.repayments.facts import Bucket
from apps.repayments.models import AccountEvent
from apps.repayments.services import Foreseen


@dataclass(frozen=True)
class Share:
    """What one loan gets of the money, and how it stands before and after."""

    loan: Loan
    found: Foreseen
    # What pays the loan off on the day of the payment; None where that is not asked.
    pay_off: Decimal | None = None

    @property
    def would_pay_off(self) -> bool:
        """Whether the money is enough to pay the loan off, and would not: the loan runs on."""
        return self.pay_off is not None and self.amount >= self.pay_off and not self.settles

    @property
    def beyond(self) -> Decimal:
        """How much of the money is beyond all that pays the loan off."""
        return self.amount - (self.pay_off or Decimal(0))

    @property
    def borrower(self) -> str:
        """Whose loan it is."""
        return str(self.loan.customer.full_name)

    @property
    def amount(self) -> Decimal:
        """How much of the money goes to this loan."""
        return sum(amount for _word, amount in self.parts) or Decimal(0)

    @property
    def parts(self) -> list[tuple[str, Decimal]]:
        """What the money is used for, in words, with the amounts."""
        rows = [
            (receipt_wording.bucket(_account(bucket)), self.found.parts[bucket])
            for bucket in Bucket
            if self.found.parts.get(bucket)
        ]
        if self.found.to_income:
            rows.append((receipt_wording.bucket(Account.RECOVERY_INCOME), self.found.to_income))
        if self.found.to_advances:
            rows.append((_("Paid ahead, for what falls due next"), self.found.to_advances))
        return rows

    @property
    def settles(self) -> bool:
        """Whether nothing is owed afterwards."""
        return self.found.after.status == "closed"


@dataclass(frozen=True)
class Payment:
    """A payment as the desk and the day's sheet list it."""

    event: AccountEvent

    @property
    def channel(self) -> str:
        """How it came."""
        return receipt_wording.channel(self.event.parameters.get("channel", ""))

    @property
    def reference(self) -> str:
        """The reference of whoever moved the money."""
        return str(self.event.parameters.get("external_reference", ""))

    @property
    def is_live(self) -> bool:
        """Whether it counts."""
        return self.event.status == "live"

    @property
    def has_receipt(self) -> bool:
        """Whether there is a receipt, or may be one: money came in and was not taken back."""
        return self.event.kind != "refund" and (self.is_live or hasattr(self.event, "paper"))


@dataclass(frozen=True)
class ChannelTotal:
    """What one channel brought on a day, with the channel in words."""

    total: Total

    @property
    def word(self) -> str:
        """How the money came."""
        return receipt_wording.channel(self.total.channel)


def totals(found: Iterable[Total]) -> list[ChannelTotal]:
    """Return the totals of a day as its sheet shows them."""
    return [ChannelTotal(one) for one in found]


def payments(events: Iterable[AccountEvent]) -> list[Payment]:
    """Return payments as a list shows them."""
    return [Payment(one) for one in events]


def posted_before(events: Sequence[AccountEvent]) -> str:
    """Return the sentence that money was posted before, and is not again; of none, nothing."""
    if not events:
        return ""
    first = min(one.made_at for one in events)
    return _("Already posted on loan %(loans)s, %(moment)s; nothing is posted again.") % {
        "loans": ", ".join(one.loan.number for one in events),
        "moment": _moment(first),
    }


def taken_back(event: AccountEvent) -> str:
    """Return the sentence that a payment was taken back; of one that stands, nothing."""
    if event.reversed_at is None:
        return ""
    said = {
        "amount": format_money(event.amount or Decimal(0), event.currency),
        "loan": event.loan.number,
        "moment": _moment(event.reversed_at),
        "reason": event.why_reversed,
    }
    if event.reversed_by is None:
        return _("%(amount)s on loan %(loan)s was taken back on %(moment)s: %(reason)s") % said
    return _("%(amount)s on loan %(loan)s was taken back on %(moment)s by %(name)s: %(reason)s") % {
        **said,
        "name": event.reversed_by.name,
    }


def _moment(when: datetime) -> str:
    return formats.date_format(timezone.localtime(when), "DATETIME_FORMAT")


def shares(found: Iterable[tuple[Loan, Foreseen]]) -> list[Share]:
    """Return what each loan gets, with what pays it off where it gets more than is due."""
    return [Share(loan, one, _pay_off(loan, one)) for loan, one in found]


def _pay_off(loan: Loan, found: Foreseen) -> Decimal | None:
    """Return what pays a loan off where money would wait ahead, and nothing happened since."""
    is_asked = loan.status == "active" and found.to_advances and not found.is_replayed
    return hooks.pay_off(loan, found.fact.day) if is_asked else None


def _account(bucket: Bucket) -> Account:
    return Account.PRINCIPAL if bucket == Bucket.PRINCIPAL else RECEIVABLE[bucket]
