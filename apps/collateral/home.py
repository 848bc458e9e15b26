"""What of collateral waits for a second person on the start page."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.collateral import policies
from apps.collateral.models import Item, Release
from apps.core.home import Waiting, register


def releases(actor: User, _now: datetime) -> int:
    """Return how many releases others ask for, of the items this person sees."""
    asked = Release.objects.filter(status="asked", item__in=Item.objects.visible_to(actor))
    return asked.exclude(asked_by=actor).count()


register(
    Waiting(
        name="collateral.releases",
        label=_("Releases of collateral"),
        icon="shield-check",
        order=20,
        rights=(policies.RELEASE,),
        count=releases,
        url_name="collateral:list",
        query="show=release",
    )
)
