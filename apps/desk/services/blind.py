"""Judge a sampled decision without knowing its outcome, and look at disagreements."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible
from apps.core.visibility import get_visible
from apps.decisions import independence, reason_codes, reason_list
from apps.decisions import services as cases
from apps.decisions.errors import Connected
from apps.decisions.reason_codes import Listed
from apps.desk import blind_rows, policies
from apps.desk.models import BlindSample, Recusal
from apps.desk.services import working

LEASE = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class BlindVerdict:
    """What a person would have decided, and why: one to four codes of the managed list."""

    outcome: str
    codes: tuple[str, ...]
    note: str = ""


@transaction.atomic
def take_blind(*, actor: User, now: datetime) -> BlindSample:
    """Give the person the sample that waits longest; nobody chooses. One at a time.

    Asked again it is the same one. Raises NotPermitted, and NotVisible where none waits.
    """
    if not policies.reviews_blindly(actor):
        raise NotPermitted("not_permitted", _("Your role does not judge samples blindly."))
    # One person's two clicks must not take two: they wait for each other here.
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=actor.pk)
    mine = BlindSample.objects.select_for_update(of=("self",)).filter(
        status="claimed", claimed_by=actor
    )
    standing = mine.first()
    if standing is not None:
        if _is_held(standing, actor, now=now):
            return standing
        _release(standing, actor=actor)
    rows = blind_rows.offered(actor).filter(lapses_at__gt=now)
    found = rows.select_for_update(of=("self",), skip_locked=True).first()
    if found is None:
        raise NotVisible("no_sample", _("No sample waits for you."))
    found.move("claim", claimed_by=actor, claimed_at=now, claim_until=now + LEASE)
    audit.record(actor, "desk.blind_claimed", found, case=found.application)
    return found


@transaction.atomic
def release_blind(*, actor: User, sample: BlindSample, now: datetime) -> BlindSample:
    """Put the sample one holds back. Raises NotVisible, Conflict."""
    return _release(_held(actor, sample.pk, now=now), actor=actor)


@transaction.atomic
def recuse_blind(*, actor: User, sample: BlindSample, now: datetime) -> BlindSample:
    """Step back for good, because one knows the applicant or the outcome. Raises as `release`."""
    found = _held(actor, sample.pk, now=now)
    Recusal(sample=found, person=actor, recused_at=now).save(force_insert=True)
    found.move("release", claimed_by=None, claimed_at=None, claim_until=None)
    audit.record(actor, "desk.blind_recused", found, case=found.application)
    return found


@transaction.atomic
def judge_blind(
    *, actor: User, sample: BlindSample, verdict: BlindVerdict, now: datetime
) -> BlindSample:
    """Give a blind verdict; the decision stays as it is. A disagreement waits for a manager.

    The same verdict sent twice is given once. What the record says of a reason is not checked: it
    would tell what the machine found. Raises NotPermitted, NotVisible, Connected, Conflict where
    the claim has run out or the sample has ended, DomainError with a sentence for each field.
    """
    again = BlindSample.objects.filter(
        pk=sample.pk, reviewed_by=actor, verdict=verdict.outcome, codes=list(verdict.codes)
    ).first()
    if again is not None:
        return again
    found = _held(actor, sample.pk, now=now)
    if independence.is_connected(actor, found.application):
        raise Connected
    _check(verdict, found.application, now=now)
    agrees = verdict.outcome == found.decision.outcome
    # Sealed texts are written through the row itself.
    found.note = verdict.note.strip() or None
    found.save(update_fields=["note"])
    found.move(
        "agree" if agrees else "disagree",
        verdict=verdict.outcome,
        codes=list(verdict.codes),
        reviewed_by=actor,
        reviewed_at=now,
        agrees=agrees,
        ended_at=now if agrees else None,
    )
    audit.record(
        actor,
        "desk.blind_judged",
        found,
        case=found.application,
        verdict=verdict.outcome,
        codes=list(verdict.codes),
        agrees=agrees,
    )
    return found


@transaction.atomic
def follow_blind(
    *, actor: User, sample: BlindSample, action: str, why: str, now: datetime
) -> BlindSample:
    """Answer a disagreement: nothing is done, or the decision is taken up anew; say why.

    Raises NotPermitted (also for one's own verdict), NotVisible, OwnSubmission, Connected, Conflict
    where it was answered, DomainError without a reason, and what `cases.reopen` raises.
    """
    if not actor.has_perm(policies.FOLLOW_BLIND):
        raise NotPermitted("not_permitted", _("Your role does not follow up disagreements."))
    rows = BlindSample.objects.select_for_update(of=("self",)).select_related("application")
    found = get_visible(rows, actor, pk=sample.pk)
    if found.status != "disagreed":
        raise Conflict("nothing_to_follow", _("Nothing waits to be followed up here."))
    if found.reviewed_by_id == actor.pk:
        raise NotPermitted("own_verdict", _("Another person follows up your own verdict."))
    # Also to leave everything as it is decides about the application.
    working.require_apart(actor, found.application)
    if action not in BlindSample.FollowUp.values:
        sentence = _("Choose what is done.")
        raise DomainError("unknown_action", sentence, fields={"action": sentence})
    said = working.text(why, field="why", lacking=_("Say why."))
    if action == BlindSample.FollowUp.REOPENED:
        cases.reopen(actor=actor, application=found.application, note=said, now=now)
    found.follow_note = said
    found.save(update_fields=["follow_note"])
    found.move(
        "follow_up",
        follow_up=action,
        followed_by=actor,
        followed_at=now,
        ended_at=now,
    )
    audit.record(actor, "desk.blind_followed", found, case=found.application, action=action)
    return found


def _held(actor: User, key: uuid.UUID, *, now: datetime) -> BlindSample:
    """Return the sample the person holds, locked until the transaction ends.

    The role may have been withdrawn since the sample was taken.
    """
    if not policies.reviews_blindly(actor):
        raise NotPermitted("not_permitted", _("Your role does not judge samples blindly."))
    rows = BlindSample.objects.select_for_update(of=("self",)).select_related(
        "application__branch__entity", "decision"
    )
    found = get_visible(rows, actor, pk=key)
    claims = found.status == "claimed" and found.claimed_by_id == actor.pk
    if not claims and found.reviewed_by_id != actor.pk:
        raise NotVisible("not_found", _("There is no such sample among yours."))
    if not _is_held(found, actor, now=now):
        raise Conflict("sample_not_held", _("You do not hold this sample any more. Take another."))
    return found


def _is_held(sample: BlindSample, actor: User, *, now: datetime) -> bool:
    """Say whether the person may still judge the sample: claim and sample both run."""
    return (
        sample.status == "claimed"
        and sample.claimed_by_id == actor.pk
        and sample.claim_until is not None
        and sample.claim_until > now
        and sample.lapses_at > now
    )


def _release(sample: BlindSample, *, actor: User) -> BlindSample:
    """Put a claimed sample back, on the record."""
    sample.move("release", claimed_by=None, claimed_at=None, claim_until=None)
    audit.record(actor, "desk.blind_released", sample, case=sample.application)
    return sample


def codes_of(listed: Listed, outcome: str) -> list[str]:
    """Return the codes a blind verdict may give: nothing else than what was asked is offered."""
    codes = reason_codes.of_verdict(listed, outcome)
    offers = set(reason_codes.counter_offers(codes, listed))
    return [code for code in codes if code not in offers]


def _check(verdict: BlindVerdict, application: Application, *, now: datetime) -> None:
    if verdict.outcome not in ("approve", "decline"):
        sentence = _("Approve or decline.")
        raise DomainError("verdict_incomplete", sentence, fields={"outcome": sentence})
    entity = application.branch.entity
    listed = reason_list.in_force(entity, cases.local_date(entity, now))
    sentence = ""
    if not verdict.codes:
        sentence = _("Choose at least one reason.")
    elif set(verdict.codes) - set(codes_of(listed, verdict.outcome)):
        sentence = _("These reasons do not belong to this verdict.")
    elif len(set(verdict.codes)) > reason_codes.MOST_CODES:
        sentence = _("Choose the four reasons that weighed most.")
    if sentence:
        raise DomainError("verdict_incomplete", sentence, fields={"codes": sentence})
    if verdict.note.strip():
        working.text(verdict.note, field="note", lacking="")
