"""Change how long cases may wait: enter a row, end a row."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.desk import policies
from apps.desk.models import ServiceLevel
from apps.desk.models.service_levels import LONGEST_HOURS
from apps.products.models import Product


@dataclass(frozen=True, kw_only=True)
class LevelEntry:
    """A row: hours and owner, for which reason, product and from which amount."""

    entity: Entity
    hours: int
    owner: str
    cause: str = ""
    product: Product | None = None
    from_amount: Decimal = Decimal(0)


@transaction.atomic
def enter_level(*, actor: User, entry: LevelEntry, now: datetime) -> ServiceLevel:
    """Enter a row; one for the same kind of case that stands is ended by it.

    It counts for the cases that come from then on. Raises NotPermitted, DomainError with a
    sentence for each field.
    """
    if not actor.has_perm(policies.MANAGE_LEVELS) or not (
        actor.works_everywhere or actor.branch.entity_id == entry.entity.pk
    ):
        raise NotPermitted("not_permitted", _("Your role does not change service levels."))
    _check(entry)
    same = ServiceLevel.objects.standing().filter(
        entity=entry.entity,
        cause=entry.cause,
        product=entry.product,
        from_amount=entry.from_amount,
    )
    for before in same.select_for_update(of=("self",)):
        _end(before, actor=actor, now=now)
    made = ServiceLevel(**vars(entry), entered_by=actor, entered_at=now)
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        raise Conflict(
            "level_entered", _("Somebody else entered this in the meantime. Reload the page.")
        ) from None
    audit.record(
        actor,
        "desk.service_level_entered",
        made,
        entity=entry.entity.code,
        hours=made.hours,
        cause=made.cause,
        product="" if entry.product is None else entry.product.code,
        from_amount=str(made.from_amount),
    )
    return made


@transaction.atomic
def end_level(*, actor: User, level: ServiceLevel, now: datetime) -> ServiceLevel:
    """End a row. Raises NotPermitted, NotVisible, Conflict where it was ended before."""
    if not actor.has_perm(policies.MANAGE_LEVELS):
        raise NotPermitted("not_permitted", _("Your role does not change service levels."))
    rows = ServiceLevel.objects.select_for_update(of=("self",)).select_related("entity")
    found = get_visible(rows, actor, pk=level.pk)
    if found.ended_at is not None:
        raise Conflict("level_ended", _("This row was ended in the meantime."))
    _end(found, actor=actor, now=now)
    return found


def _end(level: ServiceLevel, *, actor: User, now: datetime) -> None:
    level.ended_by, level.ended_at = actor, now
    level.save(update_fields=["ended_by", "ended_at", "updated_at"])
    audit.record(actor, "desk.service_level_ended", level, hours=level.hours, cause=level.cause)


def _check(entry: LevelEntry) -> None:
    fields: dict[str, object] = {}
    if not 1 <= entry.hours <= LONGEST_HOURS:
        fields["hours"] = _("Between 1 and %(most)s hours.") % {"most": LONGEST_HOURS}
    if not entry.owner.strip() or len(entry.owner) > 120:
        fields["owner"] = _("Say who answers for it.")
    if entry.from_amount < 0 or entry.from_amount >= Decimal(10) ** 16:
        fields["from_amount"] = _("An amount from zero on.")
    if len(entry.cause) > 40:
        fields["cause"] = _("Choose a reason of the list.")
    if entry.product is not None and entry.product.entity_id != entry.entity.pk:
        fields["product"] = _("This lender does not offer this product.")
    if fields:
        raise DomainError("level_refused", _("The row is not complete."), fields=fields)
