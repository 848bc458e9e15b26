"""The people on the start page of who keeps them."""

from datetime import datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors
from apps.accounts.models import User
from apps.core.home import HALF, Beginning, Context, Panel, Waiting, register

ROWS = 8
_MANAGE = "accounts.manage_people"
_UNSET = Q(is_active=True, password__startswith=UNUSABLE_PASSWORD_PREFIX)


def people(_actor: User, _now: datetime) -> Context:
    """Return how many people there are, who never set a password, and who came last."""
    counts = User.objects.aggregate(
        active=Count("pk", filter=Q(is_active=True)),
        withdrawn=Count("pk", filter=Q(is_active=False)),
        unset=Count("pk", filter=_UNSET),
    )
    return {"counts": counts, "newest": selectors.people().order_by("-joined_at")[:ROWS]}


register(
    Waiting(
        name="accounts.unset",
        label=_("People without a password yet"),
        icon="key",
        order=60,
        rights=(_MANAGE,),
        count=lambda _actor, _now: User.objects.filter(_UNSET).count(),
        url_name="accounts:people",
    ),
    Beginning(
        name="accounts.add",
        label=_("Add a person"),
        url_name="accounts:person_add",
        icon="user-plus",
        order=30,
        rights=(_MANAGE,),
        key="a",
    ),
    Panel(
        name="accounts.people",
        template="accounts/_home_people.html",
        order=50,
        rights=(_MANAGE,),
        gather=people,
        width=HALF,
    ),
)
