"""The texts of notices about arrears by kind, in the language that is active."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from apps.collections.noticing import Kind
from apps.core.formatting import format_money
from apps.letters.statements import Line, Part, Statement
from apps.loans.models import Loan


@dataclass(frozen=True, kw_only=True)
class Owed:
    """What a notice says is overdue: since when, for how many days, of what, and in all."""

    since: date
    days: int
    instalments: Decimal
    charges: Decimal

    @property
    def total(self) -> Decimal:
        """All that is overdue."""
        return self.instalments + self.charges


TITLES: Mapping[Kind, Promise] = {
    Kind.ARREARS: gettext_lazy("Reminder: your loan is overdue"),
    Kind.DEMAND: gettext_lazy("Demand for payment"),
    Kind.PRE_LEGAL: gettext_lazy("Notice before legal action"),
}
_OPENINGS: Mapping[Kind, Promise] = {
    Kind.ARREARS: gettext_lazy(
        "An instalment of your loan has not been paid in full. Please pay what is overdue by"
        " %(day)s."
    ),
    Kind.DEMAND: gettext_lazy(
        "In spite of our reminders your loan is overdue. We demand that you pay what is overdue by"
        " %(day)s."
    ),
    Kind.PRE_LEGAL: gettext_lazy(
        "You have not paid what we demanded. If what is overdue is not paid by %(day)s, we may take"
        " the matter to court without writing to you again."
    ),
}
_FOLLOWS: Mapping[Kind, tuple[Promise, ...]] = {
    Kind.ARREARS: (
        gettext_lazy(
            "Late payment is reported to credit bureaus, and charges for it may be added."
        ),
    ),
    Kind.DEMAND: (
        gettext_lazy(
            "Late payment is reported to credit bureaus, and charges for it may be added."
        ),
        gettext_lazy(
            "If you do not pay, we may claim the loan with the means the contract and law give."
        ),
    ),
    Kind.PRE_LEGAL: (
        gettext_lazy("The costs of proceedings are added to what you owe as far as law allows."),
        gettext_lazy("You can still pay, or agree with us on how to, until that day."),
    ),
}


def statement(
    loan: Loan,
    *,
    kind: Kind,
    owed: Owed,
    pay_by: date,
    dated: date,
    address: tuple[str, ...],
) -> Statement:
    """Return the notice of a kind. Raises ContentRefused."""
    entity, title = loan.branch.entity, str(TITLES[kind])
    return Statement(
        language=get_language() or "en",
        title=title,
        lender=entity.name,
        lender_lines=(*entity.address.splitlines(), entity.phone, entity.email),
        addressee=(loan.customer.full_name, *address),
        particulars=(
            Line(label=_("Loan"), value=loan.number),
            Line(label=_("Product"), value=loan.product.name),
            Line(label=_("Date"), value=date_format(dated, "j F Y")),
        ),
        opening=_OPENINGS[kind] % {"day": date_format(pay_by, "j F Y")},
        parts=(
            _overdue(loan, owed),
            Part(
                heading=_("What follows"),
                paragraphs=tuple(str(text) for text in _FOLLOWS[kind]),
            ),
            Part(heading=_("If you cannot pay"), paragraphs=_help(loan)),
        ),
        closing=(_("If you have paid in the meantime, this letter is settled."),),
        footer=f"{entity.name} · {title} · {loan.number}",
        page_label=_("Page {page} of {pages}"),
        dated=dated,
    )


def _overdue(loan: Loan, owed: Owed) -> Part:
    charges = (
        (Line(label=_("Charges"), value=format_money(owed.charges, loan.currency)),)
        if owed.charges
        else ()
    )
    return Part(
        heading=_("What is overdue"),
        lines=(
            Line(label=_("Overdue since"), value=date_format(owed.since, "j F Y")),
            Line(label=_("Days past due"), value=str(owed.days)),
            Line(label=_("Instalments"), value=format_money(owed.instalments, loan.currency)),
            *charges,
            Line(label=_("To be paid"), value=format_money(owed.total, loan.currency)),
        ),
    )


def _help(loan: Loan) -> tuple[str, ...]:
    entity = loan.branch.entity
    return (
        _(
            "Tell us early: call %(phone)s or write to %(email)s. If you lost work, are ill or have"
            " another hardship, we look for a way with you."
        )
        % {"phone": entity.phone, "email": entity.email},
        _("If you think that this is not owed, tell us why; we look into it and answer you."),
    )
