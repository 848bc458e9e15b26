"""Write, propose and approve a policy: two people for each version, and nothing decides before.

A draft has one author and can be rewritten by that person alone, so that who approves it is
certainly somebody else. From the proposal on its content is fixed; triggers say the same.
"""

import copy
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotPermitted, StaleRecord
from apps.core.visibility import get_visible
from apps.decisions import policy_document, policy_sentences, policymaking
from apps.decisions.errors import OwnPolicy, PolicyNotSound
from apps.decisions.models import Decision, PolicyNote, PolicyVersion
from apps.decisions.services import lettering


@transaction.atomic
def draft_policy(
    *,
    actor: User,
    entity: Entity,
    base: PolicyVersion | None = None,
    document: Mapping[str, Any] | None = None,
) -> PolicyVersion:
    """Begin a lender's next version as a draft: a document, a copy of another version, or empty.

    Raises NotPermitted, NotVisible for a version the person does not see or of another lender,
    DomainError for a document that cannot be kept.
    """
    if not actor.has_perm(policymaking.DRAFT):
        raise NotPermitted("not_permitted", _("Your role does not draft policies."))
    if not actor.works_everywhere and actor.branch.entity_id != entity.pk:
        raise NotPermitted("not_permitted", _("This is not your lender."))
    written: dict[str, Any] = {"name": entity.name, "rules": [], "ladders": []}
    if base is not None:
        found = get_visible(PolicyVersion.objects.filter(entity=entity), actor, pk=base.pk)
        written = copy.deepcopy(found.document)
    if document is not None:
        _require_storable(document)
        written = dict(document)
    draft = new_version(entity, written, author=actor)
    audit.record(
        actor,
        "decisions.policy_drafted",
        draft,
        **facts(draft),
        base=str(base.pk) if base else "",
    )
    return draft


@transaction.atomic
def edit_policy(
    *,
    actor: User,
    policy: PolicyVersion,
    document: Mapping[str, Any],
    version: str = "",
) -> PolicyVersion:
    """Rewrite one's own draft; it need not be sound yet.

    Raises NotPermitted for somebody else's draft, Conflict for what is no draft any more, and
    StaleRecord when it changed since `version`.
    """
    found = _locked(actor, policy, version=version)
    if not actor.has_perm(policymaking.DRAFT):
        raise NotPermitted("not_permitted", _("Your role does not draft policies."))
    if found.status != "draft":
        raise Conflict("not_a_draft", _("Only a draft can be changed; copy this version instead."))
    if not policymaking.may_edit(actor, found):
        raise NotPermitted(
            "not_author", _("Another person writes this draft; copy it into one of your own.")
        )
    _require_storable(document)
    sha256 = policy_document.fingerprint(document)
    if sha256 == found.sha256:
        return found
    before, found.author = found.sha256, found.author or actor
    found.document, found.sha256 = dict(document), sha256
    found.save(update_fields=["document", "sha256", "author", "updated_at"])
    audit.record(actor, "decisions.policy_changed", found, **facts(found), before=before)
    return found


@transaction.atomic
def propose_policy(
    *,
    actor: User,
    policy: PolicyVersion,
    effective_from: date,
    note: str,
    now: datetime,
    version: str = "",
) -> PolicyVersion:
    """Put a draft before an approver, to be in force from a day; it must pass every check.

    Raises NotPermitted, DomainError for a day that is past or taken or without a note,
    PolicyNotSound, Conflict and StaleRecord.
    """
    found = _locked(actor, policy, version=version)
    if not actor.has_perm(policymaking.DRAFT):
        raise NotPermitted("not_permitted", _("Your role does not propose policies."))
    note = _said(note, _("Say what changes and why."))
    _require_possible(found, "propose")
    require_day(found, effective_from, now=now)
    require_sound(found.document, found.entity)
    found.move(
        "propose", effective_from=effective_from, proposed_by=actor, proposed_at=now, note=note
    )
    said = _noted(found, "propose", note, actor)
    audit.record(actor, "decisions.policy_proposed", found, **facts(found), **said)
    return found


