"""Say a payment in the language that is active, as the statement that is its receipt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.core.formatting import format_money
from apps.ledger.chart import Account
from apps.letters.statements import Line, Part, Statement


@dataclass(frozen=True, kw_only=True)
class Payment:
    """What a receipt says, apart from who the parties are.

    `split` is what the payment went to, by the account of the books that it was taken off;
    `principal` and `owed` are what the loan held at the end of the payment's day.
    """

    number: str
    loan: str
    product: str
    day: date
    amount: Decimal
    currency: str
    channel: str
    reference: str
    split: Mapping[Account, Decimal]
    principal: Decimal
    owed: Decimal
    received_by: str
    printed: date


@dataclass(frozen=True, kw_only=True)
class Parties:
    """The lender and the borrower, as their papers name them."""

    lender: str
    lender_lines: tuple[str, ...]
    payer: str


def statement(said: Payment, parties: Parties) -> Statement:
    """Return the receipt."""
    title = _("Receipt")
    return Statement(
        language=get_language() or "en",
        title=title,
        lender=parties.lender,
        lender_lines=parties.lender_lines,
        addressee=(parties.payer,),
        particulars=(
            Line(label=_("Receipt"), value=said.number),
            Line(label=_("Loan"), value=said.loan),
            Line(label=_("Paid on"), value=_day(said.day)),
            Line(label=_("Printed on"), value=_day(said.printed)),
        ),
        opening=_("We have received %(amount)s for your loan. Thank you.")
        % {"amount": _money(said, said.amount)},
        parts=(
            Part(heading=_("The payment"), lines=_payment(said)),
            Part(
                heading=_("What it was used for"),
                columns=(_("For"), _("Amount")),
                rows=_split(said),
            ),
            Part(
                heading=_("What you owe at the end of %(day)s") % {"day": _day(said.day)},
                lines=_after(said),
            ),
        ),
        closing=(
            _(
                "A payment that a bank takes back afterwards, for example a cheque that is not"
                " honoured, no longer counts, and neither does this receipt then."
            ),
        ),
        footer=f"{parties.lender} · {title} · {said.number}",
        page_label=_("Page {page} of {pages}"),
        dated=said.printed,
    )


def bucket(account: Account) -> str:
    """Return what a payment is used for that is taken off an account."""
    words = {
        Account.PRINCIPAL: _("Principal"),
        Account.INTEREST_RECEIVABLE: _("Interest"),
        Account.FEES_RECEIVABLE: _("Fees"),
        Account.PENAL_RECEIVABLE: _("Penal charges"),
        Account.TAX_RECEIVABLE: _("Taxes"),
        Account.ADVANCES: _("Paid ahead, for what falls due next"),
        Account.RECOVERY_INCOME: _("Recovery of what was written off"),
    }
    return words.get(account) or _("Other")


def channel(code: str) -> str:
    """Return in which way a payment came."""
    words = {
        "cash": _("Cash"),
        "bank_transfer": _("Bank transfer"),
        "direct_debit": _("Direct debit"),
        "mobile_money": _("Mobile money"),
        "cheque": _("Cheque"),
        "card": _("Card"),
        "own_loan": _("Out of a new loan"),
    }
    return words.get(code) or _("Another way")


def _payment(said: Payment) -> tuple[Line, ...]:
    lines = [
        Line(label=_("Amount"), value=_money(said, said.amount)),
        Line(label=_("Loan"), value=f"{said.loan} · {said.product}"),
        Line(label=_("Paid by way of"), value=channel(said.channel)),
    ]
    if said.reference:
        lines.append(Line(label=_("Reference of the payment"), value=said.reference))
    lines.append(Line(label=_("Received by"), value=said.received_by))
    return tuple(lines)


def _split(said: Payment) -> tuple[tuple[str, ...], ...]:
    rows = [(bucket(one), _money(said, amount)) for one, amount in said.split.items()]
    return (*rows, (_("Together"), _money(said, said.amount)))


def _after(said: Payment) -> tuple[Line, ...]:
    return (
        Line(label=_("Principal"), value=_money(said, said.principal)),
        Line(label=_("In all, less what is paid ahead"), value=_money(said, said.owed)),
    )


def _money(said: Payment, amount: Decimal) -> str:
    return format_money(amount, said.currency)


def _day(day: date) -> str:
    return date_format(day, "j F Y")
