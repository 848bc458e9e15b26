"""Read the rows of a bank's or an M-Pesa statement. Pure.

Each is money that came in, no such thing, or refused with row, column and reason. Days are read
with the year first (ISO) or the day first; the month first only where the sender says so. A row
that takes money out, or that was not completed, is no fault: it is passed over.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TypeVar

from apps.core.money import money
from apps.core.spreadsheets import unguarded
from apps.core.table_faults import CellRefused, Fault, FileUnreadable
from apps.core.table_formats import Format
from apps.core.tables import LONGEST_HEADING, Line
from apps.repayments import statement_columns as columns
from apps.repayments.statement_samples import SAMPLE

# Money that is said to have come in longer ago is a mistake in the year.
OLDEST = timedelta(days=5 * 366)
LONGEST_REFERENCE = 60
LONGEST_TEXT = 500
_LARGEST = Decimal("9999999999999.99")
_YEAR_FIRST = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d")
_DAY_FIRST = (
    *("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%d-%m-%y", "%d.%m.%y"),
    *("%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%d/%b/%Y"),
)
_MONTH_FIRST = ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%b %d %Y", "%b %d, %Y")
_TIME = re.compile(r"[T ]+\d{1,2}:\d{2}(:\d{2})?(\.\d+)?( ?[AaPp][Mm])?(Z|[+-]\d{2}:?\d{2})?$")
_CURRENCY_SIGNS = re.compile(
    r"^(?:[A-Z]{3}|Rs\.?|KSh\.?|Ksh\.?|[₹$€])\s*", re.ASCII | re.IGNORECASE
)
_SIDE = re.compile(r"\s*\b(cr|dr)\b\.?$", re.IGNORECASE)
_OUT = frozenset({"d", "dr", "debit", "withdrawal", "out"})
_IN = frozenset({"c", "cr", "credit", "deposit", "in"})
_COMPLETED = frozenset({"completed", "complete", "success", "successful", "posted", "settled", ""})


@dataclass(frozen=True, slots=True)
class Money:
    """Money that came in: when it counts, how much, and what the payer wrote.

    `reference` is the bank's own name of the movement, empty where the statement has none;
    `account` is what the payer gave as account or loan number.
    """

    number: int
    day: date
    amount: Decimal
    reference: str = ""
    account: str = ""
    narrative: str = ""
    party: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot be taken, with everything that is wrong with it."""

    number: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Passed:
    """A row that is no money coming in: a code of why."""

    number: int
    because: str


