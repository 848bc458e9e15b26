"""What can be asked about payments: lists, one payment, and what it went to."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from apps.accounts.models import User
from apps.core import keyset
from apps.ledger.models import Line
from apps.loans.models import Allocation
from apps.repayments.facts import MONEY_IN, Bucket
from apps.repayments.models import AccountEvent, ChargeAllocation

NEWEST = ("-made_at", "-id")
PAYMENTS = (*(kind.value for kind in MONEY_IN), "refund")


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What a list of payments is narrowed to; empty means anything. Days are both included."""

    loan: uuid.UUID | None = None
    kind: str = ""
    state: str = ""
    external_reference: str = ""
    from_date: date | None = None
    to_date: date | None = None


@dataclass(frozen=True)
class Went:
    """What a payment was taken for by bucket, and what waits as an advance."""

    parts: dict[str, Decimal]
    advances: Decimal


def payments(actor: User, filters: Filters) -> QuerySet[AccountEvent]:
    """Return the payments a person may see, with loan and who posted them; the caller pages."""
    rows = AccountEvent.objects.visible_to(actor).filter(kind__in=PAYMENTS)
    rows = rows.select_related("loan__branch", "made_by", "reversed_by")
    if filters.loan:
        rows = rows.filter(loan=filters.loan)
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    if filters.state:
        rows = rows.filter(status=filters.state)
    if filters.external_reference:
        rows = rows.filter(parameters__external_reference=filters.external_reference)
    if filters.from_date:
        rows = rows.filter(day__gte=filters.from_date)
    if filters.to_date:
        rows = rows.filter(day__lte=filters.to_date)
    return rows


def page(
    actor: User, filters: Filters, *, after: str = "", before: str = ""
) -> keyset.Page[AccountEvent]:
    """Return one page of the payments a person may see, the newest first."""
    return keyset.page(payments(actor, filters), by=NEWEST, after=after, before=before)


def went(events: Collection[AccountEvent]) -> dict[uuid.UUID, Went]:
    """Return what each payment went to, as its entry that stands says; three queries for all.

    What was taken back went nowhere. What was applied from advances later is not the payment's.
    """
    by_entry = {one.entry_id: one.pk for one in events if one.entry_id}
    found = {one.pk: Went({}, Decimal(0)) for one in events}
    for model in (Allocation, ChargeAllocation):
        rows: Any = model._default_manager.filter(entry__in=by_entry)
        for entry, bucket, amount in rows.values_list("entry", "bucket").annotate(
            amount=Sum("amount")
        ):
            parts = found[by_entry[entry]].parts
            parts[bucket] = parts.get(bucket, Decimal(0)) + amount
    advances = Line.objects.filter(entry__in=by_entry, account="advances", credit__gt=0)
    for entry, amount in advances.values_list("entry", "credit"):
        key = by_entry[entry]
        found[key] = Went(found[key].parts, amount)
    return {key: _ordered(one) for key, one in found.items()}


def _ordered(one: Went) -> Went:
    parts = {bucket.value: one.parts[bucket] for bucket in Bucket if one.parts.get(bucket)}
    return Went(parts, one.advances)
