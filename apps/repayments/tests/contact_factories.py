"""Plans of reminders, moments of a lender's day, and money on a loan, for tests."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from apps.accounts.models import User
from apps.loans.models import Instalment, Loan
from apps.repayments import services
from apps.repayments.models import Promise, ReminderPlan
from apps.repayments.services import PlanEntry, PromiseEntry

STEPS = (-3, 0, 3, 10)
# The day on which the loans of these tests are paid out.
PAID_OUT = date(2026, 11, 20)


def at(day: date, clock: str = "10:00", zone: str = "Asia/Kolkata") -> datetime:
    """Return the moment at which the clocks of a zone show a time on a day."""
    return datetime.combine(day, time.fromisoformat(clock), ZoneInfo(zone))


def plan(charlie: User, **changes: Any) -> ReminderPlan:
    """Return a plan for all products of the lender: three days before, the day, 3 and 10 after."""
    values: dict[str, Any] = {
        "entity": charlie.branch.entity,
        "steps": STEPS,
        "from_date": PAID_OUT,
        **changes,
    }
    now = at(values["from_date"])
    return services.enter_plan(actor=charlie, entry=PlanEntry(**values), now=now)


def first_due(loan: Loan) -> Instalment:
    """Return the first instalment of a loan."""
    return loan.instalments.filter(in_force=True).earliest("due_date")


def pay(instalment: Instalment, amount: str | None = None) -> None:
    """Let principal of an instalment be paid as if it had been allocated; all of it by default.

    Sets the columns alone: for what reads them, not for what must balance.
    """
    if amount is None:
        Instalment.objects.filter(pk=instalment.pk).update(
            paid_principal=instalment.principal,
            paid_interest=instalment.interest,
            paid_fee=instalment.fee,
        )
    else:
        Instalment.objects.filter(pk=instalment.pk).update(paid_principal=Decimal(amount))


def promise(actor: User, loan: Loan, *, on: date, **changes: Any) -> Promise:
    """Return a promise of 5,000 in five days' time, taken by telephone on a day."""
    values: dict[str, Any] = {
        "amount": Decimal("5000.00"),
        "promised_date": date.fromordinal(on.toordinal() + 5),
        "channel": "phone",
        **changes,
    }
    return services.take_promise(actor=actor, loan=loan, entry=PromiseEntry(**values), now=at(on))
