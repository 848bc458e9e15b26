"""Who may do what in review; used for buttons and enforced in services."""

from datetime import datetime
from decimal import Decimal

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.applications.models import Application
from apps.decisions import independence
from apps.decisions.models import Override, ReviewCase

REVIEW = "decisions.review_application"
COUNTERSIGN = "decisions.countersign_decision"
REPLAY = "decisions.replay_decision"
REQUEST_OVERRIDE = "decisions.request_override"
AUTHORISE_OVERRIDE = "decisions.authorise_override"
ASSIGN = "decisions.assign_case"
REOPEN = "decisions.reopen_decision"
MANAGE_INTERESTS = "decisions.manage_interests"
WAIVE_PAPERS = "decisions.waive_paper"


def is_own_submission(actor: User, application: Application) -> bool:
    """Say whether the person took or submitted the application."""
    return actor.pk in (application.submitted_by_id, application.taken_by_id)


def holds(actor: User, case: ReviewCase, *, now: datetime) -> bool:
    """Say whether the person has claimed the case and the claim still runs."""
    return (
        case.status == "claimed"
        and case.claimed_by_id == actor.pk
        and case.claim_until is not None
        and case.claim_until > now
    )


def has_lapsed(case: ReviewCase, *, now: datetime) -> bool:
    """Say whether somebody's claim on the case has run out."""
    return case.status == "claimed" and case.claim_until is not None and case.claim_until <= now


def may_claim(actor: User, case: ReviewCase, *, now: datetime) -> bool:
    """Say whether the person may take up the case now."""
    return (
        actor.has_perm(REVIEW)
        and not is_own_submission(actor, case.application)
        and (case.status == "open" or has_lapsed(case, now=now))
        and case.referral.decided_by_id != actor.pk
        and not independence.is_connected(actor, case.application)
    )


def why_not_holder(person: User, case: ReviewCase) -> str:
    """Return why a person may not hold a case, as a code; empty where the person may."""
    checks = {
        "inactive": lambda: not person.is_active,
        "role": lambda: not person.has_perm(REVIEW),
        "branch": lambda: not ReviewCase.objects.visible_to(person).filter(pk=case.pk).exists(),
        "own_submission": lambda: is_own_submission(person, case.application),
        "reopened": lambda: case.referral.decided_by_id == person.pk,
        "connected": lambda: independence.is_connected(person, case.application),
    }
    return next((code for code, stands in checks.items() if stands()), "")


def may_take_back(actor: User, case: ReviewCase) -> bool:
    """Say whether the person may take back the verdict that waits for a second signature."""
    return (
        actor.has_perm(REVIEW)
        and case.status == "awaiting_second"
        and case.verdict_by_id == actor.pk
        and not independence.is_connected(actor, case.application)
    )


def may_reopen(actor: User, application: Application) -> bool:
    """Say whether the person may take the decision up anew."""
    return (
        actor.has_perm(REOPEN)
        and application.status in ("approved", "declined")
        and not is_own_submission(actor, application)
        and not independence.is_connected(actor, application)
    )


def may_waive_papers(actor: User, application: Application) -> bool:
    """Say whether the person may do without a required paper; never in a case of one's own."""
    return (
        actor.has_perm(WAIVE_PAPERS)
        and application.status in ("submitted", "scored", "in_review", "approved")
        and not is_own_submission(actor, application)
        and not independence.is_connected(actor, application)
    )


def may_countersign(actor: User, case: ReviewCase) -> bool:
    """Say whether the person may sign or send back the first person's verdict."""
    return (
        actor.has_perm(COUNTERSIGN)
        and case.status == "awaiting_second"
        and actor.pk not in (case.verdict_by_id, case.referral.decided_by_id)
        and not is_own_submission(actor, case.application)
        and has_authority(actor, case.application, amount=case.verdict_amount)
        and not independence.is_connected(actor, case.application)
    )


def may_answer(actor: User, override: Override, application: Application) -> bool:
    """Say whether the person may authorise or refuse an exception that waits."""
    return (
        actor.has_perm(AUTHORISE_OVERRIDE)
        and override.status == "asked"
        and actor.pk != override.requested_by_id
        and not is_own_submission(actor, application)
        and has_authority(actor, application, amount=override.amount)
    )


def has_authority(actor: User, application: Application, *, amount: Decimal | None = None) -> bool:
    """Say whether an amount, by default the one asked for, is what the person may decide alone."""
    at_stake = application.amount if amount is None else amount
    return at_stake <= limit(actor, application)


def limit(actor: User, application: Application) -> Decimal:
    """Return what the person may decide alone, in the application's currency."""
    return accounts.approval_limit(
        actor, currency=application.currency, product_code=application.product.code
    )
