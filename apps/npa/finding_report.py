"""What the audit committee is told of findings: rows of a span, and what the loans owe."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Greatest

from apps.accounts.models import User
from apps.npa import borrower_facts, finding_rows, grading, report_span
from apps.npa.findings import COUNTED, is_in_force
from apps.npa.models import Finding, LoanDay
from apps.npa.report_span import Span

COLUMNS = (
    *("loan", "branch", "kind", "value", "from", "until", "counts_from", "state", "told_because"),
    *("reason", "recorded_by", "recorded_at", "answered_by", "answered_at", "answer_note"),
    *("end_recorded_by", "end_recorded_at", "end_reason", "ended_by", "ended_at", "ended_on"),
    *("standing_on", "class", "currency", "outstanding"),
    *("borrower_loans", "borrower_outstanding"),
)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the night of `day` left of a loan, and of all loans of its borrower in its currency.

    Principal. Loans are those with the same lender that the reader may see.
    """

    day: date
    asset_class: str
    currency: str
    outstanding: Decimal
    borrower_loans: int
    borrower_outstanding: Decimal


@dataclass(frozen=True, kw_only=True)
class Report:
    """The findings of a span, and what stands of their loans at its end."""

    days: Span
    rows: list[Finding]
    standing: Mapping[uuid.UUID, Standing]


def report(actor: User, start: date, end: date) -> Report:
    """Return the report of a span, of the loans a person may see."""
    days = report_span.span(actor, start, end)
    rows = list(_reported(actor, days))
    return Report(days=days, rows=rows, standing=_standing(actor, rows, end))


def _reported(actor: User, days: Span) -> QuerySet[Finding]:
    """Return the findings recorded, answered, in force or lifted in a span, in their order."""
    told = Q()
    for field in ("proposed_at", "answered_at", "ended_at"):
        told |= Q(**{f"{field}__range": (days.first, days.last)})
    in_force = (
        Q(until_date=None) | Q(until_date__gte=days.start),
        Q(ended_on=None) | Q(ended_on__gt=Greatest(F("counts_from"), Value(days.start))),
        Q(status__in=COUNTED, counts_from__lte=days.end),
    )
    rows = finding_rows.findings(actor)
    return rows.filter(told | Q(*in_force)).order_by("proposed_at", "id")


def because(one: Finding, days: Span) -> str:
    """Return why a finding is in the report of a span, in words parted by semicolons."""
    said = {
        "recorded": days.holds(one.proposed_at),
        "answered": days.holds(one.answered_at),
        "in force": _was_in_force(one, days),
        "lifted": days.holds(one.ended_at),
    }
    return "; ".join(word for word, holds in said.items() if holds)


def _was_in_force(one: Finding, days: Span) -> bool:
    """Say whether any night of the span respected it: that of the first day it could have."""
    return (
        one.counts_from is not None
        and one.counts_from <= days.end
        and is_in_force(
            status=one.status,
            counts_from=one.counts_from,
            until_date=one.until_date,
            ended_on=one.ended_on,
            day=max(one.counts_from, days.start),
        )
    )


def _standing(actor: User, rows: Iterable[Finding], end: date) -> dict[uuid.UUID, Standing]:
    """Return what stands of each loan by the last day of its lender ended until `end`.

    A loan that was not on the books then, or of which no day was ended, is left out.
    """
    lenders: dict[uuid.UUID, set[uuid.UUID]] = {}
    for one in rows:
        lenders.setdefault(one.loan.branch.entity_id, set()).add(one.loan_id)
    found: dict[uuid.UUID, Standing] = {}
    for entity, loans in lenders.items():
        day = borrower_facts.last_ended(entity, before=end + timedelta(days=1))
        if day is not None:
            found |= _of_lender(actor, entity, loans, day)
    return found


def _of_lender(
    actor: User, entity: uuid.UUID, loans: set[uuid.UUID], day: date
) -> dict[uuid.UUID, Standing]:
    seen = LoanDay.objects.visible_to(actor).filter(day=day, entity=entity)
    seen = seen.exclude(asset_class__in=grading.GONE)
    rows = list(seen.filter(loan__in=loans))
    summed = seen.filter(customer__in={one.customer_id for one in rows})
    whole = {
        (one["customer_id"], one["currency"]): one
        for one in summed.values("customer_id", "currency").annotate(
            loans=Count("loan_id"), owed=Sum("principal")
        )
    }
    return {
        one.loan_id: Standing(
            day=day,
            asset_class=one.asset_class,
            currency=one.currency,
            outstanding=one.principal,
            borrower_loans=whole[one.customer_id, one.currency]["loans"],
            borrower_outstanding=whole[one.customer_id, one.currency]["owed"],
        )
        for one in rows
    }


def table(made: Report) -> Iterator[Sequence[Any]]:
    """Yield the report: loan, what was found, why it is told, who and when, what is owed."""
    yield COLUMNS
    for one in made.rows:
        yield (
            *(one.loan.number, one.loan.branch.code, one.kind, one.value),
            *(one.from_date, one.until_date or "", one.counts_from or "", one.status),
            because(one, made.days),
            one.reason,
            *(_name(one.proposed_by), _moment(one.proposed_at)),
            *(_name(one.answered_by), _moment(one.answered_at), one.answer_note or ""),
            *(_name(one.end_proposed_by), _moment(one.end_proposed_at), one.end_reason or ""),
            *(_name(one.ended_by), _moment(one.ended_at), one.ended_on or ""),
            *_owed(made.standing.get(one.loan_id)),
        )


def _owed(one: Standing | None) -> tuple[Any, ...]:
    if one is None:
        return ("",) * 6
    return (
        *(one.day, one.asset_class, one.currency, one.outstanding),
        *(one.borrower_loans, one.borrower_outstanding),
    )


def _name(person: User | None) -> str:
    return person.name if person is not None else ""


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment is not None else ""
