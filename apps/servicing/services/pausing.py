"""Leave a borrower in hardship alone for a time, and end that time."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.core.visibility import get_visible
from apps.loans.models import Loan
from apps.servicing import policies
from apps.servicing.errors import refused_field
from apps.servicing.models import Pause
from apps.servicing.services import _ground

LONGEST_DAYS = 366


@transaction.atomic
def pause(
    *, actor: User, loan: Loan, starts_on: date, ends_on: date, reason: str, now: datetime
) -> Pause:
    """Agree on a pause for hardship and return it; no due date and no day past due changes.

    Raises NotPermitted, NotVisible, NotRunning, Conflict where one runs already, and DomainError
    for days or a reason that are refused.
    """
    found = _ground.running(actor, loan, policies.CHANGE)
    today = _ground.today(found, now)
    if starts_on < today:
        raise refused_field("day_refused", "starts_on", _("This day has passed."))
    sentence = _("A pause ends after it begins, within a year.")
    if (starts_on - today).days > LONGEST_DAYS:
        raise refused_field("day_refused", "starts_on", sentence)
    if not 0 <= (ends_on - starts_on).days <= LONGEST_DAYS:
        raise refused_field("day_refused", "ends_on", sentence)
    made = Pause(
        loan=found,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=_ground.said(reason),
        agreed_by=actor,
        agreed_at=now,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as refusal:
        raise Conflict(
            "pause_runs", _("A pause was agreed already; end it before another.")
        ) from refusal
    # The reason tells about the borrower, and the audit trail is for good: the pause keeps it.
    audit.record(
        actor,
        "servicing.pause_agreed",
        found,
        case=found.application,
        since=starts_on.isoformat(),
        until=ends_on.isoformat(),
    )
    return made


@transaction.atomic
def end_pause(*, actor: User, pause: Pause, reason: str, now: datetime) -> Pause:
    """End a pause before its time, or confirm that it is over; return it.

    Raises NotPermitted, NotVisible, Conflict, DomainError without a reason.
    """
    _ground.permit(actor, policies.CHANGE)
    seen = get_visible(Pause.objects.select_related("loan__application"), actor, pk=pause.pk)
    why = _ground.said(reason)
    seen.move("end", ended_by=actor, ended_at=now, ended_reason=why)
    audit.record(actor, "servicing.pause_ended", seen.loan, case=seen.loan.application)
    return seen
