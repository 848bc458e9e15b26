"""A loan as its borrower sees it: totals, what comes next, and what paying late would cost."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from apps.applications.models import Application
from apps.loans import lateness, selectors
from apps.loans.lateness import Lateness
from apps.loans.models import Loan
from apps.loans.selectors import Position
from apps.products.models import Conditions
from apps.schedules import documents

# The example of paying late: one instalment, a month.
LATE_DAYS = 30


@dataclass(frozen=True)
class OwnView:
    """What a borrower is shown of a loan on a day."""

    loan: Loan
    position: Position
    total: Decimal
    interest: Decimal
    late: Lateness | None
    # Of a loan paid in stages: what is still to reach the borrower.
    not_paid_out: Decimal

    @property
    def is_running(self) -> bool:
        """Whether money was paid out and is owed by the schedule."""
        return self.loan.status == "active" and not self.is_exited

    @property
    def is_exited(self) -> bool:
        """Whether the borrower stepped back, and what that costs is to be paid."""
        offer = self.loan.offer
        return self.loan.status == "active" and offer is not None and offer.status == "exited"


def loan_of(application: Application) -> Loan | None:
    """Return the loan that was opened under an application here, or None."""
    return selectors.detailed().filter(application=application, source="").first()


def own_view(loan: Loan, day: date) -> OwnView:
    """Return what the borrower is shown of a loan on a day."""
    position = selectors.position(loan, day)
    return OwnView(
        loan=loan,
        position=position,
        total=sum((row.due for row in position.rows), Decimal(0)),
        interest=sum((row.interest for row in position.rows), Decimal(0)),
        not_paid_out=_not_paid_out(loan),
        late=_late(loan, position),
    )


def _late(loan: Loan, position: Position) -> Lateness | None:
    """Return what the next instalment would cost a month late, by what the borrower agreed to."""
    following = position.next_due
    if following is None or not position.next_amount or loan.offer is None:
        return None
    terms = documents.from_document(loan.schedules.get(in_force=True).terms)
    return lateness.effect(
        position.next_amount,
        currency=loan.currency,
        annual_rate=_on_overdue(loan),
        penal_rate=Decimal(loan.offer.key_facts["contingent"]["penal_charge_rate"]),
        due_date=following.due_date,
        days=LATE_DAYS,
        day_count=terms.day_count,
    )


def _on_overdue(loan: Loan) -> Decimal:
    """Return the rate at which interest goes on running on an unpaid instalment."""
    conditions = Conditions.objects.filter(product=loan.product_id).first()
    runs_on = conditions is None or conditions.overdue_interest
    return loan.annual_rate if runs_on else Decimal(0)


def _not_paid_out(loan: Loan) -> Decimal:
    if loan.source:
        return Decimal(0)
    paid = loan.disbursements.filter(status="paid").aggregate(sum=Sum("amount"))["sum"]
    return loan.lent - (paid or Decimal(0))
