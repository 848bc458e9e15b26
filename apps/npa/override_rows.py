"""What pages, files and the API ask of overrides."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Greatest

from apps.accounts.models import User
from apps.loans.models import Loan
from apps.npa import report_span
from apps.npa.models import Override
from apps.npa.override_lifecycle import COUNTED

WAITING = ("proposed", "ending")


def _with_people(rows: QuerySet[Override]) -> QuerySet[Override]:
    return rows.select_related(
        *("loan__branch", "loan__customer", "proposed_by", "answered_by"),
        *("end_proposed_by", "ended_by"),
    )


def overrides(actor: User, *, state: str = "") -> QuerySet[Override]:
    """Return the overrides a person may see; `waiting` ones need a second person."""
    rows = _with_people(Override.objects.visible_to(actor))
    if state == "waiting":
        return rows.filter(status__in=WAITING)
    return rows.filter(status=state) if state else rows


def of_loan(actor: User, loan: Loan) -> list[Override]:
    """Return the overrides of a loan, the newest first."""
    rows = _with_people(Override.objects.visible_to(actor).filter(loan=loan))
    return list(rows.order_by("-proposed_at", "-id"))


def waiting_count(actor: User) -> int:
    """Return how many overrides wait for this person: proposed, or to be ended, by another."""
    rows = Override.objects.visible_to(actor)
    proposed = rows.filter(status="proposed").exclude(proposed_by=actor)
    ending = rows.filter(status="ending").exclude(end_proposed_by=actor)
    return proposed.count() + ending.count()


def reported(actor: User, start: date, end: date) -> QuerySet[Override]:
    """Return what the audit committee is told: proposed in a span, or in force in it."""
    rows = _with_people(Override.objects.visible_to(actor))
    in_force = rows.filter(
        Q(ended_on=None) | Q(ended_on__gt=Greatest(F("counts_from"), Value(start))),
        status__in=COUNTED,
        counts_from__lte=end,
        until_date__gte=start,
    )
    days = report_span.span(actor, start, end)
    proposed = rows.filter(proposed_at__range=(days.first, days.last))
    return (proposed | in_force).order_by("proposed_at", "id")


COLUMNS = (
    *(
        "loan",
        "branch",
        "class_before",
        "class_set",
        "from",
        "until",
        "counts_from",
        "state",
        "reason",
    ),
    *("proposed_by", "proposed_at", "answered_by", "answered_at", "answer_note"),
    *("end_proposed_by", "end_proposed_at", "end_reason", "ended_by", "ended_at", "ended_on"),
)


def table(rows: Iterable[Override]) -> Iterator[Sequence[Any]]:
    """Yield the report for the audit committee: account, old, new, reason, who, when."""
    yield COLUMNS
    for one in rows:
        yield (
            *(one.loan.number, one.loan.branch.code, one.class_before, one.asset_class),
            *(one.from_date, one.until_date, one.counts_from or "", one.status),
            one.reason,
            *(_name(one.proposed_by), _moment(one.proposed_at)),
            *(_name(one.answered_by), _moment(one.answered_at), one.answer_note or ""),
            *(_name(one.end_proposed_by), _moment(one.end_proposed_at), one.end_reason or ""),
            *(_name(one.ended_by), _moment(one.ended_at), one.ended_on or ""),
        )


def _name(person: User | None) -> str:
    return person.name if person is not None else ""


def _moment(moment: Any) -> str:
    return moment.isoformat(timespec="seconds") if moment is not None else ""
