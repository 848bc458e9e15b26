"""The quote of what ends a loan as a paper for the borrower, in the language that is active."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.core.formatting import format_amount, format_money
from apps.letters.statements import Line, Part, Statement
from apps.repayments.payoff import Quote


@dataclass(frozen=True, kw_only=True)
class Quoted:
    """A loan, who lent it and who owes it, and what ends it on each day that the quote holds.

    `a_day` is the interest that one more day costs; `account` where to pay, a line each, empty
    where the lender says none.
    """

    loan: str
    product: str
    currency: str
    lender: str
    lender_lines: tuple[str, ...]
    contact: tuple[str, str]
    account: tuple[str, ...]
    borrower: tuple[str, ...]
    dated: date
    days: Sequence[Quote]
    a_day: Decimal

    @property
    def until(self) -> date:
        """The last day on which the quote holds."""
        return self.days[-1].day


def statement(quoted: Quoted) -> Statement:
    """Return the paper. Raises ContentRefused."""
    title = _("What ends your loan")
    until = _day(quoted.until)
    return Statement(
        language=get_language() or "en",
        title=title,
        lender=quoted.lender,
        lender_lines=quoted.lender_lines,
        addressee=quoted.borrower,
        particulars=(
            Line(label=_("Loan"), value=quoted.loan),
            Line(label=_("Product"), value=quoted.product),
            Line(label=_("Date"), value=_day(quoted.dated)),
            Line(label=_("Valid until"), value=until),
        ),
        opening=_(
            "Pay the amount of the day on which your money reaches us, and nothing is owed under"
            " this loan any more. The amounts hold until %(day)s where nothing else is paid or"
            " asked for until then."
        )
        % {"day": until},
        parts=(_amounts(quoted), _parts(quoted), _way(quoted)),
        closing=(
            _(
                "Where an instalment is overdue or falls due unpaid, charges for being late may be"
                " added; ask us for a new quote then."
            ),
            _("When the loan is paid off you get a letter that you owe nothing under it."),
        ),
        footer=f"{quoted.lender} · {title} · {quoted.loan}",
        page_label=_("Page {page} of {pages}"),
        dated=quoted.dated,
    )


def _amounts(quoted: Quoted) -> Part:
    return Part(
        heading=_("Amount by the day it is paid, in %(currency)s") % {"currency": quoted.currency},
        columns=(_("Paid on"), _("Principal"), _("Interest"), _("Charges"), _("To pay")),
        rows=tuple(
            (
                _day(one.day),
                format_amount(one.principal, quoted.currency),
                format_amount(one.interest, quoted.currency),
                format_amount(one.charges + one.charge, quoted.currency),
                format_amount(one.total, quoted.currency),
            )
            for one in quoted.days
        ),
    )


def _parts(quoted: Quoted) -> Part:
    """Return all that the amount of the last day is made of."""
    last = quoted.days[-1]
    lines = [
        (_("Principal"), last.principal),
        (_("Interest to the day"), last.interest),
        (_("Charges and fees"), last.charges),
        (_("Charge for paying early"), last.charge),
        (_("Paid ahead, taken off"), -last.advances),
        (_("In all"), last.total),
        (_("Interest for one more day"), quoted.a_day),
    ]
    return Part(
        heading=_("What the amount of %(day)s is made of") % {"day": _day(last.day)},
        lines=tuple(
            Line(label=label, value=format_money(amount, quoted.currency))
            for label, amount in lines
        ),
    )


def _way(quoted: Quoted) -> Part:
    reference = Line(label=_("Reference of the payment"), value=quoted.loan)
    if quoted.account:
        account = " · ".join(quoted.account)
        return Part(
            heading=_("How to pay"),
            lines=(Line(label=_("To the account"), value=account), reference),
        )
    phone, email = quoted.contact
    return Part(
        heading=_("How to pay"),
        paragraphs=(
            _("Ask us to which account you pay: %(phone)s, %(email)s.")
            % {"phone": phone, "email": email},
        ),
        lines=(reference,),
    )


def _day(day: date) -> str:
    return date_format(day, "j F Y")
