"""What the tests of servicing do over and over."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.audit.models import Event
from apps.core.errors import DomainError
from apps.ledger.models import Entry
from apps.loans.models import Allocation, Instalment, Loan, ScheduleVersion
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories as repaid
from apps.servicing.models import BenchmarkRate, Closure, Pause, Proposal
from apps.servicing.services import Money, Relief

NOW, TODAY, at = repaid.NOW, repaid.TODAY, repaid.at


def money(day: date, amount: Any, **changes: Any) -> Money:
    """Return money by bank transfer."""
    values: dict[str, Any] = {
        "channel": "bank_transfer",
        "external_reference": f"UTR{day:%Y%m%d}",
        **changes,
    }
    return Money(day=day, amount=Decimal(str(amount)), **values)


def waiver(amount: Any = "100.00", **changes: Any) -> Relief:
    """Return a waiver of interest."""
    values: dict[str, Any] = {
        "kind": "waiver",
        "bucket": "interest",
        "amount": Decimal(str(amount)),
        "reason": "Ill for two months",
        **changes,
    }
    return Relief(**values)


def state() -> tuple[Any, ...]:
    """Return everything a refusal must leave as it is."""
    return (
        Event.objects.count(),
        Entry.objects.count(),
        list(Loan.objects.order_by("pk").values_list("pk", "status")),
        list(AccountEvent.objects.order_by("pk").values_list("pk", "status")),
        list(Proposal.objects.order_by("pk").values_list("pk", "status")),
        list(Pause.objects.order_by("pk").values_list("pk", "status")),
        *(
            model.objects.count()
            for model in (ScheduleVersion, Instalment, Allocation, BenchmarkRate, Closure)
        ),
    )


def refused(act: Callable[[], object]) -> DomainError:
    """Return the refusal of an act that must leave nothing behind."""
    before = state()
    with pytest.raises(DomainError) as refusal:
        act()
    assert str(refusal.value.sentence)
    assert state() == before
    return refusal.value


def late(loan: Loan, days: int) -> date:
    """Return the day so many days after the first due date."""
    return repaid.due_dates(loan)[0] + timedelta(days=days)
