"""Withdraw an application; what waits on it above is ended in the same transaction."""

from datetime import datetime

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.applications import hooks
from apps.applications.models import Application
from apps.applications.services import opening
from apps.audit import services as audit
from apps.core.errors import DomainError


class WithdrawalReason(models.TextChoices):
    """Why an application was withdrawn; a code, because the audit trail holds no free text."""

    CUSTOMER_ASKED = "customer_asked", gettext_lazy("The customer no longer wants it")
    OTHER_LENDER = "other_lender", gettext_lazy("The customer borrows elsewhere")
    ENTERED_IN_ERROR = "entered_in_error", gettext_lazy("Entered in error")
    DUPLICATE = "duplicate", gettext_lazy("Duplicate of another application")


@transaction.atomic
def withdraw(*, actor: User, application: Application, reason: str, now: datetime) -> Application:
    """Withdraw the application for a reason of `WithdrawalReason` and return it.

    Whoever registered in `hooks` ends waiting work in the same transaction. Raises DomainError
    for an unknown reason, Conflict where the lifecycle does not allow it.
    """
    if reason not in WithdrawalReason.values:
        sentence = _("Choose why the application is withdrawn.")
        raise DomainError("reason_required", sentence, fields={"reason": sentence})
    found = opening.locked(actor, application)
    before = found.status
    found.move("withdraw")
    hooks.withdrawn(found, actor=actor, now=now)
    audit.record(
        actor, "applications.withdrawn", found, case=found, reason=reason, state_before=before
    )
    return found
