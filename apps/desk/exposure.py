"""Everything a borrower owes us, asks us for or answers for, as far as a person may see it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Case, IntegerField, Q, When
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.applications.lifecycle import OPEN
from apps.applications.models import Application, Guarantor
from apps.loans.models import Loan

BORROWER, GUARANTOR = "borrower", "guarantor"
ROLES = {BORROWER: gettext_lazy("Borrower"), GUARANTOR: gettext_lazy("Guarantor")}


@dataclass(frozen=True)
class Line:
    """One loan or request. `amount` is what the borrower owes or would owe, or answers for.

    A loan that has ended counts for nothing, and neither does a request that was not granted.
    """

    role: str
    application: Application
    loan_number: str
    state: str
    amount: Decimal
    currency: str
    counts: bool


@dataclass(frozen=True)
class Total:
    """What the lines of one currency add up to, by role."""

    currency: str
    as_borrower: Decimal
    as_guarantor: Decimal

    @property
    def together(self) -> Decimal:
        """Both together."""
        return self.as_borrower + self.as_guarantor


def lines(actor: User, application: Application, *, limit: int = 50) -> list[Line]:
    """Return the borrower's other loans and requests, and what they answer for.

    What counts comes first, then the newest, so that no row of loans repaid long ago pushes one
    that is owed out of the lines and out of their total.
    """
    others = (
        Application.objects.visible_to(actor)
        .filter(Q(status__in=[*OPEN, "approved"]) | Q(loan__isnull=False))
        .exclude(pk=application.pk)
        .select_related("product", "loan__outcome")
        .order_by(_is_over("loan__outcome__defaulted"), "-created_at", "-id")
    )
    own = others.filter(customer=application.customer_id)[:limit]
    answered = (
        Guarantor.objects.filter(customer=application.customer_id)
        .filter(application__in=others.order_by())
        .exclude(application__customer=application.customer_id)
        .select_related("application__product", "application__loan__outcome")
        .order_by(
            _is_over("application__loan__outcome__defaulted"),
            "-application__created_at",
            "-application_id",
        )[:limit]
    )
    return [
        *(_line(BORROWER, one, _owed(one), one.currency) for one in own),
        *(_line(GUARANTOR, one.application, one.amount, one.currency) for one in answered),
    ]


def totals(found: Iterable[Line]) -> list[Total]:
    """Return what counts, added up by currency, in the order of the currencies' names."""
    sums: dict[str, dict[str, Decimal]] = {}
    for line in found:
        if line.counts:
            by_role = sums.setdefault(line.currency, {BORROWER: Decimal(0), GUARANTOR: Decimal(0)})
            by_role[line.role] += line.amount
    return [Total(name, sums[name][BORROWER], sums[name][GUARANTOR]) for name in sorted(sums)]


def _is_over(column: str) -> Case:
    """Return the order that puts loans that ended without a default last."""
    return Case(When(**{column: False}, then=1), default=0, output_field=IntegerField())


def _line(role: str, application: Application, amount: Decimal, currency: str) -> Line:
    loan = _loan(application)
    state = _state(application, loan)
    return Line(
        role=role,
        application=application,
        loan_number=loan.number if loan is not None else "",
        state=state,
        amount=amount,
        currency=currency,
        counts=state != "closed",
    )


def _state(application: Application, loan: Loan | None) -> str:
    if loan is None:
        return str(application.status)
    if loan.status in ("closed", "cancelled"):
        return "closed"
    if getattr(loan, "outcome", None) is None:
        return "active"
    return "defaulted" if loan.outcome.defaulted else "closed"


def _owed(application: Application) -> Decimal:
    loan = _loan(application)
    return application.amount if loan is None else loan.principal


def _loan(application: Application) -> Loan | None:
    return getattr(application, "loan", None)
