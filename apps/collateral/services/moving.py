"""Pledge, perfect, withdraw and invoke an item."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.collateral import checks, policies, worths
from apps.collateral.errors import NotValued
from apps.collateral.models import Item, Release
from apps.collateral.services import _ground
from apps.core.errors import Conflict


@dataclass(frozen=True)
class Deed:
    """When a deed was signed or a charge entered, and its reference there."""

    day: date
    reference: str


@transaction.atomic
def pledge(*, actor: User, item: Item, deed: Deed, now: datetime) -> Item:
    """Note that the owner signed the deed: the charge holds from that day.

    Raises Conflict where no lien of ours stands on it, NotValued where no valuation holds today.
    """
    found = _ground.locked(actor, item)
    found.lifecycle.target("pledge", found.status)
    today = _ground.today(found, now)
    checks.refuse(_deed_errors(deed, today=today, earliest=None))
    worth = worths.of_item(found, today)
    if not any(lien.application_id for lien in worth.liens):
        raise Conflict("no_lien", _("Add the lien first: a pledge is for a loan."))
    if worth.value is None or worth.is_stale:
        raise NotValued
    found.move("pledge", pledged_date=deed.day, pledge_reference=deed.reference.strip())
    audit.record(actor, "collateral.pledged", found, day=deed.day.isoformat())
    return found


@transaction.atomic
def perfect(*, actor: User, item: Item, deed: Deed, now: datetime) -> Item:
    """Note that the charge holds against everybody: it is on the public register, or in our hands.

    Raises DomainError for a day before the deed.
    """
    found = _ground.locked(actor, item)
    found.lifecycle.target("perfect", found.status)
    today = _ground.today(found, now)
    checks.refuse(_deed_errors(deed, today=today, earliest=found.pledged_date))
    found.move("perfect", perfected_date=deed.day, perfection_reference=deed.reference.strip())
    audit.record(actor, "collateral.perfected", found, day=deed.day.isoformat())
    return found


@transaction.atomic
def withdraw(*, actor: User, item: Item, reason: str, now: datetime) -> Item:
    """Take an item that was never pledged out of use; its liens are dropped."""
    found = _ground.locked(actor, item)
    why = _ground.said(reason)
    found.move("withdraw", **_ending(found, actor, why, now=now))
    dropped = [lien.move("drop", ended_at=now) for lien in found.liens.filter(status="standing")]
    audit.record(actor, "collateral.withdrawn", found, liens=len(dropped))
    return found


@transaction.atomic
def invoke(*, actor: User, item: Item, reason: str, now: datetime) -> Item:
    """Note that the lender has enforced the charge: the item is sold or taken over.

    The liens stand on what it brings. Whoever asked for a release is answered by this.
    """
    found = _ground.locked(actor, item, policies.RELEASE)
    why = _ground.said(reason)
    if Release.objects.filter(item=found, status="asked").exists():
        raise Conflict("release_waits", _("A release was asked for. Answer that first."))
    found.move("invoke", **_ending(found, actor, why, now=now))
    audit.record(actor, "collateral.invoked", found)
    return found


def _ending(item: Item, actor: User, reason: str, *, now: datetime) -> dict[str, object]:
    return {
        "ended_date": _ground.today(item, now),
        "ended_by": actor,
        "ended_reason": reason,
    }


def _deed_errors(deed: Deed, *, today: date, earliest: date | None) -> checks.Errors:
    errors = checks.day_of_deed(deed.day, today=today, earliest=earliest)
    wrong = checks.line_error(deed.reference, most=80)
    return {**errors, "reference": wrong} if wrong else errors
