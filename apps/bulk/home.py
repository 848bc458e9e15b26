"""How much of uploaded files waits for the machine, for those who keep it running."""

from django.db.models import Count, Min
from django.utils.translation import gettext_lazy as _

from apps.bulk.lifecycle import AT_WORK
from apps.bulk.models import Upload
from apps.core.home import Backlog, Work, register


def _at_work() -> Backlog:
    rows = Upload.objects.filter(status__in=AT_WORK).order_by()
    # Touched with every chunk: what was not for a while stands still.
    found = rows.aggregate(number=Count("pk"), oldest=Min("updated_at"))
    return Backlog(found["number"], found["oldest"])


register(Work(name="bulk.files", label=_("Files of applications"), order=30, backlog=_at_work))
