"""How cohorts are shown: a table of ages, and a file of all that is counted."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apps.portfolio import wording
from apps.portfolio.cohorts import AGES, Cohort, Measure
from apps.portfolio.months import Width


def ages(found: Sequence[Cohort]) -> list[int]:
    """Return the ages worth a column: those that any cohort has reached, at least the first."""
    return [age for age in AGES if age == AGES[0] or any(age in one.counted for one in found)]


def rows(
    found: Sequence[Cohort], columns: Sequence[int], *, width: Width, by: str
) -> list[dict[str, Any]]:
    """Return one row for each cohort, the last first."""
    return [
        {
            "name": wording.vintage(one.vintage, width),
            "cohort": one,
            "cells": [
                {"age": age, "sum": one.counted.get(age), "share": one.share(age, by)}
                for age in columns
            ],
        }
        for one in reversed(found)
    ]


COLUMNS = (
    *("cohort", "loans_lent", "principal_lent", "loans_outstanding", "principal_outstanding"),
    *("measure", "months_on_book", "loans", "principal", "share_of_loans", "share_of_principal"),
)


def table(found: Mapping[Measure, Sequence[Cohort]]) -> Iterator[Sequence[Any]]:
    """Yield what is counted of each cohort at each age as a file, one measure after the other."""
    yield COLUMNS
    for measure, of_measure in found.items():
        for one in of_measure:
            for age, counted in one.counted.items():
                yield (
                    *(one.vintage, one.lent.loans, one.lent.amount),
                    *(one.outstanding.loans, one.outstanding.amount, measure.value, age),
                    *(counted.loans, counted.amount),
                    *(one.share(age, "number"), one.share(age, "amount")),
                )
