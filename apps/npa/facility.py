"""What a facility of a borrower is on a day, before it is classified. Pure.

One frozen record of plain columns: the day-end's statement has a relation with a column for each
field, of the same name. Amounts are in the facility's currency; None means that it is not known or
does not apply, and nothing is filled in for it.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)


class Form(StrEnum):
    """How a facility is repaid."""

    TERM = "term"
    REVOLVING = "revolving"
    CROP = "crop"


class Guarantee(StrEnum):
    """Who answers for a facility. No guarantee is security (rule book 1.9)."""

    NONE = ""
    PERSONAL = "personal"
    STATE_GOVERNMENT = "state_government"
    CENTRAL_GOVERNMENT = "central_government"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """A facility at the end of a day, and what was said of it the day before."""

    key: Hashable
    currency: str
    opened_on: date
    # Principal, interest and charges that are on the books.
    outstanding: Decimal
    # Of that, interest which is held in suspense.
    suspended: Decimal = ZERO

    # --- what is late ---
    form: Form = Form.TERM
    # The due date of the oldest demand of which any part is unpaid, no later than the day.
    oldest_due: date | None = None
    # Instalments of which any part is unpaid, the one due today left out.
    missed: int = 0
    # Overdrafts: days continuously above the lower of limit and drawing power, days without any
    # credit, and credits against interest debited in the last 90 days (rule book 1.3).
    excess_days: int = 0
    days_without_credit: int = 0
    credits: Decimal | None = None
    interest_debited: Decimal | None = None
    # Crop loans: months of the season as the State Level Bankers' Committee fixed them.
    season_months: int | None = None

    # --- what it is for, and what secures it ---
    purpose: str = ""
    # The segment a person put it in; "" leaves it to purpose and security.
    segment: str = ""
    # The kind of the best security, "" where there is none.
    security_kind: str = ""
    # What a sale would bring of it after haircuts, by whether the valuation still holds.
    security: Decimal = ZERO
    security_stale: Decimal = ZERO
    # What a sale would have brought as assessed before the last valuation; None: never assessed.
    security_assessed: Decimal | None = None
    # At the beginning: the exposure, and what a sale would have brought.
    exposure_at_start: Decimal | None = None
    security_at_start: Decimal | None = None
    has_escrow: bool = False
    # Own deposits and life policies pledged, at their value.
    deposits: Decimal = ZERO
    guarantee: Guarantee = Guarantee.NONE
    guarantee_repudiated: bool = False

    # --- what people found ---
    is_fraud: bool = False
    # The class a review demands at least; "" where none was made. It only makes worse.
    reviewed: str = ""
    # The class an override puts it in until it expires; "" where none runs.
    override: str = ""

    # --- restructuring for financial difficulty ---
    restructured_on: date | None = None
    # Under a scheme for small firms or natural calamities: nothing is downgraded.
    restructuring_exempt: bool = False
    class_when_restructured: str = ""
    first_payment_on: date | None = None
    repaid_share: Decimal = ZERO
    # Whether any facility of the borrower was more than 30 days late in the specified period.
    defaulted_since: bool = False
    # Whether it has an investment grade; None: nobody said. Large exposures need one to perform
    # again. And all that the borrower owes the lender in this currency, where it was restructured.
    is_rated_well: bool | None = None
    exposure: Decimal = ZERO

    # --- IFRS 9 ---
    pd_origination: Decimal | None = None
    # Over twelve months as last known, and over the facility's life where a model gives that.
    pd_12_months: Decimal | None = None
    pd_lifetime: Decimal | None = None
    # Until the last due date, begun ones whole; None: no PD over its life follows from that over
    # twelve months. And the rate of the contract, a fraction a year.
    months_left: int | None = None
    annual_rate: Decimal = ZERO
    lgd: Decimal | None = None
    # A significant increase in credit risk that somebody found otherwise.
    has_increased_risk: bool = False

    # --- the day before; all empty on the first ---
    was_class: str = ""
    # The class the rules alone gave; "" where it is not known to differ.
    was_computed: str = ""
    # Its history by the rules alone; all empty where no override of the borrower ran.
    was_computed_since: date | None = None
    was_computed_npa_date: date | None = None
    was_computed_aged_from: date | None = None
    was_class_since: date | None = None
    was_npa_date: date | None = None
    # What its age in classes is counted from: the NPA date, or earlier where security eroded.
    was_aged_from: date | None = None

    @property
    def was_bad(self) -> bool:
        """Whether it did not perform the day before."""
        return self.was_npa_date is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Borrower:
    """All facilities of a borrower with one lender."""

    facilities: tuple[Facility, ...]
