"""Record what an item is worth, and correct what was recorded wrongly."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.collateral import checks, worths
from apps.collateral.entries import ValuationEntry
from apps.collateral.models import Item, Valuation
from apps.collateral.services import _ground
from apps.core.errors import Conflict


@transaction.atomic
def value(*, actor: User, item: Item, entry: ValuationEntry, now: datetime) -> Valuation:
    """Record a valuation; it holds as long as it says, or as valuations of its kind do.

    Raises NotPermitted, NotVisible, Ended, and DomainError with a sentence for each field.
    """
    found = _ground.locked_live(actor, item)
    before = Valuation.objects.filter(pk=entry.key).first()
    if before is not None:
        _ground.refuse_other(before.recorded_by_id, actor)
        return before
    made = _write(actor, found, entry, now=now)
    audit.record(actor, "collateral.valued", found, **_facts(made))
    return made


@transaction.atomic
def correct_valuation(
    *, actor: User, valuation: Valuation, entry: ValuationEntry, reason: str, now: datetime
) -> Valuation:
    """Record what a valuation should have said; the wrong row stays and counts no more.

    Raises what `value` raises, and Conflict where it was corrected before.
    """
    found = _ground.locked_live(actor, valuation.item)
    before = Valuation.objects.filter(pk=entry.key).first()
    if before is not None:
        _ground.refuse_other(before.recorded_by_id, actor)
        return before
    if Valuation.objects.filter(corrects=valuation).exists():
        raise Conflict("corrected_already", _("This valuation was corrected already."))
    made = _write(actor, found, entry, now=now, corrects=valuation, reason=_ground.said(reason))
    audit.record(
        actor,
        "collateral.valuation_corrected",
        found,
        corrects=str(valuation.pk),
        before=str(valuation.amount),
        **_facts(made),
    )
    return made


def _write(
    actor: User,
    item: Item,
    entry: ValuationEntry,
    *,
    now: datetime,
    corrects: Valuation | None = None,
    reason: str = "",
) -> Valuation:
    today = _ground.today(item, now)
    terms = worths.terms(item.kind, today)
    checks.refuse(checks.valuation(item, entry, terms, today=today))
    return Valuation.objects.create(
        pk=entry.key,
        item=item,
        valuer=entry.valuer.strip(),
        valued_date=entry.valued_date,
        method=entry.method,
        amount=entry.amount,
        realisable_amount=entry.realisable_amount,
        valid_until=entry.valid_until or _holds_until(entry.valued_date, terms.valuation_days),
        corrects=corrects,
        reason=reason,
        recorded_by=actor,
        recorded_at=now,
    )


def _holds_until(valued: date, days: int) -> date:
    return valued + timedelta(days=days)


def _facts(made: Valuation) -> dict[str, str]:
    return {
        "amount": str(made.amount),
        "currency": made.item.currency,
        "valued_date": made.valued_date.isoformat(),
        "valid_until": made.valid_until.isoformat(),
    }
