"""Who may do what in the laboratory; used for buttons and enforced in services."""

from apps.accounts.models import User
from apps.laboratory.lifecycle import PENDING
from apps.laboratory.models import Experiment

SEE = "laboratory.view_experiment"
RUN = "laboratory.run_experiment"


def may_cancel(actor: User, experiment: Experiment) -> bool:
    """Say whether the person may stop the experiment now."""
    return actor.has_perm(RUN) and experiment.status in PENDING


def may_attach(actor: User, experiment: Experiment) -> bool:
    """Say whether the person may lay the experiment beside a policy version as evidence."""
    return actor.has_perm(RUN) and experiment.status == "done"
