"""Decide by what models are watched and trained anew: one person proposes, another answers."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.governance import kinds
from apps.governance import policies as governance
from apps.monitoring import policies
from apps.monitoring.errors import OwnProposal
from apps.monitoring.measures import Level, Measure
from apps.monitoring.models import Limit, RetrainingPlan
from apps.monitoring.models.limits import Answered
from apps.monitoring.spans import Span
from apps.npa import webhook_signing
from apps.products.models import Product

SHORTEST_REASON, LONGEST_REASON = 3, 1_000
LARGEST = Decimal(100_000)
Row = TypeVar("Row", bound=Answered)


@dataclass(frozen=True, kw_only=True)
class AskedLimit:
    """What is proposed of a limit."""

    segment: str
    measure: str
    level: str
    bound: Decimal
    owner: User
    effective_from: date
    reason: str
    span: str = Span.MONTH
    stops: bool = False
    is_watched: bool = True
    webhook_url: str = ""


@dataclass(frozen=True, kw_only=True)
class AskedPlan:
    """What is proposed of retraining; nothing by calendar and not on drift ends it."""

    segment: str
    effective_from: date
    reason: str
    window_months: int
    every_months: int = 0
    on_drift: bool = False
    kind: str = kinds.DEFAULT


@transaction.atomic
def propose_limit(*, actor: User, asked: AskedLimit, now: datetime) -> Limit:
    """Propose a limit and return it; nothing is judged by it before another person approves it.

    Raises NotPermitted, Conflict where another one of its kind waits, DomainError for the rest.
    """
    _permit(actor, policies.PROPOSE)
    _check_shared(asked.segment, asked.reason, asked.effective_from, now)
    _check_limit(asked)
    made = Limit(
        segment=asked.segment,
        measure=asked.measure,
        level=asked.level,
        span=asked.span,
        bound=asked.bound,
        stops=asked.stops,
        is_watched=asked.is_watched,
        owner=asked.owner,
        webhook_url=asked.webhook_url.strip(),
        effective_from=asked.effective_from,
        reason=asked.reason.strip(),
        proposed_by=actor,
        proposed_at=now,
    )
    _saved(made)
    audit.record(actor, "monitoring.limit_proposed", made, **_told(made))
    return made


@transaction.atomic
def propose_plan(*, actor: User, asked: AskedPlan, now: datetime) -> RetrainingPlan:
    """Propose when a segment's model is trained anew. Raises as `propose_limit`.

    Who proposes it develops what it trains, so it takes the right to train.
    """
    _permit(actor, policies.PROPOSE)
    _permit(actor, governance.TRAIN)
    _check_shared(asked.segment, asked.reason, asked.effective_from, now)
    if asked.kind not in kinds.OFFERS:
        raise _refused("kind", _("No such kind of model can be trained."))
    if not 6 <= asked.window_months <= 240:
        raise _refused("window_months", _("A model learns from 6 to 240 months of loans."))
    if not 0 <= asked.every_months <= 60:
        raise _refused("every_months", _("At most every 60 months; 0 is never."))
    made = RetrainingPlan(
        segment=asked.segment,
        effective_from=asked.effective_from,
        reason=asked.reason.strip(),
        every_months=asked.every_months,
        on_drift=asked.on_drift,
        window_months=asked.window_months,
        kind=asked.kind,
        proposed_by=actor,
        proposed_at=now,
    )
    _saved(made)
    audit.record(actor, "monitoring.plan_proposed", made, **_told(made))
    return made


@transaction.atomic
def approve(*, actor: User, one: Row, now: datetime) -> Row:
    """Approve what another person proposed. Raises NotPermitted, OwnProposal and Conflict."""
    found = _held(actor, one)
    if found.effective_from < now.date():
        raise Conflict("begins_earlier", _("It would hold from a day that is over; propose anew."))
    try:
        with transaction.atomic():
            found.move("approve", answered_by=actor, answered_at=now)
    except IntegrityError as refusal:
        raise Conflict("same_day", _("Another approved one begins on the same day.")) from refusal
    audit.record(actor, "monitoring.proposal_approved", found, **_told(found))
    return found


@transaction.atomic
def refuse(*, actor: User, one: Row, note: str, now: datetime) -> Row:
    """Refuse what another person proposed, with a reason. Raises as `approve`, and DomainError."""
    found = _held(actor, one)
    said = _said(note, "note")
    found.move("refuse", answered_by=actor, answered_at=now, answer_note=said)
    audit.record(actor, "monitoring.proposal_refused", found, **_told(found))
    return found


@transaction.atomic
def withdraw(*, actor: User, one: Row, now: datetime) -> Row:
    """Take back what oneself proposed. Raises NotPermitted and Conflict."""
    found = _locked(one)
    if found.proposed_by_id != actor.pk:
        raise NotPermitted("not_yours", _("Only who proposed it may take it back."))
    found.move("withdraw", answered_by=actor, answered_at=now)
    audit.record(actor, "monitoring.proposal_withdrawn", found, **_told(found))
    return found


def _held(actor: User, one: Row) -> Row:
    _permit(actor, policies.APPROVE)
    found = _locked(one)
    if found.proposed_by_id == actor.pk:
        raise OwnProposal
    return found


def _locked(one: Row) -> Row:
    rows: Any = type(one)._default_manager
    found: Row = rows.select_for_update(of=("self",)).get(pk=one.pk)
    return found


def _saved(made: Answered) -> None:
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as refusal:
        raise Conflict(
            "one_waits", _("Another proposal of this kind waits for an answer already.")
        ) from refusal


def _check_shared(segment: str, reason: str, effective_from: date, now: datetime) -> None:
    if not Product.objects.filter(scoring_segment=segment).exists():
        raise _refused("segment", _("No product is scored in this segment."))
    if effective_from < now.date():
        raise _refused("effective_from", _("It holds from today at the earliest."))
    _said(reason, "reason")


def _check_limit(asked: AskedLimit) -> None:
    if asked.measure not in set(Measure):
        raise _refused("measure", _("There is no such measure."))
    if asked.level not in set(Level) or asked.span not in set(Span):
        raise _refused("level", _("There is no such level."))
    if asked.stops and asked.level != Level.STOP:
        raise _refused("stops", _("Only a limit of the level that stops can stop by itself."))
    if not 0 < asked.bound <= LARGEST:
        raise _refused("bound", _("A limit lies above nought."))
    if not asked.owner.is_active or not asked.owner.has_perm(policies.SEE):
        raise _refused("owner", _("The owner must be somebody who sees models."))
    url = asked.webhook_url.strip()
    if url:
        try:
            webhook_signing.allowed(url, hosts=settings.ALERT_WEBHOOK_HOSTS)
        except webhook_signing.AddressRefused:
            raise _refused(
                "webhook_url",
                _("The address must begin with https:// and name a host the operator allows."),
            ) from None


def _permit(actor: User, right: str) -> None:
    if not actor.has_perm(right):
        raise NotPermitted("not_permitted", _("Your role does not allow this."))


def _said(text: str, field: str) -> str:
    if not SHORTEST_REASON <= len(text.strip()) <= LONGEST_REASON:
        raise _refused(
            field,
            _("Say why, in %(least)s to %(most)s letters.")
            % {"least": SHORTEST_REASON, "most": LONGEST_REASON},
        )
    return text.strip()


def _refused(field: str, sentence: str) -> DomainError:
    return DomainError(f"{field}_refused", sentence, fields={field: sentence})


def _told(one: Answered) -> dict[str, Any]:
    told = {"segment": one.segment, "effective_from": str(one.effective_from)}
    if isinstance(one, Limit):
        told |= {"measure": one.measure, "level": one.level, "bound": str(one.bound)}
    return told
