"""Postings that the tests of the ledger make again and again."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from apps.accounts.models import Branch
from apps.ledger import services
from apps.ledger.chart import Account, Event
from apps.ledger.lines import credit, debit
from apps.ledger.models import Entry
from apps.ledger.posting import Posting

NOW = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
TODAY = date(2026, 6, 15)
LOAN = uuid.UUID("11111111-1111-4111-8111-111111111111")
OTHER = uuid.UUID("22222222-2222-4222-8222-222222222222")
CLERK = "system:tests"


def posting(branch: Branch, reference: str, **changes: Any) -> Posting:
    """Return a disbursement of 1,000.00 to be posted, or what `changes` make of it."""
    amount = changes.pop("amount", Decimal("1000.00"))
    values = {
        "event": Event.DISBURSEMENT,
        "day": date(2026, 6, 1),
        "lines": (debit(Account.PRINCIPAL, amount), credit(Account.CASH, amount)),
        "reference": reference,
        "branch_id": branch.pk,
        "currency": "INR",
        "loan_id": LOAN,
    }
    return Posting(**(values | changes))


def post(branch: Branch, reference: str = "d-1", **changes: Any) -> Entry:
    """Post a disbursement of 1,000.00, or what `changes` make of it."""
    actor, now = changes.pop("actor", CLERK), changes.pop("now", NOW)
    one = posting(branch, reference, **changes)
    return services.post(
        actor=actor,
        event=one.event,
        day=one.day,
        lines=one.lines,
        branch=branch,
        currency=one.currency,
        reference=one.reference,
        now=now,
        loan_id=one.loan_id,
        customer_id=one.customer_id,
        facts=one.facts,
    )


def repayment(branch: Branch, reference: str = "r-1", **changes: Any) -> Entry:
    """Post a repayment of 300.00 of principal, or what `changes` make of it."""
    amount = changes.pop("amount", Decimal("300.00"))
    values = {
        "event": Event.REPAYMENT,
        "day": date(2026, 6, 10),
        "lines": (debit(Account.CASH, amount), credit(Account.PRINCIPAL, amount)),
    }
    return post(branch, reference, **(values | changes))
