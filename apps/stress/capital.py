"""Profit and capital year by year, out of a lender's stated figures and what a test found. Pure.

    profit    = planned profit before provisions
                - interest not earned on what defaults, beyond that of the base case
                - what liabilities that reprice cost more (gap x change of rates)
                - change of the expected credit loss
    capital   = capital before + profit after tax - change of the reserve

The plan holds the interest that the base case does not earn, so only what is beyond it is taken
off. The reserve is what the regulator asks for above the expected loss (rule book 1.12, 2.4); it
is no expense. A loss brings no tax back. Year 0 is the day of the measurement.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

CENT = Decimal("0.01")
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the lender states of itself, with source and day; amounts in its currency.

    `profit` is planned before provisions and tax, a year each. `repricing_gap` is by how much more
    liabilities than assets get new rates within a year; below zero more assets do.
    """

    as_of: date
    source: str
    capital: Decimal
    risk_weighted_assets: Decimal
    profit: tuple[Decimal, ...]
    tax: Decimal
    repricing_gap: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a test found of a year: stocks at its end, and interest that was not earned in it."""

    ecl: Decimal
    regulatory: Decimal
    interest: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Profit and capital of a year; the first is the day itself, without a profit."""

    provisions: Decimal
    reserve: Decimal
    charge: Decimal
    profit: Decimal
    after_tax: Decimal
    capital: Decimal
    ratio: Decimal


def results(
    stated: Figures, base: Sequence[Found], found: Sequence[Found], rates: Sequence[Decimal]
) -> list[Result]:
    """Return profit and capital of every year; `rates` is the change of each year but the day's.

    All are measured from the base case on the day: that the shock becomes known is of year 1.
    """
    held, reserve = base[0].ecl, _reserve(base[0])
    made = [_of_day(stated, held, reserve)]
    for year, (one, usual) in enumerate(zip(found[1:], base[1:], strict=True)):
        charge = one.ecl - held
        dearer = (stated.repricing_gap * rates[year]).quantize(CENT)
        profit = stated.profit[year] - (one.interest - usual.interest) - dearer - charge
        after = profit - (max(profit, ZERO) * stated.tax).quantize(CENT)
        moved = _reserve(one) - reserve
        capital = made[-1].capital + after - moved
        held, reserve = one.ecl, _reserve(one)
        made.append(
            Result(
                provisions=held + reserve,
                reserve=reserve,
                charge=charge,
                profit=profit,
                after_tax=after,
                capital=capital,
                ratio=capital / stated.risk_weighted_assets,
            )
        )
    return made


def _of_day(stated: Figures, held: Decimal, reserve: Decimal) -> Result:
    return Result(
        provisions=held + reserve,
        reserve=reserve,
        charge=ZERO,
        profit=ZERO,
        after_tax=ZERO,
        capital=stated.capital,
        ratio=stated.capital / stated.risk_weighted_assets,
    )


def _reserve(found: Found) -> Decimal:
    return max(ZERO, found.regulatory - found.ecl)
