"""What requests ask for: a loan, a day, an amount, what was sent."""

import uuid
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from apps.core import dates
from apps.core.visibility import get_visible
from apps.loans.models import Loan
from apps.servicing.errors import NotRunning, refused_field


def seen(request: HttpRequest | Request, pk: uuid.UUID) -> Loan:
    """Return a loan the person may see, with what its changes need. Raises NotVisible."""
    rows = Loan.objects.select_related(
        "product", "customer", "application__branch__entity", "branch__entity", "offer"
    )
    return get_visible(rows, request.user, pk=pk)


def running(request: HttpRequest | Request, pk: uuid.UUID) -> Loan:
    """Return a running loan the person may see. Raises NotVisible, NotRunning."""
    loan = seen(request, pk)
    if loan.status != "active":
        raise NotRunning
    return loan


def today(loan: Loan) -> date:
    """Return the day it is in the lender's calendar."""
    return dates.local_date(timezone.now(), loan.branch.entity.time_zone)


def day_of(request: Request, loan: Loan) -> date:
    """Return the day that is asked about, today where none is. Raises DomainError."""
    told = request.query_params.get("day", "")
    if not told:
        return today(loan)
    try:
        return date.fromisoformat(told)
    except ValueError:
        raise refused_field("day_refused", "day", _("This is no day.")) from None


def amount_of(request: Request) -> Decimal:
    """Return the amount that is asked about. Raises DomainError."""
    try:
        return Decimal(request.query_params.get("amount", ""))
    except InvalidOperation:
        raise refused_field("amount_refused", "amount", _("This is no amount.")) from None


def taken(request: Request, kind: type[Any]) -> dict[str, Any]:
    """Return what was sent, checked. Raises ValidationError."""
    given = kind(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)
