"""Keep the managed list of reasons: one person proposes, another lists; it ends the same way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.decisions import reason_codes, reason_list
from apps.decisions.models import ListedReason
from apps.decisions.policy_inputs import INPUTS


@dataclass(frozen=True, kw_only=True)
class ReasonEntry:
    """What a person proposes for the list; `words` holds the sentence by language."""

    code: str
    kind: str
    verdict: str
    words: Mapping[str, str] = field(default_factory=dict)
    about: str = ""
    judges: bool = True
    entity: Entity | None = None
    country: str = ""
    owner: str = ""
    active_from: date
    note: str = ""


@transaction.atomic
def load_reason_codes(*, actor: User | str, rows: Iterable[Mapping[str, Any]]) -> int:
    """Put the reasons that come with the program on the list; return how many are new.

    What is on the list already, or was ended, stays as people left it.
    """
    wanted = [ListedReason(status="listed", **row) for row in rows]
    known = set(
        ListedReason.objects.filter(code__in=[one.code for one in wanted]).values_list(
            "code", flat=True
        )
    )
    new = [one for one in wanted if one.code not in known]
    if new:
        ListedReason.objects.bulk_create(new)
        codes = [one.code for one in new]
        audit.record(actor, "decisions.reasons_loaded", "decisions.reasons", codes=codes)
    return len(new)


@transaction.atomic
def propose_reason(*, actor: User, entry: ReasonEntry, now: datetime) -> ListedReason:
    """Propose a reason for the list.

    Raises NotPermitted, Conflict for a code that is taken, DomainError with a sentence for every
    field that is not acceptable.
    """
    if not actor.has_perm(reason_list.PROPOSE):
        raise NotPermitted("not_permitted", _("Your role does not propose reasons for the list."))
    _check(actor, entry)
    made = ListedReason(
        code=entry.code,
        entity=entry.entity,
        country=entry.country,
        kind=entry.kind,
        verdict=entry.verdict,
        input=entry.about,
        judges=entry.judges,
        words={name: entry.words[name].strip() for name in reason_list.LANGUAGES},
        owner=entry.owner.strip(),
        active_from=entry.active_from,
        note=entry.note.strip(),
        proposed_by=actor,
        proposed_at=now,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        sentence = _("There is, or was, a reason with this code.")
        raise Conflict("code_taken", sentence, fields={"code": sentence}) from error
    audit.record(actor, "decisions.reason_proposed", made, **_facts(made), note=made.note)
    return made


@transaction.atomic
def list_reason(*, actor: User, reason: ListedReason, now: datetime) -> ListedReason:
    """List what another person proposed. Raises NotPermitted, Conflict, StaleRecord."""
    found = _to_answer(actor, reason, "list", asked_by="proposed_by_id")
    found.move("list", answered_by=actor, answered_at=now)
    audit.record(actor, "decisions.reason_listed", found, **_facts(found))
    return found


@transaction.atomic
def refuse_reason(*, actor: User, reason: ListedReason, note: str, now: datetime) -> ListedReason:
    """Refuse what another person proposed and say why. Raises as `list_reason`."""
    found = _to_answer(actor, reason, "refuse", asked_by="proposed_by_id")
    said = _said(note)
    found.move("refuse", answered_by=actor, answered_at=now, note=said)
    audit.record(actor, "decisions.reason_refused", found, **_facts(found), note=said)
    return found


@transaction.atomic
def ask_reason_end(*, actor: User, reason: ListedReason, last_day: date, note: str) -> ListedReason:
    """Ask that a reason ends after a day, and say why. Raises as `list_reason`."""
    found = _locked(actor, reason)
    if not actor.has_perm(reason_list.PROPOSE):
        raise NotPermitted("not_permitted", _("Your role does not propose that a reason ends."))
    found.lifecycle.target("ask_end", found.status)
    said = _said(note)
    if last_day < found.active_from:
        sentence = _("A reason cannot end before it begins.")
        raise DomainError("day_refused", sentence, fields={"last_day": sentence})
    found.move("ask_end", end_asked_by=actor, end_asked_for=last_day, note=said)
    audit.record(
        actor,
        "decisions.reason_end_asked",
        found,
        **_facts(found),
        last_day=last_day.isoformat(),
        note=said,
    )
    return found


@transaction.atomic
def end_reason(*, actor: User, reason: ListedReason) -> ListedReason:
    """End a reason as another person asked. Raises as `list_reason`."""
    found = _to_answer(actor, reason, "end", asked_by="end_asked_by_id")
    last_day = found.end_asked_for
    found.move("end", ended_by=actor, active_to=last_day)
    audit.record(
        actor, "decisions.reason_ended", found, **_facts(found), last_day=str(last_day or "")
    )
    return found


@transaction.atomic
def keep_reason(*, actor: User, reason: ListedReason) -> ListedReason:
    """Keep a reason that somebody asked to end. Raises as `list_reason`."""
    found = _to_answer(actor, reason, "keep", asked_by="end_asked_by_id")
    found.move("keep", end_asked_by=None, end_asked_for=None)
    audit.record(actor, "decisions.reason_kept", found, **_facts(found))
    return found


def _to_answer(actor: User, reason: ListedReason, action: str, *, asked_by: str) -> ListedReason:
    found = _locked(actor, reason)
    if not actor.has_perm(reason_list.APPROVE):
        raise NotPermitted("not_permitted", _("Your role does not decide on reasons of the list."))
    found.lifecycle.target(action, found.status)
    if getattr(found, asked_by) == actor.pk:
        raise NotPermitted("own_proposal", _("You asked for it; another person must answer."))
    return found


def _locked(actor: User, reason: ListedReason) -> ListedReason:
    rows = ListedReason.objects.select_for_update(of=("self",), no_key=True)
    return get_visible(rows, actor, pk=reason.pk)


def _check(actor: User, entry: ReasonEntry) -> None:
    """Raise DomainError with a sentence for every field that is not acceptable."""
    fields = {**_faults_of_meaning(entry), **_faults_of_words(entry)}
    if not _is_lender_of(actor, entry.entity):
        fields["entity"] = _("Choose one of your lenders.")
    if not entry.owner.strip():
        fields["owner"] = _("Say who answers for this reason.")
    if not entry.note.strip():
        fields["note"] = _("Say why.")
    if fields:
        raise DomainError("reason_incomplete", _("The proposal is not complete."), fields=fields)


def _faults_of_meaning(entry: ReasonEntry) -> dict[str, object]:
    fields: dict[str, object] = {}
    if entry.kind not in ListedReason.Kind.values:
        fields["kind"] = _("Choose a kind.")
    elif entry.kind != reason_codes.OVERRIDE and entry.verdict != _verdict_of(entry.kind):
        fields["verdict"] = _("This kind of reason belongs to the other verdict.")
    if entry.about and entry.about not in INPUTS:
        fields["about"] = _("Choose one of the values that policies know.")
    return fields


def _faults_of_words(entry: ReasonEntry) -> dict[str, object]:
    wrong = reason_codes.fault_of_words(entry.words, reason_list.LANGUAGES, about=entry.about)
    if not wrong:
        return {}
    sentence = _(
        "Enter a sentence. %(placeholder)s stands for the applicant's value, where the reason"
        " speaks of one; nothing else is filled in."
    )
    return {f"words_{wrong}": sentence % {"placeholder": "%(value)s"}}


def _verdict_of(kind: str) -> str:
    return "decline" if kind == reason_codes.DECLINE else "approve"


def _is_lender_of(actor: User, entity: Entity | None) -> bool:
    if actor.works_everywhere:
        return True
    return entity is not None and actor.branch.entity_id == entity.pk


def _said(note: str) -> str:
    if not note.strip():
        sentence = _("Say why.")
        raise DomainError("note_required", sentence, fields={"note": sentence})
    return note.strip()


def _facts(row: ListedReason) -> dict[str, Any]:
    return {"code": row.code, "kind": row.kind, "verdict": row.verdict}
