"""What can be asked about early signals: those of a lender, of one loan, of a page of loans."""

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from apps.accounts.models import User
from apps.collections import wording
from apps.collections.models import EarlySignal
from apps.collections.warning import Signal
from apps.core import keyset
from apps.core.keyset import Page
from apps.loans.models import Loan
from apps.npa.models import LoanDay
from apps.npa.portfolio_rows import Chosen

COLUMNS = (
    *("loan", "customer", "branch", "currency", "signal", "value", "since", "until"),
    "days_past_due",
)
CHUNK = 2_000
_ORDER = ("-began_on", "-id")


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which signals are listed: one code or all; standing, over, or both."""

    signal: str = ""
    state: str = "standing"


def listed(actor: User, chosen: Chosen, filters: Filters) -> QuerySet[EarlySignal]:
    """Return the signals of a lender's loans in a currency that a person may see."""
    rows: QuerySet[EarlySignal] = EarlySignal.objects.visible_to(actor).filter(
        entity=chosen.entity, loan__currency=chosen.currency
    )
    if chosen.branch:
        rows = rows.filter(loan__branch=chosen.branch)
    if filters.signal:
        rows = rows.filter(code=filters.signal)
    if filters.state:
        rows = rows.filter(ended_on__isnull=filters.state == "standing")
    return rows.select_related("loan__customer", "loan__branch")


def page(rows: QuerySet[EarlySignal], *, after: str, before: str) -> Page[EarlySignal]:
    """Return one page of signals, the newest first."""
    return keyset.page(rows, by=_ORDER, after=after, before=before)


def standing(keys: Collection[uuid.UUID]) -> dict[uuid.UUID, list[EarlySignal]]:
    """Return the signals that stand for some loans, by their keys, the oldest first."""
    found: dict[uuid.UUID, list[EarlySignal]] = {}
    for one in EarlySignal.objects.filter(loan__in=keys, ended_on=None).order_by("began_on", "id"):
        found.setdefault(one.loan_id, []).append(one)
    return found


def of_loan(loan: Loan) -> list[EarlySignal]:
    """Return all signals of a loan, those that stand first, then the newest."""
    rows = EarlySignal.objects.filter(loan=loan).order_by("-began_on", "-id")
    return sorted(rows, key=lambda one: one.ended_on is not None)


def having(rows: QuerySet[LoanDay], signal: str) -> QuerySet[LoanDay]:
    """Keep the rows of loans for which a signal stands; all where none is asked for."""
    if not signal:
        return rows
    signals = EarlySignal.objects.filter(loan=OuterRef("loan_id"), ended_on=None, code=signal)
    return rows.filter(Exists(signals))


def word(one: EarlySignal) -> Any:
    """Return what a signal is called."""
    return wording.SIGNALS[Signal(one.code)]


def seen(one: EarlySignal) -> str:
    """Return the figure that raised a signal, with its unit."""
    return wording.seen(Signal(one.code), one.value)


def late(rows: Sequence[EarlySignal], chosen: Chosen) -> dict[uuid.UUID, int]:
    """Return how many days past due the loans of some signals were on the last day."""
    keys = [one.loan_id for one in rows]
    found = LoanDay.objects.filter(day=chosen.day, loan__in=keys)
    return dict(found.values_list("loan_id", "dpd_ifrs"))


def table(rows: QuerySet[EarlySignal], chosen: Chosen) -> Iterator[Sequence[Any]]:
    """Yield signals as a file, the newest first; no name, no official number."""
    yield COLUMNS
    chunk: list[EarlySignal] = []
    for one in rows.order_by(*_ORDER).iterator(chunk_size=CHUNK):
        chunk.append(one)
        if len(chunk) == CHUNK:
            yield from _lines(chunk, chosen)
            chunk = []
    yield from _lines(chunk, chosen)


def _lines(rows: Sequence[EarlySignal], chosen: Chosen) -> Iterator[Sequence[Any]]:
    days = late(rows, chosen)
    for one in rows:
        yield (
            *(one.loan.number, one.loan.customer.number, one.loan.branch.code, one.loan.currency),
            *(one.code, one.value, one.began_on, one.ended_on or "", days.get(one.loan_id, "")),
        )
