"""What a stress test rests on, read from what two people agreed on. Pure.

Nothing is filled in: what is missing, unknown or out of bounds is refused with its place.
"""

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from apps.impairment.cells import LATENESS
from apps.products.reading import CatalogueRefused
from apps.schedules.refusals import Sentence, gettext_noop
from apps.stress.capital import Figures
from apps.stress.economy import LogOdds, Rolls, Scenario, Sensitivities, Year

MOST_YEARS = 5
OTHERS = "others"
ZERO, ONE = Decimal(0), Decimal(1)
LONGEST_TEXT = 1_000
LONGEST_NAME = 80

# The least and the most that a year may say: beyond them something was typed wrongly.
BOUNDS = {
    "unemployment": (Decimal("-0.5"), Decimal("0.5")),
    "rates": (Decimal("-0.2"), Decimal("0.5")),
    # Nothing is worth less than nothing.
    "collateral": (Decimal(-1), Decimal(1)),
    "income": (Decimal("-0.9"), Decimal(1)),
}
# What a point may add to log-odds: one multiplies small chances by 2.7.
MOST_SENSITIVITY = ONE
MOST_AMOUNT = Decimal("1e15")


class Kind(StrEnum):
    """What two people agree on."""

    SCENARIO = "scenario"
    SENSITIVITIES = "sensitivities"
    FIGURES = "figures"


def scenario(body: Any) -> Scenario:
    """Return a scenario. Raises CatalogueRefused with the place of what is wrong."""
    row = _exactly(body, {"name", "source", "years", "segments"}, "scenario")
    years = _years(row["years"], "years")
    segments = {
        str(name): _years(given, f"segments.{name}")
        for name, given in _mapping(row["segments"], "segments").items()
    }
    for name, found in segments.items():
        pattern = gettext_noop("Must have as many years as the rest: %(years)s.")
        _expect(len(found) == len(years), f"segments.{name}", pattern, years=len(years))
    return Scenario(
        name=_text(row["name"], "name", LONGEST_NAME),
        source=_text(row["source"], "source"),
        years=years,
        segments=segments,
    )


def sensitivities(body: Any) -> Sensitivities:
    """Return sensitivities. Raises CatalogueRefused with the place of what is wrong."""
    row = _exactly(body, {"source", "log_odds", "rolls", "collateral"}, "sensitivities")
    names = {"unemployment", "rates", "income", "burden"}
    odds = _numbers(row["log_odds"], names, "log_odds", (ZERO, MOST_SENSITIVITY))
    given = _exactly(row["rolls"], {"shares", "unemployment", "income"}, "rolls")
    bands = {band.value for band in LATENESS}
    shares = _numbers(given["shares"], bands, "rolls.shares", (ZERO, ONE))
    moved = {
        name: _number(given[name], f"rolls.{name}", ZERO, MOST_SENSITIVITY)
        for name in ("unemployment", "income")
    }
    reach = _mapping(row["collateral"], "collateral")
    _expect(OTHERS in reach, "collateral", gettext_noop("Must name %(names)s."), names=OTHERS)
    return Sensitivities(
        source=_text(row["source"], "source"),
        log_odds=LogOdds(**odds),
        rolls=Rolls(shares=shares, **moved),
        collateral=_numbers(reach, set(reach), "collateral", (ZERO, ONE)),
    )


def figures(body: Any) -> Figures:
    """Return figures of a lender. Raises CatalogueRefused with the place of what is wrong."""
    names = {"as_of", "source", "capital", "risk_weighted_assets", "profit", "tax"}
    row = _exactly(body, names | {"repricing_gap"}, "figures")
    planned = row["profit"]
    some = isinstance(planned, list) and 0 < len(planned) <= MOST_YEARS
    pattern = gettext_noop("Must be a list of one to %(most)s amounts, one a year.")
    _expect(some, "profit", pattern, most=MOST_YEARS)
    least = Decimal("0.01")
    return Figures(
        as_of=_day(row["as_of"], "as_of"),
        source=_text(row["source"], "source"),
        capital=_amount(row["capital"], "capital"),
        risk_weighted_assets=_number(
            row["risk_weighted_assets"], "risk_weighted_assets", least, MOST_AMOUNT
        ),
        profit=tuple(_amount(one, f"profit[{at}]") for at, one in enumerate(planned, start=1)),
        tax=_number(row["tax"], "tax", ZERO, Decimal("0.9")),
        repricing_gap=_amount(row["repricing_gap"], "repricing_gap"),
    )


