"""How the figures of a day are shown side by side: by product, by branch, by segment."""

from collections.abc import Iterator, Sequence
from typing import Any

from apps.portfolio import figures, summary_wording
from apps.portfolio.concentration import Dimension
from apps.portfolio.figures import Figure, Period, Sums
from apps.portfolio.summary_page import shown

# By what it is told apart, and by which parameter of an address one of them is chosen.
BY: dict[Dimension, str] = {
    Dimension.PRODUCT: "product",
    Dimension.BRANCH: "branch",
    Dimension.SEGMENT: "segment",
}
Split = Sequence[tuple[str, str, Sums]]


def columns(period: Period) -> list[Figure]:
    """Return the figures of a time, in their order."""
    return [one for one, made in figures.DEFINITIONS.items() if made.period == period]


def rows(split: Split, period: Period, currency: str) -> list[dict[str, Any]]:
    """Return one row for each of them, and the sum of all at the end."""
    whole = figures.total(sums for _key, _name, sums in split)
    return [
        {
            "key": key,
            "name": name,
            "loans": sums.loans,
            "cells": [
                (summary_wording.NAMES[one], shown(one, figures.value(one, sums), currency))
                for one in columns(period)
            ],
        }
        for key, name, sums in (*split, ("", "", whole))
    ]


def table(split: Split) -> Iterator[Sequence[Any]]:
    """Yield every figure of each as a file: plain numbers, with what they are made of."""
    yield ("of", *Figure, *(f"of_{name}" for name in figures.COLUMNS))
    for _key, name, sums in split:
        values = (figures.value(one, sums) for one in Figure)
        yield (
            name,
            *("" if value is None else value for value in values),
            *(getattr(sums, column) for column in figures.COLUMNS),
        )
