"""Many schedules of equal monthly instalments at once, as columns; to the cent as one by one.

Pure. Amounts are whole smallest units of the currency (paise, cents), so that sums are exact. The
interest of a row is the exact rational opening x rate / 12, rounded half-up in integers. Only the
level instalment is computed in floating point; where that leaves open which unit it rounds to, and
for every loan that is not plain, `building.build` computes the schedule instead. Invariant, held
by tests: whatever the loan, the rows are those of `building.build`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.core import dates, money
from apps.schedules import building, checks, last_instalment, periods
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import (
    DayCount,
    Fee,
    FeeTiming,
    FirstPeriod,
    Frequency,
    Method,
    Rounding,
    Schedule,
    Terms,
)

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

# A rate of more decimals is computed one by one.
_RATE_PLACES = 6
_RATE_UNIT = 10**_RATE_PLACES
_DIVISOR = 12 * _RATE_UNIT
# No loan of so many months lasts longer than `build` allows.
_LONGEST = 12 * (periods.LONGEST_YEARS - 1)
# Twice an opening balance times a rate must stay below 2^63.
_LARGEST = 10**12
_HIGHEST_RATE = 4
# The relative error of a level instalment in floating point is below a hundredth of this.
_PRECISION = 1e-13
# Where the bound on the last instalment comes this near, `build` decides.
_CLEARLY = 0.9
_THIRTY_360 = frozenset({DayCount.THIRTY_360_US, DayCount.THIRTY_360_EU})
_MODES = tuple(Rounding)
_HALVES = [_MODES.index(Rounding.HALF_UP), _MODES.index(Rounding.HALF_EVEN)]
_SMALLEST = {currency: money.quantum(currency) for currency in money.MINOR_UNITS}
# The very objects that terms hold where none were given: found the same without comparing.
_GIVEN = {field.name: field.default for field in fields(Terms)}
_NO_GRACE, _NO_DAYS_OFF = _GIVEN["grace"], _GIVEN["calendar"]
_NO_FEES = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Columns:
    """The rows of all schedules, one after the other; row k of loan i stands at starts[i] + k.

    Amounts are whole smallest units of the loan's currency; `due_on` is datetime64[D].
    """

    due_on: NDArray[np.datetime64]
    opening: Integers
    principal: Integers
    interest: Integers
    fee: Integers
    instalment: Integers
    closing: Integers


@dataclass(frozen=True, slots=True)
class Book:
    """Schedules of many loans. `counts[i]` rows of loan i begin at `starts[i]`.

    A refused loan has no rows and stands in `refused` by its place.
    """

    columns: Columns
    starts: Integers
    counts: Integers
    refused: dict[int, TermsRefused]

    def rows(self, place: int) -> slice:
        """Return where the rows of one loan stand in the columns."""
        first = int(self.starts[place])
        return slice(first, first + int(self.counts[place]))


def build(loans: Sequence[Terms]) -> Book:
    """Return the schedules of all loans, in their order."""
    plain = _Plain.of(loans)
    blocks = list(plain.blocks())
    done = np.zeros(len(loans), dtype=bool)
    for block in blocks:
        done[block.places] = True
    singly, refused = _singly(loans, np.flatnonzero(~done))
    counts = np.zeros(len(loans), dtype=np.int64)
    for block in blocks:
        counts[block.places] = block.due_on.shape[0]
    for place, schedule in singly.items():
        counts[place] = len(schedule.rows)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    columns = _empty(int(counts.sum()))
    for block in blocks:
        block.write(columns, starts[block.places])
    for place, schedule in singly.items():
        _write(columns, int(starts[place]), schedule)
    return Book(columns=columns, starts=starts, counts=counts, refused=refused)


@dataclass(frozen=True, slots=True)
class _Plain:
    """What the vectorised path takes of loans it can take; `places` are theirs among all."""

    places: Integers
    lent: Integers
    rate: Integers
    count: Integers
    first_month: Integers
    day: Integers
    unit: Integers
    mode: Integers
    first_fee: Integers
    each_fee: Integers

    @classmethod
    def of(cls, loans: Sequence[Terms]) -> "_Plain":
        """Return the numbers of the plain ones among the loans."""
        numbers = (_numbers(place, terms) for place, terms in enumerate(loans))
        found = [one for one in numbers if one is not None]
        table = np.array(found, dtype=np.int64).reshape(len(found), len(fields(cls)))
        return cls(*table.T)

    def blocks(self) -> "Iterator[_Block]":
        """Yield the schedules that are certain, by number of instalments."""
        order = np.argsort(self.count, kind="stable")
        bounds = np.flatnonzero(np.diff(self.count[order])) + 1
        for members in np.split(order, bounds):
            if len(members):
                yield from _blocks(self.only(members))

    def only(self, members: NDArray[Any]) -> "_Plain":
        """Return some of the loans."""
        return _Plain(*(getattr(self, field.name)[members] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class _Block:
    """Schedules of one length: a row for each instalment, a column for each loan."""

    places: Integers
    due_on: NDArray[np.datetime64]
    opening: Integers
    principal: Integers
    interest: Integers
    fee: Integers
    instalment: Integers
    closing: Integers

    def only(self, kept: NDArray[np.bool_]) -> "_Block":
        """Return some of the schedules."""
        return _Block(
            **{field.name: getattr(self, field.name)[..., kept] for field in fields(self)}
        )

    def write(self, columns: Columns, starts: Integers) -> None:
        """Put the rows where they belong."""
        count, loans = self.opening.shape
        is_joined = bool((np.diff(starts) == count).all())
        first = int(starts[0])
        at: Any = slice(first, first + count * loans)
        if not is_joined:
            at = (starts[:, None] + np.arange(count)).ravel()
        for field in fields(columns):
            getattr(columns, field.name)[at] = getattr(self, field.name).T.ravel()


def _numbers(place: int, terms: Terms) -> tuple[int, ...] | None:
    """Return a loan as the numbers of `_Plain`, or None where only `build` will do."""
    smallest = _SMALLEST.get(terms.currency)
    if smallest is None or not _is_plain(terms):
        return None
    unit = smallest if terms.rounding_unit is None else terms.rounding_unit
    fees = _fees(terms.fees, smallest) if terms.fees else _NO_FEES
    if fees is None or terms.principal % smallest or unit % smallest:
        return None
    upfront, first_fee, each_fee = fees
    lent, whole_unit = int(terms.principal / smallest), int(unit / smallest)
    if not (0 < whole_unit <= lent <= _LARGEST and upfront < lent):
        return None
    day = terms.disbursed_on
    return (
        *(place, lent, int(terms.annual_rate * _RATE_UNIT), terms.instalments),
        *((day.year - 1970) * 12 + day.month, day.day),
        *(whole_unit, _MODES.index(terms.rounding_mode), first_fee, each_fee),
    )


def _is_plain(terms: Terms) -> bool:
    """Return whether every period is a regular month and nothing but rounding bends instalments.

    Whatever `checks` might refuse is not plain, so that `build` says why.
    """
    return (
        terms.method == Method.EQUAL_INSTALMENT
        and terms.frequency == Frequency.MONTHLY
        and terms.day_count in _THIRTY_360
        and type(terms.instalments) is int
        and 1 <= terms.instalments <= _LONGEST
        and _is_sound_rate(terms.annual_rate)
        and _is_number(terms.principal)
        and (terms.rounding_unit is None or _is_number(terms.rounding_unit))
        and _is_regular_from_the_first(terms)
        and (terms.grace is _NO_GRACE or terms.grace == _NO_GRACE)
        and (terms.calendar is _NO_DAYS_OFF or terms.calendar == _NO_DAYS_OFF)
        and isinstance(terms.rounding_mode, Rounding)
        and isinstance(terms.first_period, FirstPeriod)
        and not (terms.tranches or terms.steps or terms.rows or terms.down_payment)
        and terms.balloon is None
    )


def _is_number(value: object) -> bool:
    """Return whether `checks` might take it: what is larger has too many digits to divide."""
    if not isinstance(value, Decimal) or not value.is_finite():
        return False
    return abs(value) <= checks.LARGEST_AMOUNT


def _is_sound_rate(rate: Decimal) -> bool:
    return _is_number(rate) and 0 <= rate <= _HIGHEST_RATE and rate == round(rate, _RATE_PLACES)


def _is_regular_from_the_first(terms: Terms) -> bool:
    paid_out, due = terms.disbursed_on, terms.first_due_on
    if type(paid_out) is not date or not checks.EARLIEST <= paid_out <= checks.LATEST:
        return False
    return due is None or due == dates.add_months(paid_out, 1) <= checks.LATEST


def _fees(fees: Sequence[Fee], smallest: Decimal) -> tuple[int, int, int] | None:
    """Return the fees kept back, of the first instalment and of each; None where `build` judges."""
    codes = {fee.code for fee in fees if fee.code}
    sums = dict.fromkeys(FeeTiming, 0)
    for fee in fees:
        is_sound = _is_number(fee.amount) and fee.amount >= 0 and not fee.amount % smallest
        if not is_sound or not isinstance(fee.timing, FeeTiming):
            return None
        sums[fee.timing] += int(fee.amount / smallest)
    if len(codes) != len(fees) or sum(sums.values()) * smallest > checks.LARGEST_AMOUNT:
        return None
    each = sums[FeeTiming.EACH_INSTALMENT]
    return sums[FeeTiming.UPFRONT], sums[FeeTiming.FIRST_INSTALMENT] + each, each


def _blocks(loans: _Plain) -> Iterator[_Block]:
    """Yield what is certain of loans of one length."""
    exact, growth = _exact(loans)
    level = _rounded(loans, exact)
    certain = np.flatnonzero(_is_certain(loans, exact) & _is_pennies(level, growth))
    if not len(certain):
        return
    block = _amortised(loans.only(certain), level[certain])
    sound = _is_sound(block, level[certain])
    if sound.all():
        yield block
    elif sound.any():
        yield block.only(sound)


def _exact(loans: _Plain) -> tuple[Floats, Floats]:
    """Return the level instalment before rounding, and ((1+i)^n - 1)/i (rule book 9.1)."""
    count = loans.count
    monthly = loans.rate / _DIVISOR
    discount = -np.expm1(-count * np.log1p(monthly))
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(loans.rate > 0, loans.lent * monthly / discount, loans.lent / count)
        growth = np.where(loans.rate > 0, np.expm1(count * np.log1p(monthly)) / monthly, count)
    return level, growth


def _is_certain(loans: _Plain, exact: Floats) -> NDArray[np.bool_]:
    """Return where floating point leaves no doubt about the unit an instalment rounds to."""
    units = exact / loans.unit
    fraction = units - np.floor(units)
    halves = np.isin(loans.mode, _HALVES)
    distance = np.where(halves, np.abs(fraction - 0.5), np.minimum(fraction, 1 - fraction))
    certain: NDArray[np.bool_] = distance > _PRECISION * (np.maximum(units, 1) + 1)
    return certain


def _is_pennies(level: Integers, growth: Floats) -> NDArray[np.bool_]:
    """Return where the rest in the last instalment is clearly within its bound."""
    share = float(last_instalment.LARGEST_SHARE) * level
    largest = np.minimum(share, last_instalment.LARGEST_UNITS)
    pennies: NDArray[np.bool_] = growth + 1 < _CLEARLY * largest
    return pennies


def _rounded(loans: _Plain, exact: Floats) -> Integers:
    units = exact / loans.unit
    whole = np.where(np.isin(loans.mode, _HALVES), np.rint(units), np.floor(units))
    whole += loans.mode == _MODES.index(Rounding.UP)
    return whole.astype(np.int64) * loans.unit


def _amortised(loans: _Plain, level: Integers) -> _Block:
    """Return all rows: interest on what is owed, principal the rest, the last takes all."""
    count = int(loans.count[0])
    shape = (count, len(level))
    opening, interest = np.empty(shape, dtype=np.int64), np.empty(shape, dtype=np.int64)
    balance, doubled = loans.lent.copy(), 2 * loans.rate
    for row in range(count):
        opening[row] = balance
        charge = balance * doubled
        charge += _DIVISOR
        np.floor_divide(charge, 2 * _DIVISOR, out=interest[row])
        balance += interest[row]
        balance -= level
    principal = level - interest
    principal[-1] = opening[-1]
    fee = np.tile(loans.each_fee, (count, 1))
    fee[0] = loans.first_fee
    return _Block(
        places=loans.places,
        due_on=_due_dates(loans, count),
        opening=opening,
        principal=principal,
        interest=interest,
        fee=fee,
        instalment=principal + interest + fee,
        closing=opening - principal,
    )


def _due_dates(loans: _Plain, count: int) -> NDArray[np.datetime64]:
    """Return the same day of each month, clipped to its end."""
    months = loans.first_month + np.arange(count)[:, None]
    first = months.astype("datetime64[M]").astype("datetime64[D]")
    length = (months + 1).astype("datetime64[M]").astype("datetime64[D]") - first
    day = np.minimum(loans.day.astype("timedelta64[D]"), length)
    found: NDArray[np.datetime64] = first + day - np.timedelta64(1, "D")
    return found


def _is_sound(block: _Block, level: Integers) -> NDArray[np.bool_]:
    """Return where every instalment repays something and leaves something to the last."""
    repays = (block.principal[:-1] >= 0) & (block.principal[:-1] < block.opening[:-1])
    last = block.principal[-1] + block.interest[-1]
    sound: NDArray[np.bool_] = repays.all(axis=0) & (last > 0) & (last <= 2 * level)
    return sound


def _singly(
    loans: Sequence[Terms], places: Integers
) -> tuple[dict[int, Schedule], dict[int, TermsRefused]]:
    """Return the schedules of loans that are computed one by one, and the refusals."""
    made: dict[int, Schedule] = {}
    refused: dict[int, TermsRefused] = {}
    for place in places.tolist():
        try:
            made[place] = building.build(loans[place])
        except TermsRefused as refusal:
            refused[place] = refusal
    return made, refused


def _empty(rows: int) -> Columns:
    amounts = [np.empty(rows, dtype=np.int64) for _field in fields(Columns)[1:]]
    return Columns(np.empty(rows, dtype="datetime64[D]"), *amounts)


def _write(columns: Columns, start: int, schedule: Schedule) -> None:
    smallest = money.quantum(schedule.terms.currency)
    for at, row in enumerate(schedule.rows, start=start):
        columns.due_on[at] = row.due_on
        for field in fields(columns)[1:]:
            getattr(columns, field.name)[at] = int(getattr(row, field.name) / smallest)
