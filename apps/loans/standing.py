"""What a borrower's loans with us say when the borrower applies again."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet

from apps.applications.models import Application
from apps.core import prepared
from apps.core.prepared import Given
from apps.decisions.sources import Borrowing
from apps.loans.models import Outcome


def of_borrowers(chosen: Sequence[Application]) -> list[Borrowing]:
    """Return each borrower's defaults with us before the application, its own loan left out.

    What is owed of a loan, also of one taken on from a tape, decisions add up themselves by its
    application (`apps.loans.lending`).
    """
    asked = [
        {"customer": one.customer_id, "before": one.applied_date, "but": one.pk} for one in chosen
    ]
    found = [_DEFAULTS.one(**asked[0])] if len(asked) == 1 else _DEFAULTS.one_each(asked)
    return [Borrowing(defaults=defaults, owed=Decimal(0)) for (defaults,) in found]


def _defaults() -> QuerySet[Any, Any]:
    found = Outcome.objects.filter(
        loan__customer=Given("customer"),
        loan__disbursed_date__lt=Given("before"),
        defaulted=True,
    ).exclude(loan__application=Given("but"))
    return prepared.over_all(found, number=Count("pk"))


# Asked for every decision.
_DEFAULTS = prepared.Query(_defaults)
