"""Everything a borrower owes us, asks us for or answers for beside a case, as far as one may see.

What counts, for how much and in which total is told by the register of exposures
(`collateral.selectors.exposure`). Loans that have ended are shown below it and count for nothing.
"""

import uuid
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from apps.accounts.models import User
from apps.applications.models import Application
from apps.collateral import presentation
from apps.collateral import selectors as collateral
from apps.collateral.liability import Role, Total
from apps.loans.models import Loan

ROLES = presentation.ROLES
MOST_LINES = 50


@dataclass(frozen=True)
class Line:
    """One loan, approval or request. `amount` is what the borrower owes, or answers for, of it.

    What is only asked for does not count, nor does a loan that has ended; `liable` says in words
    for how much of it somebody can be asked who is not its borrower.
    """

    role: Role
    application: Application
    loan_number: str
    state: str
    amount: Decimal
    currency: str
    counts: bool
    liable: str = ""


@dataclass(frozen=True)
class Beside:
    """The lines, what counts before what does not, and the totals over all there are."""

    lines: tuple[Line, ...]
    totals: tuple[Total, ...]


def beside(actor: User, application: Application, *, limit: int = MOST_LINES) -> Beside:
    """Return what the borrower of a case owes, asks for and answers for beside it."""
    found = collateral.exposure(application.customer, actor, besides=application)
    known = {one.application.pk for one in found.lines}
    lines = [_line(one) for one in found.lines]
    return Beside((*lines, *_ended(actor, application, known))[:limit], found.totals)


def _line(one: collateral.Line) -> Line:
    return Line(
        role=one.role,
        application=one.application,
        loan_number=one.owed.reference,
        state=one.owed.state,
        amount=one.amount,
        currency=one.owed.currency,
        counts=one.owed.is_owed,
        liable=presentation.liable(one),
    )


def _ended(actor: User, application: Application, known: set[uuid.UUID]) -> list[Line]:
    """Return the borrower's loans of which nothing is owed any more, the newest first."""
    ended = Q(loan__status__in=("closed", "cancelled", "imported"))
    rows = (
        Application.objects.visible_to(actor)
        .filter(ended, customer=application.customer_id)
        .exclude(pk__in=[*known, application.pk])
        .select_related("product", "loan__outcome")
        .order_by("-created_at", "-id")[:MOST_LINES]
    )
    return [
        Line(
            role=Role.BORROWER,
            application=one,
            loan_number=one.loan.number,
            state=_state(one.loan),
            amount=one.loan.principal,
            currency=one.currency,
            counts=False,
        )
        for one in rows
    ]


def _state(loan: Loan) -> str:
    outcome = getattr(loan, "outcome", None)
    return "defaulted" if outcome is not None and outcome.defaulted else "closed"
