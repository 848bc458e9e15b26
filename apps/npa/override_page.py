"""How overrides are shown: words and shapes of their states, and what a person may do."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.loans.presentation import Look
from apps.npa import override_policies, wording
from apps.npa.models import Override

LOOKS: Mapping[str, Look] = {
    "proposed": Look("progress", "users", _("Waits for another person")),
    "approved": Look("warning", "hand", _("Class set by people")),
    "ending": Look("progress", "users", _("To be ended by another person")),
    "ended": Look("neutral", "circle-slash", _("Ended before its time")),
    "refused": Look("danger", "circle-x", _("Refused")),
    "withdrawn": Look("neutral", "undo-2", _("Taken back")),
}


def row(actor: User, one: Override) -> dict[str, Any]:
    """Return an override with its look and the buttons for this person."""
    return {
        "one": one,
        "look": LOOKS[one.status],
        "before": wording.asset_class(one.class_before) if one.class_before else "",
        "after": wording.asset_class(one.asset_class),
        "may_answer": override_policies.may_answer(actor, one),
        "may_withdraw": override_policies.may_withdraw(actor, one),
        "may_propose_end": override_policies.may_propose_end(actor, one),
        "may_answer_end": override_policies.may_answer_end(actor, one),
    }
