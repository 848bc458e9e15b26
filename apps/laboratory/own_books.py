"""What our own books say about many borrowers at once.

Each figure is the one that a decision reads for a single application: the block list, what the
borrower was granted elsewhere and answers for, earlier defaults, the security offered.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Least

from apps.applications.affordability import Security
from apps.applications.models import Application, Collateral, Guarantor
from apps.customers.models import BlockListEntry, IdentityNumber
from apps.decisions import selectors as decisions
from apps.decisions.models import Decision
from apps.loans.models import Outcome

Rows = Collection[Mapping[str, Any]]
# By person: application, currency and amount.
Amounts = dict[Any, list[tuple[Any, str, Decimal]]]
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
    """Return the books for applications given by key, customer, currency and day."""
    customers = {row["customer_id"] for row in rows}
    return Books(
        approved_elsewhere=_approved_elsewhere(rows, customers),
        guaranteed=_guaranteed(rows, customers),
        guarantor_exposure=_guarantor_exposure(rows),
        blocked=_blocked(rows, customers, asked_on),
        defaults=_defaults(rows, customers),
        securities=_securities([row["pk"] for row in rows]),
    )


def _approved_elsewhere(rows: Rows, customers: set[Any]) -> dict[uuid.UUID, Decimal | None]:
    """Return what was granted beside the application itself."""
    granted = _granted(customers)
    return {
        row["pk"]: _besides(row["pk"], row["currency"], granted.get(row["customer_id"], ()))
        for row in rows
    }


def _granted(customers: set[Any]) -> Amounts:
    """Return what was granted, by who owes it; of a counter-offer what it offered.

    Who owes it together with the borrower owes the share that was agreed.
    """
    decided = Decision.objects.filter(application=OuterRef("pk")).order_by("-number")
    offered = Subquery(decided.values("amount")[:1])
    found = Application.objects.filter(customer__in=customers, status="approved").annotate(
        lent=Coalesce(Least(F("amount"), offered), F("amount"))
    )
    granted: Amounts = {}
    for key, customer, currency, lent in found.values_list("pk", "customer", "currency", "lent"):
        granted.setdefault(customer, []).append((key, currency, lent))
    shared = decisions.co_borrowed().filter(customer__in=customers)
    columns = ("application_id", "customer_id", "application__currency", "owes")
    for key, customer, currency, owes in shared.values_list(*columns):
        granted.setdefault(customer, []).append((key, currency, owes))
    return granted


def _besides(
    application: uuid.UUID, currency: str, amounts: Iterable[tuple[uuid.UUID, str, Decimal]]
) -> Decimal | None:
    """Return the sum of amounts, one application left out; None with another currency among it."""
    others = [one for one in amounts if one[0] != application]
    if any(own != currency for _key, own, _amount in others):
        return None
    return sum((amount for _key, _own, amount in others), _NOTHING)


def _guarantor_exposure(rows: Rows) -> dict[uuid.UUID, Decimal | None]:
    """Return the most that one who answers for an application would owe us or answer for."""
    found: dict[uuid.UUID, Decimal | None] = {row["pk"]: _NOTHING for row in rows}
    currencies = {row["pk"]: row["currency"] for row in rows}
    given = (
        Guarantor.objects.filter(application__in=list(found), customer__isnull=False)
        .exclude(customer=F("application__customer"))
        .values_list("application_id", "customer_id", "currency", "amount")
    )
    answering = list(given)
    people = {customer for _key, customer, _currency, _amount in answering}
    granted, answered = _granted(people), _answered(people)
    for key, customer, currency, amount in answering:
        others = [*granted.get(customer, ()), *answered.get(customer, ())]
        elsewhere, before = _besides(key, currency, others), found[key]
        if before is None or elsewhere is None or currency != currencies[key]:
            found[key] = None
        else:
            found[key] = max(before, amount + elsewhere)
    return found


def _answered(people: set[Any]) -> Amounts:
    """Return what people answer for of others' approved loans, by person."""
    given = Guarantor.objects.filter(customer__in=people, application__status="approved").exclude(
        application__customer=F("customer")
    )
    found: Amounts = {}
    columns = ("customer_id", "currency", "application_id", "amount")
    for customer, currency, key, amount in given.values_list(*columns):
        found.setdefault(customer, []).append((key, currency, amount))
    return found


def _guaranteed(rows: Rows, customers: set[Any]) -> dict[uuid.UUID, Decimal | None]:
    answered = _answered(customers)
    return {
        row["pk"]: _besides(row["pk"], row["currency"], answered.get(row["customer_id"], ()))
        for row in rows
    }


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
