"""What a contract of a product says beside amount, term and price. Pure.

Every offer tells it (rule book 6.6), so a product without it offers nothing. Rates are fractions,
charges are amounts in the product's currency; a charge of zero says that there is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from apps.core import money
from apps.products.reading import expect, typed
from apps.schedules.terms import Adjustment, DayCount, FirstPeriod, Frequency, Rounding

# Rule book 6.6: an offer with a tenor of a week or more holds for three working days at least.
FEWEST_WORKING_DAYS, MOST_WORKING_DAYS = 3, 30
# A charge for being late that exceeds this a year is no reasonable one (rule book 6.8).
HIGHEST_PENAL_RATE = Decimal("0.60")
HIGHEST_FORECLOSURE_RATE = Decimal("0.10")
LONGEST_RESET_MONTHS = 60
# A step that more than doubles an instalment is none any more. Instalments do not fall: a request
# is judged by level ones, and the first of falling ones asks for more than an applicant was found
# able to carry. Equal principal falls, and is judged by its first.
LARGEST_STEP = Decimal(2)


class RateType(StrEnum):
    """Whether the rate stays as agreed or follows a benchmark."""

    FIXED = "fixed"
    FLOATING = "floating"


class Bucket(StrEnum):
    """What a payment is taken for."""

    FEES = "fees"
    PENAL = "penal"
    INTEREST = "interest"
    PRINCIPAL = "principal"


class Across(StrEnum):
    """Which way a payment goes through what is due.

    Horizontal: all of the oldest instalment first. Vertical: one bucket of all instalments first.
    """

    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"


# The orders of loans that are not standard; empty where they have none of their own.
OTHER_ORDERS = (
    "npa_allocation_order",
    "written_off_allocation_order",
    "settlement_allocation_order",
)


@dataclass(frozen=True, kw_only=True)
class ConditionsSpec:
    """The conditions of a product's contracts, every one of them said.

    `balloon_share` is the part of the loan that a balloon leaves to the last instalment; where
    instalments step, each `step_every` of them are `step_factor` times those before. Floating rates
    name a benchmark, its value and the months between resets; the spread is what
    the decided rate has above it. `penal_charge_rate` is a year's share of what is overdue;
    where `overdue_interest`, the contract's interest runs on that as well (rule book 6.8).
    `foreclosure_rate` is a share of the principal paid before its time. `staged_clause`,
    `recovery_clause` and `grievance_clause` name clauses of the loan agreement. `recovery_agent` is
    the service provider that may call on the borrower, empty where there is none.
    """

    frequency: str
    day_count: str
    rounding_unit: Decimal
    rounding_mode: str
    first_period: str
    date_adjustment: str
    balloon_share: Decimal | None
    step_every: int | None
    step_factor: Decimal | None
    rate_type: str
    benchmark: str
    benchmark_rate: Decimal | None
    reset_months: int | None
    penal_charge_rate: Decimal
    overdue_interest: bool
    bounce_charge: Decimal
    foreclosure_rate: Decimal
    switching_charge: Decimal
    is_staged: bool
    staged_clause: str
    recovery_clause: str
    grievance_clause: str
    is_transferable: bool
    is_colent: bool
    colender: str
    colender_share: Decimal | None
    colender_rate: Decimal | None
    is_digital: bool
    recovery_agent: str
    allocation_order: tuple[str, ...]
    allocation_across: str
    npa_allocation_order: tuple[str, ...]
    written_off_allocation_order: tuple[str, ...]
    settlement_allocation_order: tuple[str, ...]
    offer_working_days: int


def read(row: Any, *, currency: str, place: str) -> ConditionsSpec | None:
    """Return the conditions that stand in a file, or None where it says null.

    Raises CatalogueRefused.
    """
    if row is None:
        return None
    expect(isinstance(row, Mapping), place, "Must be an object, or null.")
    spec = ConditionsSpec(**typed(ConditionsSpec, row, place))
    _check_schedule(spec, currency, place)
    _check_rate(spec, place)
    _check_charges(spec, currency, place)
    _check_contract(spec, place)
    _check_allocation(spec, place)
    expect(
        FEWEST_WORKING_DAYS <= spec.offer_working_days <= MOST_WORKING_DAYS,
        place,
        f"offer_working_days must be from {FEWEST_WORKING_DAYS} to {MOST_WORKING_DAYS}.",
    )
    return spec


def _check_schedule(spec: ConditionsSpec, currency: str, place: str) -> None:
    known = {
        "frequency": Frequency,
        "day_count": DayCount,
        "rounding_mode": Rounding,
        "first_period": FirstPeriod,
        "date_adjustment": Adjustment,
        "rate_type": RateType,
    }
    for name, choices in known.items():
        value = getattr(spec, name)
        expect(value in list(choices), place, f"{value!r} is no {name}.")
    unit = spec.rounding_unit
    fits = unit > 0 and not unit % money.quantum(currency)
    expect(fits, place, "rounding_unit must be a whole number of smallest units.")


def check_method(spec: ConditionsSpec, method: str, place: str, *, is_stored: bool) -> None:
    """Raise CatalogueRefused where conditions and a product's schedule contradict each other.

    What `is_stored` word for word may still fall: it was taken on when instalments might, stays
    as it is, and nothing is offered of it. Whoever changes it lets its instalments rise.
    """
    is_balloon, is_stepped = method == "balloon", method == "stepped"
    share, every, factor = spec.balloon_share, spec.step_every, spec.step_factor
    expect(is_balloon == (share is not None), place, "A balloon, and no other, has balloon_share.")
    expect(share is None or 0 < share < 1, place, "balloon_share is a fraction.")
    told = (every is not None, factor is not None)
    expect(told == (is_stepped, is_stepped), place, "Steps have step_every and step_factor.")
    expect(every is None or every >= 1, place, "step_every must be at least 1.")
    fits = factor is None or is_stored or 1 < factor <= LARGEST_STEP
    expect(fits, place, f"step_factor is above 1 and at most {LARGEST_STEP}: instalments rise.")
    is_spread = spec.first_period == FirstPeriod.AMORTISED
    expect(method != "single" or is_spread, place, "A single payment has first_period amortised.")
    is_once = method not in ("flat", "single") or not spec.is_staged
    expect(is_once, place, "A flat rate or a single payment is not paid out in stages.")
    is_told = method == "emi" or spec.rate_type == RateType.FIXED
    expect(is_told, place, "Only equal instalments follow a floating rate: a rise is told by them.")


def _check_rate(spec: ConditionsSpec, place: str) -> None:
    said = (bool(spec.benchmark), spec.benchmark_rate is not None, spec.reset_months is not None)
    if spec.rate_type == RateType.FIXED:
        expect(not any(said), place, "A fixed rate has no benchmark, its rate or months of reset.")
        return
    expect(all(said), place, "A floating rate needs benchmark, benchmark_rate and reset_months.")
    expect(0 <= (spec.benchmark_rate or 0) < 1, place, "benchmark_rate is a fraction.")
    months = spec.reset_months or 0
    expect(1 <= months <= LONGEST_RESET_MONTHS, place, "reset_months is out of bounds.")


def _check_charges(spec: ConditionsSpec, currency: str, place: str) -> None:
    for name, highest in (
        ("penal_charge_rate", HIGHEST_PENAL_RATE),
        ("foreclosure_rate", HIGHEST_FORECLOSURE_RATE),
    ):
        value: Decimal = getattr(spec, name)
        expect(0 <= value <= highest, place, f"{name} must be from 0 to {highest}.")
    for name in ("bounce_charge", "switching_charge"):
        value = getattr(spec, name)
        whole = value == money.money(value, currency)
        expect(value >= 0 and whole, place, f"{name} must be an amount, or 0.")


def _check_allocation(spec: ConditionsSpec, place: str) -> None:
    whole = sorted(Bucket)
    expect(
        sorted(spec.allocation_order) == whole,
        place,
        f"allocation_order names each of {', '.join(Bucket)} once.",
    )
    expect(
        spec.allocation_across in list(Across),
        place,
        f"allocation_across is one of {', '.join(Across)}.",
    )
    for name in OTHER_ORDERS:
        expect(
            sorted(getattr(spec, name)) in ([], whole),
            place,
            f"{name} names each of {', '.join(Bucket)} once, or nothing: as allocation_order.",
        )


def _check_contract(spec: ConditionsSpec, place: str) -> None:
    expect(spec.is_staged == bool(spec.staged_clause), place, "Stages need staged_clause.")
    expect(bool(spec.recovery_clause), place, "recovery_clause must name a clause.")
    expect(bool(spec.grievance_clause), place, "grievance_clause must name a clause.")
    said = (
        bool(spec.colender),
        spec.colender_share is not None,
        spec.colender_rate is not None,
    )
    expect(
        all(said) if spec.is_colent else not any(said),
        place,
        "Lending together needs colender, colender_share and colender_rate; otherwise none.",
    )
    share = spec.colender_share
    expect(share is None or 0 < share < 1, place, "colender_share is a fraction.")
