"""Read and check the catalogue files: entities with branches, products with fees. Pure.

Nothing is filled in: a key that is missing, unknown or of the wrong kind is refused, with the
place in the file. Money and rates stand in the files as text, so that no digit is lost.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from apps.core import money
from apps.letters import bureaus, regimes
from apps.products import conditions, pricing
from apps.products.conditions import ConditionsSpec
from apps.products.reading import CatalogueRefused, expect, once, rows, typed
from apps.schedules.terms import FeeTiming

__all__ = [
    "LONGEST_OFFER_DAYS",
    "SHORTEST_OFFER_DAYS",
    "BranchSpec",
    "CatalogueRefused",
    "EntitySpec",
    "FeeSpec",
    "ProductSpec",
    "Repaid",
    "entities",
    "products",
]

# A product's schedule and the conditions of its contracts.
Repaid = tuple[str, ConditionsSpec]
# The last instalment takes what rounding left over; above this share of the payment, the term
# is too long for the rate.
_LARGEST_LAST_EXCESS = Decimal("0.10")
_HIGHEST_RATE = 5
_LONGEST_TERM_MONTHS = 480
# Key facts hold for three working days at least (rule book 6.6); an applicant is told what became
# of an offer by the 90th day (4.1), so its last day is the one before.
SHORTEST_OFFER_DAYS, LONGEST_OFFER_DAYS = 5, 89


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
    # Who answers complaints about a loan, named in its statement; empty where nobody is named.
    nodal_officer: str
    nodal_phone: str
    nodal_email: str
    # Where borrowers pay to, a line each; empty where they are to ask.
    repayment_account: str
    # Days of the week nobody works, Monday is 0, and the days beside them.
    weekend: tuple[int, ...]
    holidays: tuple[date, ...]
    branches: tuple[BranchSpec, ...]


@dataclass(frozen=True, kw_only=True)
class FeeSpec:
    """A fee: a fixed amount, or a fraction of the loan, when it is paid, and to whom.

    `kept_on_exit` says that it is kept when the borrower steps back in the cooling-off time.
    """

    code: str
    name: str
    names: Mapping[str, str]
    basis: str
    amount: Decimal
    timing: str
    is_third_party: bool
    kept_on_exit: bool


@dataclass(frozen=True, kw_only=True)
class ProductSpec:
    """A loan product. `entity` is the entity's code, `names` its names beside English."""

    entity: str
    code: str
    name: str
    names: Mapping[str, str]
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
    conditions: ConditionsSpec | None
    fees: tuple[FeeSpec, ...]


def entities(data: Any, *, kinds: Collection[str]) -> list[EntitySpec]:
    """Return the entities of a file's content, or raise CatalogueRefused."""
    specs = []
    for place, row in rows(data, "entities"):
        branches = tuple(
            BranchSpec(**typed(BranchSpec, branch, inner))
            for inner, branch in rows(row, "branches", inside=place)
        )
        spec = EntitySpec(**{**typed(EntitySpec, row, place), "branches": branches})
        expect(spec.kind in kinds, place, f"{spec.kind!r} is not a kind of entity.")
        expect(spec.currency in money.MINOR_UNITS, place, f"{spec.currency!r} is not lent here.")
        expect(spec.country in regimes.COUNTRIES, place, "No rules for letters are known there.")
        readable = bureaus.is_readable(spec.credit_bureaus)
        expect(readable, place, "A bureau needs its name, address and telephone, a line each.")
        expect(spec.review_days >= 1, place, "review_days must be at least 1.")
        _check_officer(spec, place)
        _check_calendar(spec, place)
        expect(bool(branches), place, "An entity needs at least one branch.")
        specs.append(spec)
    once([spec.code for spec in specs], "entities")
    once([branch.code for spec in specs for branch in spec.branches], "branches")
    return specs


def products(
    data: Any,
    *,
    countries: Mapping[str, str],
    purposes: Collection[str],
    schedules: Collection[str],
    bases: Collection[str],
    languages: Collection[str],
    stored: Mapping[str, Repaid],
) -> list[ProductSpec]:
    """Return the products of a file's content, or raise CatalogueRefused.

    `countries` maps the code of every known entity to its country, `stored` that of every product
    to how it is repaid by now: what a file leaves as it is, is not refused for a newer rule.
    """
    specs = []
    for place, row in rows(data, "products"):
        fees = tuple(
            FeeSpec(**typed(FeeSpec, fee, inner)) for inner, fee in rows(row, "fees", inside=place)
        )
        flat = typed(ProductSpec, row, place)
        is_lent = flat["currency"] in money.MINOR_UNITS
        expect(is_lent, place, f"{flat['currency']!r} is not lent here.")
        read = conditions.read(
            row["conditions"], currency=flat["currency"], place=f"{place}.conditions"
        )
        spec = ProductSpec(**{**flat, "conditions": read, "fees": fees})
        expect(spec.entity in countries, place, f"There is no entity {spec.entity!r}.")
        _check_names(spec, languages, place)
        expect(spec.schedule in schedules, place, f"{spec.schedule!r} is not a schedule.")
        if read is not None:
            is_stored = stored.get(spec.code) == (spec.schedule, read)
            conditions.check_method(read, spec.schedule, f"{place}.conditions", is_stored=is_stored)
        unknown = sorted(set(spec.purposes) - set(purposes))
        expect(not unknown, place, f"Unknown purposes: {', '.join(unknown)}.")
        _check_bounds(spec, place)
        _check_cooling_off(spec, countries[spec.entity], place)
        _check_offer(spec, place)
        _check_fees(spec, bases, place)
        specs.append(spec)
    once([spec.code for spec in specs], "products")
    return specs


