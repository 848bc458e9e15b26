"""Stop automated decisions at once, and start them again by two people.

A stop holds for one lender or for all. While it holds, `assess` scores and judges every case as
always and keeps score, trace and recommendation, but what a machine would approve or decline goes
to review with the cause `automation_stopped`; nothing that waits is lost or thrown away. The
referral is kept apart from the judgement so that reviewers see both, and a replay derives both.
A case that could not be judged keeps its own cause and names the stop as well.

Nothing is held in a process's memory: each assessment reads the database under a lock that a stop
takes alone. So a stop waits for the decisions that are being written at that moment, and when it
has committed no automated approval or decline commits any more; a trigger says the same to
whatever does not come through `assess`.
"""

import uuid
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible, StaleRecord
from apps.decisions import automation, stopped
from apps.decisions.models import AutomationStop, Decision, StopStatement
from apps.decisions.models.automation import LOCK, STANDING


@transaction.atomic
def stop_automation(
    *, actor: User, entity: Entity | None, reason: str, now: datetime
) -> AutomationStop:
    """Stop automated decisions of a lender, or of all (None), at once; one person is enough.

    What is stopped stays so and keeps the further reason, too; where a restart was asked for, the
    request is off the table. Raises NotPermitted, DomainError without a reason.
    """
    _permit_stop(actor, entity)
    reason = _said(reason, "reason", _("Say why automated decisions are stopped."))
    _be_alone()
    standing = AutomationStop.objects.filter(entity=entity, status__in=STANDING).first()
    if standing is not None:
        kept = standing if standing.status == "stopped" else _keep(standing, actor)
        _say_too(kept, actor, reason, now=now)
        return kept
    made = AutomationStop(entity=entity, reason=reason, stopped_by=actor, stopped_at=now)
    made.save(force_insert=True)
    audit.record(actor, "decisions.automation_stopped", made, scope=made.scope)
    return made


@transaction.atomic
def ask_restart(
    *, actor: User, stop: AutomationStop, note: str, now: datetime, version: str = ""
) -> AutomationStop:
    """Ask that automated decisions start again, saying what was found and done.

    Raises NotPermitted, NotVisible, DomainError without a note, Conflict and StaleRecord.
    """
    found = _locked(actor, stop, version=version)
    _permit_stop(actor, found.entity)
    note = _said(note, "note", _("Say what was found and done."))
    found.move("ask_restart", asked_by=actor, asked_at=now, ask_note=note)
    audit.record(actor, "decisions.restart_asked", found, scope=found.scope)
    return found


@transaction.atomic
def keep_stopped(*, actor: User, stop: AutomationStop, version: str = "") -> AutomationStop:
    """Turn down a restart: automated decisions stay stopped. One person is enough.

    Raises NotPermitted, NotVisible, Conflict and StaleRecord.
    """
    found = _locked(actor, stop, version=version)
    _permit_stop(actor, found.entity)
    return _keep(found, actor)


@transaction.atomic
def restart_automation(
    *, actor: User, stop: AutomationStop, now: datetime, version: str = ""
) -> AutomationStop:
    """Confirm what another person asked for: machines decide again from the next case on.

    What went to review meanwhile stays with people. Raises NotPermitted, also for who asked,
    NotVisible, Conflict where nobody asked, and StaleRecord.
    """
    found = _locked(actor, stop, version=version)
    if not automation.may_restart(actor, found.entity):
        raise NotPermitted(
            "not_permitted", _("Your role does not confirm that automated decisions start again.")
        )
    if found.asked_by_id == actor.pk:
        raise NotPermitted("own_request", _("You asked for it; another person must confirm it."))
    found.move("restart", restarted_by=actor, restarted_at=now)
    audit.record(
        actor,
        "decisions.automation_restarted",
        found,
        scope=found.scope,
        asked_by=str(found.asked_by_id),
    )
    return found


def stop_until_commit(entity_id: uuid.UUID) -> uuid.UUID | None:
    """Return the stop that holds a lender's machine, true until the transaction ends, or None.

    Nobody can stop, or start again, before.
    """
    with connection.cursor() as cursor:
        # A statement of its own: the next one must see what was committed until the lock came.
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])
    found = automation.holding(entity_id).first()
    return None if found is None else found[0]


def hold_back(decision: Decision, *, stop_id: uuid.UUID | None) -> None:
    """Make a machine's decision, not yet written, a referral where a stop holds its lender.

    What it found stays with it.
    """
    if stop_id is None:
        return
    why = stopped.reason(str(stop_id))
    decision.outcome = "refer"
    decision.failure = decision.failure or stopped.CAUSE
    decision.reasons = [why.to_json(), *decision.reasons]
    decision.reason_codes = [why.code, *decision.reason_codes]


def _keep(found: AutomationStop, actor: User) -> AutomationStop:
    asked_by = str(found.asked_by_id)
    found.move("keep_stopped", asked_by=None, asked_at=None, ask_note="")
    audit.record(
        actor, "decisions.restart_turned_down", found, scope=found.scope, asked_by=asked_by
    )
    return found


def _say_too(standing: AutomationStop, actor: User, reason: str, *, now: datetime) -> None:
    """Keep another reason for a stop that stands; the same one sent again says nothing new."""
    if reason == standing.reason or standing.statements.filter(reason=reason).exists():
        return
    said = StopStatement(stop=standing, reason=reason, said_by=actor, said_at=now)
    said.save(force_insert=True)
    audit.record(
        actor,
        "decisions.stop_reason_added",
        standing,
        scope=standing.scope,
        statement=str(said.pk),
    )


def _be_alone() -> None:
    """Wait for the decisions being written, and let none be written until we have committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _locked(actor: User, stop: AutomationStop, *, version: str) -> AutomationStop:
    """Return a stop the person may see as it is now; nobody changes one beside us."""
    _be_alone()
    found = automation.stops(actor).filter(pk=stop.pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such stop."))
    if version and version != found.version:
        raise StaleRecord(
            "stale_record",
            _("Somebody else has changed this in the meantime. Reload the page."),
        )
    if found.status not in STANDING:
        raise Conflict("runs_again", _("Automated decisions have been started again already."))
    return found


def _permit_stop(actor: User, entity: Entity | None) -> None:
    if not automation.may_stop(actor, entity):
        raise NotPermitted(
            "not_permitted", _("Your role does not stop automated decisions of this lender.")
        )


def _said(text: str, field: str, sentence: str) -> str:
    if not text.strip():
        raise DomainError(f"{field}_required", sentence, fields={field: sentence})
    return text.strip()
