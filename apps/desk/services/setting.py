"""Set what share is sampled blindly, and what makes a rubber stamp: enter a row, end a row."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.desk import policies
from apps.desk.models import SamplingShare, StampLimit
from apps.desk.models.quality import LONGEST_DAYS
from apps.desk.sampling import LARGEST_SHARE, SMALLEST_SHARE
from apps.products.models import Product


@dataclass(frozen=True, kw_only=True)
class ShareEntry:
    """A share of the automatic decisions of a lender, for one product or for all, and why."""

    entity: Entity
    share: Decimal
    days: int
    why: str
    product: Product | None = None


@dataclass(frozen=True, kw_only=True)
class StampEntry:
    """The limits of rubber-stamping of a lender, and why."""

    entity: Entity
    least_verdicts: int
    same_share: Decimal
    median_seconds: int
    why: str


@transaction.atomic
def set_share(*, actor: User, entry: ShareEntry, now: datetime) -> SamplingShare:
    """Enter a share; one for the same product that stands is ended by it.

    It counts for decisions from now on. Raises NotPermitted, Conflict, DomainError with a sentence
    for each field.
    """
    _permit(actor, entry.entity)
    faults = {
        "share": not SMALLEST_SHARE <= entry.share <= LARGEST_SHARE
        and _("A share between 0.01 % and 50 %."),
        "days": not 1 <= entry.days <= LONGEST_DAYS
        and _("Between 1 and %(most)s days.") % {"most": LONGEST_DAYS},
        "why": not _is_said(entry.why) and _("Say why."),
        "product": entry.product is not None
        and entry.product.entity_id != entry.entity.pk
        and _("This lender does not offer this product."),
    }
    _refuse(faults)
    same = SamplingShare.objects.standing().filter(entity=entry.entity, product=entry.product)
    made: SamplingShare = _replaced(
        same, SamplingShare(**vars(entry)), actor=actor, now=now, verb="desk.sampling_ended"
    )
    audit.record(
        actor,
        "desk.sampling_set",
        made,
        entity=entry.entity.code,
        product="" if entry.product is None else entry.product.code,
        share=str(entry.share),
        days=entry.days,
    )
    return made


@transaction.atomic
def end_share(*, actor: User, share: SamplingShare, now: datetime) -> SamplingShare:
    """End a share: nothing more is sampled by it. Raises NotPermitted, NotVisible, Conflict."""
    rows = SamplingShare.objects.select_for_update(of=("self",)).select_related("entity")
    found: SamplingShare = get_visible(rows, actor, pk=share.pk)
    _permit(actor, found.entity)
    if found.ended_at is not None:
        raise Conflict("share_ended", _("This row was ended in the meantime."))
    _end(found, actor=actor, now=now, verb="desk.sampling_ended")
    return found


@transaction.atomic
def set_stamp_limit(*, actor: User, entry: StampEntry, now: datetime) -> StampLimit:
    """Enter the limits of rubber-stamping; those that stand are ended by it. Raises as above."""
    _permit(actor, entry.entity)
    faults = {
        "least_verdicts": not 10 <= entry.least_verdicts <= 10_000
        and _("Between 10 and 10,000 verdicts."),
        "same_share": not Decimal("0.5") <= entry.same_share <= 1
        and _("A share between 50 % and 100 %."),
        "median_seconds": not 1 <= entry.median_seconds <= 86_400
        and _("Between a second and a day."),
        "why": not _is_said(entry.why) and _("Say why."),
    }
    _refuse(faults)
    same = StampLimit.objects.standing().filter(entity=entry.entity)
    made: StampLimit = _replaced(
        same, StampLimit(**vars(entry)), actor=actor, now=now, verb="desk.stamp_ended"
    )
    audit.record(
        actor,
        "desk.stamp_set",
        made,
        entity=entry.entity.code,
        least_verdicts=entry.least_verdicts,
        same_share=str(entry.same_share),
        median_seconds=entry.median_seconds,
    )
    return made


def _permit(actor: User, entity: Entity) -> None:
    if not actor.has_perm(policies.SET_SAMPLING) or not (
        actor.works_everywhere or actor.branch.entity_id == entity.pk
    ):
        raise NotPermitted("not_permitted", _("Your role does not set quality control."))


def _is_said(why: str) -> bool:
    return bool(why.strip()) and len(why) <= 300 and "\x00" not in why


def _refuse(faults: dict[str, Any]) -> None:
    fields = {name: sentence for name, sentence in faults.items() if sentence}
    if fields:
        raise DomainError("row_refused", _("The row is not complete."), fields=fields)


def _replaced(same: Any, row: Any, *, actor: User, now: datetime, verb: str) -> Any:
    """End the rows that stand and write the new one; of two people at once one is refused."""
    for before in same.select_for_update(of=("self",)):
        _end(before, actor=actor, now=now, verb=verb)
    row.entered_by, row.entered_at = actor, now
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise Conflict(
            "row_entered", _("Somebody else entered this in the meantime. Reload the page.")
        ) from None
    return row


def _end(row: Any, *, actor: User, now: datetime, verb: str) -> None:
    row.ended_by, row.ended_at = actor, now
    row.save(update_fields=["ended_by", "ended_at", "updated_at"])
    audit.record(actor, verb, row, entity=row.entity.code)
