"""Overdue loans, months of roll rates, and what a refusal must leave as it is."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import override_settings

from apps.accounts.models import Entity, User
from apps.audit.models import Event
from apps.collections import models, services, settlement_loss
from apps.collections.models import Notice, NoticeWord, Settlement
from apps.collections.services import NoticeEntry, Offer, WordEntry
from apps.collections.settling import Part
from apps.core import dates
from apps.core.errors import DomainError
from apps.letters.models import Delivery
from apps.loans.models import Loan
from apps.npa.models import DayEnd, LoanDay
from apps.npa.tests import portfolio_factories as nights
from apps.portfolio.bands import Band
from apps.portfolio.models import Roll, RolledDay
from apps.repayments.models import AccountEvent, Promise
from apps.repayments.tests import contact_factories as contact

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


def noticed(
    actor: User, loan: Loan, day: date, kind: str = "arrears", clock: str = "10:00", **changes: Any
) -> Notice:
    """Write a notice at a time of a day, where e-mail is configured."""
    values = {"kind": kind, "pay_by": day + timedelta(days=14), **changes}
    with override_settings(LETTERS_BY_EMAIL=True):
        return services.issue_notice(
            actor=actor, loan=loan, entry=NoticeEntry(**values), now=contact.at(day, clock)
        )


def told(
    actor: User, notice: Notice, word: str, on: date, clock: str = "18:00", **changes: Any
) -> NoticeWord:
    """Write down what became of a notice, in the evening of a day."""
    values = {"word": word, "happened_on": on, "reference": "RP 123 IN", **changes}
    return services.write_word(
        actor=actor, notice=notice, entry=WordEntry(**values), now=contact.at(on, clock)
    )


def ways(notice: Notice) -> list[tuple[str, str, str]]:
    """Return by which ways a notice went or waits to go, the first first."""
    rows = Delivery.objects.filter(letter=notice.letter).order_by("created_at")
    return list(rows.values_list("channel", "status", "obstacle"))


def proposed(actor: User, loan: Loan, day: date, now: datetime) -> Settlement:
    """Propose to take 100,000 in one part, ten days from a day."""
    paid = Decimal(100_000)
    offer = Offer(
        parts=[Part(day + timedelta(days=10), paid)],
        reason="Lost the shop in the flood",
        seen=settlement_loss.of_offer(loan, day, paid).waived,
    )
    return services.propose_settlement(actor=actor, loan=loan, offer=offer, now=now)


def agreed(actor: User, settlement: Settlement, now: datetime) -> Settlement:
    """Approve a settlement that another person proposed."""
    day = dates.local_date(now, settlement.loan.branch.entity.time_zone)
    seen = settlement_loss.of_offer(settlement.loan, day, settlement.amount).waived
    return services.approve_settlement(actor=actor, settlement=settlement, seen=seen, now=now)


BY_PERSON = [("email", "cancelled", "not_now"), ("hand", "queued", "not_now")]


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
