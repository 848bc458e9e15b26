"""What the lender decided of expected credit loss, read from its approved parameters. Pure.

Nothing is filled in: what is missing, unknown or out of bounds is refused with its place.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from itertools import pairwise
from typing import Any

from apps.impairment.cells import LATENESS
from apps.impairment.measuring import ONE, YEAR, ZERO, Outlook, Scenario
from apps.impairment.staging import Rules
from apps.products.reading import CatalogueRefused, typed
from apps.schedules.refusals import Sentence, gettext_noop

# The kind of security of a loan that nothing secures.
UNSECURED = "unsecured"
# Under this name stands what holds for every segment that is not named.
OTHERS = "others"
MOST_BANDS = 20
MOST_CURE_MONTHS = 24
MOST_WORKOUT_MONTHS = 60
# No outlook multiplies a hazard or an LGD by more.
MOST_PD_SHIFT = Decimal(10)
MOST_LGD_SHIFT = Decimal(5)
MOST_DECIMALS = 10
_PLAIN = re.compile(rf"-?[0-9]{{1,10}}(\.[0-9]{{1,{MOST_DECIMALS}}})?")

_BETWEEN = gettext_noop("Must lie between 0 and 1.")
_ABOVE = gettext_noop("Must be above %(least)s.")
_NOT_BELOW = gettext_noop("Must not be below %(least)s.")


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
    _exactly(_mapping(body, "body"), _PARTS, "body")
    return Parameters(
        bands=_bands(body["bands"]),
        scenarios=_scenarios(body["scenarios"]),
        stages=_stages(body["stages"]),
        conversion=_shares(body["conversion"], "conversion", needs=(OTHERS,)),
        hazards=_hazards(body["hazards"]),
        recoveries=_recoveries(body["recoveries"]),
    )


def require_plain(body: Mapping[str, Any]) -> None:
    """Raise CatalogueRefused unless each number of a body that was read is in plain digits.

    The database reads some of them as well: by its own rules, and no finer than `MOST_DECIMALS`.
    """
    for place, text in _texts(body, ""):
        pattern = gettext_noop("Must be in plain digits, with at most %(most)s decimals.")
        _expect(_PLAIN.fullmatch(text) is not None, place, pattern, most=MOST_DECIMALS)


def _texts(given: Any, place: str) -> Iterator[tuple[str, str]]:
    """Return every text of a body with its place; where there is one, it stands for a number."""
    if isinstance(given, Mapping):
        for name, one in given.items():
            yield from _texts(one, f"{place}.{name}" if place else str(name))
    elif isinstance(given, list):
        for one in given:
            yield from _texts(one, place)
    elif isinstance(given, str):
        yield place, given


def know(found: Parameters, *, kinds: Iterable[str], segments: Iterable[str]) -> None:
    """Raise CatalogueRefused where something stands under a name that nothing has.

    It would never count, and what was meant would count by the others.
    """
    secured = {*kinds, UNSECURED, OTHERS}
    places = {
        "conversion": (found.conversion, {*segments, OTHERS}),
        "recoveries.prior": (found.recoveries.prior, secured),
        "recoveries.floors": (found.recoveries.floors, secured),
    }
    for place, (given, names) in places.items():
        odd = sorted(set(given) - names)
        pattern = gettext_noop("Nothing is called %(odd)s; these are known: %(names)s.")
        _expect(not odd, place, pattern, odd=", ".join(odd), names=", ".join(sorted(names)))


def _bands(given: Any) -> tuple[Decimal, ...]:
    some = isinstance(given, list) and 0 < len(given) < MOST_BANDS
    pattern = gettext_noop("Must be a list of one to %(most)s PDs.")
    _expect(some, "bands", pattern, most=MOST_BANDS - 1)
    found = tuple(_decimal(one, "bands") for one in given)
    rising = all(before < after for before, after in pairwise(found))
    within = found[0] > ZERO and found[-1] < ONE
    _expect(rising and within, "bands", gettext_noop("PDs must rise between 0 and 1."))
    return found


def _scenarios(given: Any) -> dict[Outlook, Scenario]:
    _exactly(_mapping(given, "scenarios"), {one.value for one in Outlook}, "scenarios")
    found = {}
    for name in Outlook:
        place = f"scenarios.{name}"
        terms = Scenario(**_typed(_Scenario, given[name.value], place))
        _expect(ZERO <= terms.weight <= ONE, place, _BETWEEN)
        shifts = {"pd_shift": MOST_PD_SHIFT, "lgd_shift": MOST_LGD_SHIFT}
        for shift, most in shifts.items():
            within = ZERO < getattr(terms, shift) <= most
            pattern = gettext_noop("Must be above 0 and at most %(most)s.")
            _expect(within, f"{place}.{shift}", pattern, most=most)
        found[name] = terms
    whole = sum((one.weight for one in found.values()), ZERO)
    _expect(whole == ONE, "scenarios", gettext_noop("The weights must add up to 1."))
    return found


def _stages(given: Any) -> Rules:
    found = Rules(**_typed(_Stages, given, "stages"))
    _expect(found.pd_multiple > ONE, "stages.pd_multiple", _ABOVE, least=1)
    _expect(ZERO <= found.pd_least < ONE, "stages.pd_least", _BETWEEN)
    months = (found.cure_3_months, found.cure_2_months)
    within = all(0 <= one <= MOST_CURE_MONTHS for one in months)
    pattern = gettext_noop("Curing takes 0 to %(most)s months.")
    _expect(within, "stages", pattern, most=MOST_CURE_MONTHS)
    return found


def _hazards(given: Any) -> Hazards:
    row = _typed(_Hazards, given, "hazards")
    place = "hazards.prior_lateness"
    prior = _mapping(given["prior_lateness"], place)
    _exactly(prior, {band.value for band in LATENESS[1:]}, place)
    times = {name: _decimal(one, f"{place}.{name}") for name, one in prior.items()}
    _expect(all(one >= 1 for one in times.values()), place, _NOT_BELOW, least=1)
    _expect(ZERO < row["prior_pd_12"] < ONE, "hazards.prior_pd_12", _BETWEEN)
    _expect(row["credibility"] > 0, "hazards.credibility", _ABOVE, least=0)
    _expect(row["least_months"] >= 0, "hazards.least_months", _NOT_BELOW, least=0)
    return Hazards(**{**row, "prior_lateness": times})


def _recoveries(given: Any) -> Recoveries:
    row = _typed(_Recoveries, given, "recoveries")
    _expect(row["credibility"] > 0, "recoveries.credibility", _ABOVE, least=0)
    _expect(row["least_cases"] >= 0, "recoveries.least_cases", _NOT_BELOW, least=0)
    within = YEAR <= row["workout_months"] <= MOST_WORKOUT_MONTHS
    pattern = gettext_noop("Recoveries are followed for %(least)s to %(most)s months.")
    place = "recoveries.workout_months"
    _expect(within, place, pattern, least=YEAR, most=MOST_WORKOUT_MONTHS)
    shares = {
        name: _shares(given[name], f"recoveries.{name}", needs=(OTHERS, UNSECURED))
        for name in ("prior", "floors")
    }
    return Recoveries(**{**row, **shares})


def _shares(given: Any, place: str, *, needs: Sequence[str]) -> dict[str, Decimal]:
    """Return shares by name, between 0 and 1; some names must be there."""
    row = _mapping(given, place)
    missing = ", ".join(name for name in needs if name not in row)
    _expect(not missing, place, gettext_noop("Must name %(names)s."), names=missing)
    found = {str(name): _decimal(one, f"{place}.{name}") for name, one in row.items()}
    _expect(all(ZERO <= one <= ONE for one in found.values()), place, _BETWEEN)
    return found


def _mapping(given: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise _refused(place, gettext_noop("Must be an object."))
    return given


def _exactly(row: Mapping[str, Any], names: Collection[str], place: str) -> None:
    pattern = gettext_noop("Must name exactly %(names)s.")
    _expect(set(row) == set(names), place, pattern, names=", ".join(sorted(names)))


def _typed(spec: type, given: Any, place: str) -> dict[str, Any]:
    """Return the values of an object, as `products.reading` has it."""
    row = _mapping(given, place)
    _exactly(row, {field.name for field in fields(spec)}, place)
    try:
        return typed(spec, row, place)
    except CatalogueRefused as refusal:
        pattern = gettext_noop(
            "This does not fit: shares and multiples stand as text, counts as whole numbers."
        )
        raise _refused(refusal.place, pattern) from None


def _decimal(given: Any, place: str) -> Decimal:
    number: Decimal = _typed(_One, {"value": given}, place)["value"]
    return number


@dataclass(frozen=True)
class _One:
    value: Decimal


def _expect(
    holds: bool,  # noqa: FBT001 - reads as a sentence
    place: str,
    pattern: str,
    **values: object,
) -> None:
    if not holds:
        raise _refused(place, pattern, **values)


def _refused(place: str, pattern: str, **values: object) -> CatalogueRefused:
    return CatalogueRefused(place, str(Sentence(pattern, values)))
