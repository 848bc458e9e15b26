"""Take up a case, put it back, and end claims and cases that nobody can finish."""

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit import services as audit
from apps.core.errors import NotPermitted, StaleRecord
from apps.core.visibility import get_visible
from apps.decisions import hooks, independence, policies, selectors
from apps.decisions.errors import Connected, NotHolder, OwnSubmission
from apps.decisions.models import ReviewCase

LEASE = timedelta(minutes=30)
# What a manager gives to somebody waits for a working day; that person may be at lunch.
ASSIGNED_LEASE = timedelta(hours=8)
# However long somebody works on a case: a forgotten page must not hold it for ever.
LONGEST_HOLD = timedelta(hours=10)


def locked_case(actor: User, case_id: uuid.UUID | str, *, version: str = "") -> ReviewCase:
    """Return a case the person may see, with its application, locked until the transaction ends.

    Who holds a case is more than its status, so comparing the status alone would let a late
    request take a claim that began meanwhile. The application is locked first, as a withdrawal
    does, so that the two cannot wait for each other. Raises NotVisible, and StaleRecord when the
    case changed since `version`.
    """
    application_id = get_visible(ReviewCase.objects.all(), actor, pk=case_id).application_id
    Application.objects.select_for_update(no_key=True).get(pk=application_id)
    rows = ReviewCase.objects.select_for_update(of=("self",), no_key=True).select_related(
        "application__product",
        "application__customer__address",
        "application__branch__entity",
        "application__employment",
        "application__bureau_report",
        "referral__policy",
        "referral__score_run",
    )
    found = get_visible(rows, actor, pk=case_id)
    if version and version != found.version:
        raise StaleRecord(
            "stale_record",
            _("Somebody else has changed this in the meantime. Reload the page."),
        )
    return found


def permit(actor: User, case: ReviewCase, permission: str) -> None:
    """Raise NotPermitted without the permission, OwnSubmission for one's own application."""
    if not actor.has_perm(permission):
        raise NotPermitted("not_permitted", _("Your role does not allow this in the review queue."))
    if policies.is_own_submission(actor, case.application):
        raise OwnSubmission


def require_independent(actor: User, application: Application) -> None:
    """Raise Connected where the person is, or is close to, the borrower or a guarantor."""
    if independence.is_connected(actor, application):
        raise Connected


def require_other_than_reopener(actor: User, case: ReviewCase) -> None:
    """Raise NotPermitted for who took the decision up anew: they neither hold, decide nor sign."""
    if case.referral.decided_by_id == actor.pk:
        raise NotPermitted(
            "own_reopening",
            _("You took this decision up anew yourself; another person must give the verdict."),
        )


@transaction.atomic
def claim(*, actor: User, case: ReviewCase, now: datetime) -> ReviewCase:
    """Hold a case for half an hour; of two people at once, one gets StaleRecord.

    A claim that has run out is ended first. Claiming again what one holds extends nothing and
    returns the case. Raises NotPermitted, OwnSubmission, Connected, StaleRecord and Conflict.
    """
    found = locked_case(actor, case.pk)
    permit(actor, found, policies.REVIEW)
    require_independent(actor, found.application)
    require_other_than_reopener(actor, found)
    if policies.holds(actor, found, now=now):
        return found
    if found.status == "claimed" and not policies.has_lapsed(found, now=now):
        raise StaleRecord(
            "claimed_by_another",
            _("%(name)s is working on this case.") % {"name": found.claimed_by},
        )
    if policies.has_lapsed(found, now=now):
        end_claim(found, verb="decisions.case_lapsed", actor=audit.system("queue"))
    found.move("claim", claimed_by=actor, claimed_at=now, claim_until=now + LEASE)
    audit.record(actor, "decisions.case_claimed", found, case=found.application)
    return found


@transaction.atomic
def release(*, actor: User, case: ReviewCase, now: datetime) -> ReviewCase:
    """Put a case one holds back into the queue. Raises NotHolder, StaleRecord."""
    found = locked_case(actor, case.pk)
    permit(actor, found, policies.REVIEW)
    if not policies.holds(actor, found, now=now):
        raise NotHolder
    return end_claim(found, verb="decisions.case_released", actor=actor)


def extend(*, actor: User, case: ReviewCase, now: datetime) -> bool:
    """Hold a case for another half hour, because its holder works on it; say whether that is so.

    Nothing else of the case changes, so that no open page turns stale. A claim that has run out, or
    that began too long ago, is not extended.
    """
    held = ReviewCase.objects.filter(
        pk=case.pk,
        status="claimed",
        claimed_by=actor,
        claim_until__gt=now,
        claimed_at__gt=now - LONGEST_HOLD,
    )
    # Never shorter: a manager may have given the case for longer.
    return bool(held.update(claim_until=Greatest("claim_until", Value(now + LEASE))))


def release_lapsed(*, now: datetime) -> int:
    """End every claim whose time has run out; return how many."""
    lapsed = ReviewCase.objects.filter(status="claimed", claim_until__lte=now)
    keys = list(lapsed.order_by("claim_until").values_list("pk", flat=True))
    return sum(_release_lapsed(key, now=now) for key in keys)


@transaction.atomic
def _release_lapsed(case_id: uuid.UUID, *, now: datetime) -> int:
    """End one claim unless somebody works on the case or holds it anew at this very moment."""
    case = (
        ReviewCase.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        .select_related("application")
        .filter(pk=case_id, status="claimed", claim_until__lte=now)
        .first()
    )
    if case is None:
        return 0
    end_claim(case, verb="decisions.case_lapsed", actor=audit.system("queue"))
    return 1


def cancel_waiting(application: Application, actor: User, now: datetime) -> None:
    """End the waiting case of an application that is withdrawn, in the caller's transaction."""
    case = selectors.waiting_case(application)
    if case is not None:
        case.move("cancel", closed_at=now)
        audit.record(actor, "decisions.case_cancelled", case, case=application)
        hooks.ended(case, actor=actor, now=now)


def end_claim(case: ReviewCase, *, verb: str, actor: User | str) -> ReviewCase:
    """Put a claimed case back into the queue, on the record; the caller has locked it."""
    holder = case.claimed_by_id
    case.move("release", claimed_by=None, claimed_at=None, claim_until=None)
    audit.record(actor, verb, case, case=case.application, holder=str(holder))
    return case
