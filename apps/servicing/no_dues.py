"""The letter that nothing is owed any more, in the language that is active."""

from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.core.formatting import format_money
from apps.letters.statements import Line, Part, Statement
from apps.loans.models import Loan
from apps.servicing.models.closing import PAPERS_BACK_DAYS


def statement(
    loan: Loan, *, repaid_on: date, dated: date, address: tuple[str, ...], things: int
) -> Statement:
    """Return the letter: which loan, that it is repaid, and what comes back by when.

    Rule book 6.11: what was pledged comes back within 30 days of full repayment. Raises
    ContentRefused.
    """
    entity = loan.branch.entity
    title = _("Letter of no dues")
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
            "You have repaid this loan in full. We confirm that you owe us nothing under it."
        ),
        parts=(
            Part(
                heading=_("The loan"),
                lines=(
                    Line(label=_("Amount lent"), value=format_money(loan.lent, loan.currency)),
                    Line(label=_("Repaid on"), value=date_format(repaid_on, "j F Y")),
                    Line(label=_("Still owed"), value=_("Nothing")),
                ),
            ),
            *_things(repaid_on, things),
        ),
        closing=(
            _("We tell the credit bureaus to which we reported this loan that it is closed."),
            _("Please keep this letter."),
        ),
        footer=f"{entity.name} · {title} · {loan.number}",
        page_label=_("Page {page} of {pages}"),
        dated=dated,
    )


def _things(repaid_on: date, things: int) -> tuple[Part, ...]:
    if not things:
        return ()
    until = repaid_on + timedelta(days=PAPERS_BACK_DAYS)
    return (
        Part(
            heading=_("What you pledged"),
            paragraphs=(
                _(
                    "What you pledged for this loan is released, and its papers come back to you"
                    " by %(day)s."
                )
                % {"day": date_format(until, "j F Y")},
            ),
        ),
    )
