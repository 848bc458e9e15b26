"""What of stress tests waits for a person on the start page."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.home import Waiting, register
from apps.stress import policies
from apps.stress.models import Terms


def terms(actor: User, _now: datetime) -> int:
    """Return how much waits for this person: another one proposed it."""
    waiting = Terms.objects.visible_to(actor).filter(status="proposed")
    return waiting.exclude(proposed_by=actor).count()


register(
    Waiting(
        name="stress.terms",
        label=_("What stress tests rest on"),
        icon="gauge",
        order=25,
        rights=(policies.APPROVE,),
        count=terms,
        url_name="stress:terms",
    ),
)
