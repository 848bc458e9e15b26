"""What of expected credit loss waits for a person on the start page."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.home import Waiting, register
from apps.impairment import policies
from apps.impairment.models import ParameterSet


def parameters(actor: User, _now: datetime) -> int:
    """Return how many parameters wait for this person: another one proposed them."""
    waiting = ParameterSet.objects.visible_to(actor).filter(status="proposed")
    return waiting.exclude(proposed_by=actor).count()


register(
    Waiting(
        name="impairment.parameters",
        label=_("What losses are measured by"),
        icon="scale",
        order=24,
        rights=(policies.APPROVE,),
        count=parameters,
        url_name="impairment:parameters",
    ),
)
