"""Read what a bank answers to debits, layout `creditrisk-debit-answers-1`. Pure.

The file begins with a header H, has one row D for each debit, and ends in a trailer T whose count
and totals must agree with the rows; only what stands in rows that cannot be read may be missing.
Each row is an answer, or refused with row, column and reason.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from apps.core.money import money
from apps.core.spreadsheets import unguarded
from apps.core.table_faults import CellRefused, Fault, FileUnreadable
from apps.core.table_formats import Format
from apps.core.tables import Line
from apps.debits.layouts import ANSWERS, DEBIT, HEADER, TRAILER

COLUMNS = ("reference", "outcome", "amount", "value_date", "reason", "bank_reference")
OUTCOMES = ("collected", "failed", "returned")
# A value date that lies further back is a mistake in the year.
OLDEST = timedelta(days=5 * 366)
LONGEST = 60
ZERO = Decimal(0)
_FORM = Format(dates="iso")
_HEADER_CELLS, _TRAILER_CELLS = 6, 4
# Of a count of rows.
_MOST_DIGITS = 9
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Head:
    """What the header says: whose answers, the bank's name of the file, its day and currency."""

    lender: str
    name: str
    currency: str
    day: date


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer: what became of a debit, of how much of it, when, and why it failed."""

    number: int
    reference: str
    outcome: str
    amount: Decimal
    value_date: date
    reason: str
    bank_reference: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot be taken, with everything that is wrong with it."""

    number: int
    faults: tuple[Fault, ...]
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Trailer:
    """What the trailer says there is."""

    rows: int
    collected: Decimal
    returned: Decimal


Row = Answered | Refused


def head(lines: Iterator[Line], *, lender: str, currency: str) -> Head:
    """Return the header, which is the first line. Raises FileUnreadable.

    It is refused where it is another lender's or in another currency.
    """
    first = next(lines, None)
    if first is None:
        raise FileUnreadable("empty")
    cells = _plain(first)
    if len(cells) != _HEADER_CELLS or cells[0] != HEADER or cells[1] != ANSWERS:
        raise FileUnreadable("no_answers_header", layout=ANSWERS)
    try:
        found = Head(lender=cells[2], name=_text(cells[3]), currency=cells[4], day=_day(cells[5]))
    except CellRefused:
        raise FileUnreadable("no_answers_header", layout=ANSWERS) from None
    if found.lender != lender:
        raise FileUnreadable("other_lender", expected=lender)
    if found.currency != currency:
        raise FileUnreadable("other_currency", expected=currency)
    if not found.name:
        raise FileUnreadable("no_answers_header", layout=ANSWERS)
    return found


