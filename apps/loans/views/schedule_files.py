"""A loan's schedules to take along."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.core import dates
from apps.core.access import requires
from apps.core.visibility import get_visible
from apps.loans import policies, schedule_files, selectors


@require_GET
@requires(policies.VIEW)
def schedule_file(request: HttpRequest, pk: uuid.UUID, form: str) -> HttpResponse:
    """Send the schedule in force, or a version of it, as CSV, PDF or calendar file."""
    loan = get_visible(selectors.detailed(), request.user, pk=pk)
    now = timezone.now()
    day = dates.local_date(now, loan.branch.entity.time_zone)
    shown = schedule_files.of(loan, request.GET.get("version", ""), day=day)
    return schedule_files.response(shown, form, made_at=now)
