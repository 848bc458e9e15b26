"""Put a wrong step right: by a new step with a reason, never by changing what is on record."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications import hooks as applications
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core.errors import Conflict, NotPermitted, StaleRecord
from apps.core.visibility import get_visible
from apps.decisions import policies, reasons, selectors
from apps.decisions.errors import OwnSubmission, VerdictRefused
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.services import recording
from apps.decisions.services.claiming import LEASE, locked_case, permit, require_independent

REOPENED = "reopened"


@transaction.atomic
def take_back(
    *, actor: User, case: ReviewCase, note: str, now: datetime, version: str = ""
) -> ReviewCase:
    """Take back one's own verdict before it is signed; one holds the case again. A note says why.

    Raises NotPermitted for another person's verdict, Connected for who must keep out of the case by
    now, Conflict once it was signed or sent back, StaleRecord when the case changed since
    `version`, VerdictRefused without a note.
    """
    found = locked_case(actor, case.pk, version=version)
    permit(actor, found, policies.REVIEW)
    require_independent(actor, found.application)
    if found.status != "awaiting_second":
        raise Conflict(
            "nothing_to_take_back", _("This verdict does not wait for a second signature any more.")
        )
    if found.verdict_by_id != actor.pk:
        raise NotPermitted(
            "not_own_verdict", _("Only the person who gave the verdict can take it back.")
        )
    said = _said(note, _("Say why you take the verdict back."))
    audit.record(
        actor,
        "decisions.verdict_taken_back",
        found,
        case=found.application,
        verdict=found.verdict,
        codes=found.verdict_codes,
        at=now.isoformat(),
    )
    return found.move(
        "take_back",
        claimed_by=actor,
        claimed_at=now,
        claim_until=now + LEASE,
        verdict="",
        verdict_by=None,
        verdict_codes=[],
        verdict_note=said,
        verdict_at=None,
        verdict_amount=None,
        verdict_term_months=None,
    )


@transaction.atomic
def reopen(
    *, actor: User, application: Application, note: str, now: datetime, version: str = ""
) -> Decision:
    """Take a decision up anew that was a mistake; another person decides the case then.

    What was decided stays on record, and this step stands after it with its reason. Raises
    NotPermitted, OwnSubmission, Connected, Conflict where nothing was decided or something was lent
    under it, StaleRecord when the application changed since `version`, VerdictRefused without a
    note.
    """
    if not actor.has_perm(policies.REOPEN):
        raise NotPermitted("not_permitted", _("Your role does not take decisions up anew."))
    rows = Application.objects.select_for_update(of=("self",), no_key=True)
    found = get_visible(
        rows.select_related("product", "customer", "branch__entity"), actor, pk=application.pk
    )
    if policies.is_own_submission(actor, found):
        raise OwnSubmission
    require_independent(actor, found)
    if version and version != found.version:
        raise StaleRecord(
            "stale_record",
            _("Somebody else has changed this in the meantime. Reload the page."),
        )
    latest = selectors.latest(found)
    if latest is None or found.status not in ("approved", "declined"):
        raise Conflict("nothing_to_reopen", _("Only a decided application is taken up anew."))
    said = _said(note, _("Say what was wrong."))
    # Whoever lends under the decision refuses here; a waiting request for an exception lapses.
    applications.changed(found, actor=actor, now=now)
    audit.record(
        actor,
        "decisions.reopened",
        latest,
        case=found,
        outcome=latest.outcome,
        decided_by=str(latest.decided_by_id or ""),
    )
    return recording.record(
        actor=actor,
        application=found,
        decision=_referral(latest, actor=actor, note=said, now=now),
        actions=("take_up_anew",),
    )


def _referral(mistaken: Decision, *, actor: User, note: str, now: datetime) -> Decision:
    """Return the step after a mistaken decision: the same facts, for people to decide."""
    return Decision(
        number=mistaken.number + 1,
        kind=Decision.Kind.HUMAN,
        outcome="refer",
        failure=REOPENED,
        reasons=[reasons.of_cause(REOPENED).to_json()],
        policy=mistaken.policy,
        score_run=mistaken.score_run,
        inputs=mistaken.inputs,
        trace=mistaken.trace,
        annual_rate=mistaken.application.annual_rate,
        instalment=mistaken.instalment,
        note=note,
        decided_by=actor,
        decided_at=now,
    )


def _said(note: str, sentence: str) -> str:
    if not note.strip():
        raise VerdictRefused("note_required", sentence, fields={"note": sentence})
    return note.strip()