Row = Money | Refused | Passed
Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads the rows of one statement: where the columns stand, how it writes, in what currency.

    `dates` is `day_first` or `month_first`; `today` is the day nothing may lie beyond.
    """

    roles: Mapping[str, int]
    header: tuple[str, ...]
    form: Format
    currency: str
    today: date

    def read(self, line: Line) -> Row:
        """Return what one row says."""
        if len(line.cells) > len(self.header):
            facts = {"found": len(line.cells), "expected": len(self.header)}
            return Refused(line.number, (Fault("", "too_many_cells", facts),))
        cells = {
            role: unguarded(line.cells[place].strip()) if place < len(line.cells) else ""
            for role, place in self.roles.items()
        }
        if cells.get(columns.REFERENCE, "").startswith(SAMPLE):
            return Passed(line.number, "sample")
        if cells.get(columns.STATUS, "").casefold() not in _COMPLETED:
            return Passed(line.number, "not_completed")
        return self._movement(line.number, cells)

    def _movement(self, number: int, cells: Mapping[str, str]) -> Row:
        faults: list[Fault] = []
        amount = self._tried(columns.AMOUNT, faults, lambda: self._amount(cells))
        if not faults and (amount is None or amount <= 0):
            return Passed(number, "taken_out" if amount else "no_amount")
        day = self._tried(columns.DAY, faults, lambda: self._day(cells.get(columns.DAY, "")))
        texts = {
            role: self._tried(role, faults, partial(_text, role, cells.get(role, "")))
            for role in _TEXTS
        }
        self._tried(columns.CURRENCY, faults, lambda: self._check_currency(cells))
        if faults or amount is None or day is None:
            return Refused(number, tuple(faults))
        return Money(number, day, amount, **{role: str(text) for role, text in texts.items()})

    def _tried(self, role: str, faults: list[Fault], read: Callable[[], Value]) -> Value | None:
        try:
            return read()
        except CellRefused as refusal:
            place = self.roles.get(refusal.facts.pop("role", role))
            heading = self.header[place] if place is not None else ""
            faults.append(Fault(heading, refusal.code, refusal.facts))
            return None

    def _amount(self, cells: Mapping[str, str]) -> Decimal | None:
        """Return what came in, negative where it went out, None where the row moves nothing."""
        if columns.CREDIT in self.roles:
            came = self._number(cells, columns.CREDIT)
            went = self._number(cells, columns.DEBIT) if columns.DEBIT in self.roles else None
            if came and went:
                raise CellRefused("both_sides", role=columns.CREDIT)
            # Some statements write what was taken out with its sign.
            return came or (-abs(went) if went else None)
        found = self._number(cells, columns.AMOUNT)
        side = cells.get(columns.SIGN, "").strip(" .").casefold()
        if found is None or columns.SIGN not in self.roles:
            return found
        if side in _OUT:
            return -abs(found)
        if side not in _IN:
            raise CellRefused("side_unknown", role=columns.SIGN)
        return found

    def _number(self, cells: Mapping[str, str], role: str) -> Decimal | None:
        text = cells.get(role, "")
        if not text.strip("- \u2013"):
            return None
        side = _SIDE.search(text)
        plain = _SIDE.sub("", _CURRENCY_SIGNS.sub("", text)).strip()
        if plain.startswith("(") and plain.endswith(")"):
            plain = f"-{plain[1:-1]}"
        try:
            value = self.form.number(plain)
        except CellRefused as refusal:
            raise CellRefused(refusal.code, role=role) from None
        if side and side[1].casefold() == "dr":
            value = -abs(value)
        if abs(value) > _LARGEST:
            raise CellRefused("amount_too_large", role=role)
        if value != money(value, self.currency):
            raise CellRefused("fraction_of_unit", role=role, currency=self.currency)
        return value

    def _day(self, text: str) -> date:
        found = day_of(text, month_first=self.form.dates == "month_first")
        if found is None:
            pattern = "MM/DD/YYYY" if self.form.dates == "month_first" else "DD/MM/YYYY"
            raise CellRefused("day_unreadable", pattern=pattern)
        if found > self.today:
            raise CellRefused("day_ahead")
        if found < self.today - OLDEST:
            raise CellRefused("day_too_old")
        return found

    def _check_currency(self, cells: Mapping[str, str]) -> None:
        found = cells.get(columns.CURRENCY, "").upper()
        if found and found != self.currency:
            raise CellRefused("another_currency", expected=self.currency)


def day_of(text: str, *, month_first: bool = False) -> date | None:
    """Return the day a cell holds, whatever time stands behind it, or None where it holds none.

    The year first or the day first; the month first in place of the day first where said so.
    """
    plain = _TIME.sub("", " ".join(text.split()))
    for pattern in (*_YEAR_FIRST, *(_MONTH_FIRST if month_first else _DAY_FIRST)):
        try:
            found = datetime.strptime(plain, pattern).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        # strptime reads 25 as the year 25 where four digits are asked for.
        return found if found.year >= 1970 else None
    return None


def find_header(
    lines: Iterator[Line], layout: str, told: Mapping[str, str] | None = None
) -> tuple[tuple[str, ...], dict[str, int]]:
    """Return the header of a statement and what stands where; the iterator is behind it then.

    `told` maps roles to headings, where the sender says what those are. Raises FileUnreadable
    where the file is empty, or none of its first lines is a header.
    """
    read = 0
    for line in lines:
        read += 1
        roles = columns.header_roles(line.cells, layout, told or {})
        if roles is not None:
            header = tuple(" ".join(cell.split())[:LONGEST_HEADING] for cell in line.cells)
            return header, roles
        if read > columns.MOST_LINES_ABOVE:
            break
    raise FileUnreadable("no_header" if read else "empty")


def once_each(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the rows; one that repeats a reference of the file is passed over, or refused.

    It is passed over where it says the same as before, and refused where day or amount differ.
    """
    seen: dict[str, Money] = {}
    for row in rows:
        if not isinstance(row, Money) or not row.reference:
            yield row
            continue
        before = seen.setdefault(row.reference, row)
        if before is row:
            yield row
        elif (before.day, before.amount) == (row.day, row.amount):
            yield Passed(row.number, "repeated")
        else:
            facts = {"row": before.number}
            yield Refused(row.number, (Fault("", "reference_twice", facts),))


_TEXTS = (*(columns.REFERENCE, columns.ACCOUNT, columns.NARRATIVE, columns.PARTY, columns.PHONE),)


def _text(role: str, text: str) -> str:
    value = " ".join(text.split())
    if len(value) > (LONGEST_REFERENCE if role == columns.REFERENCE else LONGEST_TEXT):
        raise CellRefused("too_long")
    if not value.replace("\u200c", "").replace("\u200d", "").isprintable():
        raise CellRefused("control_characters")
    if role == columns.REFERENCE:
        return _reference(value)
    return value


def _reference(text: str) -> str:
    """Return a reference as it is compared; what only fills the cell, such as 000 or -, is none."""
    value = "".join(text.split()).upper()
    return value if any(sign.isalnum() and sign != "0" for sign in value) else ""
