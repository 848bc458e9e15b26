"""What our own books say about many borrowers at once.

Each figure is the one that a decision reads for a single application: the block list, what the
borrower owed us elsewhere and answered for on its day, earlier defaults, the security offered.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, QuerySet

from apps.applications.affordability import Security
from apps.applications.models import Collateral, Guarantor
from apps.customers.models import BlockListEntry, IdentityNumber
from apps.decisions import debts
from apps.decisions.debts import Debt, Debts
from apps.loans.models import Outcome

Rows = Collection[Mapping[str, Any]]
_NOTHING = Decimal(0)


@dataclass(frozen=True)
class Books:
    """What the books say, by application; amounts are in the application's currency.

    None where part of an amount is in another one: without a rate of exchange it is not known.
    """

    approved_elsewhere: Mapping[uuid.UUID, Decimal | None]
    guaranteed: Mapping[uuid.UUID, Decimal | None]
    # The most that a customer who answers for the loan has with us; None where it is not known.
    guarantor_exposure: Mapping[uuid.UUID, Decimal | None]
    blocked: Mapping[uuid.UUID, bool]
    defaults: Mapping[uuid.UUID, int]
    securities: Mapping[uuid.UUID, tuple[Security, ...]]


def read(rows: Rows, *, asked_on: Mapping[uuid.UUID, date]) -> Books:
    """Return the books for applications given by key, customer, currency, state and days."""
    customers = {row["customer_id"] for row in rows}
    return Books(
        approved_elsewhere=_besides(rows, debts.owed(customers, but=_alone(rows))),
        guaranteed=_besides(rows, debts.answered(customers)),
        guarantor_exposure=_guarantor_exposure(rows),
        blocked=_blocked(rows, customers, asked_on),
        defaults=_defaults(rows, customers),
        securities=_securities([row["pk"] for row in rows]),
    )


def _alone(rows: Rows) -> list[uuid.UUID]:
    """Return the applications that count beside no other row: their customers have this one."""
    number = Counter(row["customer_id"] for row in rows)
    return [row["pk"] for row in rows if number[row["customer_id"]] == 1]


def _besides(rows: Rows, found: Debts) -> dict[uuid.UUID, Decimal | None]:
    """Return what customers owed or answered for on the day, beside the application itself."""
    return {row["pk"]: _beside(row, found.get(row["customer_id"], ())) for row in rows}


def _beside(row: Mapping[str, Any], found: Iterable[Debt]) -> Decimal | None:
    day = debts.day_of(status=row["status"], applied_date=row["applied_date"])
    return debts.besides(found, application=row["pk"], currency=row["currency"], day=day)


def _guarantor_exposure(rows: Rows) -> dict[uuid.UUID, Decimal | None]:
    """Return the most that one who answers for an application would owe us or answer for."""
    found: dict[uuid.UUID, Decimal | None] = {row["pk"]: _NOTHING for row in rows}
    by_key = {row["pk"]: row for row in rows}
    given = (
        Guarantor.objects.filter(application__in=list(found), customer__isnull=False)
        .exclude(customer=F("application__customer"))
        .values_list("application_id", "customer_id", "currency", "amount")
    )
    answering = list(given)
    people = {customer for _key, customer, _currency, _amount in answering}
    owed, answered = debts.owed(people), debts.answered(people)
    for key, customer, currency, amount in answering:
        others = [*owed.get(customer, ()), *answered.get(customer, ())]
        elsewhere, before = _beside(by_key[key], others), found[key]
        if before is None or elsewhere is None or currency != by_key[key]["currency"]:
            found[key] = None
        else:
            found[key] = max(before, amount + elsewhere)
    return found


def _blocked(
    rows: Rows, customers: set[Any], asked_on: Mapping[uuid.UUID, date]
) -> dict[uuid.UUID, bool]:
    """Return who stands on the lender's block list, by name or by an official number."""
    earliest = min(asked_on.values(), default=date.max)
    entries = BlockListEntry.objects.in_effect(earliest)
    until: dict[Any, list[date]] = {}
    named = entries.filter(customer__in=customers, entity=F("customer__entity"))
    for customer, end in named.values_list("customer", "until_date"):
        until.setdefault(customer, []).append(end or date.max)
    for customer, end in _by_number(entries, customers):
        until.setdefault(customer, []).append(end or date.max)
    return {
        row["pk"]: any(end >= asked_on[row["pk"]] for end in until.get(row["customer_id"], ()))
        for row in rows
    }


def _by_number(
    entries: QuerySet[BlockListEntry], customers: set[Any]
) -> list[tuple[Any, date | None]]:
    """Return (customer, end of the entry) of those who hold a listed number."""
    listed: dict[tuple[Any, str], list[date | None]] = {}
    about_numbers = entries.filter(customer__isnull=True)
    for entity, index, end in about_numbers.values_list("entity", "index", "until_date"):
        listed.setdefault((entity, index), []).append(end)
    held = IdentityNumber.objects.filter(
        customer__in=customers, index__in=about_numbers.values("index")
    ).values_list("customer", "customer__entity", "index")
    return [
        (customer, end)
        for customer, entity, index in held
        for end in listed.get((entity, index), ())
    ]


def _defaults(rows: Rows, customers: set[Any]) -> Counter[uuid.UUID]:
    """Return how many loans of the borrower, paid out before and not this one, defaulted."""
    found = Outcome.objects.filter(loan__customer__in=customers, defaulted=True).values_list(
        "loan__customer_id", "loan__application_id", "loan__disbursed_date"
    )
    bad: dict[Any, list[tuple[Any, date]]] = {}
    for customer, application, disbursed in found:
        if disbursed is None:
            continue
        bad.setdefault(customer, []).append((application, disbursed))
    counts: Counter[uuid.UUID] = Counter()
    for row in rows:
        for application, disbursed in bad.get(row["customer_id"], ()):
            counts[row["pk"]] += application != row["pk"] and disbursed < row["applied_date"]
    return counts


def _securities(keys: list[uuid.UUID]) -> dict[uuid.UUID, tuple[Security, ...]]:
    found: dict[uuid.UUID, tuple[Security, ...]] = {}
    offered = Collateral.objects.filter(application__in=keys)
    for key, price, valuation in offered.values_list("application_id", "price", "valuation"):
        found[key] = (*found.get(key, ()), Security(price, valuation))
    return found
