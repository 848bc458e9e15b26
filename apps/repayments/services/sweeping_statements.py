"""Find statements whose message or worker was lost."""

from datetime import datetime, timedelta

from apps.core.jobs import enqueue
from apps.repayments.models import StatementFile
from apps.repayments.services import posting_statements
from apps.repayments.statement_lifecycle import AT_WORK

# A chunk takes seconds; a file nothing has happened to for this long was lost.
LOST_AFTER = timedelta(minutes=1)


def sweep_statements(*, now: datetime) -> int:
    """Send statements again whose message or worker was lost; return how many."""
    lost = StatementFile.objects.filter(status__in=AT_WORK, updated_at__lte=now - LOST_AFTER)
    found = list(lost.order_by("uploaded_at"))
    for file in found:
        if file.status == "checking":
            enqueue("repayments.check_statement", file_id=str(file.pk))
        else:
            posting_statements.send(file)
    return len(found)
