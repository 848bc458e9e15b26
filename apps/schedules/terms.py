"""What a loan's schedule is computed from, and what comes out. Pure.

Amounts are Decimals in the currency of the loan, rates are fractions a year (0.12 is 12 %),
counts are whole instalments, dates are the lender's calendar days. Nothing here is checked:
`checks` does that before anything is computed. Conventions: docs/schedules.md.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

ZERO = Decimal(0)


class Method(StrEnum):
    """How the principal comes back."""

    EQUAL_INSTALMENT = "equal_instalment"  # EMI on the declining balance
    EQUAL_PRINCIPAL = "equal_principal"
    FLAT = "flat"  # interest on the amount lent, to the end
    INTEREST_ONLY = "interest_only"  # the principal at the end, as a bullet
    SINGLE = "single"  # principal and interest in one payment at maturity
    BALLOON = "balloon"  # equal instalments down to an amount paid with the last
    STEPPED = "stepped"  # instalments that step up or down
    CUSTOM = "custom"  # agreed dates and principals


class Frequency(StrEnum):
    """How far due dates lie apart."""

    DAILY = "daily"
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    FOUR_WEEKLY = "four_weekly"
    SEMI_MONTHLY = "semi_monthly"
    MONTHLY = "monthly"  # the same day, clipped to the end of a shorter month
    END_OF_MONTH = "end_of_month"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"


class DayCount(StrEnum):
    """What share of a year lies between two days."""

    THIRTY_360_US = "30_360_us"
    THIRTY_360_EU = "30_360_eu"
    ACT_365 = "act_365"
    ACT_360 = "act_360"
    ACT_ACT_ISDA = "act_act_isda"


class FirstPeriod(StrEnum):
    """Who pays, and when, for a first period that is longer or shorter than the others."""

    AMORTISED = "amortised"  # spread over all instalments
    IN_FIRST_INSTALMENT = "in_first_instalment"
    UPFRONT = "upfront"  # deducted from what is paid out


class Rounding(StrEnum):
    """How an instalment is rounded to its unit; interest is always rounded half-up."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    UP = "up"
    DOWN = "down"


class Adjustment(StrEnum):
    """Where a due date goes that falls on a day off."""

    NONE = "none"
    PREVIOUS = "previous"
    NEXT = "next"
    MODIFIED_FOLLOWING = "modified_following"  # the next, unless that is another month


class GraceTerm(StrEnum):
    """Whether instalments of grace are among the agreed number or come on top of it."""

    INSIDE = "inside"
    EXTENDING = "extending"


class FeeTiming(StrEnum):
    """When a fee is paid; upfront means deducted from what is paid out."""

    UPFRONT = "upfront"
    FIRST_INSTALMENT = "first_instalment"
    EACH_INSTALMENT = "each_instalment"


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee of the contract, in the loan's currency; each time, where it is paid each time."""

    code: str
    amount: Decimal
    timing: FeeTiming = FeeTiming.UPFRONT
    is_third_party: bool = False


