"""The totals of days computed loan by loan in Python, with none of the statements. For tests."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from apps.accounts.models import Entity
from apps.core import dates
from apps.decisions.models import Decision
from apps.ledger.models import Entry
from apps.loans.models import Allocation, Instalment, Loan
from apps.npa.models import LoanDay
from apps.portfolio import bands
from apps.portfolio.figures import COLUMNS, FLOWS, Sums
from apps.portfolio.models import DayBand, DayTotal

Place = tuple[date, str, str, str]
Found = dict[Place, Sums]
_GONE = {"closed", "written_off"}


def kept(entity: Entity) -> Found:
    """Return the totals that are kept."""
    rows = DayTotal.objects.filter(summed__entity=entity).select_related("summed")
    return {
        _place(row.summed.day, row): Sums(**{name: getattr(row, name) for name in COLUMNS})
        for row in rows
    }


def kept_bands(entity: Entity) -> dict[Any, tuple[int, Decimal]]:
    """Return what is kept by class and band."""
    rows = DayBand.objects.filter(summed__entity=entity).select_related("summed")
    return {
        (*_place(row.summed.day, row), row.asset_class, row.band): (row.loans, row.principal)
        for row in rows
    }


def computed(entity: Entity, days: Iterable[date]) -> Found:
    """Return the same from the loans: stocks of each day, flows since the first of its month."""
    found: Found = {}
    days = sorted(days)
    flows = _flows(entity, days)
    for day in days:
        stocks = _stocks(entity, day)
        since = [
            flows[one] for one in days if one.replace(day=1) == day.replace(day=1) and one <= day
        ]
        places = set(stocks) | {place for one in since for place in one}
        for place in places:
            total = stocks.get(place, Sums())
            for one in since:
                total += one.get(place, Sums())
            found[(day, *place)] = total
    return found


def computed_bands(entity: Entity, days: Iterable[date]) -> dict[Any, tuple[int, Decimal]]:
    """Return what is on the books by class and band, from the snapshots one by one."""
    found: dict[Any, tuple[int, Decimal]] = {}
    for day in days:
        for row in _on_books(entity, day):
            key = (*_place(day, row, row.loan), row.asset_class, bands.of_days(row.dpd_ifrs).value)
            loans, principal = found.get(key, (0, Decimal(0)))
            found[key] = (loans + 1, principal + row.principal)
    return found


def _place(day: date, row: Any, product_of: Any = None) -> Place:
    return (day, str(row.branch_id), str((product_of or row).product_id), row.currency)


def _on_books(entity: Entity, day: date) -> Iterator[LoanDay]:
    for row in LoanDay.objects.filter(entity=entity, day=day).select_related("loan"):
        if row.asset_class not in _GONE:
            yield row


def _stocks(entity: Entity, day: date) -> dict[Any, Sums]:
    found: dict[Any, Sums] = defaultdict(Sums)
    for row in _on_books(entity, day):
        bad = row.npa_date is not None
        over = {
            f"over_{days}": row.principal if row.dpd_ifrs > days else Decimal(0)
            for days in (30, 60, 90)
        }
        found[_place(day, row, row.loan)[1:]] += Sums(
            loans=1,
            principal=row.principal,
            provision=row.provision,
            npa_loans=int(bad),
            npa_principal=row.principal if bad else Decimal(0),
            npa_provision=row.provision if bad else Decimal(0),
            **over,
        )
    return found


def _flows(entity: Entity, days: list[date]) -> dict[date, dict[Any, Sums]]:
    """Return what happened on each day, nothing added up over days."""
    found: dict[date, dict[Any, Sums]] = {day: defaultdict(Sums) for day in days}
    loans = {one.pk: one for one in Loan.objects.filter(branch__entity=entity)}
    for (day, *place), sums in (
        *_outstanding(entity, days),
        *_posted(loans),
        *_due(loans, days),
        *_decided(entity),
    ):
        if day in found:
            found[day][tuple(place)] += sums
    return found


def _outstanding(entity: Entity, days: list[date]) -> Iterator[tuple[Place, Sums]]:
    for day in days:
        for row in _on_books(entity, day):
            yield _place(day, row, row.loan), Sums(principal_days=row.principal)


def _posted(loans: dict[Any, Loan]) -> Iterator[tuple[Place, Sums]]:
    for entry in Entry.objects.filter(loan_id__in=loans).select_related("reverses"):
        place = _place(entry.day, entry, loans[entry.loan_id])
        yield place, _of_lines(entry)
        if _event(entry) == "repayment":
            yield from _of_late(entry, loans[entry.loan_id], place)


def _due(loans: dict[Any, Loan], days: list[date]) -> Iterator[tuple[Place, Sums]]:
    for loan in loans.values():
        for row in _stood(loan, days):
            standing = LoanDay.objects.filter(loan=loan, day=row.due_date).first()
            if standing is not None and row.due > 0:
                yield _place(row.due_date, standing, loan), _of_instalment(row)


def _stood(loan: Loan, days: Iterable[date]) -> Iterator[Instalment]:
    """Yield what fell due by the schedule that was in force at the end of each day."""
    for day in days:
        versions = [
            one
            for one in loan.schedules.all()
            if (one.in_force or one.ends_on) and (one.starts_on or day) <= day
        ]
        stood = [one for one in versions if one.ends_on is None or one.ends_on > day]
        assert len(stood) == 1, loan.number
        yield from stood[0].instalments.filter(due_date=day)


def _decided(entity: Entity) -> Iterator[tuple[Place, Sums]]:
    said = {"approve": "approved", "decline": "declined"}
    for decision in Decision.objects.filter(application__branch__entity=entity):
        if decision.outcome in said:
            day = dates.local_date(decision.decided_at, entity.time_zone)
            yield _place(day, decision.application), Sums(**{said[decision.outcome]: 1})


def _event(entry: Entry) -> str:
    return entry.reverses.event if entry.reverses else entry.event


def _of_lines(entry: Entry) -> Sums:
    """Return what the lines of an entry say; each account and event that counts, and its sign."""
    event = _event(entry)
    told = {
        ("principal", "disbursement"): ("disbursed", 1),
        ("principal", "write_off"): ("written_off", -1),
        ("cash", "repayment"): ("repaid", 1),
        ("advances", "repayment"): ("repaid", 1),
        ("unidentified", "repayment"): ("repaid", 1),
        ("recovery_income", event): ("recovered", -1),
        ("interest_income", event): ("interest_income", -1),
    }
    made: dict[str, Decimal] = dict.fromkeys(FLOWS, Decimal(0))
    for line in entry.lines.all():
        if (line.account, event) in told:
            name, sign = told[line.account, event]
            made[name] += sign * (line.debit - line.credit)
    return Sums(**made)


def _of_late(entry: Entry, loan: Loan, place: Place) -> Iterator[tuple[Place, Sums]]:
    """Yield what of a payment went to instalments that fell due before its day.

    What fell due in the month counts with the snapshot of that day, where there is one.
    """
    for part in Allocation.objects.filter(entry=entry).select_related("instalment"):
        due = part.instalment.due_date
        if due < entry.day.replace(day=1):
            yield place, Sums(arrears_collected=part.amount)
        elif due < entry.day:
            standing = LoanDay.objects.filter(loan=loan, day=due).first()
            counted = any(one.number == part.instalment.number for one in _stood(loan, [due]))
            if standing is not None and counted:
                yield _place(entry.day, standing, loan), Sums(collected=part.amount)


def _of_instalment(row: Instalment) -> Sums:
    parts = row.allocations.select_related("entry", "entry__reverses")
    paid = sum(
        (
            part.amount
            for part in parts
            if part.entry.day <= row.due_date and _event(part.entry) == "repayment"
        ),
        Decimal(0),
    )
    return Sums(
        instalments=1,
        on_time=int(paid >= row.due),
        paid_share=round(min(paid / row.due, Decimal(1)), 6),
        due=row.due,
        collected=min(paid, row.due),
    )
