"""Models on the start page: incidents nobody has closed, and proposals that wait."""

from django.utils.translation import gettext_lazy as _

from apps.core.home import Waiting, register
from apps.monitoring import policies, selectors

register(
    Waiting(
        name="monitoring.incidents",
        label=_("Incidents of models to decide"),
        icon="triangle-alert",
        order=10,
        rights=(policies.ANSWER,),
        count=lambda _actor, _now: selectors.undecided().count(),
        url_name="monitoring:incidents",
        query="state=undecided",
        pressing=True,
    ),
    Waiting(
        name="monitoring.proposals",
        label=_("Limits and plans of models to answer"),
        icon="sliders-horizontal",
        order=11,
        rights=(policies.APPROVE,),
        count=lambda actor, _now: (
            selectors.waiting_limits(actor).count() + selectors.waiting_plans(actor).count()
        ),
        url_name="monitoring:limits",
    ),
)
