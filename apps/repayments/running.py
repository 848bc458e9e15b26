"""The period that each of many loans is in, and what of its interest is earned: a query for all.

A loan that follows its contract as it was agreed earns by the instalment that is due next, whose
period stands in the terms; loans of the same dates share that. Whatever is not so plain - paid out
in tranches, interest that falls due late or joins the principal, a schedule that was changed - is
computed from its whole history.
"""

import json
import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from django.db import connection

from apps.loans.models import Loan
from apps.repayments import accruing, reading, replaying
from apps.repayments.account import ZERO
from apps.repayments.accruing import Period, Span
from apps.repayments.walking import Earning
from apps.schedules import documents, periods
from apps.schedules.terms import DayCount

_NEXT = """
    SELECT DISTINCT ON (i.loan_id) i.loan_id, i.due_date, i.interest, s.reason, s.terms,
        i.schedule_id
    FROM loans_instalment i JOIN loans_scheduleversion s ON s.id = i.schedule_id
    WHERE i.loan_id = ANY(%s) AND i.in_force AND i.due_date > %s
        AND (i.paid_principal < i.principal OR i.paid_interest < i.interest
            OR i.paid_fee < i.fee)
    ORDER BY i.loan_id, i.due_date
"""
# What of terms has nothing to do with the dates of a loan's periods.
_ELSE = ("principal", "annual_rate", "rounding_unit", "rounding_mode", "balloon", "fees")
_ANY_AMOUNT = {"principal": "1000.00", "annual_rate": "0.1"}
# One entry is a few kilobytes.
_KNOWN = 2_000


def earnings(loans: Collection[Loan], day: date) -> dict[uuid.UUID, Earning]:
    """Return of each loan what tells the interest earned by a day that falls due later.

    Good for that day alone.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [[loan.pk for loan in loans], day])
        rows = {loan: row for loan, *row in cursor.fetchall()}
    found: dict[uuid.UUID, Earning] = {}
    for loan in loans:
        row = rows.get(loan.pk)
        if row is None:
            # All of it fell due.
            found[loan.pk] = _nothing
            continue
        due_on, interest, reason, terms, _schedule = row
        document = terms if isinstance(terms, dict) else json.loads(terms)
        if reason in reading.CONTRACTUAL and is_plain(document):
            found[loan.pk] = _by_instalment(document, due_on, interest)
        else:
            found[loan.pk] = _by_history(loan, day)
    return found


@dataclass(frozen=True, slots=True)
class Running:
    """The period a loan earns in, by which of its schedules and which day count."""

    loan_id: uuid.UUID
    schedule_id: uuid.UUID
    day_count: DayCount
    period: Period


def periods_of(keys: Collection[uuid.UUID], day: date) -> list[Running]:
    """Return the periods that loans earn in at the end of a day; one query for those of a contract.

    Loans of which nothing falls due later, or whose interest is no share of one span, are left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [list(keys), day])
        rows = cursor.fetchall()
    found: list[Running] = []
    changed: dict[uuid.UUID, uuid.UUID] = {}
    for loan, due_on, interest, reason, terms, schedule in rows:
        document = terms if isinstance(terms, dict) else json.loads(terms)
        if reason in reading.CONTRACTUAL and is_plain(document):
            starts_on, share = _periods(_dates(document))[due_on]
            one = Period(due_on, ZERO, starts_on, due_on, interest, share)
            found.append(Running(loan, schedule, DayCount(document["day_count"]), one))
        else:
            changed[loan] = schedule
    return [*found, *_changed(changed, day)]


def _changed(schedules: Mapping[uuid.UUID, uuid.UUID], day: date) -> Iterator[Running]:
    """Yield the periods of loans whose history says how they earn."""
    loans = Loan.objects.filter(pk__in=schedules).select_related("product__conditions")
    for loan in loans if schedules else ():
        account = replaying.replay(reading.contract(loan), reading.happened(loan), upto=day)
        last = account.in_force
        is_first = not last.number
        period = accruing.period(
            last.spans,
            [
                (row.due_on, row.interest)
                for row in last.rows
                if is_first or row.due_on > last.starts_on
            ],
            day,
            begun=last.begun,
            day_count=last.terms.day_count,
        )
        if period is not None:
            yield Running(loan.pk, schedules[loan.pk], last.terms.day_count, period)


def is_plain(document: Mapping[str, Any]) -> bool:
    """Say whether each instalment's interest is earned evenly in the period before it."""
    return not document["tranches"] and not document["grace"]["interest"]


def _nothing(_day: date) -> Decimal:
    return ZERO


def _by_instalment(document: Mapping[str, Any], due_on: date, interest: Decimal) -> Earning:
    starts_on, share = _periods(_dates(document))[due_on]
    span = Span(starts_on, due_on, interest, share)
    day_count, currency = DayCount(document["day_count"]), document["currency"]

    def earned(day: date) -> Decimal:
        return accruing.earned(span, day, day_count=day_count, currency=currency)

    return earned


def _by_history(loan: Loan, day: date) -> Earning:
    account = replaying.replay(reading.contract(loan), reading.happened(loan), upto=day)
    return account.position.earning or _nothing


def _dates(document: Mapping[str, Any]) -> str:
    """Return what of terms the dates follow from, as text that is the same for the same dates."""
    kept = {name: value for name, value in document.items() if name not in _ELSE}
    return json.dumps(kept, sort_keys=True)


@lru_cache(maxsize=_KNOWN)
def _periods(dates: str) -> dict[date, tuple[date, Fraction]]:
    """Return of each due date when its period starts, and the share of a year it is charged as."""
    document = json.loads(dates) | dict.fromkeys(_ELSE) | _ANY_AMOUNT
    terms = documents.from_document(document | {"rounding_mode": "half_up", "fees": []})
    return {one.due_on: (one.starts_on, one.share) for one in periods.timeline(terms).periods}
