"""What rule tables are made of: counts, classes, bands, rates, floors. Pure.

Rates are fractions, days are calendar days, months are calendar months. Bounds named `from_...` are
inclusive: a band with `from_days` 31 begins on the 31st day of the table's own day count. All of it
is a number, a date, a code or an ordered list of such: what a CASE expression can say.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class DayCount(StrEnum):
    """How days past due are counted (rule book 0)."""

    # The due date itself is day 1.
    RBI = "rbi"
    # The day after the due date is day 1: IFRS 9, SASRA, CBK.
    PLAIN = "plain"


class Upgrade(StrEnum):
    """When a loan that does not perform performs again."""

    # Only when nothing is in arrears on any facility of the borrower (rule book 1.6).
    ALL_CLEARED = "all_cleared"
    # As soon as the count of days and instalments says so.
    FOLLOWS_COUNT = "follows_count"


class Reserve(StrEnum):
    """Where the excess of the regulator's provision over the expected loss goes."""

    # Rule book 1.12: from profit after tax.
    IMPAIRMENT = "impairment_reserve"
    # Rule book 2.4: not distributable, in equity.
    STATUTORY = "statutory_reserve"


class Status(StrEnum):
    """What a table is. What stands on a day follows from its dates, but for a draft."""

    IN_FORCE = "in_force"
    FUTURE = "future"
    DRAFT = "draft"
    RESCINDED = "rescinded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """A class of assets; the tuple of a table goes from the best to the worst."""

    code: str
    name: str
    performing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The class that days past due, or missed instalments, put a facility in at least."""

    grade: str
    from_days: int
    # None: missed instalments say nothing about this class.
    from_missed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Glide:
    """Since when a facility stops performing from so many days on, instead of by its band."""

    since: date
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """The class after so many months of not performing, from the anniversary itself on."""

    grade: str
    from_months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """What a facility is called by its days past due: SMA-1, PAR30 and the like.

    `revolving` says whether overdrafts have it; theirs are days above the limit. `when_bad` says
    whether a facility that does not perform has it too; otherwise it is just called that.
    """

    code: str
    name: str
    from_days: int
    revolving: bool
    when_bad: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Revolving:
    """When an overdraft is out of order: days above the limit, or days without enough credits."""

    out_of_order_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """After how many crop seasons overdue a crop loan stops performing (rule book 1.4).

    A crop is of long duration where its season has more than `long_over_months` months.
    """

    short_seasons: int
    long_seasons: int
    long_over_months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Erosion:
    """What becomes of a loan that does not perform as its security loses value (rule book 1.8).

    Below `doubtful_below` of the value assessed last: straight to `doubtful`; below `loss_below`
    of what is outstanding: `loss`, and the security counts for nothing.
    """

    doubtful: str
    doubtful_below: Decimal
    loss: str
    loss_below: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Restructuring:
    """What a restructuring for financial difficulty does (rule book 1.13, 2.1).

    `downgrades`: the facility stops performing until its specified period was satisfied, which is
    not before `minimum_months` from the first payment and `repaid_share` of what was owed is paid.
    `keeps_class`: it keeps at least the class it had. Where the borrower owes `rated_from` or more,
    in the currency of the table's country, an investment grade is needed too; None: never.
    """

    downgrades: bool
    keeps_class: bool
    minimum_months: int
    repaid_share: Decimal
    rated_from: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exempt:
    """What stays performing whatever its days: rule book 1.15."""

    # Against own deposits and life policies, while they cover what is outstanding.
    own_deposits: bool
    # Guaranteed by the central government, until it repudiates the guarantee.
    central_guarantee: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """The stages of IFRS 9 (rule book 3.1, 1.17); days are counted plainly.

    `pd_multiple` is the lender's own trigger: PD now over PD at origination; None where the lender
    has none.
    """

    stage_2_over_days: int
    stage_3_from_days: int
    revolving_stage_2_over_days: int
    # Whether what does not perform for the regulator is credit-impaired.
    bad_is_stage_3: bool
    pd_multiple: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What share of the secured and of the unsecured portion is provided for in a class.

    None in both: the segment's standard rate, on all of it. `unsecured_from_start` replaces both
    for an exposure that was unsecured from its beginning, `infrastructure` that again for one with
    an escrow account (rule book 1.10).
    """

    grade: str
    secured: Decimal | None
    unsecured: Decimal | None
    unsecured_from_start: Decimal | None
    infrastructure: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A kind of exposure with a rate of its own; the first that fits counts, the last fits all.

    A facility fits by its purpose and the kind of its best security; an empty tuple takes any. One
    that is `by_name_only` is for facilities that a person put there.
    `stage_3` names the schedule of floors; `lgd` replaces the backstop of the table.
    """

    code: str
    name: str
    by_name_only: bool
    purposes: tuple[str, ...]
    securities: tuple[str, ...]
    standard: Decimal | None
    stage_1: Decimal | None
    stage_2: Decimal | None
    stage_3: str
    lgd: Decimal | None

    def fits(self, purpose: str, security: str) -> bool:
        """Say whether a facility of this purpose and kind of security belongs here."""
        return (
            not self.by_name_only
            and (not self.purposes or purpose in self.purposes)
            and (not self.securities or security in self.securities)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage3:
    """The floors from so many whole years in stage 3 on; the tuple goes up."""

    schedule: str
    from_years: int
    secured: Decimal
    unsecured: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Ecl:
    """How the expected credit loss is bounded (rule book 1.17).

    `floor_binds`: the provision is the higher of model and floor. Otherwise the floors are the
    lender's provision matrix, for facilities without a PD.
    """

    pd_floor: Decimal
    lgd_secured: Decimal
    lgd_unsecured: Decimal
    floor_binds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """What of an exposure is provided for.

    `less_suspended_interest`: not what is held in suspense already. A valuation that does not hold
    any more loses `stale_haircut` of what a sale would bring; 1 leaves nothing.
    `restructured_standard` is the rate of a performing facility that was restructured, if higher.
    """

    less_suspended_interest: bool
    stale_haircut: Decimal
    unsecured_up_to: Decimal
    restructured_standard: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed:
    """A number that sources do not agree on: what is used, what else is said, and by whom.

    `what` is a rate of a class, as `rates.doubtful.unsecured`.
    """

    what: str
    value: Decimal
    alternatives: tuple[str, ...]
    why: str
