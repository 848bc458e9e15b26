"""Who may do what at the desk; used for buttons and enforced in services."""

from apps.accounts.models import User
from apps.decisions import independence
from apps.decisions import policies as decisions
from apps.decisions.models import ReviewCase
from apps.desk.models import Escalation

VIEW_QUEUE = "decisions.view_queue"
REVIEW = decisions.REVIEW
ASSIGN = decisions.ASSIGN
MANAGE_LEVELS = "desk.manage_service_levels"
SET_SAMPLING = "desk.set_sampling"
REVIEW_BLIND = "desk.review_blind"
VIEW_BLIND = "desk.view_blind"
FOLLOW_BLIND = "desk.follow_blind"
VIEW_ANALYTICS = "desk.view_analytics"


def may_work_on(actor: User, case: ReviewCase) -> bool:
    """Say whether the person may write, ask and escalate about a waiting case."""
    return (
        actor.has_perm(REVIEW)
        and case.status in ("open", "claimed", "awaiting_second")
        and not decisions.is_own_submission(actor, case.application)
        and not independence.is_connected(actor, case.application)
    )


def may_assign(actor: User, case: ReviewCase) -> bool:
    """Say whether the person may give the case to somebody now."""
    return actor.has_perm(ASSIGN) and case.may("assign") and may_work_on(actor, case)


def may_answer(actor: User, escalation: Escalation, case: ReviewCase) -> bool:
    """Say whether the person may answer an escalation of the case."""
    return (
        actor.has_perm(ASSIGN)
        and escalation.raised_by_id != actor.pk
        and not decisions.is_own_submission(actor, case.application)
        and not independence.is_connected(actor, case.application)
    )


def reviews_blindly(actor: User) -> bool:
    """Say whether the person judges samples. Who sees every branch is to see the outcomes."""
    return actor.has_perm(REVIEW_BLIND) and not actor.works_everywhere