def _check_officer(spec: EntitySpec, place: str) -> None:
    said = [bool(value) for value in (spec.nodal_officer, spec.nodal_phone, spec.nodal_email)]
    why = "nodal_officer, nodal_phone and nodal_email stand together."
    expect(all(said) or not any(said), place, why)


def _check_calendar(spec: EntitySpec, place: str) -> None:
    days = set(spec.weekend)
    is_week = days <= set(range(7)) and len(days) == len(spec.weekend) and len(days) < 7
    expect(is_week, place, "weekend names days from 0 (Monday) to 6, not all of them.")
    once([day.isoformat() for day in spec.holidays], f"{place}.holidays")


def _check_bounds(spec: ProductSpec, place: str) -> None:
    for name in ("minimum_amount", "maximum_amount"):
        value: Decimal = getattr(spec, name)
        whole = value == money.money(value, spec.currency)
        expect(value > 0 and whole, place, f"{name} must be positive, in whole smallest units.")
    expect(spec.minimum_amount <= spec.maximum_amount, place, "The amounts are in wrong order.")
    in_order = 1 <= spec.minimum_term_months <= spec.maximum_term_months <= _LONGEST_TERM_MONTHS
    expect(in_order, place, f"Terms must run from 1 to {_LONGEST_TERM_MONTHS} months, in order.")
    is_fraction = 0 <= spec.annual_rate < _HIGHEST_RATE
    expect(is_fraction, place, "annual_rate is a fraction: 0.16 for 16 per cent.")
    expect(bool(spec.purposes), place, "A product needs at least one purpose.")
    once(list(spec.purposes), f"{place}.purposes")
    smallest = pricing.exact_payment(
        spec.minimum_amount, spec.annual_rate, spec.maximum_term_months
    )
    excess = pricing.largest_last_excess(spec.annual_rate, spec.maximum_term_months, spec.currency)
    fits = excess <= smallest * _LARGEST_LAST_EXCESS
    expect(fits, place, "This term is too long for this rate: the last instalment grows.")


def _check_cooling_off(spec: ProductSpec, country: str, place: str) -> None:
    """Rule book 6.5 T1: an Indian lender gives at least one day to step back."""
    expect(spec.cooling_off_days >= 0, place, "cooling_off_days must not be negative.")
    allowed = country != "IN" or spec.cooling_off_days >= 1
    expect(allowed, place, "An Indian lender must give at least one cooling-off day.")


def _check_offer(spec: ProductSpec, place: str) -> None:
    is_bound = SHORTEST_OFFER_DAYS <= spec.offer_days <= LONGEST_OFFER_DAYS
    limits = f"from {SHORTEST_OFFER_DAYS} to {LONGEST_OFFER_DAYS}"
    expect(is_bound, place, f"offer_days must be {limits}.")


def _check_names(spec: ProductSpec, languages: Collection[str], place: str) -> None:
    """Names that a statement uses are of languages that statements are written in, and say one."""
    called: list[ProductSpec | FeeSpec] = [spec, *spec.fees]
    for one in called:
        unknown = sorted(set(one.names) - set(languages))
        expect(not unknown, place, f"No statement is written in: {', '.join(unknown)}.")
        expect(all(one.names.values()), place, f"A name of {one.code} is empty.")


def _check_fees(spec: ProductSpec, bases: Collection[str], place: str) -> None:
    once([fee.code for fee in spec.fees], f"{place}.fees")
    for fee in spec.fees:
        expect(fee.basis in bases, place, f"{fee.basis!r} is not a basis of a fee.")
        expect(fee.amount >= 0, place, "A fee must not be negative.")
        expect(fee.timing in list(FeeTiming), place, f"{fee.timing!r} is no time to pay a fee.")
        is_one_time = fee.timing != FeeTiming.EACH_INSTALMENT
        kept = "Only a one-time fee is kept when the borrower steps back."
        expect(is_one_time or not fee.kept_on_exit, place, kept)
        is_share = fee.basis == "share"
        expect(not is_share or fee.amount < 1, place, "A share of the loan must be below 1.")
