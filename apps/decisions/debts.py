"""What many people owed us and answered for on a day that has passed, or as things stand.

For an application that another lender was asked for long ago: what was granted later is not known
to whoever judged it then, and what was repaid later was still owed. `books` and the laboratory read
it here, so that one application and a hundred thousand are told the same.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, Subquery

from apps.applications import hooks
from apps.applications import selectors as applications
from apps.applications.lent import Lent
from apps.applications.models import Application, Guarantor
from apps.collateral.models import CoBorrower
from apps.core import dates, money
from apps.decisions import selectors
from apps.decisions.models import Decision

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """What one person owes or answers for under one application.

    `granted` is what was granted under it on `granted_on`, by a decision of ours; None for a loan
    taken on from a tape. `lent` is what came of the loan, if there is one. `share` is the part of
    it that the person owes, `most` what a guarantor answers for at most, in `currency`.
    """

    application: uuid.UUID
    currency: str
    granted: Decimal | None
    granted_on: date | None
    lent: Lent | None
    share: Decimal | None = None
    most: Decimal | None = None
    is_in_loans_currency: bool = True

    def on(self, day: date | None) -> Decimal:
        """Return what it comes to at the end of a day; None is as things stand."""
        left = None if self.lent is None else self.lent.left(day or date.max)
        if left is None:
            left = self._granted(day)
        if self.most is not None:
            return min(self.most, left) if self.is_in_loans_currency or not left else self.most
        return left if self.share is None else money.money(left * self.share, self.currency)

    def _granted(self, day: date | None) -> Decimal:
        if self.granted is None or self.granted_on is None:
            return _NOTHING
        return self.granted if day is None or self.granted_on <= day else _NOTHING


Debts = Mapping[uuid.UUID, list[Debt]]


def asked_elsewhere_on(application: Application) -> date | None:
    """Return the day for which an application of a tape is judged; None for one asked of us."""
    return application.applied_date if application.status == "historic" else None


def owed(people: Collection[uuid.UUID], *, but: Collection[uuid.UUID] = ()) -> Debts:
    """Return what people owe us, alone or with others, by who owes it; some applications left out.

    Of a counter-offer counts what was offered.
    """
    own = Application.objects.filter(customer__in=people, status__in=applications.OWING)
    shared = CoBorrower.objects.filter(
        customer__in=people, application__status__in=applications.OWING
    )
    lacks = list(but)
    rows = [
        *own.exclude(pk__in=lacks)
        .filter(_can_be_owed())
        .annotate(granted=selectors.lent(), decided_at=_decided_at())
        .values_list("customer_id", *_columns(), "currency", "pk"),
        *shared.exclude(application__in=lacks)
        .filter(_can_be_owed("application__"))
        .annotate(granted=selectors.lent(of="application__"), decided_at=_decided_at("application__"))
        .values_list("customer_id", *_columns("application__"), "share"),
    ]
    return _by_person(rows)
