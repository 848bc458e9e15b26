"""Who may do what in monitoring; used for buttons and enforced in services."""

from apps.accounts.models import User
from apps.monitoring.models.limits import Answered

SEE = "scoring.view_model"
PROPOSE = "monitoring.propose_limit"
APPROVE = "monitoring.approve_limit"
ANSWER = "monitoring.answer_incident"


def may_answer(actor: User, one: Answered) -> bool:
    """Say whether the person may approve or refuse what another one proposed."""
    return one.status == "proposed" and actor.has_perm(APPROVE) and one.proposed_by_id != actor.pk


def may_withdraw(actor: User, one: Answered) -> bool:
    """Say whether the person may take back what they proposed."""
    return one.status == "proposed" and one.proposed_by_id == actor.pk
