"""Set another class than the rules give, for a time: one proposes, another approves (1.16)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict, NotPermitted
from apps.core.visibility import get_visible
from apps.loans.models import Loan
from apps.npa import grading, override_lifecycle, policies
from apps.npa.models import LoanDay, Override
from apps.npa.services import proposing


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is proposed: the class, its first and its last day, and why."""

    asset_class: str
    from_date: date
    until_date: date
    reason: str


class OwnOverride(NotPermitted):
    """Nobody agrees to what they asked for."""

    def __init__(self) -> None:
        super().__init__(
            "own_override", _("You asked for this; another person must approve or refuse it.")
        )


@transaction.atomic
def propose_override(*, actor: User, loan: Loan, asked: Asked, now: datetime) -> Override:
    """Propose a class for a loan and return the proposal; the night does not respect it yet.

    Raises NotPermitted, NotVisible, Conflict where one waits already, and DomainError for a class,
    days or a reason that are refused.
    """
    proposing.permit(actor, policies.PROPOSE_OVERRIDE)
    found = proposing.locked(actor, loan)
    today = proposing.today(found, now)
    _check(found, asked, today)
    made = Override(
        loan=found,
        asset_class=asked.asset_class,
        class_before=_class_before(found),
        from_date=asked.from_date,
        until_date=asked.until_date,
        reason=proposing.said(asked.reason),
        proposed_by=actor,
        proposed_at=now,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as refusal:
        raise Conflict(
            "override_waits", _("Another class is proposed for this loan already.")
        ) from refusal
    audit.record(actor, "npa.override_proposed", found, **_told(made))
    return made


@transaction.atomic
def approve_override(*, actor: User, override: Override, now: datetime, note: str = "") -> Override:
    """Approve what another person proposed; it counts from the first day not ended yet.

    Raises NotPermitted, NotVisible, OwnOverride, and Conflict where it was answered, is over, or
    another holds on one of its days.
    """
    proposing.permit(actor, policies.APPROVE_OVERRIDE)
    found = _held(actor, override)
    if found.proposed_by_id == actor.pk:
        raise OwnOverride
    found.lifecycle.target("approve", found.status)
    counts_from = max(found.from_date, proposing.not_ended(found.loan, now))
    if found.until_date < counts_from:
        raise Conflict("override_is_over", _("The last day of this is over; propose it anew."))
    said = proposing.said(note, field="note") if note.strip() else ""
    try:
        with transaction.atomic():
            _answer(found, "approve", actor=actor, now=now, note=said, counts_from=counts_from)
    except IntegrityError as refusal:
        raise Conflict(
            "override_overlaps", _("Another override of this loan holds on one of these days.")
        ) from refusal
    audit.record(actor, "npa.override_approved", found.loan, **_told(found))
    return found


@transaction.atomic
def refuse_override(*, actor: User, override: Override, note: str, now: datetime) -> Override:
    """Refuse what another person proposed, with a reason; return it. Raises as approving does."""
    proposing.permit(actor, policies.APPROVE_OVERRIDE)
    found = _held(actor, override)
    if found.proposed_by_id == actor.pk:
        raise OwnOverride
    _answer(found, "refuse", actor=actor, now=now, note=proposing.said(note, field="note"))
    audit.record(actor, "npa.override_refused", found.loan, **_told(found))
    return found


@transaction.atomic
def withdraw_override(*, actor: User, override: Override, now: datetime) -> Override:
    """Take back what one proposed oneself; return it. Raises NotPermitted, NotVisible, Conflict."""
    proposing.permit(actor, policies.PROPOSE_OVERRIDE)
    found = _held(actor, override)
    if found.proposed_by_id != actor.pk:
        raise NotPermitted(
            "not_own_override", _("Only who proposed this takes it back; refuse it instead.")
        )
    _answer(found, "withdraw", actor=actor, now=now, note="")
    audit.record(actor, "npa.override_withdrawn", found.loan, **_told(found))
    return found


@transaction.atomic
def propose_override_end(
    *, actor: User, override: Override, reason: str, now: datetime
) -> Override:
    """Ask that an override ends before its time; it holds until another person agrees.

    Raises NotPermitted, NotVisible, Conflict, and DomainError without a reason.
    """
    if not actor.has_perm(policies.APPROVE_OVERRIDE):
        proposing.permit(actor, policies.PROPOSE_OVERRIDE)
    found = _held(actor, override)
    found.move(
        "propose_end",
        end_proposed_by=actor,
        end_proposed_at=now,
        end_reason=proposing.sealed(found, "end_reason", proposing.said(reason)),
    )
    audit.record(actor, "npa.override_end_proposed", found.loan, **_told(found))
    return found


@transaction.atomic
def end_override(*, actor: User, override: Override, now: datetime) -> Override:
    """Agree that an override ends: the first day not ended yet is the first without it.

    Raises as approving does.
    """
    proposing.permit(actor, policies.APPROVE_OVERRIDE)
    found = _held(actor, override)
    found.lifecycle.target("end", found.status)
    if found.end_proposed_by_id == actor.pk:
        raise OwnOverride
    found.move("end", ended_by=actor, ended_at=now, ended_on=proposing.not_ended(found.loan, now))
    audit.record(actor, "npa.override_ended", found.loan, **_told(found))
    return found


@transaction.atomic
def keep_override(*, actor: User, override: Override) -> Override:
    """Refuse to end an override before its time; it goes on. Raises as approving does."""
    proposing.permit(actor, policies.APPROVE_OVERRIDE)
    found = _held(actor, override)
    found.lifecycle.target("keep", found.status)
    if found.end_proposed_by_id == actor.pk:
        raise OwnOverride
    found.move("keep")
    audit.record(actor, "npa.override_kept", found.loan, **_told(found))
    return found


def _answer(
    found: Override, action: str, *, actor: User, now: datetime, note: str, **changes: Any
) -> None:
    changes |= {"answered_by": actor, "answered_at": now}
    if note:
        changes["answer_note"] = proposing.sealed(found, "answer_note", note)
    found.move(action, **changes)


def _held(actor: User, override: Override) -> Override:
    """Return the override with its loan, both held until the transaction ends."""
    seen = get_visible(Override.objects.only("loan"), actor, pk=override.pk)
    loan = proposing.locked(actor, Loan(pk=seen.loan_id))
    rows = Override.objects.select_for_update(of=("self",), no_key=True)
    found = get_visible(rows, actor, pk=override.pk)
    found.loan = loan
    return found


def _class_before(loan: Loan) -> str:
    rows = LoanDay.objects.filter(loan=loan.pk).order_by(F("day").desc())
    return rows.values_list("asset_class", flat=True).first() or ""


def _check(loan: Loan, asked: Asked, today: date) -> None:
    if loan.status != "active":
        raise Conflict("loan_not_running", _("This loan is not running: it has no class to set."))
    if asked.asset_class not in grading.codes(loan, on=asked.from_date):
        raise proposing.refused(
            "asset_class", "class_refused", _("The lender's rules know no such class.")
        )
    if asked.from_date < today:
        raise proposing.refused(
            "from_date", "day_refused", _("This day is over; begin today or later.")
        )
    if asked.until_date < asked.from_date:
        raise proposing.refused("until_date", "day_refused", _("The last day is before the first."))
    # A difference of days, for there may be no day so long after the first.
    if (asked.until_date - asked.from_date).days > override_lifecycle.MOST_DAYS:
        sentence = _("An override holds for at most %(days)s days.") % {
            "days": override_lifecycle.MOST_DAYS
        }
        raise proposing.refused("until_date", "too_long", sentence)


def _told(override: Override) -> dict[str, Any]:
    """Return what the audit trail says of it: account, old, new, days; the reason stays sealed."""
    return {
        "case": f"applications.application:{override.loan.application_id}",
        "override": str(override.pk),
        "old": override.class_before,
        "new": override.asset_class,
        "from": override.from_date.isoformat(),
        "until": override.until_date.isoformat(),
        "counts_from": override.counts_from.isoformat() if override.counts_from else "",
    }
