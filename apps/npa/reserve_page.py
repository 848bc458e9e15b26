"""How releases from a reserve are shown: words and shapes, and what a person may do."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.loans.presentation import Look
from apps.npa import policies
from apps.npa.models import ReserveRelease

LOOKS: Mapping[str, Look] = {
    "proposed": Look("progress", "users", _("Waits for another person")),
    "approved": Look("success", "circle-check", _("Released")),
    "refused": Look("danger", "circle-x", _("Refused")),
    "withdrawn": Look("neutral", "undo-2", _("Taken back")),
}


def row(actor: User, one: ReserveRelease) -> dict[str, Any]:
    """Return a release with its look and the buttons for this person."""
    own = one.proposed_by_id == actor.pk
    return {
        "one": one,
        "look": LOOKS[one.status],
        "may_answer": one.may("approve") and actor.has_perm(policies.APPROVE_RELEASE) and not own,
        "may_withdraw": one.may("withdraw") and own,
    }
