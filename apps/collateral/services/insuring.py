"""Record the policies that insure an item."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import User
from apps.audit import services as audit
from apps.collateral import checks
from apps.collateral.entries import InsuranceEntry
from apps.collateral.models import Insurance, Item
from apps.collateral.services import _ground


@transaction.atomic
def insure(*, actor: User, item: Item, entry: InsuranceEntry, now: datetime) -> Insurance:
    """Record a policy. Raises NotPermitted, NotVisible, Ended, DomainError beside the fields."""
    found = _ground.locked_live(actor, item)
    before = Insurance.objects.filter(pk=entry.key).first()
    if before is not None:
        _ground.refuse_other(before.recorded_by_id, actor)
        return before
    checks.refuse(checks.insurance(found, entry, today=_ground.today(found, now)))
    made = Insurance.objects.create(
        pk=entry.key,
        item=found,
        insurer=entry.insurer.strip(),
        policy_number=entry.policy_number.strip(),
        sum_insured=entry.sum_insured,
        from_date=entry.from_date,
        valid_until=entry.valid_until,
        recorded_by=actor,
        recorded_at=now,
    )
    audit.record(
        actor,
        "collateral.insured",
        found,
        insurer=made.insurer,
        sum_insured=str(made.sum_insured),
        valid_until=made.valid_until.isoformat(),
    )
    return made
