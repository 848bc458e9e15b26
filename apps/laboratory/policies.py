"""Who may do what in the laboratory; used for buttons and enforced in services."""

from apps.accounts.models import User
from apps.laboratory.lifecycle import PENDING
from apps.laboratory.models import Experiment

SEE = "laboratory.view_experiment"
RUN = "laboratory.run_experiment"
# Rows hold amounts and outcomes of people's applications, so seeing the figures is not enough.
ROWS = "laboratory.view_rows"
# Policy versions that may still be argued about.
OPEN_TO_EVIDENCE = ("draft", "proposed")


def may_cancel(actor: User, experiment: Experiment) -> bool:
    """Say whether the person may stop the experiment now."""
    return actor.has_perm(RUN) and experiment.status in PENDING


def may_attach(actor: User, experiment: Experiment) -> bool:
    """Say whether the person may lay the experiment beside a policy version as evidence."""
    return actor.has_perm(RUN) and experiment.status == "done"


def may_attach_to_model(actor: User, experiment: Experiment) -> bool:
    """Say whether the person may lay the experiment beside the model it tried."""
    model = experiment.model
    return may_attach(actor, experiment) and model is not None and model.may("promote")
