"""Decisions as appeals see them: one that follows an appeal is made by who holds it."""

from typing import ClassVar

import pgtrigger

from apps.appeals.models.bounds import ONLY_ON_APPEAL
from apps.decisions.models import Decision


class AppealedDecision(Decision):
    """A decision under the trigger that ties it to its appeal.

    A proxy, because decisions know nothing of appeals: the trigger lives here.
    """

    class Meta:
        proxy = True
        default_permissions = ()
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Trigger(
                name="appeals_decision_on_appeal",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                condition=pgtrigger.Condition("NEW.outcome IN ('approve', 'decline')"),
                func=ONLY_ON_APPEAL,
            )
        ]
