"""How many experiments wait for the machine, for those who keep it running."""

from django.db.models import Count, Min
from django.utils.translation import gettext_lazy as _

from apps.core.home import Backlog, Work, register
from apps.laboratory.lifecycle import PENDING
from apps.laboratory.models import Experiment


def _pending() -> Backlog:
    rows = Experiment.objects.filter(status__in=PENDING).order_by()
    found = rows.aggregate(number=Count("pk"), oldest=Min("asked_at"))
    return Backlog(found["number"], found["oldest"])


register(
    Work(
        name="laboratory.experiments",
        label=_("Experiments"),
        order=50,
        backlog=_pending,
        patience=240,
    )
)
