"""Take loans of a tape on the books, many at once: schedule, journal entry and state by COPY."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from apps.audit import services as audit
from apps.core import bulk
from apps.core.money import MINOR_UNITS
from apps.ledger import services as ledger
from apps.ledger.chart import Event
from apps.ledger.posting import Posting
from apps.loans import payout
from apps.loans.models import Instalment, Loan, ScheduleVersion
from apps.schedules import documents, many
from apps.schedules.terms import Rounding, Terms

# Loans of one transaction: some hundred thousand instalments, a few seconds.
CHUNK = 2_000


@dataclass(frozen=True, kw_only=True)
class TakenOn:
    """What was taken on: how many loans and instalments, and what did not go as on the tape.

    `refused` are numbers of loans whose terms make no schedule; `otherwise` counts loans whose
    instalment by our schedule is not the tape's.
    """

    loans: int = 0
    instalments: int = 0
    refused: tuple[str, ...] = ()
    otherwise: int = 0

    def __add__(self, other: "TakenOn") -> "TakenOn":
        return TakenOn(
            loans=self.loans + other.loans,
            instalments=self.instalments + other.instalments,
            refused=self.refused + other.refused,
            otherwise=self.otherwise + other.otherwise,
        )


def take_on(*, actor: str, loans: QuerySet[Loan], now: datetime) -> TakenOn:
    """Open loans of a tape on the books as they were contracted, and say what was done.

    Each gets its original schedule and the entry of its payment on the day of the tape; nothing
    that was repaid since is on the books by this. Chunk by chunk, each whole or not at all: may be
    interrupted and run again, and a loan that is on the books already is passed over. Raises
    DayClosed where the books of a day are closed.
    """
    keys = list(loans.filter(status="imported").order_by("number").values_list("pk", flat=True))
    done = TakenOn()
    for start in range(0, len(keys), CHUNK):
        done += _chunk(keys[start : start + CHUNK], actor=actor, now=now)
    if done.loans:
        bulk.refresh_statistics(Loan, ScheduleVersion, Instalment)
    return done


@transaction.atomic
def _chunk(keys: Sequence[uuid.UUID], *, actor: str, now: datetime) -> TakenOn:
    rows = Loan.objects.select_for_update(no_key=True).filter(pk__in=keys, status="imported")
    loans = list(rows.order_by("number"))
    terms = _agreeing(loans)
    book = many.build(terms)
    kept = [place for place in range(len(loans)) if place not in book.refused]
    versions = {place: uuid.uuid4() for place in kept}
    bulk.copy_into(
        ScheduleVersion,
        [_version(versions[place], loans[place], terms[place]) for place in kept],
    )
    written = bulk.copy_into(
        Instalment,
        (row for place in kept for row in _instalments(loans[place], versions[place], book, place)),
    )
    ledger.post_many(actor=actor, postings=[_posting(loans[place]) for place in kept], now=now)
    moved = [loans[place].pk for place in kept]
    Loan.move_all(Loan.objects.filter(pk__in=moved), "take_on")
    found = TakenOn(
        loans=len(kept),
        instalments=written,
        refused=tuple(loans[place].number for place in sorted(book.refused)),
        otherwise=sum(_is_otherwise(loans[place], book, place) for place in kept),
    )
    if kept:
        _record(actor, loans[0].source, found)
    return found


def _agreeing(loans: Sequence[Loan]) -> list[Terms]:
    """Return the terms of loans, rounded the way that gives the instalment of the tape.

    Some lenders round an instalment half-up, some up; where neither gives it, half-up.
    """
    terms = [_terms(loan) for loan in loans]
    book = many.build(terms)
    odd = [
        place
        for place, loan in enumerate(loans)
        if place not in book.refused and _is_otherwise(loan, book, place)
    ]
    raised = [replace(terms[place], rounding_mode=Rounding.UP) for place in odd]
    other = many.build(raised)
    for number, place in enumerate(odd):
        is_sound = number not in other.refused
        if is_sound and not _is_otherwise(loans[place], other, number):
            terms[place] = raised[number]
    return terms


def _terms(loan: Loan) -> Terms:
    if loan.disbursed_date is None:
        raise ValueError(f"{loan.number} has no day on which it was paid out.")
    return Terms(
        principal=loan.principal,
        currency=loan.currency,
        annual_rate=loan.annual_rate,
        instalments=loan.term_months,
        disbursed_on=loan.disbursed_date,
    )


def _version(key: uuid.UUID, loan: Loan, terms: Terms) -> dict[str, Any]:
    return {
        "id": key,
        "loan_id": loan.pk,
        "number": 1,
        "kind": ScheduleVersion.Kind.ORIGINAL,
        "reason": ScheduleVersion.Reason.TAKEN_ON,
        "terms": documents.to_document(terms),
    }


def _instalments(
    loan: Loan, version: uuid.UUID, book: many.Book, place: int
) -> Iterator[dict[str, Any]]:
    rows = book.rows(place)
    columns = book.columns
    places = MINOR_UNITS[loan.currency]
    amounts = {
        name: [Decimal(value).scaleb(-places) for value in getattr(columns, name)[rows].tolist()]
        for name in ("opening", "principal", "interest", "fee", "closing")
    }
    for index, due in enumerate(columns.due_on[rows].tolist()):
        yield {
            "schedule_id": version,
            "loan_id": loan.pk,
            "number": index + 1,
            "due_date": due,
            **{name: values[index] for name, values in amounts.items()},
        }


def _posting(loan: Loan) -> Posting:
    if loan.disbursed_date is None:
        raise ValueError(f"{loan.number} has no day on which it was paid out.")
    return Posting(
        event=Event.DISBURSEMENT,
        day=loan.disbursed_date,
        lines=payout.lines(loan.principal, payout.Upfront(), is_net=True),
        reference=f"taken-on:{loan.pk}",
        branch_id=loan.branch_id,
        currency=loan.currency,
        loan_id=loan.pk,
        customer_id=loan.customer_id,
        facts={"tape": loan.source},
    )


def _is_otherwise(loan: Loan, book: many.Book, place: int) -> bool:
    first = int(book.columns.instalment[book.rows(place).start])
    return Decimal(first).scaleb(-MINOR_UNITS[loan.currency]) != loan.instalment


def _record(actor: str, source: str, found: TakenOn) -> None:
    audit.record(
        actor,
        "loans.taken_on",
        f"loans.tape:{source}",
        loans=found.loans,
        instalments=found.instalments,
        refused=len(found.refused),
    )
