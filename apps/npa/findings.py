"""What people find out about a loan that no account tells, and what it makes of a facility. Pure.

The statement `statements.findings` reads the same rows by SQL; a property test compares both.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from apps.core.lifecycle import Lifecycle
from apps.npa.facility import Form, Guarantee


class Kind(StrEnum):
    """What is found, in the terms of the rule book."""

    # Straight to the worst class: rule book 1.8.
    FRAUD = "fraud"
    # A qualitative review demands at least the class that is the value: 2.1.
    REVIEW = "review"
    # A crop loan; the value is the months of the season, as the bankers' committee fixed them: 1.4.
    CROP_SEASON = "crop_season"
    # The segment (sector) it is provided for in, which purpose and security do not tell: 1.11.
    SEGMENT = "segment"
    # Who guarantees it, and that the government did not pay when it was asked: 1.15.
    GUARANTEE = "guarantee"
    REPUDIATION = "repudiation"
    # An infrastructure loan with an escrow account: 1.10.
    ESCROW = "escrow"
    # The scheme under which it was restructured, which downgrades nothing: 1.13.
    SCHEME = "scheme"
    # A large exposure restructured needs an investment grade to perform again: 1.13.
    RATING = "rating"
    # Stage 2 for other reasons than days: 3.1.
    INCREASED_RISK = "increased_risk"


INVESTMENT_GRADE = "investment_grade"
# Kinds that say all by themselves.
PLAIN = (Kind.FRAUD, Kind.REPUDIATION, Kind.ESCROW, Kind.INCREASED_RISK)
# Kinds of which the value is one of few; the others' are a class, a segment or a number of months.
VALUES: Mapping[Kind, tuple[str, ...]] = {
    Kind.GUARANTEE: tuple(str(one) for one in Guarantee if one),
    Kind.SCHEME: ("msme", "natural_calamity"),
    Kind.RATING: (INVESTMENT_GRADE, "below_investment_grade"),
}
# Sugar cane stands for 18 months, and nothing that counts as a crop here for longer than this.
MOST_MONTHS = 36

FINDING = Lifecycle(
    initial="proposed",
    steps=[
        # By another person than who proposed it; from `counts_from` on the night respects it.
        ("approve", ["proposed"], "approved"),
        ("refuse", ["proposed"], "refused"),
        ("withdraw", ["proposed"], "withdrawn"),
        # That it is so no longer takes two people as well.
        ("propose_end", ["approved"], "ending"),
        ("keep", ["ending"], "approved"),
        ("end", ["ending"], "ended"),
    ],
)
# The states in which a finding counted, for as long as it did.
COUNTED = ("approved", "ending", "ended")


def is_in_force(
    *,
    status: str,
    counts_from: date | None,
    until_date: date | None,
    ended_on: date | None,
    day: date,
) -> bool:
    """Say whether the night of `day` respects a finding.

    `until_date` is the last day with it, `ended_on` the first without it; None: no such day is set.
    """
    return (
        status in COUNTED
        and counts_from is not None
        and counts_from <= day
        and (until_date is None or day <= until_date)
        and (ended_on is None or day < ended_on)
    )


def fields(found: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the fields of a `Facility` that (kind, value) in force on a day fill."""
    filled: dict[str, Any] = {}
    for kind, value in found:
        filled |= _of_kind(Kind(kind), value)
    return filled


def _of_kind(kind: Kind, value: str) -> dict[str, Any]:
    match kind:
        case Kind.REVIEW:
            return {"reviewed": value}
        case Kind.CROP_SEASON:
            return {"form": Form.CROP, "season_months": int(value)}
        case Kind.SEGMENT:
            return {"segment": value}
        case Kind.GUARANTEE:
            return {"guarantee": Guarantee(value)}
        case Kind.RATING:
            return {"is_rated_well": value == INVESTMENT_GRADE}
    return {_FLAGS[kind]: True}


_FLAGS = {
    Kind.FRAUD: "is_fraud",
    Kind.REPUDIATION: "guarantee_repudiated",
    Kind.ESCROW: "has_escrow",
    Kind.SCHEME: "restructuring_exempt",
    Kind.INCREASED_RISK: "has_increased_risk",
}
