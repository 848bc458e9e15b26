"""Take up a case, put it back, and end claims and cases that nobody can finish."""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core.errors import NotPermitted, StaleRecord
from apps.core.visibility import get_visible
from apps.decisions import policies, selectors
from apps.decisions.errors import NotHolder, OwnSubmission
from apps.decisions.models import ReviewCase

LEASE = timedelta(minutes=30)


def visible_case(actor: User, case_id: uuid.UUID | str) -> ReviewCase:
    """Return a case the person may see, with its application. Raises NotVisible."""
    rows = ReviewCase.objects.select_related(
        "application__product",
        "application__customer__address",
        "application__branch__entity",
        "application__employment",
        "application__bureau_report",
        "referral__policy",
        "referral__score_run",
    )
    return get_visible(rows, actor, pk=case_id)


def permit(actor: User, case: ReviewCase, permission: str) -> None:
    """Raise NotPermitted without the permission, OwnSubmission for one's own application."""
    if not actor.has_perm(permission):
        raise NotPermitted("not_permitted", _("Your role does not allow this in the review queue."))
    if policies.is_own_submission(actor, case.application):
        raise OwnSubmission


@transaction.atomic
def claim(*, actor: User, case: ReviewCase, now: datetime) -> ReviewCase:
    """Hold a case for half an hour; of two people at once, one gets StaleRecord.

    A claim that has run out is ended first. Claiming again what one holds extends nothing and
    returns the case. Raises NotPermitted, OwnSubmission, StaleRecord and Conflict.
    """
    found = visible_case(actor, case.pk)
    permit(actor, found, policies.REVIEW)
    if policies.holds(actor, found, now=now):
        return found
    if found.status == "claimed" and not policies.has_lapsed(found, now=now):
        raise StaleRecord(
            "claimed_by_another",
            _("%(name)s is working on this case.") % {"name": found.claimed_by},
        )
    if policies.has_lapsed(found, now=now):
        _end_claim(found, verb="decisions.case_lapsed", actor=audit.system("queue"))
    found.move("claim", claimed_by=actor, claimed_at=now, claim_until=now + LEASE)
    audit.record(actor, "decisions.case_claimed", found, case=found.application)
    return found


@transaction.atomic
def release(*, actor: User, case: ReviewCase, now: datetime) -> ReviewCase:
    """Put a case one holds back into the queue. Raises NotHolder, StaleRecord."""
    found = visible_case(actor, case.pk)
    permit(actor, found, policies.REVIEW)
    if not policies.holds(actor, found, now=now):
        raise NotHolder
    return _end_claim(found, verb="decisions.case_released", actor=actor)


def release_lapsed(*, now: datetime) -> int:
    """End every claim whose time has run out; return how many."""
    lapsed = ReviewCase.objects.filter(status="claimed", claim_until__lte=now)
    ended = 0
    for case in lapsed.select_related("application").order_by("claim_until"):
        try:
            with transaction.atomic():
                _end_claim(case, verb="decisions.case_lapsed", actor=audit.system("queue"))
            ended += 1
        except StaleRecord:
            # Its holder decided or released it at this very moment.
            continue
    return ended


def cancel_waiting(application: Application, actor: User, now: datetime) -> None:
    """End the waiting case of an application that is withdrawn, in the caller's transaction."""
    case = selectors.waiting_case(application)
    if case is not None:
        case.move("cancel", closed_at=now)
        audit.record(actor, "decisions.case_cancelled", case, case=application)


def _end_claim(case: ReviewCase, *, verb: str, actor: User | str) -> ReviewCase:
    holder = case.claimed_by_id
    case.move("release", claimed_by=None, claimed_at=None, claim_until=None)
    audit.record(actor, verb, case, case=case.application, holder=str(holder))
    return case
