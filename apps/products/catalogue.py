"""Read and check the catalogue files: entities with branches, products with fees. Pure.

Nothing is filled in: a key that is missing, unknown or of the wrong kind is refused, with the
place in the file. Money and rates stand in the files as text, so that no digit is lost.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any

from apps.core import money
from apps.letters import bureaus, regimes
from apps.products import pricing

# The last instalment takes what rounding left over; above this share of the payment, the term
# is too long for the rate.
_LARGEST_LAST_EXCESS = Decimal("0.10")
_HIGHEST_RATE = 5
_LONGEST_TERM_MONTHS = 480
# Key facts hold for three working days at least (rule book 6.6); an applicant is told what became
# of an offer by the 90th day (4.1), so its last day is the one before.
SHORTEST_OFFER_DAYS, LONGEST_OFFER_DAYS = 5, 89


class CatalogueRefused(ValueError):
    """The catalogue breaks a rule; `place` says where."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"{place}: {why}")
        self.place = place
        self.why = why


@dataclass(frozen=True, kw_only=True)
class BranchSpec:
    """A branch of an entity."""

    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class EntitySpec:
    """A lender as its letters name it."""

    code: str
    name: str
    kind: str
    country: str
    currency: str
    time_zone: str
    address: str
    email: str
    phone: str
    review_contact: str
    data_protection_contact: str
    regulator: str
    credit_bureaus: str
    review_days: int
    branches: tuple[BranchSpec, ...]


@dataclass(frozen=True, kw_only=True)
class FeeSpec:
    """A fee: a fixed amount, or a fraction of the loan."""

    code: str
    name: str
    basis: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class ProductSpec:
    """A loan product. `entity` is the entity's code."""

    entity: str
    code: str
    name: str
    description: str
    currency: str
    minimum_amount: Decimal
    maximum_amount: Decimal
    minimum_term_months: int
    maximum_term_months: int
    annual_rate: Decimal
    schedule: str
    purposes: tuple[str, ...]
    secured: bool
    scoring_segment: str
    cooling_off_days: int
    offer_days: int
    is_open: bool
    fees: tuple[FeeSpec, ...]


def entities(data: Any, *, kinds: Collection[str]) -> list[EntitySpec]:
    """Return the entities of a file's content, or raise CatalogueRefused."""
    specs = []
    for place, row in _rows(data, "entities"):
        branches = tuple(
            BranchSpec(**_typed(BranchSpec, branch, inner))
            for inner, branch in _rows(row, "branches", inside=place)
        )
        spec = EntitySpec(**{**_typed(EntitySpec, row, place), "branches": branches})
        _expect(spec.kind in kinds, place, f"{spec.kind!r} is not a kind of entity.")
        _expect(spec.currency in money.MINOR_UNITS, place, f"{spec.currency!r} is not lent here.")
        _expect(spec.country in regimes.COUNTRIES, place, "No rules for letters are known there.")
        readable = bureaus.is_readable(spec.credit_bureaus)
        _expect(readable, place, "A bureau needs its name, address and telephone, a line each.")
        _expect(spec.review_days >= 1, place, "review_days must be at least 1.")
        _expect(bool(branches), place, "An entity needs at least one branch.")
        specs.append(spec)
    _once([spec.code for spec in specs], "entities")
    _once([branch.code for spec in specs for branch in spec.branches], "branches")
    return specs


def products(
    data: Any,
    *,
    countries: Mapping[str, str],
    purposes: Collection[str],
    schedules: Collection[str],
    bases: Collection[str],
) -> list[ProductSpec]:
    """Return the products of a file's content, or raise CatalogueRefused.

    `countries` maps the code of every known entity to its country.
    """
    specs = []
    for place, row in _rows(data, "products"):
        fees = tuple(
            FeeSpec(**_typed(FeeSpec, fee, inner))
            for inner, fee in _rows(row, "fees", inside=place)
        )
        spec = ProductSpec(**{**_typed(ProductSpec, row, place), "fees": fees})
        _expect(spec.entity in countries, place, f"There is no entity {spec.entity!r}.")
        _expect(spec.schedule in schedules, place, f"{spec.schedule!r} is not a schedule.")
        unknown = sorted(set(spec.purposes) - set(purposes))
        _expect(not unknown, place, f"Unknown purposes: {', '.join(unknown)}.")
        _check_bounds(spec, place)
        _check_cooling_off(spec, countries[spec.entity], place)
        _check_offer(spec, place)
        _check_fees(spec, bases, place)
        specs.append(spec)
    _once([spec.code for spec in specs], "products")
    return specs