class Reader:
    """Reads the rows behind the header, one after the other, and then knows the trailer.

    `today` is the day nothing may lie beyond, `reasons` the codes a failure may have. A debit is
    answered once in a file: a row that repeats one is refused.
    """

    def __init__(self, *, currency: str, today: date, reasons: Collection[str]) -> None:
        self.trailer: Trailer | None = None
        self._currency, self._today, self._reasons = currency, today, reasons
        self._seen: dict[str, int] = {}
        self._rows, self._unread = 0, 0
        self._sums = dict.fromkeys(OUTCOMES, ZERO)

    def rows(self, lines: Iterator[Line]) -> Iterator[tuple[Line, Row]]:
        """Yield each row with what it says. Raises FileUnreadable for what comes amiss."""
        for line in lines:
            cells = _plain(line)
            if self.trailer is not None:
                raise FileUnreadable("after_trailer", row=line.number)
            if cells[0] == TRAILER:
                self.trailer = self._trailer(cells, line.number)
                continue
            self._rows += 1
            row = self._row(line.number, cells)
            if isinstance(row, Answered):
                self._sums[row.outcome] += row.amount
            else:
                self._unread += 1
            yield line, row

    def reconcile(self) -> Trailer:
        """Return the trailer, compared with what was read. Raises FileUnreadable.

        Where every row could be read, the totals are the same; otherwise what is missing stands
        in rows that are refused, and there is never more than the trailer says.
        """
        told = self.trailer
        if told is None:
            raise FileUnreadable("no_trailer")
        if told.rows != self._rows:
            raise FileUnreadable("count_differs", told=told.rows, found=self._rows)
        if not told.rows:
            raise FileUnreadable("no_answers")
        for name, said in (("collected", told.collected), ("returned", told.returned)):
            found = self._sums[name]
            if found > said or (found < said and not self._unread):
                raise FileUnreadable(f"{name}_differs", told=f"{said:f}", found=f"{found:f}")
        return told

    def _trailer(self, cells: list[str], number: int) -> Trailer:
        is_shaped = len(cells) == _TRAILER_CELLS and cells[1].isascii() and cells[1].isdigit()
        if not is_shaped or len(cells[1]) > _MOST_DIGITS:
            raise FileUnreadable("trailer_unreadable", row=number)
        try:
            collected, returned = (self._total(cell) for cell in cells[2:])
        except CellRefused:
            raise FileUnreadable("trailer_unreadable", row=number) from None
        return Trailer(int(cells[1]), collected, returned)

    def _total(self, text: str) -> Decimal:
        found = _FORM.number(text)
        if found < 0 or found != money(found, self._currency):
            raise CellRefused("trailer")
        return found

    def _row(self, number: int, cells: list[str]) -> Row:
        expected = len(COLUMNS) + 1
        if cells[0] != DEBIT or len(cells) > expected:
            facts = {"expected": expected}
            return Refused(number, (Fault("", "not_an_answer", facts),))
        named = dict(zip(COLUMNS, [*cells[1:], *[""] * expected], strict=False))
        faults: list[Fault] = []
        reference = _tried("reference", faults, lambda: self._reference(named, number)) or ""
        outcome = _tried("outcome", faults, lambda: _outcome(named["outcome"])) or ""
        amount = _tried("amount", faults, lambda: self._amount(named["amount"]))
        day = _tried("value_date", faults, lambda: self._value_date(named["value_date"]))
        reason = _tried("reason", faults, lambda: self._reason(named["reason"], outcome)) or ""
        bank = _tried("bank_reference", faults, lambda: _text(named["bank_reference"])) or ""
        if faults or amount is None or day is None:
            return Refused(number, tuple(faults), reference)
        return Answered(number, reference, outcome, amount, day, reason, bank)

    def _reference(self, named: Mapping[str, str], number: int) -> str:
        found = _text(named["reference"])
        if not found:
            raise CellRefused("reference_missing")
        before = self._seen.setdefault(found, number)
        if before != number:
            raise CellRefused("answered_twice", row=before)
        return found

    def _amount(self, text: str) -> Decimal:
        found = _FORM.number(text)
        if found <= 0:
            raise CellRefused("not_above_zero")
        if found != money(found, self._currency):
            raise CellRefused("fraction_of_unit", currency=self._currency)
        return found

    def _value_date(self, text: str) -> date:
        found = _day(text)
        if found > self._today:
            raise CellRefused("day_ahead")
        if found < self._today - OLDEST:
            raise CellRefused("day_too_old")
        return found

    def _reason(self, text: str, outcome: str) -> str:
        if outcome == "collected":
            if text:
                raise CellRefused("reason_of_success")
            return ""
        if outcome and text not in self._reasons:
            raise CellRefused("reason_unknown")
        return text if outcome else ""


def _plain(line: Line) -> list[str]:
    """Return the cells without spaces around them; empty ones at the end are left out."""
    cells = [unguarded(cell.strip()) for cell in line.cells]
    while len(cells) > 1 and not cells[-1]:
        cells.pop()
    return cells


def _tried(column: str, faults: list[Fault], read: Callable[[], Value]) -> Value | None:
    try:
        return read()
    except CellRefused as refusal:
        faults.append(Fault(column, refusal.code, refusal.facts))
        return None


def _outcome(text: str) -> str:
    if text not in OUTCOMES:
        raise CellRefused("outcome_unknown")
    return text


def _day(text: str) -> date:
    found = _FORM.day(text)
    if found.year < 1970:
        raise CellRefused("day_too_old")
    return found


def _text(text: str) -> str:
    if len(text) > LONGEST:
        raise CellRefused("too_long")
    if not text.isprintable():
        raise CellRefused("control_characters")
    return text
