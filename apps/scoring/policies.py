"""Who may do what with models; used for buttons and enforced in services."""

from apps.accounts.models import User
from apps.scoring.models import ModelVersion

SEE = "scoring.view_model"
ROLL_BACK = "scoring.roll_back_model"


def may_restore(actor: User, earlier: ModelVersion) -> bool:
    """Say whether the person may make an earlier champion decide again: never one's own model."""
    return actor.has_perm(ROLL_BACK) and earlier.developed_by_id != actor.pk
