"""Schedules of equal monthly instalments a second, on one core: at once, one by one, and bare.

At once means from terms to columns: due dates and, in whole paise, opening balance, principal,
interest, fee, instalment and closing balance of every row. One by one means `building.build`, in
Decimals. The limit computes the same balances and interest of the same loans in floating point,
rounded to the paisa, from arrays that lie ready; it reads no terms, checks none and makes no
dates. Before anything is measured, every row of what both ways compute is compared.
"""

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from apps.schedules import building, many
from apps.schedules.terms import Terms
from benchmarks import measuring

INSTALMENTS = 36
GOAL = "at least 20,000 a core"
# One by one takes so much longer that a part of the loans will do.
PART = 25


def main() -> None:
    """Measure and report."""
    asked = measuring.options(__doc__ or "", loans=20_000)
    loans = _loans(asked.loans)
    few = loans[::PART]
    _compare(few)
    at_once, one_by_one, bare = measuring.by_turns(
        [lambda: many.build(loans), lambda: list(map(building.build, few)), _bare(loans)], times=1
    )
    rate, singly, limit = len(loans) / at_once, len(few) / one_by_one, len(loans) / bare
    name = f"EMI schedules of {INSTALMENTS}, at once"
    figures = [
        measuring.figure(name, rate, "schedules/s", peer=peer, goal=goal, n=len(loans))
        for peer, goal in (
            (("one by one, in Decimals", singly), GOAL),
            (("bare numpy, floating point", limit), ""),
        )
    ]
    measuring.report(
        "Computing schedules",
        figures,
        on="",
        recorded=asked.record,
        command="make bench-schedules",
    )


def _loans(count: int) -> list[Terms]:
    """Return loans as a retail lender makes them, each with its amount, rate and day."""
    rnd = random.Random(36)  # noqa: S311 - draws loans
    return [
        Terms(
            principal=Decimal(rnd.randrange(1_000_000, 100_000_000)).scaleb(-2),
            currency="INR",
            annual_rate=Decimal(rnd.randrange(500, 3_600)).scaleb(-4),
            instalments=INSTALMENTS,
            disbursed_on=date(2024, 1, 1) + timedelta(days=rnd.randrange(900)),
        )
        for _ in range(count)
    ]


def _compare(loans: list[Terms]) -> None:
    """Raise AssertionError where the two ways differ in any row."""
    book = many.build(loans)
    for place, terms in enumerate(loans):
        where = book.rows(place)
        rows = building.build(terms).rows
        for name in ("opening", "principal", "interest", "instalment", "closing"):
            one_by_one = [int(getattr(row, name) * 100) for row in rows]
            if getattr(book.columns, name)[where].tolist() != one_by_one:
                raise AssertionError(f"{terms} does not come out the same in its {name}.")


def _bare(loans: list[Terms]) -> Callable[[], object]:
    principal = np.array([float(terms.principal) for terms in loans])
    monthly = np.array([float(terms.annual_rate) for terms in loans]) / 12

    def compute() -> object:
        level = np.round(principal * monthly / -np.expm1(-INSTALMENTS * np.log1p(monthly)), 2)
        owed, charged = np.empty((2, INSTALMENTS, len(loans)))
        balance = principal
        for row in range(INSTALMENTS):
            charged[row] = np.round(balance * monthly, 2)
            balance = balance + charged[row] - level
            owed[row] = balance
        return owed, charged

    return compute


if __name__ == "__main__":
    main()
