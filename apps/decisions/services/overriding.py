"""Lend in spite of a decline: one person asks for the exception, another with authority grants it.

The exception is a row of its own and leads to a decision of its own, which binds for a time. The
decline stays as it was.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.decisions import policies, selectors
from apps.decisions.errors import OwnSubmission
from apps.decisions.models import Decision, Override, OverrideReason
from apps.decisions.services import approving, basis, recording, room
from apps.decisions.services.approving import Terms
from apps.decisions.services.basis import Basis
from apps.decisions.services.claiming import require_independent

# An exception under which nothing was lent by then lapses.
HOLDS_FOR_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class OverrideEntry:
    """What a person asks for: terms of at most what was asked, a reason of the list, a note."""

    terms: Terms
    reason: str
    note: str


@transaction.atomic
def ask_override(
    *, actor: User, application: Application, entry: OverrideEntry, now: datetime
) -> Override:
    """Ask that a declined application be approved in spite of the decline.

    Raises NotPermitted, NotVisible, Conflict where nothing was declined or somebody asked
    already, DomainError with a sentence for every field that is not acceptable.
    """
    if not actor.has_perm(policies.REQUEST_OVERRIDE):
        raise NotPermitted("not_permitted", _("Your role does not allow asking for an exception."))
    found = _locked(actor, application.pk)
    require_independent(actor, found)
    declined = _declined(found)
    if Override.objects.filter(application=found, status="asked").exists():
        raise Conflict("override_asked_already", _("An exception is asked for already."))
    _check(entry, found)
    made = Override(
        application=found,
        decision=declined,
        amount=entry.terms.amount,
        term_months=entry.terms.term_months,
        reason=entry.reason,
        note=entry.note.strip(),
        requested_by=actor,
        requested_at=now,
    )
    made.save(force_insert=True)
    audit.record(
        actor,
        "decisions.override_asked",
        made,
        case=found,
        reason=made.reason,
        amount=str(made.amount),
        term_months=made.term_months,
    )
    return made


@transaction.atomic
def authorise_override(*, actor: User, override: Override, now: datetime) -> Decision:
    """Authorise the exception: a decision approves, with its letter, and binds for a time.

    Raises NotPermitted for who asked, for who submitted, without the permission or above the own
    limit, Conflict where it was answered already or the application is declined no more,
    BorrowerBlocked, and ExposureExceeded where approvals since the decline left no room.
    """
    found = _waiting(actor, override)
    application, declined = found.application, _open_decline(actor, found)
    until = approving.last_moment_of(application, days=HOLDS_FOR_DAYS, now=now)
    # The room, the price and the trace are those of the policy in force when it is granted.
    today = basis.of_decided(application, declined, now=now)
    _require_room(found, declined, today, now=now)
    found.move("authorise", answered_by=actor, answered_at=now, expires_at=until)
    audit.record(
        actor,
        "decisions.override_authorised",
        found,
        case=application,
        requested_by=str(found.requested_by_id),
        expires_at=until.isoformat(),
    )
    return recording.record(
        actor=actor,
        application=application,
        decision=_exception(actor, found, declined, today, now=now),
        actions=("override",),
    )


@transaction.atomic
def refuse_override(*, actor: User, override: Override, note: str, now: datetime) -> Override:
    """Refuse the exception and say why; the decline stands. Raises as `authorise_override`."""
    found = _waiting(actor, override)
    if not note.strip():
        sentence = _("Say why you refuse.")
        raise DomainError("note_required", sentence, fields={"note": sentence})
    found.move("refuse", answered_by=actor, answered_at=now, answer_note=note.strip())
    audit.record(
        actor,
        "decisions.override_refused",
        found,
        case=found.application,
        requested_by=str(found.requested_by_id),
    )
    return found


def _open_decline(actor: User, found: Override) -> Decision:
    """Return the decline, where this person may set it aside."""
    application = found.application
    if not policies.has_authority(actor, application, amount=found.amount):
        raise NotPermitted(
            "above_limit",
            _("The amount is above your own limit; somebody with more must authorise it."),
        )
    declined = _declined(application)
    if declined.pk != found.decision_id:
        raise Conflict("decided_since", _("The application was decided again in the meantime."))
    return declined


def _require_room(found: Override, declined: Decision, today: Basis, *, now: datetime) -> None:
    room.require_room(
        found.application,
        found.amount,
        judged_before=today,
        now=now,
        # What the decline rested on is what the exception sets aside.
        excepted=room.failed(declined.trace),
    )


def _exception(
    actor: User, found: Override, declined: Decision, today: Basis, *, now: datetime
) -> Decision:
    """Return the decision that follows an authorised exception, not yet written."""
    judged = approving.columns(
        actor=actor,
        application=found.application,
        judged_before=today,
        terms=Terms(found.amount, found.term_months),
        now=now,
    )
    return Decision(
        number=declined.number + 1,
        kind=Decision.Kind.HUMAN,
        outcome="approve",
        recommendation=declined.recommendation,
        note=found.note,
        override=found,
        decided_by=actor,
        decided_at=now,
        valid_until=found.expires_at,
        **judged,
    )


def _locked(actor: User, application_id: uuid.UUID) -> Application:
    rows = Application.objects.select_for_update(of=("self",), no_key=True).select_related(
        "product", "customer__address", "branch__entity", "employment", "bureau_report"
    )
    return get_visible(rows, actor, pk=application_id)


def _declined(application: Application) -> Decision:
    latest = selectors.latest(application)
    if application.status != "declined" or latest is None or latest.outcome != "decline":
        raise Conflict("nothing_to_override", _("Only a declined application has an exception."))
    return latest


def _waiting(actor: User, override: Override) -> Override:
    """Return an exception that waits for an answer this person may give, locked."""
    if not actor.has_perm(policies.AUTHORISE_OVERRIDE):
        raise NotPermitted(
            "not_permitted", _("Your role does not allow answering requests for an exception.")
        )
    visible = get_visible(Override.objects.all(), actor, pk=override.pk)
    application = _locked(actor, visible.application_id)
    found = Override.objects.select_for_update(of=("self",)).get(pk=visible.pk)
    found.application = application
    if found.status != "asked":
        raise Conflict("override_answered", _("This request was answered in the meantime."))
    if found.requested_by_id == actor.pk:
        raise NotPermitted("own_request", _("You asked for it; another person must answer."))
    if policies.is_own_submission(actor, application):
        raise OwnSubmission
    require_independent(actor, application)
    return found


def _check(entry: OverrideEntry, application: Application) -> None:
    fields = approving.term_errors(application, entry.terms)
    if entry.reason not in OverrideReason.values:
        fields["reason"] = _("Choose a reason.")
    if not entry.note.strip():
        fields["note"] = _("Say why an exception is right.")
    if fields:
        raise DomainError("override_incomplete", _("The request is not complete."), fields=fields)
