"""What loans with us take a month from those who ask for another one.

Running loans count by their schedule in force, accepted offers under which no loan was opened yet
by the schedule that was offered. Who owes a loan together with its borrower is counted for the
share that was agreed, and for all of it where liable jointly and severally; the borrower, whom the
instalment is asked from first, for all of it in either case.
"""

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from apps.applications.models import Application
from apps.applications.own_debts import OwnDebt, OwnDebts
from apps.collateral.models import CoBorrower
from apps.core.money import money
from apps.loans.lifecycle import RUNNING
from apps.loans.models import Instalment, Loan, ScheduleVersion
from apps.offers.models import Offer
from apps.schedules import building, burden, documents
from apps.schedules.terms import Frequency, Method

_SHARE: Any = DecimalField(max_digits=5, decimal_places=4)
_WHOLE = Value(Decimal(1), output_field=_SHARE)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What is taken a month under one application, by whoever owes it."""

    reference: str
    currency: str
    monthly: Decimal


def of_customers(customers: Collection[uuid.UUID], on: date) -> OwnDebts:
    """Return what each customer pays us a month from a day on; none for who pays nothing.

    One question where nobody owes us anything.
    """
    owing = _owing(customers)
    if not owing:
        return {}
    applications = {application for _customer, application, _share in owing}
    taken = {**_of_offers(applications, on), **_of_loans(applications, on)}
    found: dict[uuid.UUID, list[OwnDebt]] = {}
    for customer, application, share in owing:
        for one in (taken[application],) if application in taken else ():
            part = money(one.monthly * share, one.currency)
            if part:
                debt = OwnDebt(
                    application=application,
                    reference=one.reference,
                    currency=one.currency,
                    monthly=part,
                )
                found.setdefault(customer, []).append(debt)
    return found


def by_number(customer: uuid.UUID, on: date) -> Mapping[str, Decimal]:
    """Return what one customer pays us a month from a day on, by the number of the loan."""
    debts = of_customers([customer], on).get(customer, ())
    return {one.reference: one.monthly for one in debts}


def _owing(customers: Collection[uuid.UUID]) -> list[tuple[uuid.UUID, uuid.UUID, Decimal]]:
    """Return who owes under which application, and for which share; in one question."""
    own = _under_way(Application.objects.filter(customer__in=customers), "pk").annotate(part=_WHOLE)
    shared = _under_way(CoBorrower.objects.filter(customer__in=customers), "application")
    parts = shared.annotate(part=Coalesce("share", _WHOLE, output_field=_SHARE))
    rows = own.order_by().values_list("customer_id", "pk", "part")
    together = parts.order_by().values_list("customer_id", "application_id", "part")
    return sorted(rows.union(together, all=True), key=lambda row: (row[1], row[0]))


def _under_way(rows: QuerySet[Any, Any], application: str) -> QuerySet[Any, Any]:
    """Keep what is about an application with a running loan, or an offer that was accepted."""
    loans = Loan.objects.filter(application=OuterRef(application), status__in=RUNNING)
    offers = Offer.objects.filter(application=OuterRef(application), status="accepted")
    return rows.filter(Q(Exists(loans)) | Q(Exists(offers)))


def _of_loans(applications: Collection[uuid.UUID], on: date) -> dict[uuid.UUID, _Taken]:
    loans = Loan.objects.filter(application__in=applications, status__in=RUNNING)
    versions = ScheduleVersion.objects.filter(loan__in=loans, in_force=True)
    columns = ("pk", "loan__application_id", "loan__number", "loan__currency", "terms")
    payments = _payments(versions)
    return {
        application: _Taken(
            number, currency, _monthly(payments.get(version, []), terms, currency, on)
        )
        for version, application, number, currency, terms in versions.values_list(*columns)
    }


def _payments(
    versions: QuerySet[ScheduleVersion],
) -> Mapping[uuid.UUID, list[tuple[date, Decimal]]]:
    """Return what falls due under schedules, as (day, amount)."""
    found: dict[uuid.UUID, list[tuple[date, Decimal]]] = {}
    rows = Instalment.objects.filter(schedule__in=versions)
    for version, due, *amounts in rows.values_list(
        "schedule_id", "due_date", "principal", "interest", "fee"
    ):
        found.setdefault(version, []).append((due, sum(amounts, Decimal(0))))
    return found


def _of_offers(applications: Collection[uuid.UUID], on: date) -> dict[uuid.UUID, _Taken]:
    rows = Offer.objects.filter(application__in=applications, status="accepted")
    columns = ("application_id", "number", "currency", "terms")
    return {
        application: _Taken(number, currency, _monthly(_offered(terms), terms, currency, on))
        for application, number, currency, terms in rows.values_list(*columns)
    }


def _offered(terms: Mapping[str, Any]) -> Iterator[tuple[date, Decimal]]:
    schedule = building.build(documents.from_document(terms))
    return ((row.due_on, row.instalment) for row in schedule.rows)


def _monthly(payments: Any, terms: Mapping[str, Any], currency: str, on: date) -> Decimal:
    return burden.monthly(
        payments,
        on=on,
        frequency=Frequency(terms["frequency"]),
        method=Method(terms["method"]),
        currency=currency,
    )
