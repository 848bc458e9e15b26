"""What a list of loans behind a figure shows, and how a choice narrows it."""

from dataclasses import dataclass
from typing import Any

from apps.portfolio.summary_rows import Chosen


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the list: a loan or a request, and what of it stands behind the figure."""

    url: str
    number: str
    customer: str
    branch: str
    day: Any
    amount: Any
    currency: str
    # None where a loan's lateness is not what the list is about.
    days_late: int | None = None


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One page of the list, and where to ask for more."""

    rows: list[Row]
    before: str
    after: str


def within(chosen: Chosen, to_branch: str, to_product: str) -> dict[str, Any]:
    """Return the filter of branch, product and segment, by where they are found."""
    given = {
        to_branch: chosen.branch,
        to_product: chosen.product,
        f"{to_product}__scoring_segment": chosen.segment or None,
    }
    return {name: value for name, value in given.items() if value is not None}
