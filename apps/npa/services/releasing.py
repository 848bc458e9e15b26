"""Release from a reserve with the regulator's leave: one proposes, another approves."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core import dates
from apps.core.errors import Conflict, NotPermitted
from apps.core.money import money
from apps.core.visibility import get_visible
from apps.ledger import services as ledger
from apps.ledger.chart import Account, Event, Side
from apps.ledger.lines import Line
from apps.npa import policies, reserve_rows
from apps.npa.models import DayEnd, ReserveRelease
from apps.npa.reserve_rows import Free
from apps.npa.services import ending, proposing

_LONGEST_REFERENCE = 120


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be released, by which letter of the regulator, and why."""

    amount: Decimal
    leave_reference: str
    leave_date: date
    reason: str


class OwnRelease(NotPermitted):
    """Nobody agrees to what they asked for."""

    def __init__(self) -> None:
        super().__init__(
            "own_release", _("You asked for this; another person must approve or refuse it.")
        )


@transaction.atomic
def propose_release(
    *, actor: User, entity: Entity, currency: str, wish: Wish, now: datetime
) -> ReserveRelease:
    """Propose to release from a lender's reserve and return the proposal; nothing is posted yet.

    Raises NotPermitted, NotVisible, Conflict where one waits already, and DomainError for an
    amount beyond what no loan asks for, a leave that is none, or a missing reason.
    """
    proposing.permit(actor, policies.PROPOSE_RELEASE)
    held = _locked(actor, entity)
    reference = wish.leave_reference.strip()
    if not proposing.SHORTEST_REASON <= len(reference) <= _LONGEST_REFERENCE:
        sentence = _("Name the regulator's letter by its reference.")
        raise proposing.refused("leave_reference", "leave_missing", sentence)
    if wish.leave_date > dates.local_date(now, held.time_zone):
        sentence = _("The regulator's leave comes first: this day lies ahead.")
        raise proposing.refused("leave_date", "leave_ahead", sentence)
    _free(held, currency, wish.amount)
    made = ReserveRelease(
        entity=held,
        currency=currency,
        amount=wish.amount,
        leave_reference=reference,
        leave_date=wish.leave_date,
        reason=proposing.said(wish.reason),
        proposed_by=actor,
        proposed_at=now,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as refusal:
        raise Conflict(
            "release_waits", _("A release from this reserve is proposed already.")
        ) from refusal
    audit.record(actor, "npa.reserve_release_proposed", made, **_told(made))
    return made


@transaction.atomic
def approve_release(*, actor: User, release: ReserveRelease, now: datetime) -> ReserveRelease:
    """Approve what another person proposed: the ledger has it today, the night heeds it.

    Raises NotPermitted, NotVisible, OwnRelease, Conflict where it was answered, where a day is
    being ended or yesterday is not ended yet, and DomainError where loans ask for more of the
    reserve by now.
    """
    found = _answerable(actor, release)
    found.lifecycle.target("approve", found.status)
    _require_ended(found.entity, now)
    free = _free(found.entity, found.currency, found.amount)
    day = dates.local_date(now, found.entity.time_zone)
    ledger.post(
        actor=actor,
        event=Event.RESERVE_RELEASE,
        day=day,
        lines=[
            Line(Account.LOSS_RESERVE, Side.DEBIT, found.amount),
            Line(Account.RETAINED_EARNINGS, Side.CREDIT, found.amount),
        ],
        branch=free.branch,
        currency=found.currency,
        reference=f"reserve-release:{found.pk}",
        now=now,
        facts={"release": str(found.pk)},
    )
    found.move("approve", answered_by=actor, answered_at=now, day=day)
    audit.record(actor, "npa.reserve_release_approved", found, **_told(found), day=str(day))
    return found


@transaction.atomic
def refuse_release(
    *, actor: User, release: ReserveRelease, note: str, now: datetime
) -> ReserveRelease:
    """Refuse what another person proposed, with a reason; return it. Raises as approving does."""
    found = _answerable(actor, release)
    sealed = proposing.sealed(found, "answer_note", proposing.said(note, field="note"))
    found.move("refuse", answered_by=actor, answered_at=now, answer_note=sealed)
    audit.record(actor, "npa.reserve_release_refused", found, **_told(found))
    return found


@transaction.atomic
def withdraw_release(*, actor: User, release: ReserveRelease, now: datetime) -> ReserveRelease:
    """Take back what one proposed oneself; return it. Raises NotPermitted, NotVisible, Conflict."""
    proposing.permit(actor, policies.PROPOSE_RELEASE)
    found = _held(actor, release)
    if found.proposed_by_id != actor.pk:
        raise NotPermitted(
            "not_own_release", _("Only who proposed this takes it back; refuse it instead.")
        )
    found.move("withdraw", answered_by=actor, answered_at=now)
    audit.record(actor, "npa.reserve_release_withdrawn", found, **_told(found))
    return found


def _answerable(actor: User, release: ReserveRelease) -> ReserveRelease:
    proposing.permit(actor, policies.APPROVE_RELEASE)
    found = _held(actor, release)
    if found.proposed_by_id == actor.pk:
        raise OwnRelease
    return found


def _held(actor: User, release: ReserveRelease) -> ReserveRelease:
    """Return the release with its lender, both held until the transaction ends."""
    seen = get_visible(ReserveRelease.objects.only("entity"), actor, pk=release.pk)
    entity = _locked(actor, seen.entity)
    rows = ReserveRelease.objects.select_for_update(of=("self",), no_key=True)
    found: ReserveRelease = get_visible(rows, actor, pk=release.pk)
    found.entity = entity
    return found


def _locked(actor: User, entity: Entity) -> Entity:
    """Return the lender, held until the transaction ends. Raises NotVisible."""
    if not actor.works_everywhere:
        raise proposing.unseen()
    return Entity.objects.select_for_update(of=("self",), no_key=True).get(pk=entity.pk)


def _require_ended(entity: Entity, now: datetime) -> None:
    """Raise Conflict where the last night does not say yet what loans ask for."""
    ending.hold_off(entity)
    yesterday = dates.local_date(now, entity.time_zone) - timedelta(days=1)
    ends = DayEnd.objects.filter(entity=entity)
    is_ended = ends.filter(day=yesterday, finished_at__isnull=False).exists()
    if not is_ended or ends.filter(finished_at__isnull=True).exists():
        raise Conflict(
            "day_not_ended", _("End the day before first: it says what loans ask of the reserve.")
        )


def _free(entity: Entity, currency: str, amount: Decimal) -> Free:
    """Return what is free of a reserve. Raises DomainError where that is less than an amount."""
    found = {one.currency: one for one in reserve_rows.free(entity)}.get(currency)
    if amount <= 0 or (found and amount != money(amount, currency)):
        sentence = _("An amount above zero, without fractions of the smallest coin.")
        raise proposing.refused("amount", "amount_refused", sentence)
    if found is None or amount > found.amount:
        sentence = _("Loans ask for the reserve: no more than %(free)s %(currency)s is free.")
        values = {"free": found.amount if found else Decimal(0), "currency": currency}
        raise proposing.refused("amount", "not_free", sentence % values)
    return found


def _told(release: ReserveRelease) -> dict[str, Any]:
    """Return what the audit trail says of it; reason and letter stay in the row."""
    return {
        "entity": release.entity.code,
        "currency": release.currency,
        "amount": str(release.amount),
        "leave_date": str(release.leave_date),
    }
