"""What of running loans waits for a second person on the start page."""

from django.utils.translation import gettext_lazy as _

from apps.core.home import Waiting, register
from apps.servicing import policies, selectors

register(
    Waiting(
        name="servicing.proposals",
        label=_("Waivers, write-offs and refunds"),
        icon="hand-coins",
        order=16,
        rights=(policies.APPROVE,),
        count=lambda actor, _now: selectors.my_count(actor),
        url_name="servicing:proposals",
    ),
    Waiting(
        name="servicing.transfers",
        label=_("Loans to take over"),
        icon="building-2",
        order=17,
        rights=(policies.APPROVE_TRANSFER,),
        count=lambda actor, _now: selectors.my_transfers(actor),
        url_name="servicing:transfers",
    ),
)