@dataclass(frozen=True, slots=True)
class Grace:
    """How many of the first instalments pay no principal, pay no interest, are charged none.

    Interest that is charged and not paid joins the balance where `capitalised`; otherwise it
    bears no interest and falls due with the first instalment after the grace.
    """

    principal: int = 0
    interest: int = 0
    interest_free: int = 0
    capitalised: bool = False
    term: GraceTerm = GraceTerm.INSIDE


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days off (`weekend` in weekdays, Monday is 0) and where due dates go that fall on one."""

    holidays: frozenset[date] = frozenset()
    weekend: frozenset[int] = frozenset()
    adjustment: Adjustment = Adjustment.NONE


@dataclass(frozen=True, slots=True)
class Tranche:
    """A part of the loan and the day it is paid out."""

    paid_on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Step:
    """From instalment `first` on (counted from 1), instalments are `factor` times the base."""

    first: int
    factor: Decimal


@dataclass(frozen=True, slots=True)
class CustomRow:
    """An agreed due date and the principal that is paid on it; interest is computed."""

    due_on: date
    principal: Decimal


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything a schedule follows from.

    `principal` is the price or need; the borrower pays `down_payment` of it himself, so that
    `lent` is the rest. `instalments` is the number agreed, to which grace may add. Without
    `first_due_on` the first instalment is due one period after `disbursed_on`. Without
    `rounding_unit` instalments are rounded to the currency's smallest unit. `tranches`, where
    given, sum to `lent` and begin on `disbursed_on`. `balloon`, `steps` and `rows` belong to the
    methods of those names.
    """

    principal: Decimal
    currency: str
    annual_rate: Decimal
    instalments: int
    disbursed_on: date
    first_due_on: date | None = None
    frequency: Frequency = Frequency.MONTHLY
    method: Method = Method.EQUAL_INSTALMENT
    day_count: DayCount = DayCount.THIRTY_360_US
    rounding_unit: Decimal | None = None
    rounding_mode: Rounding = Rounding.HALF_UP
    grace: Grace = Grace()
    first_period: FirstPeriod = FirstPeriod.AMORTISED
    calendar: Calendar = Calendar()
    balloon: Decimal | None = None
    steps: tuple[Step, ...] = ()
    rows: tuple[CustomRow, ...] = ()
    down_payment: Decimal = ZERO
    tranches: tuple[Tranche, ...] = ()
    fees: tuple[Fee, ...] = ()

    @property
    def lent(self) -> Decimal:
        """Return the amount of the loan."""
        return self.principal - self.down_payment


@dataclass(frozen=True, slots=True)
class Row:
    """One instalment; instalment = principal + interest + fee.

    `opening` is what is owed before it, tranches paid out since the last one included;
    closing = opening - principal + capitalised. `interest` is what falls due; `capitalised` is
    interest of this period that joins the balance instead. The period runs from `starts_on` to
    `due_on` and is charged as `fraction` of a year.
    """

    number: int
    due_on: date
    opening: Decimal
    principal: Decimal
    interest: Decimal
    fee: Decimal
    instalment: Decimal
    closing: Decimal
    capitalised: Decimal
    starts_on: date
    fraction: Fraction


@dataclass(frozen=True, slots=True)
class Schedule:
    """The rows that follow from terms, and their totals.

    total_payable + upfront_deductions = total_principal + total_interest + total_fees, and
    total_principal is the amount lent.
    """

    terms: Terms
    rows: tuple[Row, ...]
    # Interest of a broken first period that is deducted from what is paid out.
    upfront_interest: Decimal = ZERO

    @property
    def total_principal(self) -> Decimal:
        """Return the principal of all rows less the interest that became principal."""
        return sum((row.principal for row in self.rows), ZERO) - self.total_capitalised

    @property
    def total_capitalised(self) -> Decimal:
        """Return the interest that joined the balance, and came back as principal."""
        return sum((row.capitalised for row in self.rows), ZERO)

    @property
    def total_interest(self) -> Decimal:
        """Return all interest: in the rows, capitalised, and deducted upfront."""
        in_rows = sum((row.interest for row in self.rows), ZERO)
        return in_rows + self.total_capitalised + self.upfront_interest

    @property
    def total_fees(self) -> Decimal:
        """Return all fees: in the rows and deducted upfront, third parties' included."""
        return sum((row.fee for row in self.rows), ZERO) + self._upfront_fees

    @property
    def total_payable(self) -> Decimal:
        """Return the sum of all instalments."""
        return sum((row.instalment for row in self.rows), ZERO)

    @property
    def upfront_deductions(self) -> Decimal:
        """Return what is kept back when the loan is paid out: upfront fees and interest."""
        return self._upfront_fees + self.upfront_interest

    @property
    def net_disbursed(self) -> Decimal:
        """Return what the borrower receives."""
        return self.terms.lent - self.upfront_deductions

    @property
    def _upfront_fees(self) -> Decimal:
        upfront = [fee.amount for fee in self.terms.fees if fee.timing == FeeTiming.UPFRONT]
        return sum(upfront, ZERO)
