"""Decide on a validated promotion, let it through a gate, and put it in force on its day."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.governance import (
    gate_words,
    gates,
    policies,
    selectors,
    standing,
    when,
)
from apps.governance.errors import GatesFailed, NotAsSeen, OwnException, OwnModel
from apps.governance.models import Condition, GateException, Promotion
from apps.governance.services import _said, trying
from apps.governance.services.promoting import told
from apps.governance.standing import Standing
from apps.scoring import services as scoring

logger = structlog.get_logger(__name__)
WORKER = audit.system("worker")
# As long as an exception from a gate holds.
MOST_DAYS = 366


@transaction.atomic
def approve(
    *,
    actor: User,
    promotion: Promotion,
    answer: str,
    seen: str,
    now: datetime,
    effective_on: date | None = None,
    until: date | None = None,
) -> Promotion:
    """Let a validated model decide from a day on, at once where none is given or it has come.

    `until` makes the approval conditional; with open findings it must be. Raises NotPermitted,
    OwnModel, OwnException, Conflict for what is not validated or was decided, NotAsSeen,
    GatesFailed, DomainError for a day, and PromotionRefused when the stored model fails its
    checks: nothing has changed.
    """
    found = _decidable(actor, promotion)
    if policies.has_excepted(actor, found):
        raise OwnException
    now_standing = standing.of(found, now=now)
    _passes(found, now_standing, seen=seen)
    _until(until, now_standing, begins=effective_on)
    if effective_on is not None and effective_on < now_standing.today:
        raise _said.refused("effective_on", _("The day lies in the past."))
    found.move(
        "approve",
        decided_by=actor,
        decided_at=now,
        answer=answer.strip(),
        effective_on=effective_on or now_standing.today,
        gate_set=now_standing.gate_set,
        verdicts=standing.written(now_standing.verdicts),
    )
    if until is not None:
        _set_condition(actor, found, until=until, reason=answer.strip(), now=now)
    audit.record(
        actor,
        "governance.promotion_approved",
        found,
        **told(found),
        effective_on=found.effective_on,
        until=until,
        gates_sha256=now_standing.gate_set.sha256 if now_standing.gate_set else "",
        excepted=sorted(now_standing.excepted),
    )
    if found.effective_on is not None and found.effective_on <= now_standing.today:
        _put_in_force(found, now=now)
    return found


@transaction.atomic
def refuse(*, actor: User, promotion: Promotion, answer: str, now: datetime) -> Promotion:
    """Refuse a promotion that is validated, or approved for a day to come, for a stated reason.

    The model stays registered; what was approved keeps who approved it, and why it was stopped.
    Raises NotPermitted, OwnModel, Conflict, and DomainError without an answer.
    """
    answer = _said.reason(answer, field="answer")
    found = _decidable(actor, promotion)
    said: dict[str, Any] = {"decided_by": actor, "decided_at": now, "answer": answer}
    found.move("refuse", **({"failure": answer} if found.status == "approved" else said))
    audit.record(actor, "governance.promotion_refused", found, **told(found))
    trying.validation_lost(found, actor, now)
    return found


@transaction.atomic
def grant_exception(
    *, actor: User, promotion: Promotion, gate: str, reason: str, until: date, now: datetime
) -> GateException:
    """Let a model through a gate that it failed, for a reason and until a day within a year.

    Another person then approves. Raises NotPermitted, OwnModel, Conflict for a promotion that is
    not open or a gate that is passed, and DomainError for a reason or a day. Documentation has no
    exception.
    """
    _permit_to_decide(actor)
    found = selectors.promotions_locked().get(pk=promotion.pk)
    if policies.is_own(actor, found):
        raise OwnModel
    if found.status not in ("proposed", "validated"):
        raise Conflict("promotion_ended", _("This promotion is decided already."))
    now_standing = standing.of(found, now=now)
    if gate not in now_standing.failed:
        raise Conflict("gate_not_failed", _("This gate is not failed."))
    if gate == gates.DOCUMENTATION:
        raise Conflict("no_such_exception", _("There is no exception from the documentation."))
    if until <= now_standing.today:
        raise _said.refused("until", _("Choose a later day."))
    if until > now_standing.today + timedelta(days=MOST_DAYS):
        raise _said.refused("until", _("An exception holds for a year at most."))
    made = GateException(
        promotion=found,
        gate=gate,
        reason=_said.reason(reason, field="reason"),
        until=until,
        granted_by=actor,
        granted_at=now,
    )
    made.save(force_insert=True)
    audit.record(
        actor, "governance.exception_granted", found, **told(found), gate=gate, until=until
    )
    return made


@transaction.atomic
def renew(
    *, actor: User, promotion: Promotion, until: date | None, reason: str, now: datetime
) -> Condition:
    """Set another end of an approval, or none where nothing is found wanting any more.

    Raises NotPermitted, OwnModel, Conflict, and DomainError for a reason or a day.
    """
    _permit_to_decide(actor)
    found = selectors.promotions_locked().get(pk=promotion.pk)
    if policies.is_own(actor, found):
        raise OwnModel
    if found.status not in ("approved", "in_force"):
        raise Conflict("not_approved", _("This promotion is not approved."))
    _until(until, standing.of(found, now=now), begins=found.effective_on)
    made = _set_condition(
        actor, found, until=until, reason=_said.reason(reason, field="reason"), now=now
    )
    audit.record(actor, "governance.approval_renewed", found, **told(found), until=until)
    return made


def enact_due(*, now: datetime) -> int:
    """Put in force what was approved for a day that has come; return how many.

    Each in a transaction of its own and safe to run twice. One that cannot be put in force keeps
    why, so that a person sees it, and is tried again by the next run; the champion goes on.
    """
    waiting = Promotion.objects.filter(status="approved").order_by("decided_at")
    return sum(_enact(key, now=now) for key in list(waiting.values_list("pk", flat=True)))


def _enact(key: uuid.UUID, *, now: datetime) -> bool:
    try:
        with transaction.atomic():
            found = selectors.promotions_locked().get(pk=key)
            day = when.today(found.model.segment, now)
            if found.status != "approved" or found.effective_on is None or found.effective_on > day:
                return False
            _still_holds(found, now=now)
            _put_in_force(found, now=now)
    except DomainError as refusal:
        logger.warning("promotion_not_in_force", promotion=str(key), code=refusal.code)
        Promotion.objects.filter(pk=key, status="approved").update(failure=str(refusal.sentence))
        return False
    return True


def _still_holds(found: Promotion, *, now: datetime) -> None:
    """Judge on the day what was approved before it; raises Conflict for what does not hold."""
    now_standing = standing.of(found, now=now, anew=True)
    _papers_hold(found)
    _gates_passed(now_standing)
    if selectors.has_lapsed(found, now_standing.today):
        raise Conflict("approval_lapsed", _("The approval or an exception has ended before."))
    grave = [
        one
        for one in now_standing.open_findings
        if one.severity == "high" and found.decided_at and one.raised_at > found.decided_at
    ]
    condition = standing.condition(found)
    if grave or (now_standing.open_findings and (condition is None or condition.until is None)):
        raise Conflict("findings_open", _("Findings are open that the approval did not know of."))


def _put_in_force(promotion: Promotion, *, now: datetime) -> None:
    approver = promotion.decided_by
    if approver is None:
        raise Conflict("not_approved", _("This promotion is not approved."))
    scoring.promote(model=promotion.model, approved_by=approver, now=now)
    promotion.move("put_in_force", in_force_at=now, failure="")
    audit.record(WORKER, "governance.promotion_in_force", promotion, **told(promotion))


def _permit_to_decide(actor: User) -> None:
    if not actor.has_perm(policies.APPROVE):
        raise NotPermitted("not_permitted", _("Your role does not decide on promotions."))


def _decidable(actor: User, promotion: Promotion) -> Promotion:
    _permit_to_decide(actor)
    found = selectors.promotions_locked().get(pk=promotion.pk)
    if policies.is_own(actor, found):
        raise OwnModel
    if found.status == "proposed":
        raise Conflict("not_validated", _("Nobody has validated this model yet."))
    return found


def _passes(found: Promotion, now_standing: Standing, *, seen: str) -> None:
    """Raise unless everything is as it was looked at, and every gate passed or let pass."""
    if found.status == "validated" and seen != now_standing.seen:
        raise NotAsSeen
    if found.status == "validated":
        _papers_hold(found)
    _gates_passed(now_standing)


def _papers_hold(found: Promotion) -> None:
    if not selectors.is_registered(found.model):
        raise Conflict("not_registered", _("This model has no complete entry in the register."))
    if not selectors.is_against_champion(found.report, found.model):
        raise Conflict(
            "revalidation_required",
            _("Another model decides than its report compares it with; have a report made anew."),
        )


def _gates_passed(now_standing: Standing) -> None:
    if now_standing.gate_set is None:
        raise GatesFailed(
            "no_gates", _("No gates are in force: two people must agree on them first.")
        )
    if now_standing.blocking:
        raise GatesFailed(
            "gates_failed",
            _("The model fails gates that nobody lets it through: %(gates)s.")
            % {"gates": ", ".join(gate_words.name(one) for one in now_standing.blocking)},
        )


def _until(until: date | None, now_standing: Standing, *, begins: date | None) -> None:
    """Raise unless the approval holds for a day at least after the model begins to decide."""
    if until is not None and until <= max(now_standing.today, begins or now_standing.today):
        raise _said.refused("until", _("Choose a later day."))
    if until is None and now_standing.open_findings:
        raise _said.refused(
            "until", _("With open findings the approval holds until a day: choose one.")
        )


def _set_condition(
    actor: User, promotion: Promotion, *, until: date | None, reason: str, now: datetime
) -> Condition:
    made = Condition(promotion=promotion, until=until, reason=reason, set_by=actor, set_at=now)
    made.save(force_insert=True)
    return made
