"""What many people owed us and answered for on a day that has passed, or as things stand.

For an application that another lender was asked for long ago: what was granted later is not known
to whoever judged it then, and what was repaid later was still owed. `books` and the laboratory read
it here, so that one application and a hundred thousand are told the same.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import DecimalField, F, OuterRef, QuerySet, Subquery, Value

from apps.applications import hooks
from apps.applications.lent import Lent
from apps.applications.models import Application, Guarantor
from apps.collateral.models import CoBorrower
from apps.core import dates
from apps.decisions import selectors
from apps.decisions.models import Decision

_NOTHING = Decimal(0)
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """What one person owes or answers for under one application.

    `granted` is what was granted under it, by a decision of ours on `granted_on`; None for what
    another lender granted. `lent` is what came of the loan, if there is one. `share` is the part of
    it that the person owes, None all of it; `most` is what a guarantor answers for at most, in
    `currency`, which need not be the loan's.
    """

    application: uuid.UUID
    currency: str
    loan_currency: str
    granted: Decimal | None
    granted_on: date | None
    lent: Lent | None
    share: Decimal | None = None
    most: Decimal | None = None

    def on(self, day: date | None) -> Decimal:
        """Return what it comes to at the end of a day; None is as things stand."""
        left = self._left(day)
        if self.most is not None:
            # Without a rate of exchange what is left bounds nothing, unless nothing is left.
            is_bounded = self.currency == self.loan_currency or not left
            return min(self.most, left) if is_bounded else self.most
        part = left if self.share is None else left * self.share
        return part.quantize(_CENT, ROUND_HALF_UP)

    def _left(self, day: date | None) -> Decimal:
        found = None if self.lent is None else self.lent.left(day or date.max)
        if found is not None:
            return found
        if self.granted is None or (day is not None and not self._was_granted_by(day)):
            return _NOTHING
        return self.granted

    def _was_granted_by(self, day: date) -> bool:
        return self.granted_on is not None and self.granted_on <= day


Debts = Mapping[uuid.UUID, list[Debt]]


def owed(people: Collection[uuid.UUID], *, but: Collection[uuid.UUID] = ()) -> Debts:
    """Return what people owe us, alone or together with others, by who owes it.

    Of a counter-offer counts what was offered. `but` are applications whose borrowers ask for no
    other: what they owe under these nobody wants to know.
    """
    own = _known(Application.objects.filter(customer__in=people).exclude(pk__in=list(but)))
    shared = _known(CoBorrower.objects.filter(customer__in=people), of="application__")
    return _by_person(
        [
            *own.values_list("customer_id", "currency", *_columns(), _ALL, _NO_LIMIT),
            *shared.values_list(
                "customer_id",
                "application__currency",
                *_columns("application__"),
                "share",
                _NO_LIMIT,
            ),
        ]
    )


def answered(people: Collection[uuid.UUID]) -> Debts:
    """Return what people answer for of other people's loans, by who does."""
    given = Guarantor.objects.filter(customer__in=people).exclude(
        application__customer=F("customer")
    )
    rows = _known(given, of="application__").values_list(
        "customer_id", "currency", *_columns("application__"), _ALL, "amount"
    )
    return _by_person(list(rows))


def besides(
    found: Iterable[Debt], *, application: uuid.UUID, currency: str, day: date | None
) -> Decimal | None:
    """Return the sum of debts on a day, one application left out; None with another currency."""
    amounts = [
        (one.currency, amount)
        for one in found
        if one.application != application and (amount := one.on(day))
    ]
    if any(own != currency for own, _amount in amounts):
        return None
    return sum((amount for _own, amount in amounts), _NOTHING)


def day_of(*, status: str, applied_date: date) -> date | None:
    """Return the day for which an application is judged: None, as things stand, for our own."""
    return applied_date if status == "historic" else None


_ALL = Value(None, output_field=DecimalField(max_digits=5, decimal_places=4))
_NO_LIMIT = Value(None, output_field=DecimalField(max_digits=18, decimal_places=2))


def _known(rows: QuerySet[Any, Any], *, of: str = "") -> QuerySet[Any, Any]:
    decided = Decision.objects.filter(application=OuterRef(f"{of}pk")).order_by("-number")
    # A tape may be a customer's only past with us: what was never on the books is not even read.
    return rows.filter(hooks.was_owed(of)).annotate(
        granted=selectors.lent(of=of), granted_at=Subquery(decided.values("decided_at")[:1])
    )


def _columns(of: str = "") -> tuple[str, ...]:
    application = f"{of}pk" if not of else "application_id"
    return (
        application,
        f"{of}currency",
        f"{of}status",
        "granted",
        "granted_at",
        f"{of}branch__entity__time_zone",
    )


def _by_person(rows: Sequence[tuple[Any, ...]]) -> dict[uuid.UUID, list[Debt]]:
    lent = hooks.histories({row[2] for row in rows})
    found: dict[uuid.UUID, list[Debt]] = {}
    for person, currency, key, loan_currency, status, granted, at, zone, share, most in rows:
        is_ours = status == "approved"
        debt = Debt(
            application=key,
            currency=currency,
            loan_currency=loan_currency,
            granted=granted if is_ours else None,
            granted_on=dates.local_date(at, zone) if is_ours and at is not None else None,
            lent=lent.get(key),
            share=share,
            most=most,
        )
        found.setdefault(person, []).append(debt)
    return found
