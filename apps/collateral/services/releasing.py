"""Give back what was pledged: one person asks, another grants or refuses.

Nothing is released while money is owed under what it secures; that is asked again when the second
person answers.
"""

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.collateral import hooks, policies, selectors
from apps.collateral.errors import AskedYourself, LoanIsLive
from apps.collateral.models import Item, Lien, Release
from apps.collateral.services import _ground
from apps.core.errors import Conflict, NotVisible


@transaction.atomic
def ask_release(
    *, actor: User, item: Item, reason: str, now: datetime, lien: Lien | None = None
) -> Release:
    """Ask to release an item, or one lien of ours on it.

    Raises NotPermitted, NotVisible, LoanIsLive, Conflict where the item is not pledged or a
    request waits already.
    """
    found = _ground.locked(actor, item)
    if not found.is_charged:
        raise Conflict("not_pledged", _("Only what is pledged can be released."))
    if found.releases.filter(status="asked").exists():
        raise Conflict("release_waits", _("A release was asked for already and waits."))
    why = _ground.said(reason)
    _require_over(actor, _concerned(found, lien))
    asked = Release.objects.create(item=found, lien=lien, reason=why, asked_by=actor, asked_at=now)
    audit.record(actor, "collateral.release_asked", found, whole=lien is None)
    return asked


@transaction.atomic
def grant_release(*, actor: User, release: Release, now: datetime, note: str = "") -> Release:
    """Release what another person asked for; the liens of ours end with it.

    Raises NotPermitted, NotVisible, AskedYourself, LoanIsLive, Conflict where it was answered.
    """
    found, item = _waiting(actor, release)
    liens = _concerned(item, found.lien)
    _require_over(actor, liens)
    found.move("grant", answered_by=actor, answered_at=now, answer_note=_note(note))
    for lien in liens:
        lien.move("release", ended_at=now)
    if found.lien_id is None:
        item.move(
            "release",
            ended_date=_ground.today(item, now),
            ended_by=actor,
            ended_reason=found.reason,
        )
        audit.record(actor, "collateral.released", item, liens=len(liens))
    else:
        audit.record(
            actor,
            "collateral.lien_released",
            item,
            case=f"applications.application:{liens[0].application_id}",
            rank=liens[0].rank,
        )
    return found


@transaction.atomic
def refuse_release(*, actor: User, release: Release, note: str, now: datetime) -> Release:
    """Refuse what another person asked for, and say why."""
    found, item = _waiting(actor, release)
    found.move(
        "refuse",
        answered_by=actor,
        answered_at=now,
        answer_note=_ground.said(note, field="note"),
    )
    audit.record(actor, "collateral.release_refused", item)
    return found


def _waiting(actor: User, release: Release) -> tuple[Release, Item]:
    item = _ground.locked(actor, release.item, policies.RELEASE)
    found = Release.objects.select_related("lien").get(pk=release.pk)
    if policies.asked(actor, found):
        raise AskedYourself
    if not found.may("grant"):
        raise Conflict("answered_already", _("This request was answered already."))
    return found, item


def _concerned(item: Item, lien: Lien | None) -> list[Lien]:
    """Return the liens of ours that a release would end. Raises NotVisible for one that ended."""
    rows = item.liens.filter(status="standing", application__isnull=False)
    if lien is None:
        return list(rows.order_by("rank"))
    chosen = list(rows.filter(pk=lien.pk))
    if not chosen:
        raise NotVisible("not_found", _("This lien has ended already, or is another lender's."))
    return chosen


def _require_over(actor: User, liens: list[Lien]) -> None:
    """Raise LoanIsLive where money is owed; nobody opens a loan there until the transaction ends.

    Whoever opens one locks its application first.
    """
    keys: set[uuid.UUID] = {lien.application_id for lien in liens if lien.application_id}
    rows = Application.objects.filter(pk__in=keys).order_by("pk")
    numbers = dict(rows.select_for_update(no_key=True, of=("self",)).values_list("pk", "number"))
    live = hooks.live(keys)
    if live:
        seen = live & selectors.seen(actor, liens)
        named = sorted(numbers[key] for key in seen)
        raise LoanIsLive(named, has_unseen=seen != live)


def _note(note: str) -> str:
    return _ground.said(note, field="note") if note.strip() else ""
