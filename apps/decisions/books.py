"""What our own tables say of an application when it is judged, asked with one question."""

import dataclasses
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, Max, QuerySet, Subquery, Sum

from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.collateral.models import CoBorrower
from apps.core import dates, prepared
from apps.core.prepared import Given
from apps.customers import selectors as customers
from apps.decisions import automation, debts, selectors
from apps.decisions.models import Decision
from apps.decisions.models.automation import LOCK

_NOTHING = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Books:
    """What was decided, lent, guaranteed and blocked; amounts in the application's currency.

    `approved` is what the borrower's other approved applications add up to, and those the borrower
    owes together with others, by the share; of a counter-offer counts what was offered, of a loan
    what is left of its principal. `guaranteed` is what the borrower answers for of other people's
    loans, `is_guaranteed` says whether another customer of ours answers for this one. Either amount
    is None where part of it is in another currency: without a rate of exchange the sum is not
    known. Of an application that another lender was asked for both are as on its day. `blocked`
    says whether the block list names the borrower, `co_borrower_blocked` whether it names who would
    owe this loan, too. `stop_id` names the stop that keeps the lender's machine from deciding, if
    any.
    """

    approved: Decimal | None
    guaranteed: Decimal | None
    is_guaranteed: bool
    blocked: bool
    co_borrower_blocked: bool
    security_value: Decimal | None
    last_number: int
    stop_id: uuid.UUID | None


def read(application: Application) -> Books:
    """Return what the tables say now; of who asked another lender, what they say of that day."""
    book = _books(application, _NOW)
    day = debts.day_of(status=application.status, applied_date=application.applied_date)
    return book if day is None else _as_of(book, application, day)


def read_for_decision(application: Application) -> Books:
    """Return what the tables say, with the switch of automation as it stays until we commit.

    Nobody can stop automated decisions, or start them again, before the transaction ends. Lock
    the borrowers first: what is read here counts what others committed before.
    """
    return _books(application, _UNTIL_COMMIT)


def read_each_for_decision(chosen: Sequence[Application]) -> list[Books]:
    """Return what `read_for_decision` returns for each, asked with one question."""
    found = _UNTIL_COMMIT.one_each([_values(one) for one in chosen])
    return [_told(answer) for answer in found]


def asked_on(application: Application) -> date:
    """Return the lender's day on which we were asked; long after that of a tape, as a rule."""
    if application.submitted_at is None:
        return application.applied_date
    return dates.local_date(application.submitted_at, application.branch.entity.time_zone)


def _books(application: Application, question: prepared.Query[Any]) -> Books:
    return _told(question.one(**_values(application)))


def _values(application: Application) -> dict[str, Any]:
    return {
        "application": application.pk,
        # Nothing but itself is left out where no loan is paid off out of it.
        "settles": application.settles_id or application.pk,
        "customer": application.customer_id,
        "entity": application.branch.entity_id,
        "lender": application.customer.entity_id,
        "currency": application.currency,
        "on": asked_on(application),
    }


def _told(answer: Sequence[Any]) -> Books:
    approved, abroad, shared, shared_abroad, guaranteed, guaranteed_abroad, *rest = answer
    is_guaranteed, blocked, co_borrower_blocked, security, last, stop_id = rest
    return Books(
        approved=None if abroad or shared_abroad else (approved or _NOTHING) + (shared or _NOTHING),
        guaranteed=None if guaranteed_abroad else guaranteed or _NOTHING,
        is_guaranteed=is_guaranteed,
        blocked=blocked,
        co_borrower_blocked=co_borrower_blocked,
        security_value=security,
        last_number=last or 0,
        stop_id=stop_id,
    )


def _as_of(book: Books, application: Application, day: date) -> Books:
    """Return the book as it was on the day for which an application of a tape is judged."""
    person, currency = application.customer_id, application.currency
    owed, answered = (
        debts.besides(
            found([person]).get(person, ()), application=application.pk, currency=currency, day=day
        )
        for found in (debts.owed, debts.answered)
    )
    return dataclasses.replace(book, approved=owed, guaranteed=answered)


def _question() -> QuerySet[Application, Any]:
    application, customer, currency = Given("application"), Given("customer"), Given("currency")
    others = selectors.granted().filter(customer=customer)
    others = others.exclude(pk=application).exclude(pk=Given("settles"))
    shared = selectors.co_borrowed().filter(customer=customer).exclude(application=application)
    owing = CoBorrower.objects.filter(application=application).values("customer")
    made = Decision.objects.filter(application=application)
    return Application.objects.filter(pk=application).values_list(
        Subquery(prepared.over_all(others.filter(currency=currency), total=Sum("owes"))),
        Exists(others.exclude(currency=currency)),
        Subquery(prepared.over_all(shared.filter(application__currency=currency), t=Sum("owes"))),
        Exists(shared.exclude(application__currency=currency)),
        Subquery(applications.guaranteed(customer, currency)),
        Exists(applications.guaranteed_abroad(customer, currency)),
        Exists(applications.answering(application, borrower=customer)),
        Exists(customers.blocking(customer, Given("lender"), Given("on"))),
        Exists(customers.blocking_any(owing, Given("lender"), Given("on"))),
        Subquery(applications.security_value(application)),
        Subquery(prepared.over_all(made, last=Max("number"))),
        Subquery(automation.holding(Given("entity"))),
    )


_NOW = prepared.Query(_question)
# The lock comes in a statement of its own: what follows sees what was committed until it came.
_UNTIL_COMMIT = prepared.Query(_question, after=f"SELECT pg_advisory_xact_lock_shared({LOCK})")
