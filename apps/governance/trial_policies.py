"""Who may do what with trials of models; used for buttons and enforced in services."""

from apps.accounts.models import User
from apps.governance import policies
from apps.governance.models import ShareChange, Trial

SEE = "governance.view_trial"
PROPOSE = "governance.propose_trial"
APPROVE = "governance.approve_trial"
STOP = "governance.stop_trial"


def is_own(actor: User, asked: Trial | ShareChange) -> bool:
    """Say whether the person asked for it, or developed, owns or validated the model."""
    if actor.pk in (asked.proposed_by_id, asked.developed_by_id):
        return True
    promotion = (asked.trial if isinstance(asked, ShareChange) else asked).promotion
    return promotion is not None and policies.is_own(actor, promotion)


def may_decide(actor: User, asked: Trial | ShareChange) -> bool:
    """Say whether the person may let it start, or refuse it, now."""
    return asked.status == "proposed" and actor.has_perm(APPROVE) and not is_own(actor, asked)


def may_stop(actor: User, trial: Trial) -> bool:
    """Say whether the person may stop the trial: one is enough, also the one who asked."""
    return trial.status == "running" and actor.has_perm(STOP)


def may_ask_share(actor: User, trial: Trial) -> bool:
    """Say whether the person may ask for another share of traffic."""
    return trial.status == "running" and trial.kind == "challenger" and actor.has_perm(PROPOSE)
