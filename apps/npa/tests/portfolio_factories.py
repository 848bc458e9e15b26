"""Snapshots and what the nights wrote beside them, as a day-end writes them. For tests."""

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from apps.accounts.models import Branch, Entity, User
from apps.audit import services as audit
from apps.audit.models import Event as AuditEvent
from apps.core.errors import DomainError
from apps.ledger import services as ledger
from apps.ledger.chart import Account, Event, Side
from apps.ledger.lines import Line
from apps.loans.models import Loan
from apps.npa import partitions, services
from apps.npa.models import (
    Alert,
    AlertDelivery,
    DayEnd,
    LoanDay,
    Override,
    ProvisionMovement,
    Return,
    Threshold,
)
from apps.npa.services import Asked, Bound
from apps.repayments.tests import factories as repaid

NOW, TODAY, at = repaid.NOW, repaid.TODAY, repaid.at
REASON = "core-banking posting error, ticket 88"


def rules() -> None:
    """Install the rule tables."""
    path = Path(settings.BASE_DIR) / "fixtures" / "classification_rules.json"
    services.load_rules(actor=audit.system("tests"), data=json.loads(path.read_text()))


def asked(asset_class: str = "substandard", **changes: Any) -> Asked:
    """Return a class for thirty days from today on."""
    values: dict[str, Any] = {
        "asset_class": asset_class,
        "from_date": TODAY,
        "until_date": TODAY + timedelta(days=30),
        "reason": REASON,
        **changes,
    }
    return Asked(**values)


def approved(loan: Loan, proposer: User, approver: User, **changes: Any) -> Override:
    """Return an override that two people agreed on."""
    made = services.propose_override(
        actor=proposer, loan=loan, asked=asked(**changes), now=at(TODAY)
    )
    return services.approve_override(actor=approver, override=made, now=at(TODAY))


def ended(entity: Entity, day: date) -> DayEnd:
    """Return the end of a day, finished."""
    return DayEnd.objects.create(
        entity=entity,
        day=day,
        started_by="system:tests",
        started_at=NOW,
        status="finished",
        finished_at=NOW,
    )


def snapshot(loan: Loan, day: date, **changes: Any) -> LoanDay:
    """Write the snapshot of a loan: standard, principal 100,000, provision 400."""
    values: dict[str, Any] = {
        "day": day,
        "loan_id": loan.pk,
        "customer_id": loan.customer_id,
        "entity_id": loan.branch.entity_id,
        "branch_id": loan.branch_id,
        "currency": loan.currency,
        "principal": Decimal(100_000),
        "unsecured": Decimal(100_000),
        "bucket": "standard",
        "asset_class": "standard",
        "class_since": day,
        "reason": "days",
        "rate": Decimal("0.004"),
        "provision": Decimal(400),
        **changes,
    }
    values.setdefault("computed", values["asset_class"])
    partitions.ensure(day)
    row = LoanDay(**values)
    row.save(force_insert=True)
    return row


def npa(loan: Loan, day: date, **changes: Any) -> LoanDay:
    """Write the snapshot of a loan that does not perform since ten days before."""
    values: dict[str, Any] = {
        "asset_class": "substandard",
        "bucket": "npa",
        "npa_date": day - timedelta(days=10),
        "dpd_ifrs": 100,
        "dpd_rbi": 101,
        "stage": 3,
        "rate": Decimal("0.1"),
        "provision": Decimal(10_000),
        **changes,
    }
    return snapshot(loan, day, **values)


def threshold(actor: User, entity: Entity, measure: str, bound: str, **changes: Any) -> Threshold:
    """Set the threshold of a measure; the actor owns it."""
    values: dict[str, Any] = {"owner": actor, **changes}
    return services.set_threshold(
        actor=actor,
        entity=entity,
        asked=Bound(measure=measure, bound=Decimal(bound), **values),
        now=NOW,
    )


def night(entity: Entity, day: date, *, now: datetime = NOW) -> int:
    """Do what the day-end does once the snapshots are there; return how many alerts it raised."""
    ended(entity, day)
    return services.raise_alerts(entity=entity, day=day, now=now)


def moved(
    entity: Entity, branch: Branch, amount: int, day: date = TODAY, account: str = "provisions"
) -> ProvisionMovement:
    """Write what the night of a day, now ended, wrote of provisions or reserves: an addition."""
    return ProvisionMovement.objects.create(
        day_end=DayEnd.objects.filter(entity=entity, day=day).first() or ended(entity, day),
        account=account,
        branch=branch,
        currency="INR",
        asset_class="substandard",
        opening=0,
        additions=amount,
        releases=0,
        written_off=0,
        closing=amount,
    )


def posted(branch: Branch, event: Event, debit: Account, credit: Account, amount: Any) -> None:
    """Post one entry of two lines, today."""
    lines = (
        Line(debit, Side.DEBIT, Decimal(amount)),
        Line(credit, Side.CREDIT, Decimal(amount)),
    )
    ledger.post(
        actor=audit.system("tests"),
        event=event,
        day=TODAY,
        lines=lines,
        branch=branch,
        currency="INR",
        reference=f"test:{event}:{debit}",
        now=at(TODAY),
    )


def state() -> tuple[Any, ...]:
    """Return everything a refusal must leave as it is."""
    return (
        AuditEvent.objects.count(),
        list(Override.objects.order_by("pk").values_list("pk", "status")),
        list(Threshold.objects.order_by("pk").values_list("pk", "bound", "owner", "webhook_url")),
        list(Alert.objects.order_by("pk").values_list("pk", "status", "note")),
        list(AlertDelivery.objects.order_by("pk").values_list("pk", "status")),
        Return.objects.count(),
    )


def refused(act: Callable[[], object]) -> DomainError:
    """Return the refusal of an act that must leave nothing behind."""
    before = state()
    with pytest.raises(DomainError) as refusal:
        act()
    assert str(refusal.value.sentence)
    assert state() == before
    return refusal.value


def database_refuses(statement: str, values: Iterable[Any] = ()) -> str:
    """Return what the database says against a statement that must not get through."""
    with (
        pytest.raises(DatabaseError) as refusal,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, list(values))
    return str(refusal.value)