def _check_bounds(spec: ProductSpec, place: str) -> None:
    _expect(spec.currency in money.MINOR_UNITS, place, f"{spec.currency!r} is not lent here.")
    for name in ("minimum_amount", "maximum_amount"):
        value: Decimal = getattr(spec, name)
        whole = value == money.money(value, spec.currency)
        _expect(value > 0 and whole, place, f"{name} must be positive, in whole smallest units.")
    _expect(spec.minimum_amount <= spec.maximum_amount, place, "The amounts are in wrong order.")
    in_order = 1 <= spec.minimum_term_months <= spec.maximum_term_months <= _LONGEST_TERM_MONTHS
    _expect(in_order, place, f"Terms must run from 1 to {_LONGEST_TERM_MONTHS} months, in order.")
    is_fraction = 0 <= spec.annual_rate < _HIGHEST_RATE
    _expect(is_fraction, place, "annual_rate is a fraction: 0.16 for 16 per cent.")
    _expect(bool(spec.purposes), place, "A product needs at least one purpose.")
    _once(list(spec.purposes), f"{place}.purposes")
    smallest = pricing.exact_payment(
        spec.minimum_amount, spec.annual_rate, spec.maximum_term_months
    )
    excess = pricing.largest_last_excess(spec.annual_rate, spec.maximum_term_months, spec.currency)
    fits = excess <= smallest * _LARGEST_LAST_EXCESS
    _expect(fits, place, "This term is too long for this rate: the last instalment grows.")


def _check_cooling_off(spec: ProductSpec, country: str, place: str) -> None:
    """Rule book 6.5 T1: an Indian lender gives at least one day to step back."""
    _expect(spec.cooling_off_days >= 0, place, "cooling_off_days must not be negative.")
    allowed = country != "IN" or spec.cooling_off_days >= 1
    _expect(allowed, place, "An Indian lender must give at least one cooling-off day.")


def _check_offer(spec: ProductSpec, place: str) -> None:
    is_bound = SHORTEST_OFFER_DAYS <= spec.offer_days <= LONGEST_OFFER_DAYS
    limits = f"from {SHORTEST_OFFER_DAYS} to {LONGEST_OFFER_DAYS}"
    _expect(is_bound, place, f"offer_days must be {limits}.")


def _check_fees(spec: ProductSpec, bases: Collection[str], place: str) -> None:
    _once([fee.code for fee in spec.fees], f"{place}.fees")
    for fee in spec.fees:
        _expect(fee.basis in bases, place, f"{fee.basis!r} is not a basis of a fee.")
        _expect(fee.amount >= 0, place, "A fee must not be negative.")
        is_share = fee.basis == "share"
        _expect(not is_share or fee.amount < 1, place, "A share of the loan must be below 1.")


def _rows(data: Any, key: str, *, inside: str = "") -> list[tuple[str, Mapping[str, Any]]]:
    """Return (place, row) for every row of the list that stands under `key`."""
    path = f"{inside}.{key}" if inside else key
    listed = data.get(key) if isinstance(data, Mapping) else None
    if not isinstance(listed, list):
        raise CatalogueRefused(path, "A list must stand here.")
    rows = []
    for position, row in enumerate(listed, start=1):
        place = f"{path}[{position}]"
        if not isinstance(row, Mapping):
            raise CatalogueRefused(place, "Must be an object.")
        rows.append((place, row))
    return rows


def _typed(spec: type, row: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return the row's values in the types of the dataclass, nested lists left out."""
    declared = {field.name: field.type for field in fields(spec)}
    odd = sorted(set(row) ^ set(declared))
    _expect(not odd, place, f"Missing or unknown: {', '.join(odd)}.")
    return {
        name: _value(row[name], kind, f"{place}.{name}")
        for name, kind in declared.items()
        if kind in _READERS
    }


def _value(value: Any, kind: Any, place: str) -> Any:
    try:
        return _READERS[kind](value)
    except (TypeError, InvalidOperation):
        raise CatalogueRefused(place, f"{value!r} does not fit here.") from None


def _text(value: Any) -> str:
    if not isinstance(value, str) or value != value.strip():
        raise TypeError
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _decimal(value: Any) -> Decimal:
    # A JSON number has already been through a float.
    number = Decimal(_text(value))
    if not number.is_finite():
        raise TypeError
    return number


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_text(word) for word in value)


_READERS: Mapping[Any, Any] = {
    str: _text,
    int: _whole,
    bool: _flag,
    Decimal: _decimal,
    tuple[str, ...]: _words,
}


def _expect(holds: bool, place: str, why: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise CatalogueRefused(place, why)


def _once(codes: Sequence[str], place: str) -> None:
    twice = sorted({code for code in codes if codes.count(code) > 1})
    _expect(not twice, place, f"Named twice: {', '.join(twice)}.")
