"""What our own tables say of an application when it is judged, asked with one question."""

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, Max, QuerySet, Subquery, Sum

from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.core import dates, prepared
from apps.core.prepared import Given
from apps.customers import selectors as customers
from apps.decisions import automation, selectors
from apps.decisions.models import Decision
from apps.decisions.models.automation import LOCK

_NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Books:
    """What was decided, lent, guaranteed and blocked; amounts in the application's currency.

    `approved` is what the borrower's other approved applications add up to; of a counter-offer
    counts what was offered. `guaranteed` is what the borrower answers for of other people's loans,
    `is_guaranteed` says whether another customer of ours answers for this one. Either is None
    where part of it is in another currency: without a rate of exchange the sum is not known.
    `stop_id` names the stop that keeps the lender's machine from deciding, if any.
    """

    approved: Decimal | None
    guaranteed: Decimal | None
    is_guaranteed: bool
    blocked: bool
    security_value: Decimal | None
    last_number: int
    stop_id: uuid.UUID | None


def read(application: Application) -> Books:
    """Return what the tables say now."""
    return _books(application, _NOW)


def read_for_decision(application: Application) -> Books:
    """Return what the tables say, with the switch of automation as it stays until we commit.

    Nobody can stop automated decisions, or start them again, before the transaction ends. Lock
    the borrowers first: what is read here counts what others committed before.
    """
    return _books(application, _UNTIL_COMMIT)


def asked_on(application: Application) -> date:
    """Return the lender's day on which we were asked; long after that of a tape, as a rule."""
    if application.submitted_at is None:
        return application.applied_date
    return dates.local_date(application.submitted_at, application.branch.entity.time_zone)


def _books(application: Application, question: prepared.Query[Any]) -> Books:
    approved, abroad, guaranteed, guaranteed_abroad, *rest = question.one(
        application=application.pk,
        customer=application.customer_id,
        entity=application.branch.entity_id,
        lender=application.customer.entity_id,
        currency=application.currency,
        on=asked_on(application),
    )
    is_guaranteed, blocked, security, last, stop_id = rest
    return Books(
        approved=None if abroad else approved or _NOTHING,
        guaranteed=None if guaranteed_abroad else guaranteed or _NOTHING,
        is_guaranteed=is_guaranteed,
        blocked=blocked,
        security_value=security,
        last_number=last or 0,
        stop_id=stop_id,
    )


def _question() -> QuerySet[Application, Any]:
    application, customer, currency = Given("application"), Given("customer"), Given("currency")
    others = Application.objects.filter(customer=customer, status="approved").exclude(
        pk=application
    )
    made = Decision.objects.filter(application=application)
    return Application.objects.filter(pk=application).values_list(
        Subquery(prepared.over_all(others.filter(currency=currency), total=Sum(selectors.lent()))),
        Exists(others.exclude(currency=currency)),
        Subquery(applications.guaranteed(customer, currency)),
        Exists(applications.guaranteed_abroad(customer, currency)),
        Exists(applications.answering(application, borrower=customer)),
        Exists(customers.blocking(customer, Given("lender"), Given("on"))),
        Subquery(applications.security_value(application)),
        Subquery(prepared.over_all(made, last=Max("number"))),
        Subquery(automation.holding(Given("entity"))),
    )


_NOW = prepared.Query(_question)
# The lock comes in a statement of its own: what follows sees what was committed until it came.
_UNTIL_COMMIT = prepared.Query(_question, after=f"SELECT pg_advisory_xact_lock_shared({LOCK})")
