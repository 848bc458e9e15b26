"""What of payments waits for a person on the start page, and what is begun there."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core import dates
from apps.core.home import Beginning, Waiting, register
from apps.repayments import contact_rows, policies, statement_lists, statement_policies


def _promises(actor: User, now: datetime, view: str) -> int:
    today = dates.local_date(now, actor.branch.entity.time_zone)
    return contact_rows.promises(actor, view, today=today).count()


register(
    Waiting(
        name="repayments.promises_due",
        label=_("Promises to pay whose day has come"),
        icon="clock",
        order=47,
        rights=(policies.TAKE_PROMISE,),
        count=lambda actor, now: _promises(actor, now, "due"),
        url_name="repayments:promises",
        query="view=due",
    ),
    Waiting(
        name="repayments.suspense",
        label=_("Money in suspense to place"),
        icon="inbox",
        order=51,
        rights=(statement_policies.PLACE,),
        count=lambda actor, _now: statement_lists.suspense_count(actor),
        url_name="repayments:suspense",
    ),
)
register(
    Beginning(
        name="repayments.post",
        label=_("Post a payment"),
        url_name="repayments:desk",
        icon="receipt",
        order=12,
        rights=(policies.POST,),
        key="p",
    )
)
