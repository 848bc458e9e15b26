"""The rules of one regulator from a day on, and which of them count for an event. Pure.

A rule table is data (`fixtures/classification_rules.json`, kept as `npa.RuleTable`); `rule_reading`
reads its body into `Rules`, and both readings come from there: `classification`, `stages` and
`provisioning` in Python, the set-based statement in SQL.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from apps.npa.rule_parts import (
    Ageing,
    Band,
    Bucket,
    Counting,
    Crop,
    DayCount,
    Disputed,
    Ecl,
    Erosion,
    Exempt,
    Glide,
    Grade,
    Rate,
    Reserve,
    Restructuring,
    Revolving,
    Segment,
    Stage3,
    Stages,
    Status,
    Upgrade,
)


@dataclass(frozen=True, kw_only=True)
class Head:
    """Whose rules a table has, for what, from when to when, and where they stand written."""

    code: str
    name: str
    regime: str
    countries: tuple[str, ...]
    entity_kind: str
    layers: tuple[str, ...]
    # Codes of products or purposes this table is for; empty: all that have no table of their own.
    scope: tuple[str, ...]
    effective_from: date
    effective_to: date | None
    status: Status
    source: str
    note: str


@dataclass(frozen=True, kw_only=True)
class Rules(Head):
    """One rule table, read. Lists are ordered as both readings need them (see each part)."""

    day_count: DayCount
    contagion: bool
    upgrade: Upgrade
    # Where fraud, and what is found uncollectible, goes.
    loss: str
    reserve: Reserve | None
    # Nothing is taken from the reserve before the regulator has given leave.
    reserve_needs_leave: bool

    grades: tuple[Grade, ...]
    bands: tuple[Band, ...]
    glide: tuple[Glide, ...]
    ageing: tuple[Ageing, ...]
    buckets: tuple[Bucket, ...]
    rates: tuple[Rate, ...]
    segments: tuple[Segment, ...]
    stage_3: tuple[Stage3, ...]
    disputed: tuple[Disputed, ...]

    counting: Counting
    exempt: Exempt
    restructuring: Restructuring
    stages: Stages
    revolving: Revolving | None
    crop: Crop | None
    erosion: Erosion | None
    # None: the regulator's rates alone are provided for.
    ecl: Ecl | None

    @cached_property
    def ranks(self) -> dict[str, int]:
        """The place of each class, the best 0."""
        return {grade.code: place for place, grade in enumerate(self.grades)}

    @cached_property
    def best(self) -> str:
        """The class of a facility that owes nothing too late."""
        return self.grades[0].code

    @property
    def uses_pd(self) -> bool:
        """Whether a PD says anything about a stage or an expected loss."""
        return self.ecl is not None or self.stages.pd_multiple is not None

    @cached_property
    def first_bad(self) -> str:
        """The best of the classes that do not perform."""
        return next(grade.code for grade in self.grades if not grade.performing)

    @cached_property
    def bad_rank(self) -> int:
        """The rank from which on a class does not perform."""
        return self.ranks[self.first_bad]

    def performs(self, grade: str) -> bool:
        """Say whether a class performs. Raises KeyError for a class the table does not know."""
        return self.ranks[grade] < self.bad_rank

    def bands_on(self, day: date) -> tuple[Band, ...]:
        """Return the bands of a day, with the glide path's bound of the first that is bad.

        Ordered from the best class to the worst.
        """
        begun = [step for step in self.glide if step.since <= day]
        if not begun:
            return self.bands
        days = max(begun, key=lambda step: step.since).days
        return tuple(
            replace(band, from_days=days) if band.grade == self.first_bad else band
            for band in self.bands
        )

    def non_performing_from(self, day: date) -> int:
        """Return from how many days past due on a facility does not perform on a day."""
        return next(band.from_days for band in self.bands_on(day) if not self.performs(band.grade))

    def rate(self, grade: str) -> Rate:
        """Return the rates of a class."""
        return next(rate for rate in self.rates if rate.grade == grade)

    def segment(self, *, purpose: str, security: str, stated: str = "") -> Segment:
        """Return the segment of a facility: the one stated, else the first that fits.

        One that was stated under another table and is none of this one's decides nothing here.
        """
        named = [one for one in self.segments if one.code == stated]
        fitting = (one for one in self.segments if one.fits(purpose, security))
        return named[0] if named else next(fitting)

    def is_standing(self, day: date) -> bool:
        """Say whether the table counts for what happens on a day."""
        ended = self.effective_to is not None and self.effective_to < day
        return self.status != Status.DRAFT and self.effective_from <= day and not ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Lender:
    """What about a lender decides which rules it is under; `layer` is "" where there are none."""

    country: str
    kind: str
    layer: str


class NoRules(LookupError):
    """Not exactly one table is in force for a lender on a day; `codes` says which are."""

    def __init__(self, lender: Lender, day: date, codes: Sequence[str]) -> None:
        found = ", ".join(codes) if codes else "none"
        super().__init__(f"Rules for {lender} on {day}: {found}.")
        self.lender = lender
        self.day = day
        self.codes = tuple(codes)


def choose(
    tables: Iterable[Rules], *, lender: Lender, on: date, product: str = "", purpose: str = ""
) -> Rules:
    """Return the one table that counts for an event of a day, by lender and what is lent for.

    A table made for the product or the purpose comes before one for everything. Raises NoRules
    where none stands on that day, or two do: nothing is guessed.
    """
    found = standing(tables, lender=lender, on=on)
    special = [one for one in found if {product, purpose} & set(one.scope)]
    fitting = special or [one for one in found if not one.scope]
    if len(fitting) != 1:
        raise NoRules(lender, on, sorted(one.code for one in fitting))
    return fitting[0]


def standing(tables: Iterable[Rules], *, lender: Lender, on: date) -> list[Rules]:
    """Return every table that counts for anything that a lender lent for, on a day."""
    return [one for one in tables if one.is_standing(on) and _is_of(one, lender)]


def _is_of(rules: Rules, lender: Lender) -> bool:
    return (
        rules.entity_kind == lender.kind
        and (not rules.countries or lender.country in rules.countries)
        and (not rules.layers or lender.layer in rules.layers)
    )
