"""The letter that less than is owed is taken, in the language that is active."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from apps.collections.models import Settlement
from apps.core.formatting import format_money
from apps.letters.statements import Line, Part, Statement
from apps.loans.models import Loan


def statement(
    settlement: Settlement, loan: Loan, *, dated: date, address: tuple[str, ...]
) -> Statement:
    """Return the letter: what is taken, by which days, and what follows. Raises ContentRefused."""
    entity, title = loan.branch.entity, _("Settlement of your loan")
    taken = format_money(settlement.amount, loan.currency)
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
        opening=_(
            "We agree to take %(amount)s for all that you owe under this loan, if you pay it as"
            " written below."
        )
        % {"amount": taken},
        parts=_parts(settlement, loan, taken),
        closing=(
            _("Credit bureaus to which we report this loan are told that it was settled."),
            _("Please keep this letter."),
        ),
        footer=f"{entity.name} · {title} · {loan.number}",
        page_label=_("Page {page} of {pages}"),
        dated=dated,
    )


def _parts(settlement: Settlement, loan: Loan, taken: str) -> tuple[Part, ...]:
    return (
        Part(
            heading=_("What you pay"),
            columns=(_("By"), _("Amount")),
            rows=tuple(
                (
                    date_format(one.due_date, "j F Y"),
                    format_money(one.amount, loan.currency),
                )
                for one in settlement.parts.all()
            ),
        ),
        Part(
            heading=_("What is owed"),
            lines=(
                Line(
                    label=_("Owed on %(day)s")
                    % {"day": date_format(settlement.proposed_on, "j F Y")},
                    value=format_money(settlement.debt, loan.currency),
                ),
                Line(label=_("To be paid in all"), value=taken),
            ),
        ),
        Part(heading=_("What follows"), paragraphs=_follows(settlement)),
    )


def _follows(settlement: Settlement) -> tuple[str, ...]:
    grace = ngettext(
        "If a part is not paid within %(days)s day after its date, this settlement ends: nothing is"
        " given up, and all that is left stays owed.",
        "If a part is not paid within %(days)s days after its date, this settlement ends: nothing"
        " is given up, and all that is left stays owed.",
        settlement.grace_days,
    ) % {"days": settlement.grace_days}
    return (
        _("Once all parts are paid, we give up the rest, and claim nothing more under this loan."),
        grace,
        _("What you pay counts towards the loan in any case."),
    )
