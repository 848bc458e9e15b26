"""Everything that may demand a class of a facility at least, as SQL. Pure.

What demands a class is one number - worst class first, then the earliest day, then the order of
reasons - so that the one that counts is the least of them.
"""

from dataclasses import dataclass

from apps.npa.regimes import Rules
from apps.npa.rule_parts import Upgrade
from apps.npa.statements.words import DAY, case, literal, months_later
from apps.npa.triggers import Reason

PLACES = {reason: place for place, reason in enumerate(Reason)}
# Digits of a day, counted from the first, and of a reason's place.
DAYS, REASONS = 10_000_000, 100
FIRST = "DATE '0001-01-01'"
WORST = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Under which condition a class is demanded at least: its rank, since when, and why."""

    when: str
    rank: str
    since: str
    reason: Reason

    @property
    def code(self) -> str:
        """The number that says how it compares; NULL where it is not demanded."""
        value = (
            f"((({WORST} - {self.rank})::bigint * {DAYS} + ({self.since} - {FIRST}))"
            f" * {REASONS} + {PLACES[self.reason]})"
        )
        return f"CASE WHEN {self.when} THEN {value} END"

    def bad_since(self, rules: Rules) -> str:
        """Since when it does not perform because of this; NULL where it does."""
        return f"CASE WHEN ({self.when}) AND {self.rank} >= {rules.bad_rank} THEN {self.since} END"


def rank_of(column: str, rules: Rules) -> str:
    """Return the rank of a class that a column names; NULL for one that the table has not."""
    return case((f"{column} = {literal(code)}", str(rank)) for code, rank in rules.ranks.items())


def by_itself(rules: Rules) -> list[Demand]:
    """Return everything that a facility may demand by itself."""
    return [*_by_count(rules), *_by_people(rules)]


def _by_count(rules: Rules) -> list[Demand]:
    plain, found = "NOT is_exempt", []
    bad = str(rules.bad_rank)
    if rules.revolving is not None:
        over = (
            f"GREATEST(0, GREATEST(excess_days, days_without_credit)"
            f" - {rules.revolving.out_of_order_days})"
        )
        when = f"{plain} AND form = 'revolving' AND is_out_of_order"
        since = f"({DAY} - {over})"
        found.append(Demand(when=when, rank=bad, since=since, reason=Reason.OUT_OF_ORDER))
        plain += " AND form <> 'revolving'"
    if rules.crop is not None:
        crop = rules.crop
        seasons = (
            f"season_months * CASE WHEN season_months > {crop.long_over_months}"
            f" THEN {crop.long_seasons} ELSE {crop.short_seasons} END"
        )
        deadline = months_later("oldest_due", seasons)
        when = f"{plain} AND is_seasonal AND {deadline} <= {DAY}"
        found.append(Demand(when=when, rank=bad, since=deadline, reason=Reason.CROP))
        plain += " AND NOT is_seasonal"
    return found + _by_bands(rules, plain)


def _by_bands(rules: Rules, plain: str) -> list[Demand]:
    """Return what days and missed instalments demand; the glide path is a bound of the day's."""
    found = []
    for band in rules.bands:
        rank = rules.ranks[band.grade]
        if not rank:
            continue
        bound = _bound(rules, band.grade, band.from_days)
        found.append(
            Demand(
                when=f"{plain} AND days >= {bound}",
                rank=str(rank),
                since=f"({DAY} - (days - {bound}))",
                reason=Reason.DAYS,
            )
        )
        if band.from_missed is not None:
            when = f"{plain} AND missed >= {band.from_missed}"
            found.append(Demand(when=when, rank=str(rank), since=DAY, reason=Reason.MISSED))
    return found


def _bound(rules: Rules, grade: str, days: int) -> str:
    if grade != rules.first_bad or not rules.glide:
        return str(days)
    steps = sorted(rules.glide, key=lambda step: step.since, reverse=True)
    return case(((f"{DAY} >= {literal(one.since)}", str(one.days)) for one in steps), str(days))


def _by_people(rules: Rules) -> list[Demand]:
    loss, bad = str(rules.ranks[rules.loss]), str(rules.bad_rank)
    found = [Demand(when="is_fraud", rank=loss, since=DAY, reason=Reason.FRAUD)]
    reviewed = rank_of("reviewed", rules)
    when = f"{reviewed} > 0"
    found.append(Demand(when=when, rank=f"({reviewed})", since=DAY, reason=Reason.REVIEWED))
    if rules.restructuring.downgrades:
        found.append(
            Demand(
                when="is_restructured",
                rank=bad,
                since="restructured_on",
                reason=Reason.RESTRUCTURED,
            )
        )
    if rules.restructuring.keeps_class:
        kept = rank_of("class_when_restructured", rules)
        found.append(
            Demand(
                when=f"is_restructured AND {kept} > 0",
                rank=f"({kept})",
                since="restructured_on",
                reason=Reason.KEPT_CLASS,
            )
        )
    return found


def when_bad(rules: Rules) -> list[Demand]:
    """Return what not performing demands: the first bad class, no milder one, age, erosion."""
    bad = str(rules.bad_rank)
    left = "was_npa_date IS NOT NULL AND NOT group_triggered"
    found = [
        Demand(when=f"is_bad AND {left}", rank=bad, since="bad_from", reason=Reason.ARREARS_LEFT),
        Demand(when=f"is_bad AND NOT ({left})", rank=bad, since="bad_from", reason=Reason.BORROWER),
    ]
    if rules.upgrade == Upgrade.ALL_CLEARED:
        was = rank_of("was_class", rules)
        found.append(
            Demand(
                when=f"is_bad AND was_npa_date IS NOT NULL AND {was} > 0",
                rank=f"({was})",
                since=f"COALESCE(was_class_since, {DAY})",
                reason=Reason.NOT_BETTER,
            )
        )
    for step in rules.ageing:
        reached = months_later("aged_before", step.from_months)
        found.append(
            Demand(
                when=f"is_bad AND {reached} <= {DAY}",
                rank=str(rules.ranks[step.grade]),
                since=reached,
                reason=Reason.AGE,
            )
        )
    if rules.erosion is not None:
        pairs = (("is_eroded", rules.erosion.doubtful), ("is_lost", rules.erosion.loss))
        found += [
            Demand(when=flag, rank=str(rules.ranks[grade]), since=DAY, reason=Reason.ERODED)
            for flag, grade in pairs
        ]
    return found
