"""What other apps ask of loans: whether a request was lent under, and what is still owed."""

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core.errors import Conflict
from apps.loans.lifecycle import OWED
from apps.loans.models import Loan


def keep_as_lent(application: Application, actor: User, now: datetime) -> None:  # noqa: ARG001 - the shape of the hook
    """Raise Conflict where a loan was opened: its request is not changed any more."""
    if Loan.objects.filter(application=application, source="").exists():
        raise Conflict(
            "loan_opened", _("A loan was opened under this application; it stays as it is.")
        )


def keep_while_lent(application: Application, actor: User, now: datetime) -> None:
    """Raise Conflict where a loan was opened, unless it was given up: then it is withdrawn."""
    if not Loan.objects.filter(application=application, status="cancelled").exists():
        keep_as_lent(application, actor, now)


def unlent(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Return the applications without a loan."""
    return rows.filter(loan=None)


def live(applications: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Return which of these applications have a loan under which money is or will be owed."""
    rows = Loan.objects.filter(application__in=applications, status__in=OWED)
    return set(rows.values_list("application_id", flat=True))
