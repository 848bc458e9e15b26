"""What of offers waits for a person on the start page."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core import dates
from apps.core.home import Waiting, register
from apps.offers import policies, selectors
from apps.offers.selectors import Filters


def _expiring(actor: User, now: datetime) -> int:
    today = dates.local_date(now, actor.branch.entity.time_zone)
    return selectors.worklist(actor, Filters(show="soon"), today=today).count()


register(
    Waiting(
        name="offers.expiring",
        label=_("Offers that expire soon"),
        icon="timer",
        order=41,
        rights=(policies.ANSWER,),
        count=_expiring,
        url_name="offers:list",
        query="show=soon",
    )
)