READERS = {
    Kind.SCENARIO: scenario,
    Kind.SENSITIVITIES: sensitivities,
    Kind.FIGURES: figures,
}


def know(found: Any, *, kinds: Collection[str], segments: Collection[str]) -> None:
    """Raise CatalogueRefused where something stands under a name that nothing has."""
    if isinstance(found, Scenario):
        _known(found.segments, segments, "segments")
    if isinstance(found, Sensitivities):
        _known(found.collateral, {*kinds, OTHERS}, "collateral")


def _known(given: Mapping[str, Any], names: Collection[str], place: str) -> None:
    odd = sorted(set(given) - set(names))
    pattern = gettext_noop("Nothing is called %(odd)s; these are known: %(names)s.")
    _expect(not odd, place, pattern, odd=", ".join(odd), names=", ".join(sorted(names)))


def _years(given: Any, place: str) -> tuple[Year, ...]:
    some = isinstance(given, list) and 0 < len(given) <= MOST_YEARS
    pattern = gettext_noop("Must be a list of one to %(most)s years.")
    _expect(some, place, pattern, most=MOST_YEARS)
    return tuple(_year(one, f"{place}[{at}]") for at, one in enumerate(given, start=1))


def _year(given: Any, place: str) -> Year:
    row = _exactly(given, set(BOUNDS), place)
    return Year(
        **{name: _number(row[name], f"{place}.{name}", *bounds) for name, bounds in BOUNDS.items()}
    )


def _numbers(
    given: Any, names: Collection[str], place: str, bounds: tuple[Decimal, Decimal]
) -> dict[str, Decimal]:
    row = _exactly(given, names, place)
    return {str(name): _number(one, f"{place}.{name}", *bounds) for name, one in row.items()}


def _amount(given: Any, place: str) -> Decimal:
    return _number(given, place, -MOST_AMOUNT, MOST_AMOUNT)


def _number(given: Any, place: str, least: Decimal, most: Decimal) -> Decimal:
    pattern = gettext_noop("Numbers stand as text, so that no digit is lost.")
    _expect(isinstance(given, str), place, pattern)
    try:
        found = Decimal(given)
    except InvalidOperation:
        raise _refused(place, gettext_noop("This is no number.")) from None
    pattern = gettext_noop("Must lie between %(least)s and %(most)s.")
    within = found.is_finite() and least <= found <= most
    _expect(within, place, pattern, least=f"{least:f}", most=f"{most:f}")
    return found


def _day(given: Any, place: str) -> date:
    try:
        return date.fromisoformat(given)
    except (TypeError, ValueError):
        raise _refused(place, gettext_noop("Must be a day, as 2026-09-30.")) from None


def _text(given: Any, place: str, most: int = LONGEST_TEXT) -> str:
    some = isinstance(given, str) and 3 <= len(given.strip()) <= most
    pattern = gettext_noop("Must be a text of 3 to %(most)s letters.")
    _expect(some, place, pattern, most=most)
    return str(given).strip()


def _mapping(given: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise _refused(place, gettext_noop("Must be an object."))
    return given


def _exactly(given: Any, names: Collection[str], place: str) -> Mapping[str, Any]:
    row = _mapping(given, place)
    pattern = gettext_noop("Must name exactly %(names)s.")
    _expect(set(row) == set(names), place, pattern, names=", ".join(sorted(names)))
    return row


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
