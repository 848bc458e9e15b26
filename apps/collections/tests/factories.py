"""Overdue loans, months of roll rates, and what a refusal must leave as it is."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Entity
from apps.audit.models import Event
from apps.collections import models
from apps.core.errors import DomainError
from apps.loans.models import Loan
from apps.npa.models import DayEnd, LoanDay
from apps.npa.tests import portfolio_factories as nights
from apps.portfolio.bands import Band
from apps.portfolio.models import Roll, RolledDay
from apps.repayments.models import AccountEvent, Promise

NOW, TODAY, at = nights.NOW, nights.TODAY, nights.at
# A month's end long before the days of the tests.
MONTH_END = date(2026, 9, 30)


def overdue(loan: Loan, days: int, amount: int, *, day: date = TODAY, **changes: Any) -> LoanDay:
    """Write the snapshot of a loan that is so many days late with an amount; end the day."""
    values = {"dpd_ifrs": days, "dpd_rbi": days + 1, "principal_due": Decimal(amount), **changes}
    row = nights.snapshot(loan, day, **values)
    if not DayEnd.objects.filter(entity=loan.branch.entity, day=day).exists():
        nights.night(loan.branch.entity, day)
    return row


def rolled(loan: Loan, cells: dict[tuple[Band, Band], int], *, day: date = MONTH_END) -> RolledDay:
    """Write how many loans went from a band to another in the month that ends with a day."""
    entity: Entity = loan.branch.entity
    since = day.replace(day=1) - timedelta(days=1)
    made = RolledDay.objects.create(entity=entity, since=since, day=day, since_run=1, day_run=1)
    for (before, after), count in cells.items():
        Roll.objects.create(
            rolled=made,
            branch=loan.branch,
            product=loan.product,
            currency=loan.currency,
            before=before.value,
            after=after.value,
            loans=count,
            principal=count * 1000,
        )
    return made


def state() -> tuple[Any, ...]:
    """Return everything a refusal must leave as it is."""
    kept = [getattr(models, name) for name in models.__all__]
    return (
        Event.objects.count(),
        [list(one._base_manager.order_by("pk").values()) for one in kept],
        list(Promise.objects.order_by("pk").values_list("pk", "status")),
        list(AccountEvent.objects.order_by("pk").values_list("pk", "status")),
        list(Loan.objects.order_by("pk").values_list("pk", "status")),
    )


def refused(act: Callable[[], object]) -> DomainError:
    """Return the refusal of an act that changed nothing."""
    before = state()
    with pytest.raises(DomainError) as refusal:
        act()
    assert state() == before
    return refusal.value
