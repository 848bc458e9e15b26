"""Acknowledge, assign and end appeals; keep and open their files."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.appeals import policies, selectors
from apps.appeals.errors import TookPart
from apps.appeals.lifecycle import OPEN
from apps.appeals.models import Appeal, Evidence
from apps.appeals.services import _ground, asking
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError
from apps.core.visibility import get_visible
from apps.decisions import selectors as decisions
from apps.decisions.errors import Connected


@transaction.atomic
def acknowledge(*, actor: User, appeal: Appeal, now: datetime) -> Appeal:
    """Note that the applicant was told that the appeal came, and by when it is answered."""
    found = _ground.locked(actor, appeal, policies.REGISTER)
    found.move("acknowledge", acknowledged_at=now)
    audit.record(actor, "appeals.acknowledged", found, case=found.application)
    return found


@transaction.atomic
def assign(
    *, actor: User, appeal: Appeal, person: User, now: datetime, version: str = ""
) -> Appeal:
    """Give an appeal to a person who took no part: to oneself, or to another.

    Raises NotPermitted, NotVisible, TookPart and Connected where one takes it up oneself,
    DomainError with a sentence where the other person cannot answer it, Conflict once it was
    answered, StaleRecord when it changed since `version`.
    """
    found = _ground.locked(actor, appeal, policies.DECIDE, version=version)
    holder = User.objects.select_related("branch").get(pk=person.pk)
    _require_fit(actor, holder, found)
    if found.reviewer_id == holder.pk and found.status == "assigned":
        return found
    before = found.reviewer_id
    found.move("assign", reviewer=holder, assigned_at=now)
    audit.record(
        actor,
        "appeals.assigned",
        found,
        case=found.application,
        reviewer=str(holder.pk),
        before=str(before or ""),
    )
    return found


@transaction.atomic
def withdraw(*, actor: User, appeal: Appeal, now: datetime) -> Appeal:
    """End an appeal because the applicant does not want it any more; the decision stands."""
    found = _ground.locked(actor, appeal, policies.REGISTER)
    found.move("withdraw", ended_at=now)
    audit.record(actor, "appeals.withdrawn", found, case=found.application)
    return found


def overtake(application: Application, actor: User, now: datetime) -> None:
    """End what waits, because the application is withdrawn or decided again for another cause.

    In the caller's transaction. What the person who holds the appeal does is its answer.
    """
    for one in Appeal.objects.filter(application=application, status__in=OPEN):
        if one.reviewer_id != actor.pk:
            _overtaken(one, actor, now=now)


@transaction.atomic
def end_overtaken(*, actor: User, appeal: Appeal, now: datetime) -> Appeal:
    """End an appeal whose decision is the latest no more, for example after an exception.

    Raises NotPermitted, and Conflict while the decision still is the latest.
    """
    found = _ground.locked(actor, appeal, policies.DECIDE)
    latest = decisions.latest(found.application)
    if latest is None or latest.pk == found.decision_id:
        raise Conflict("not_overtaken", _("The decision stands; the appeal waits for its answer."))
    _overtaken(found, actor, now=now)
    return found


@transaction.atomic
def add_file(*, actor: User, appeal: Appeal, given: asking.File) -> Evidence:
    """Keep a file that the applicant handed over later. Raises DomainError beside `file`."""
    found = _ground.locked(actor, appeal, policies.REGISTER)
    _ground.require_open(found)
    return asking.store(found, given, by=actor)


@transaction.atomic
def read_file(*, actor: User, evidence: Evidence) -> bytes:
    """Return the bytes of a file and note who opened it."""
    _ground.permit(actor, policies.VIEW)
    found = get_visible(Evidence.objects.select_related("appeal"), actor, pk=evidence.pk)
    content: bytes = found.content
    audit.record(
        actor,
        "appeals.file_opened",
        found.appeal,
        case=f"applications.application:{found.appeal.application_id}",
        file=str(found.pk),
    )
    return content


def _overtaken(appeal: Appeal, actor: User, *, now: datetime) -> None:
    appeal.move("overtake", ended_at=now)
    audit.record(
        actor,
        "appeals.overtaken",
        appeal,
        case=f"applications.application:{appeal.application_id}",
    )


def _require_fit(actor: User, person: User, appeal: Appeal) -> None:
    why = policies.why_not(person, appeal)
    if not why:
        return
    if actor.pk == person.pk and why == "took_part":
        raise TookPart
    if actor.pk == person.pk and why == "connected":
        raise Connected
    sentences = {
        "inactive": _("%(name)s may not sign in any more."),
        "role": _("The role of %(name)s does not allow answering appeals."),
        "branch": _("%(name)s does not work in the branch of this application."),
        "took_part": _("%(name)s had a part in the decision; another person must answer."),
        "connected": _("%(name)s is connected with the borrower or a guarantor."),
    }
    sentence = sentences[why] % {"name": person}
    raise DomainError("person_unfit", sentence, fields={"person": sentence})


def eligible(*, actor: User, appeal: Appeal) -> list[User]:
    """Return whom the person may give the appeal to; nobody without the permission."""
    return selectors.eligible(appeal) if actor.has_perm(policies.DECIDE) else []
