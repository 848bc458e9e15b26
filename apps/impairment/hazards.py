"""Hazards by band and age out of the lender's own history, and what lateness does to them. Pure.

The method is greatest-accuracy credibility (H. Bühlmann, "Experience rating and credibility",
ASTIN Bulletin 4, 1967): a cell of n loan-months with d defaults is believed by Z = n / (n + K), and
the rest by what it is a part of,

    hazard = Z d / n + (1 - Z) hazard of the whole

with K chosen by the lender and approved. A cell of fewer than the approved least number is not
believed at all. The whole book is believed against the approved PD; an age against the book; a band
at an age against that age. Lateness multiplies the hazard of band and age in each of the months
that follow: the defaults that were over those expected (indirect standardisation), believed by the
expected ones in the same manner, against the approved multiple.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from apps.impairment.cells import AGES, LATENESS, LEADS
from apps.impairment.measuring import ONE, ZERO, even_hazard
from apps.impairment.parameters import Hazards

DIGITS = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Count:
    """Loan-months at risk and defaults in them, `lead` months after the loans were so late.

    `band`, `age` and `late` are places in `cells`; `age` is that of the month at risk.
    """

    lead: int
    late: int
    band: int
    age: int
    exposed: int
    defaults: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """Hazards by band and age, multiples by lateness and lead, and what they were counted on."""

    hazards: tuple[tuple[Decimal, ...], ...]
    multiples: tuple[tuple[Decimal, ...], ...]
    exposed: tuple[tuple[int, ...], ...]
    defaults: tuple[tuple[int, ...], ...]
    book: Decimal


def estimate(counts: Iterable[Count], *, bands: int, rules: Hazards) -> Structure:
    """Return hazards and multiples out of counts. Every figure is rounded as it is stored."""
    rows = list(counts)
    ages = len(AGES) + 1
    exposed = [[0] * ages for _band in range(bands)]
    defaults = [[0] * ages for _band in range(bands)]
    for row in rows:
        if row.lead == 1:
            exposed[row.band][row.age] += row.exposed
            defaults[row.band][row.age] += row.defaults
    prior = even_hazard(rules.prior_pd_12)
    all_exposed, all_defaults = sum(map(sum, exposed)), sum(map(sum, defaults))
    book = believed(all_defaults, all_exposed, prior, rules)
    by_age = [
        believed(
            sum(band[age] for band in defaults), sum(band[age] for band in exposed), book, rules
        )
        for age in range(ages)
    ]
    hazards = tuple(
        tuple(
            believed(defaults[band][age], exposed[band][age], by_age[age], rules)
            for age in range(ages)
        )
        for band in range(bands)
    )
    return Structure(
        hazards=hazards,
        multiples=_multiples(rows, hazards, rules, prior),
        exposed=tuple(map(tuple, exposed)),
        defaults=tuple(map(tuple, defaults)),
        book=book,
    )


def believed(defaults: int, exposed: int, whole: Decimal, rules: Hazards) -> Decimal:
    """Return the hazard of a cell, drawn towards that of what it is a part of."""
    if exposed < max(rules.least_months, 1):
        return whole
    found = (defaults + rules.credibility * whole) / (exposed + rules.credibility)
    return found.quantize(DIGITS)


def _multiples(
    rows: Iterable[Count],
    hazards: tuple[tuple[Decimal, ...], ...],
    rules: Hazards,
    prior: Decimal,
) -> tuple[tuple[Decimal, ...], ...]:
    """Return what each lateness multiplies hazards by, lead by lead."""
    seen: Mapping[tuple[int, int], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for row in rows:
        cell = seen[row.late, row.lead]
        cell[0] += row.defaults
        cell[1] += row.exposed * hazards[row.band][row.age]
    weight = rules.credibility * prior
    found = []
    for late, name in enumerate(LATENESS):
        expected = rules.prior_lateness.get(name.value, ONE)
        found.append(
            tuple(
                (
                    (seen[late, lead][0] + weight * expected) / (seen[late, lead][1] + weight)
                ).quantize(DIGITS)
                for lead in range(1, LEADS + 1)
            )
        )
    return tuple(found)


def of_loan(
    structure: Structure, *, band: int, age: int, late: int | None, months: int
) -> list[Decimal]:
    """Return the hazards of a loan's coming months; `age` is its full months on book.

    Without a lateness they are those of its band and age alone.
    """
    found = []
    for month in range(months):
        hazard = structure.hazards[band][_group(age + month + 1)]
        if late is not None and month < LEADS:
            hazard = min(ONE, hazard * structure.multiples[late][month])
        found.append(hazard)
    return found


def _group(month: int) -> int:
    return sum(month > last for last in AGES)