@transaction.atomic
def approve_policy(
    *, actor: User, policy: PolicyVersion, now: datetime, note: str = "", version: str = ""
) -> PolicyVersion:
    """Approve what another person wrote and proposed; it decides from its day on.

    The checks are made again, for products and days may have changed since the proposal. Raises
    NotPermitted, OwnPolicy, DomainError for a day gone by, PolicyNotSound, Conflict, StaleRecord.
    """
    found = _judged(actor, policy, "approve", version=version)
    if found.effective_from is None:
        raise Conflict("no_day", _("The version has no day to be in force from."))
    require_day(found, found.effective_from, now=now)
    require_sound(found.document, found.entity)
    try:
        with transaction.atomic():
            found.move("approve", approved_by=actor, approved_at=now)
    except IntegrityError as error:
        raise Conflict(
            "another_policy_begins",
            _("Another policy that begins the same day was approved at this moment."),
        ) from error
    said = _noted(found, "approve", note, actor)
    audit.record(actor, "decisions.policy_approved", found, **facts(found), **said)
    return found


@transaction.atomic
def send_back_policy(
    *, actor: User, policy: PolicyVersion, note: str, version: str = ""
) -> PolicyVersion:
    """Refuse a proposal for a stated reason; it is a draft again. Raises as `approve_policy`."""
    found = _judged(actor, policy, "send_back", version=version)
    note = _said(note, _("Say what should change."))
    proposer = str(found.proposed_by_id or "")
    found.move("send_back", proposed_by=None, proposed_at=None, note=note)
    said = _noted(found, "send_back", note, actor)
    audit.record(
        actor, "decisions.policy_sent_back", found, **facts(found), **said, proposed_by=proposer
    )
    return found


@transaction.atomic
def withdraw_policy(
    *, actor: User, policy: PolicyVersion, note: str, version: str = ""
) -> PolicyVersion:
    """Take one's own draft or proposal off the table for good; it stays readable.

    Raises NotPermitted, DomainError without a note, Conflict and StaleRecord.
    """
    found = _locked(actor, policy, version=version)
    if not actor.has_perm(policymaking.DRAFT):
        raise NotPermitted("not_permitted", _("Your role does not withdraw policies."))
    note = _said(note, _("Say why it is withdrawn."))
    _require_possible(found, "withdraw")
    if not policymaking.may_withdraw(actor, found):
        raise NotPermitted(
            "not_author", _("Only who wrote or proposed this version can withdraw it.")
        )
    found.move("withdraw", note=note)
    said = _noted(found, "withdraw", note, actor)
    audit.record(actor, "decisions.policy_withdrawn", found, **facts(found), **said)
    return found


@transaction.atomic
def take_back_policy(
    *, actor: User, policy: PolicyVersion, note: str, now: datetime, version: str = ""
) -> PolicyVersion:
    """Withdraw an approved version before its day: what is in force then stays in force.

    Whoever may approve it may take it back, and nobody who wrote or proposed it. Raises
    NotPermitted, OwnPolicy, DomainError without a note, Conflict once it has begun, StaleRecord.
    """
    # Alone: a decision that is being written with it is waited for, a later one finds it withdrawn.
    found = _judged(actor, policy, "take_back", version=version, alone=True)
    note = _said(note, _("Say why it is withdrawn."))
    today = lettering.local_date(found.entity, now)
    has_begun = found.effective_from is None or found.effective_from <= today
    if has_begun or Decision.objects.filter(policy=found).exists():
        raise Conflict(
            "policy_has_begun",
            _("This version decides already; propose another one to take its place."),
        )
    found.move("take_back", taken_back_by=actor, taken_back_at=now, note=note)
    said = _noted(found, "take_back", note, actor)
    audit.record(actor, "decisions.policy_taken_back", found, **facts(found), **said)
    return found


