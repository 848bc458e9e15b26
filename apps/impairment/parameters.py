"""What the lender decided of expected credit loss, read from its approved parameters. Pure.

Nothing is filled in: what is missing, unknown or out of bounds is refused with its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from apps.impairment.cells import LATENESS
from apps.impairment.measuring import ONE, YEAR, ZERO, Outlook, Scenario
from apps.impairment.staging import Rules
from apps.products.reading import CatalogueRefused, expect, typed

# The kind of security of a loan that nothing secures.
UNSECURED = "unsecured"
# Under this name stands what holds for every segment that is not named.
OTHERS = "others"
MOST_BANDS = 20
MOST_CURE_MONTHS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazards:
    """How the lender's own history is weighed against what was approved in advance.

    A cell of n loan-months counts n / (n + `credibility`), the rest is what it is a part of; one of
    fewer than `least_months` does not count by itself. `prior_pd_12` and `prior_lateness` are what
    the whole book starts from.
    """

    prior_pd_12: Decimal
    credibility: int
    least_months: int
    prior_lateness: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoveries:
    """The same of recoveries, in cases; `workout_months` is how long each of them is followed."""

    prior: Mapping[str, Decimal]
    floors: Mapping[str, Decimal]
    credibility: int
    least_cases: int
    workout_months: int

    def prior_of(self, kind: str) -> Decimal:
        """Return the LGD a kind of security starts from."""
        return self.prior.get(kind, self.prior[OTHERS])

    def floor_of(self, kind: str) -> Decimal:
        """Return the least LGD of a kind of security."""
        return self.floors.get(kind, self.floors[OTHERS])


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """All that the lender decided."""

    # The greatest PD at origination of each band but the last, rising.
    bands: tuple[Decimal, ...]
    scenarios: Mapping[Outlook, Scenario]
    stages: Rules
    # The share of what may be drawn still that is drawn at default, by segment.
    conversion: Mapping[str, Decimal]
    hazards: Hazards
    recoveries: Recoveries

    def conversion_of(self, segment: str) -> Decimal:
        """Return the conversion factor of a segment."""
        return self.conversion.get(segment, self.conversion[OTHERS])


@dataclass(frozen=True)
class _Scenario:
    weight: Decimal
    pd_shift: Decimal
    lgd_shift: Decimal


@dataclass(frozen=True)
class _Stages:
    pd_multiple: Decimal
    pd_least: Decimal
    cure_3_months: int
    cure_2_months: int


@dataclass(frozen=True)
class _Hazards:
    prior_pd_12: Decimal
    credibility: int
    least_months: int
    prior_lateness: dict[str, Any]


@dataclass(frozen=True)
class _Recoveries:
    prior: dict[str, Any]
    floors: dict[str, Any]
    credibility: int
    least_cases: int
    workout_months: int


_PARTS = frozenset({"bands", "scenarios", "stages", "conversion", "hazards", "recoveries"})


def read(body: Any) -> Parameters:
    """Return the parameters of a body. Raises CatalogueRefused with the place of what is wrong."""
    expect(isinstance(body, Mapping) and set(body) == _PARTS, "body", _named(_PARTS))
    return Parameters(
        bands=_bands(body["bands"]),
        scenarios=_scenarios(body["scenarios"]),
        stages=_stages(body["stages"]),
        conversion=_shares(body["conversion"], "conversion", needs=OTHERS),
        hazards=_hazards(body["hazards"]),
        recoveries=_recoveries(body["recoveries"]),
    )


def _bands(given: Any) -> tuple[Decimal, ...]:
    expect(isinstance(given, list) and 0 < len(given) < MOST_BANDS, "bands", "A list of PDs.")
    found = tuple(_decimal(one, "bands") for one in given)
    rising = all(before < after for before, after in pairwise(found))
    expect(rising and found[0] > ZERO and found[-1] < ONE, "bands", "PDs rise between 0 and 1.")
    return found


def _scenarios(given: Any) -> dict[Outlook, Scenario]:
    names = {one.value for one in Outlook}
    expect(isinstance(given, Mapping) and set(given) == names, "scenarios", _named(names))
    found = {}
    for name in Outlook:
        place = f"scenarios.{name}"
        terms = Scenario(**typed(_Scenario, _mapping(given[name.value], place), place))
        expect(ZERO <= terms.weight <= ONE, place, "A weight lies between 0 and 1.")
        expect(terms.pd_shift > 0 and terms.lgd_shift > 0, place, "A shift is above 0.")
        found[name] = terms
    whole = sum((one.weight for one in found.values()), ZERO)
    expect(whole == ONE, "scenarios", "The weights add up to 1.")
    return found


def _stages(given: Any) -> Rules:
    found = Rules(**typed(_Stages, _mapping(given, "stages"), "stages"))
    expect(found.pd_multiple > ONE, "stages.pd_multiple", "A multiple is above 1.")
    expect(ZERO <= found.pd_least < ONE, "stages.pd_least", "Between 0 and 1.")
    months = (found.cure_3_months, found.cure_2_months)
    expect(
        all(0 <= one <= MOST_CURE_MONTHS for one in months),
        "stages",
        "Curing takes 0 to 24 months.",
    )
    return found


def _hazards(given: Any) -> Hazards:
    row = typed(_Hazards, _mapping(given, "hazards"), "hazards")
    prior = _mapping(given["prior_lateness"], "hazards.prior_lateness")
    late = {band.value for band in LATENESS[1:]}
    expect(set(prior) == late, "hazards.prior_lateness", _named(late))
    times = {name: _decimal(one, f"hazards.prior_lateness.{name}") for name, one in prior.items()}
    expect(all(one >= 1 for one in times.values()), "hazards.prior_lateness", "Not below 1.")
    expect(ZERO < row["prior_pd_12"] < ONE, "hazards.prior_pd_12", "Between 0 and 1.")
    expect(row["credibility"] > 0, "hazards.credibility", "Above 0.")
    expect(row["least_months"] >= 0, "hazards.least_months", "Not negative.")
    return Hazards(**{**row, "prior_lateness": times})


def _recoveries(given: Any) -> Recoveries:
    row = typed(_Recoveries, _mapping(given, "recoveries"), "recoveries")
    expect(row["credibility"] > 0, "recoveries.credibility", "Above 0.")
    expect(row["least_cases"] >= 0, "recoveries.least_cases", "Not negative.")
    expect(YEAR <= row["workout_months"] <= 5 * YEAR, "recoveries.workout_months", "12 to 60.")
    shares = {
        name: _shares(given[name], f"recoveries.{name}", needs=OTHERS)
        for name in ("prior", "floors")
    }
    expect(UNSECURED in shares["floors"], "recoveries.floors", "One for what is unsecured.")
    return Recoveries(**{**row, **shares})


def _shares(given: Any, place: str, *, needs: str) -> dict[str, Decimal]:
    """Return shares by name, between 0 and 1; one name must be there."""
    row = _mapping(given, place)
    expect(needs in row, place, f"Must name {needs}.")
    found = {str(name): _decimal(one, f"{place}.{name}") for name, one in row.items()}
    expect(all(ZERO <= one <= ONE for one in found.values()), place, "Between 0 and 1.")
    return found


def _mapping(given: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise CatalogueRefused(place, "Must be an object.")
    return given


def _decimal(given: Any, place: str) -> Decimal:
    """Return a number that stands as text, as `products.reading` has it."""
    number: Decimal = typed(_One, {"value": given}, place)["value"]
    return number


@dataclass(frozen=True)
class _One:
    value: Decimal


def _named(names: Any) -> str:
    return f"Must name exactly {', '.join(sorted(names))}."
