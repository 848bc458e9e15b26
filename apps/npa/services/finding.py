"""Write down what was found about a loan, for the rules: one proposes, another approves."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict, NotPermitted
from apps.core.visibility import get_visible
from apps.loans.models import Loan
from apps.npa import finding_choices, policies
from apps.npa.models import Finding
from apps.npa.services import proposing


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is proposed: its kind and value, since when and until when it is so, and why."""

    kind: str
    value: str
    from_date: date
    # The last day; None where nobody knows of one.
    until_date: date | None
    reason: str


class OwnFinding(NotPermitted):
    """Nobody agrees to what they asked for."""

    def __init__(self) -> None:
        super().__init__(
            "own_finding", _("You asked for this; another person must approve or refuse it.")
        )


@transaction.atomic
def propose_finding(*, actor: User, loan: Loan, found: Found, now: datetime) -> Finding:
    """Propose what was found about a loan; the night does not reckon with it yet.

    Raises NotPermitted, NotVisible, Conflict where one of its kind waits already, and DomainError
    for a kind, a value, days or a reason that are refused.
    """
    proposing.permit(actor, policies.PROPOSE_FINDING)
    about = proposing.locked(actor, loan)
    _check(about, found, proposing.today(about, now))
    made = Finding(
        loan=about,
        kind=found.kind,
        value=found.value,
        from_date=found.from_date,
        until_date=found.until_date,
        reason=proposing.said(found.reason),
        proposed_by=actor,
        proposed_at=now,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as refusal:
        raise Conflict(
            "finding_waits", _("One of this kind waits for an answer already.")
        ) from refusal
    audit.record(actor, "npa.finding_proposed", about, **_told(made))
    return made


@transaction.atomic
def approve_finding(*, actor: User, finding: Finding, now: datetime, note: str = "") -> Finding:
    """Approve what another person found; it counts from the first day that is not ended yet.

    Raises NotPermitted, NotVisible, OwnFinding, and Conflict where it was answered, is over, or
    another of its kind holds on one of its days.
    """
    proposing.permit(actor, policies.APPROVE_FINDING)
    found = _held(actor, finding)
    found.lifecycle.target("approve", found.status)
    _another(actor, found.proposed_by_id)
    counts_from = max(found.from_date, proposing.not_ended(found.loan, now))
    if found.until_date is not None and found.until_date < counts_from:
        raise Conflict("finding_is_over", _("The last day of this is over; propose it anew."))
    said = proposing.said(note, field="note") if note.strip() else ""
    try:
        with transaction.atomic():
            _answer(found, "approve", actor=actor, now=now, note=said, counts_from=counts_from)
    except IntegrityError as refusal:
        raise Conflict(
            "finding_overlaps", _("Another of this kind holds on one of these days; end it first.")
        ) from refusal
    audit.record(actor, "npa.finding_approved", found.loan, **_told(found))
    return found


@transaction.atomic
def refuse_finding(*, actor: User, finding: Finding, note: str, now: datetime) -> Finding:
    """Refuse what another person found, with a reason; return it. Raises as approving does."""
    proposing.permit(actor, policies.APPROVE_FINDING)
    found = _held(actor, finding)
    found.lifecycle.target("refuse", found.status)
    _another(actor, found.proposed_by_id)
    _answer(found, "refuse", actor=actor, now=now, note=proposing.said(note, field="note"))
    audit.record(actor, "npa.finding_refused", found.loan, **_told(found))
    return found


@transaction.atomic
def withdraw_finding(*, actor: User, finding: Finding, now: datetime) -> Finding:
    """Take back what one proposed oneself; return it. Raises NotPermitted, NotVisible, Conflict."""
    proposing.permit(actor, policies.PROPOSE_FINDING)
    found = _held(actor, finding)
    if found.proposed_by_id != actor.pk:
        raise NotPermitted(
            "not_own_finding", _("Only who proposed this takes it back; refuse it instead.")
        )
    _answer(found, "withdraw", actor=actor, now=now, note="")
    audit.record(actor, "npa.finding_withdrawn", found.loan, **_told(found))
    return found


@transaction.atomic
def propose_finding_end(*, actor: User, finding: Finding, reason: str, now: datetime) -> Finding:
    """Ask that a finding counts no longer; it does until another person agrees.

    Raises NotPermitted, NotVisible, Conflict, and DomainError without a reason.
    """
    proposing.permit(actor, policies.PROPOSE_FINDING)
    found = _held(actor, finding)
    found.move(
        "propose_end",
        end_proposed_by=actor,
        end_proposed_at=now,
        end_reason=proposing.sealed(found, "end_reason", proposing.said(reason)),
    )
    audit.record(actor, "npa.finding_end_proposed", found.loan, **_told(found))
    return found


@transaction.atomic
def end_finding(*, actor: User, finding: Finding, now: datetime) -> Finding:
    """Agree that a finding counts no longer, from the first day that is not ended yet on.

    Raises as approving does.
    """
    proposing.permit(actor, policies.APPROVE_FINDING)
    found = _held(actor, finding)
    found.lifecycle.target("end", found.status)
    _another(actor, found.end_proposed_by_id)
    found.move("end", ended_by=actor, ended_at=now, ended_on=proposing.not_ended(found.loan, now))
    audit.record(actor, "npa.finding_ended", found.loan, **_told(found))
    return found


@transaction.atomic
def keep_finding(*, actor: User, finding: Finding, now: datetime) -> Finding:
    """Refuse to end a finding; it goes on. Raises as approving does. `now` is of no account."""
    del now
    proposing.permit(actor, policies.APPROVE_FINDING)
    found = _held(actor, finding)
    found.lifecycle.target("keep", found.status)
    _another(actor, found.end_proposed_by_id)
    found.move("keep")
    audit.record(actor, "npa.finding_kept", found.loan, **_told(found))
    return found


def _another(actor: User, asked_by: Any) -> None:
    if asked_by == actor.pk:
        raise OwnFinding


def _answer(
    found: Finding, action: str, *, actor: User, now: datetime, note: str, **changes: Any
) -> None:
    if note:
        changes["answer_note"] = proposing.sealed(found, "answer_note", note)
    found.move(action, answered_by=actor, answered_at=now, **changes)


def _held(actor: User, finding: Finding) -> Finding:
    """Return the finding with its loan, both held until the transaction ends."""
    seen = get_visible(Finding.objects.only("loan"), actor, pk=finding.pk)
    loan = proposing.locked(actor, Loan(pk=seen.loan_id))
    rows = Finding.objects.select_for_update(of=("self",), no_key=True)
    found = get_visible(rows, actor, pk=finding.pk)
    found.loan = loan
    return found


def _check(loan: Loan, found: Found, today: date) -> None:
    if loan.status != "active":
        raise Conflict("loan_not_running", _("This loan is not running: it has no class."))
    choices = finding_choices.of_loan(loan, today)
    if found.kind not in choices:
        raise proposing.refused("kind", "kind_refused", _("There is no such kind."))
    if found.value not in choices[found.kind]:
        raise proposing.refused(
            "value", "value_refused", _("This is none of the values of what was found.")
        )
    if found.until_date is None:
        return
    if found.until_date < found.from_date:
        raise proposing.refused("until_date", "day_refused", _("The last day is before the first."))
    if found.until_date < today:
        raise proposing.refused("until_date", "day_refused", _("This day is over."))


def _told(finding: Finding) -> dict[str, Any]:
    """Return what the audit trail says of it; the reason stays sealed."""
    return {
        "case": f"applications.application:{finding.loan.application_id}",
        "finding": str(finding.pk),
        "kind": finding.kind,
        "value": finding.value,
        "from": finding.from_date.isoformat(),
        "until": finding.until_date.isoformat() if finding.until_date else "",
        "counts_from": finding.counts_from.isoformat() if finding.counts_from else "",
    }