def new_version(
    entity: Entity, document: Mapping[str, Any], *, author: User | None = None, **fields: Any
) -> PolicyVersion:
    """Store a lender's next version, a draft unless `fields` say otherwise; the caller audits it.

    Raises Conflict when somebody else stored one at the same moment.
    """
    last = PolicyVersion.objects.filter(entity=entity).aggregate(n=Max("number"))["n"]
    made = PolicyVersion(
        entity=entity,
        number=(last or 0) + 1,
        document=document,
        sha256=policy_document.fingerprint(document),
        author=author,
        **fields,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(
            "policy_loaded_elsewhere", _("Somebody else made a version at the same moment.")
        ) from error
    return made


def facts(version: PolicyVersion) -> dict[str, Any]:
    """Return what the audit keeps of a version."""
    day = version.effective_from
    return {
        "entity": version.entity.code,
        "number": version.number,
        "sha256": version.sha256,
        "effective_from": day.isoformat() if day else "",
    }


def require_sound(document: Mapping[str, Any], entity: Entity) -> None:
    """Raise PolicyNotSound with everything that is wrong, warnings left out."""
    found = policymaking.problems_of(document, entity)
    problems = [one for one in found if not one.is_warning]
    if problems:
        said = [
            f"{policy_sentences.place(one.place)}: {policy_sentences.problem(one)}"
            for one in problems
        ]
        raise PolicyNotSound("policy_not_sound", " ".join(said))


def require_day(version: PolicyVersion, day: date, *, now: datetime) -> None:
    """Raise DomainError unless the version can be in force from the day."""
    today = lettering.local_date(version.entity, now)
    refusal = policymaking.day_refused(version, day, today)
    if refusal:
        raise DomainError("day_refused", refusal, fields={"effective_from": refusal})


def _judged(
    actor: User, policy: PolicyVersion, action: str, *, version: str, alone: bool = False
) -> PolicyVersion:
    found = _locked(actor, policy, version=version, alone=alone)
    if not actor.has_perm(policymaking.APPROVE):
        raise NotPermitted("not_permitted", _("Your role does not decide on policies."))
    _require_possible(found, action)
    if policymaking.is_own(actor, found):
        raise OwnPolicy
    return found


def _require_possible(found: PolicyVersion, action: str) -> None:
    """Raise Conflict where the lifecycle has no such step, before anything else is judged."""
    found.lifecycle.target(action, found.status)


def _locked(
    actor: User, policy: PolicyVersion, *, version: str, alone: bool = False
) -> PolicyVersion:
    """Return the version, locked; `alone` keeps out also rows that would refer to it.

    Raises NotVisible, and StaleRecord when it has changed.
    """
    rows = PolicyVersion.objects.select_for_update(of=("self",), no_key=not alone)
    found = get_visible(rows.select_related("entity"), actor, pk=policy.pk)
    if version and version != found.version:
        raise StaleRecord(
            "stale_record",
            _("Somebody else has changed this in the meantime. Reload the page."),
        )
    return found


def _require_storable(document: Mapping[str, Any]) -> None:
    """Raise DomainError for what is no JSON: an endless number, a character that is none."""
    try:
        text = json.dumps(document, allow_nan=False, ensure_ascii=False)
        is_storable = "\x00" not in text and "\\u0000" not in text and bool(text.encode())
    except (ValueError, RecursionError):
        is_storable = False
    if not is_storable:
        sentence = _("The document holds a number or a character that cannot be kept.")
        raise DomainError("not_storable", sentence, fields={"document": sentence})


def _noted(found: PolicyVersion, step: str, note: str, actor: User) -> dict[str, str]:
    """Keep what was said in a row of its own; return what the audit trail keeps of it."""
    if not note.strip():
        return {}
    written = PolicyNote(policy=found, step=step, text=note.strip(), written_by=actor)
    written.save(force_insert=True)
    return {"note": str(written.pk)}


def _said(text: str, sentence: str) -> str:
    if not text.strip():
        raise DomainError("note_required", sentence, fields={"note": sentence})
    return text.strip()
