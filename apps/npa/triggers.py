"""What a facility demands by itself: the classes its days, its state and people put it in. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from apps.collateral import worth
from apps.core.dates import add_months
from apps.npa.facility import Facility, Form, Guarantee
from apps.npa.regimes import Rules
from apps.npa.rule_parts import Band, DayCount


class Reason(StrEnum):
    """What decided the class; `why` has a sentence for each."""

    IN_TIME = "in_time"
    DAYS = "days"
    MISSED = "missed"
    OUT_OF_ORDER = "out_of_order"
    CROP = "crop"
    RESTRUCTURED = "restructured"
    KEPT_CLASS = "kept_class"
    REVIEWED = "reviewed"
    FRAUD = "fraud"
    BORROWER = "borrower"
    ARREARS_LEFT = "arrears_left"
    AGE = "age"
    ERODED = "eroded"
    NOT_BETTER = "not_better"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A class that something demands at least, since when, and what demands it."""

    rank: int
    since: date
    reason: Reason


def days_past_due(oldest_due: date | None, as_of: date, count: DayCount) -> int:
    """Return the days past due at the end of a day; 0 where nothing is unpaid. Rule book 1.1."""
    if oldest_due is None or oldest_due > as_of:
        return 0
    return (as_of - oldest_due).days + (count == DayCount.RBI)


def is_out_of_order(one: Facility, days: int) -> bool:
    """Say whether an overdraft is out of order: any one of three limbs. Rule book 1.3."""
    return (
        one.excess_days >= days
        or one.days_without_credit >= days
        or (
            one.credits is not None
            and one.interest_debited is not None
            and one.credits < one.interest_debited
        )
    )


def crop_deadline(one: Facility, rules: Rules) -> date | None:
    """Return the day a crop loan stops performing; None where it is none, or nothing is unpaid.

    Rule book 1.4: overdue for two seasons of a short crop, one of a long one.
    """
    if not is_seasonal(one, rules) or one.oldest_due is None:
        return None
    crop, months = rules.crop, one.season_months
    assert crop is not None  # noqa: S101 - is_seasonal says so
    assert months is not None  # noqa: S101
    is_long = months > crop.long_over_months
    return add_months(
        one.oldest_due, months * (crop.long_seasons if is_long else crop.short_seasons)
    )


def is_seasonal(one: Facility, rules: Rules) -> bool:
    """Say whether crop seasons count instead of days: not for allied activities. Rule book 1.4."""
    return one.form == Form.CROP and rules.crop is not None and one.season_months is not None


def is_exempt(one: Facility, rules: Rules) -> bool:
    """Say whether a facility stays performing whatever its days. Rule book 1.15."""
    against_deposits = (
        rules.exempt.own_deposits
        and one.deposits > 0
        and worth.keeps_standard(one.deposits, one.outstanding)
    )
    guaranteed = (
        rules.exempt.central_guarantee
        and one.guarantee == Guarantee.CENTRAL_GOVERNMENT
        and not one.guarantee_repudiated
    )
    return against_deposits or guaranteed


def is_satisfied(one: Facility, rules: Rules, as_of: date) -> bool:
    """Say whether the specified period after a restructuring ended well. Rule book 1.13."""
    asked = rules.restructuring
    return (
        one.first_payment_on is not None
        and as_of >= add_months(one.first_payment_on, asked.minimum_months)
        and one.repaid_share >= asked.repaid_share
        and not one.defaulted_since
        and is_rated_enough(one, rules)
    )


def is_rated_enough(one: Facility, rules: Rules) -> bool:
    """Say whether its rating lets a restructured facility perform again. Rule book 1.13.

    What was found counts; where nobody said, an exposure as large as the table names is not rated.
    """
    if one.is_rated_well is not None:
        return one.is_rated_well
    bound = rules.restructuring.rated_from
    return bound is None or one.exposure < bound


def has_arrears(one: Facility, rules: Rules, as_of: date) -> bool:
    """Say whether anything of a facility is in arrears at the end of a day."""
    if one.form == Form.REVOLVING:
        return one.excess_days > 0 or (
            rules.revolving is not None and is_out_of_order(one, rules.revolving.out_of_order_days)
        )
    return one.oldest_due is not None and one.oldest_due <= as_of


def days_counted(one: Facility, as_of: date, count: DayCount) -> int:
    """Return the days that bands and buckets go by: of an overdraft those above its limit."""
    if one.form == Form.REVOLVING:
        return one.excess_days
    return days_past_due(one.oldest_due, as_of, count)


# --- what each facility is by itself ----------------------------------------------------------
def demands(one: Facility, rules: Rules, as_of: date) -> list[Found]:
    """Return every class that the facility itself demands; empty where it is in time."""
    counted = [] if is_exempt(one, rules) else _by_count(one, rules, as_of)
    return [*counted, *_by_people(one, rules, as_of)]


def _by_count(one: Facility, rules: Rules, as_of: date) -> list[Found]:
    if one.form == Form.REVOLVING and rules.revolving is not None:
        days = rules.revolving.out_of_order_days
        if not is_out_of_order(one, days):
            return []
        over = max(one.excess_days, one.days_without_credit) - days
        return [
            Found(
                rank=rules.bad_rank,
                since=as_of - timedelta(days=max(0, over)),
                reason=Reason.OUT_OF_ORDER,
            )
        ]
    if is_seasonal(one, rules):
        deadline = crop_deadline(one, rules)
        if deadline is None or deadline > as_of:
            return []
        return [Found(rank=rules.bad_rank, since=deadline, reason=Reason.CROP)]
    return _by_bands(one, rules, as_of)


def _by_bands(one: Facility, rules: Rules, as_of: date) -> list[Found]:
    days = days_counted(one, as_of, rules.day_count)
    found = []
    for band in rules.bands_on(as_of):
        rank = rules.ranks[band.grade]
        if band.from_days <= days and rank:
            since = as_of - timedelta(days=days - band.from_days)
            found.append(Found(rank=rank, since=since, reason=Reason.DAYS))
        if _reached(band, one.missed) and rank:
            found.append(Found(rank=rank, since=as_of, reason=Reason.MISSED))
    return found


def _reached(band: Band, missed: int) -> bool:
    return band.from_missed is not None and missed >= band.from_missed


def _by_people(one: Facility, rules: Rules, as_of: date) -> list[Found]:
    """Return what a fraud, a review or a restructuring demands."""
    found = []
    if one.is_fraud:
        found.append(Found(rank=rules.ranks[rules.loss], since=as_of, reason=Reason.FRAUD))
    if rules.ranks.get(one.reviewed):
        rank = rules.ranks[one.reviewed]
        found.append(Found(rank=rank, since=as_of, reason=Reason.REVIEWED))
    on = one.restructured_on
    if on is None or on > as_of or one.restructuring_exempt or is_satisfied(one, rules, as_of):
        return found
    if rules.restructuring.downgrades:
        found.append(Found(rank=rules.bad_rank, since=on, reason=Reason.RESTRUCTURED))
    if rules.restructuring.keeps_class and rules.ranks.get(one.class_when_restructured):
        rank = rules.ranks[one.class_when_restructured]
        found.append(Found(rank=rank, since=on, reason=Reason.KEPT_CLASS))
    return found
