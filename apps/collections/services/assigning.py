"""Take an overdue loan to work on, give it to a collector, give it back."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.audit import services as audit
from apps.collections import policies
from apps.collections.models import Assignment
from apps.collections.services import _ground
from apps.core.errors import Conflict, DomainError
from apps.core.visibility import get_visible
from apps.loans.models import Loan


@transaction.atomic
def take(*, actor: User, loan: Loan, now: datetime) -> Assignment:
    """Take a loan nobody works on; return that it is the person's.

    Raises NotPermitted, NotVisible, Conflict where the loan is not running or somebody has it.
    """
    _ground.permit(actor, policies.WORK)
    found = _ground.running(actor, loan)
    made = _made(found, actor, by=actor, now=now)
    audit.record(actor, "collections.case_taken", found, case=_ground.case_of(found))
    return made


@transaction.atomic
def assign(*, actor: User, loan: Loan, collector: User, now: datetime) -> Assignment:
    """Give a loan to a collector, whoever had it before; return that it is theirs.

    Raises NotPermitted, NotVisible, Conflict where the loan is not running, is theirs already or
    is given away at the same time, and DomainError for somebody who cannot work on it.
    """
    _ground.permit(actor, policies.ASSIGN)
    found = _ground.running(actor, loan)
    _require_collector(collector, found)
    before = _standing(found)
    if before is not None and before.collector_id == collector.pk:
        raise Conflict("assigned_before", _("This loan is with that person already."))
    if before is not None:
        _end(before, actor, now)
    made = _made(found, collector, by=actor, now=now)
    audit.record(
        actor,
        "collections.case_assigned",
        found,
        case=_ground.case_of(found),
        collector=str(collector.pk),
        before=str(before.collector_id) if before else "",
    )
    return made


@transaction.atomic
def release(*, actor: User, loan: Loan, now: datetime) -> Assignment:
    """Give a loan back, so that nobody works on it; return what ended.

    A collector gives back the own ones, whoever assigns loans any. Raises NotPermitted,
    NotVisible, Conflict where nobody works on it.
    """
    found = get_visible(Loan.objects.select_related("branch__entity"), actor, pk=loan.pk)
    standing = _standing(found)
    if standing is None:
        raise Conflict("not_assigned", _("Nobody works on this loan."))
    if standing.collector_id != actor.pk or not actor.has_perm(policies.WORK):
        _ground.permit(actor, policies.ASSIGN)
    _end(standing, actor, now)
    audit.record(
        actor,
        "collections.case_released",
        found,
        case=_ground.case_of(found),
        collector=str(standing.collector_id),
    )
    return standing


def can_work(person: User, loan: Loan) -> bool:
    """Say whether a person may be given a loan: a collector who works in its branch."""
    reaches = person.works_everywhere or loan.branch_id in accounts.branch_ids(person)
    return person.is_active and person.has_perm(policies.WORK) and reaches


def _require_collector(collector: User, loan: Loan) -> None:
    if not can_work(collector, loan):
        sentence = _("This person does not work on overdue loans of this branch.")
        raise DomainError("collector_refused", sentence, fields={"collector": sentence})


def _standing(loan: Loan) -> Assignment | None:
    rows = Assignment.objects.select_for_update(of=("self",), no_key=True)
    return rows.filter(loan=loan, ended_at=None).first()


def _end(standing: Assignment, actor: User, now: datetime) -> None:
    standing.ended_by, standing.ended_at = actor, now
    standing.save(update_fields=["ended_by", "ended_at", "updated_at"])


def _made(loan: Loan, collector: User, *, by: User, now: datetime) -> Assignment:
    made = Assignment(loan=loan, collector=collector, assigned_by=by, assigned_at=now)
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        raise Conflict(
            "taken_before", _("Somebody works on this loan already. Reload the page.")
        ) from None
    return made
