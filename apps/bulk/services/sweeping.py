"""Find files whose message or worker was lost."""

from datetime import datetime, timedelta

from apps.bulk.lifecycle import AT_WORK
from apps.bulk.models import Upload
from apps.bulk.services import running
from apps.core.jobs import enqueue

# A chunk takes seconds; a file nothing has happened to for this long was lost.
LOST_AFTER = timedelta(minutes=1)


def sweep(*, now: datetime) -> int:
    """Send files again whose message or worker was lost; return how many."""
    lost = Upload.objects.filter(status__in=AT_WORK, updated_at__lte=now - LOST_AFTER)
    found = list(lost.order_by("uploaded_at"))
    for upload in found:
        if upload.status == "checking":
            enqueue("bulk.check", upload_id=str(upload.pk))
        else:
            running.send(upload)
    return len(found)
