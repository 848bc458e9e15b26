"""The class of each facility of a borrower at the end of a day. Pure.

In three steps, as the day-end's statement takes them: what each facility is by itself (`own`), what
the borrower is by all of them, and what that makes of each. Each facility is judged by the table it
is under itself, and one that does not perform by its own takes the others along (rule book 1.5).
Yesterday's class is part of the question, because a loan that stopped performing does not perform
again by being less late (1.6), and because age counts from the day it stopped (1.7).
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from apps.core.dates import add_months
from apps.npa import stages, triggers
from apps.npa.facility import Borrower, Facility, Form
from apps.npa.regimes import Rules
from apps.npa.rule_parts import DayCount, Upgrade
from apps.npa.triggers import Found, Reason

NO_BUCKET = "none"
NPA_BUCKET = "npa"
_NO_OTHERS: Mapping[Hashable, Rules] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Classified:
    """A facility's class at the end of a day. `stage` is of IFRS 9.

    `computed` is the class the rules alone give where an override of any of the borrower's
    facilities puts another in its place; else the same. Then, too, the three others of the rules
    alone are told; else they are None.
    """

    key: object
    dpd_rbi: int
    dpd_ifrs: int
    bucket: str
    asset_class: str
    computed: str
    npa_date: date | None
    aged_from: date | None
    class_since: date
    reason: Reason
    stage: int
    computed_since: date | None = None
    computed_npa_date: date | None = None
    computed_aged_from: date | None = None


def classify(
    borrower: Borrower, rules: Rules, as_of: date, *, under: Mapping[Hashable, Rules] = _NO_OTHERS
) -> tuple[Classified, ...]:
    """Return the class of each facility by its own table, in the order given.

    `under` has by their keys the tables of facilities that are under another than `rules`. What
    somebody demands by the name of a class that its table does not know demands nothing.
    """
    facilities = [(one, under.get(one.key, rules)) for one in borrower.facilities]
    judged = _judged(facilities, as_of)
    if not any(one.override in its.ranks for one, its in facilities):
        return judged
    alone = _judged([(_without_override(one, its), its) for one, its in facilities], as_of)
    return tuple(
        replace(
            one,
            computed=other.computed,
            computed_since=other.class_since,
            computed_npa_date=other.npa_date,
            computed_aged_from=other.aged_from,
        )
        for one, other in zip(judged, alone, strict=True)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """A facility, the table it is under, and what it demands by itself."""

    facility: Facility
    rules: Rules
    found: list[Found]


def _judged(facilities: Sequence[tuple[Facility, Rules]], as_of: date) -> tuple[Classified, ...]:
    members = [
        _Member(facility=one, rules=rules, found=triggers.demands(one, rules, as_of))
        for one, rules in facilities
    ]
    together = _Group.of(members, as_of)
    return tuple(
        _classified(
            each.facility,
            each.found,
            together if each.rules.contagion else _Group.of([each], as_of),
            rules=each.rules,
            as_of=as_of,
        )
        for each in members
    )


def _without_override(one: Facility, rules: Rules) -> Facility:
    """Return a facility as if nobody had overridden anything, today or yesterday.

    Yesterday's class and history are then those of the rules alone. Where only the class is known,
    since when it does not perform is kept where it does not by either; where an override let it
    off, at least since that.
    """
    if one.was_computed_since is not None:
        return replace(
            one,
            override="",
            was_class=one.was_computed,
            was_class_since=one.was_computed_since,
            was_npa_date=one.was_computed_npa_date,
            was_aged_from=one.was_computed_aged_from,
        )
    was = one.was_computed or one.was_class
    npa_date, aged_from = one.was_npa_date, one.was_aged_from
    if was in rules.ranks:
        is_bad = not rules.performs(was)
        npa_date = (npa_date or one.was_class_since) if is_bad else None
        aged_from = aged_from if is_bad else None
    return replace(one, override="", was_class=was, was_npa_date=npa_date, was_aged_from=aged_from)


# --- what the borrower is by all of them ----------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Whether facilities that are judged together do not perform, since when, and why.

    `triggered`: one of them demands it today. `is_left`: one did not perform before, and arrears
    are left.
    """

    triggered: bool
    is_left: bool
    since: date

    @classmethod
    def of(cls, members: Sequence[_Member], as_of: date) -> "_Group":
        """Return what facilities are together, each judged by its own table. Rule book 1.5."""
        since, triggered, was_bad, arrears = [], False, False, False
        for each in members:
            one, rules = each.facility, each.rules
            first = _bad_since(one, _with_override(one, each.found, rules, as_of), rules)
            arrears = arrears or triggers.has_arrears(one, rules, as_of)
            triggered = triggered or first is not None
            if _is_let_off(one, rules):
                continue
            was_bad = was_bad or one.was_bad
            since += [day for day in (one.was_npa_date, first) if day is not None]
        return cls(
            triggered=triggered, is_left=was_bad and arrears, since=min(since, default=as_of)
        )

    def is_bad(self, rules: Rules) -> bool:
        """Say whether one of them under a table does not perform because of them."""
        return self.triggered or (rules.upgrade == Upgrade.ALL_CLEARED and self.is_left)


def _with_override(one: Facility, found: list[Found], rules: Rules, as_of: date) -> list[Found]:
    """Return what a facility demands, with what an override puts in its place."""
    if one.override not in rules.ranks:
        return found
    rank = rules.ranks[one.override]
    return [Found(rank=rank, since=one.was_npa_date or as_of, reason=Reason.OVERRIDE)]


def _is_let_off(one: Facility, rules: Rules) -> bool:
    """Say whether an override lets a facility perform: it then drags no other along."""
    return one.override in rules.ranks and rules.performs(one.override)


def _bad_since(one: Facility, found: list[Found], rules: Rules) -> date | None:
    """Return since when a facility by itself does not perform; None where it does."""
    days = [each.since for each in found if each.rank >= rules.bad_rank]
    if not days:
        return None
    return one.was_npa_date or min(days)


# --- what that makes of each ----------------------------------------------------------------------
def _classified(
    one: Facility, found: list[Found], group: _Group, *, rules: Rules, as_of: date
) -> Classified:
    own = _bad_since(one, found, rules)
    group_is_bad = group.is_bad(rules)
    is_bad = own is not None or (group_is_bad and not triggers.is_exempt(one, rules))
    npa_date = aged_from = None
    if is_bad:
        since = min(own or group.since, group.since) if group_is_bad else own
        npa_date = one.was_npa_date or max(since or as_of, one.opened_on)
        aged_from = (one.was_aged_from if one.was_bad else None) or npa_date
        found = [*found, *_when_bad(one, group, npa_date, rules=rules, as_of=as_of)]
        found += _by_age(aged_from, rules, as_of)
        eroded = _eroded(one, rules, as_of)
        found += eroded
        aged_from = _aged_from(aged_from, eroded, rules, as_of)
    in_time = one.opened_on if not one.was_class else as_of
    best = Found(rank=0, since=in_time, reason=Reason.IN_TIME)
    worst = min([best, *found], key=_worst_first)
    return _as_it_stands(
        one, worst, npa_date=npa_date, aged_from=aged_from, rules=rules, as_of=as_of
    )


def _when_bad(
    one: Facility, group: _Group, npa_date: date, *, rules: Rules, as_of: date
) -> list[Found]:
    """Return what not performing demands by itself, and that it does not become milder."""
    left = one.was_bad and not group.triggered
    reason = Reason.ARREARS_LEFT if left else Reason.BORROWER
    found = [Found(rank=rules.bad_rank, since=npa_date, reason=reason)]
    if one.was_bad and rules.upgrade == Upgrade.ALL_CLEARED and rules.ranks.get(one.was_class):
        rank = rules.ranks[one.was_class]
        found.append(Found(rank=rank, since=one.was_class_since or as_of, reason=Reason.NOT_BETTER))
    return found


def _by_age(aged_from: date, rules: Rules, as_of: date) -> list[Found]:
    """Return the classes whose anniversary was reached. Rule book 1.7."""
    steps = [
        (rules.ranks[step.grade], add_months(aged_from, step.from_months)) for step in rules.ageing
    ]
    return [Found(rank=rank, since=day, reason=Reason.AGE) for rank, day in steps if day <= as_of]


def _eroded(one: Facility, rules: Rules, as_of: date) -> list[Found]:
    """Return what the loss of value of security demands. Rule book 1.8.

    A valuation that has lapsed is no loss of value: both parts of the security count.
    """
    rule = rules.erosion
    if rule is None or not one.security_assessed:
        return []
    brings, found = one.security + one.security_stale, []
    if brings < rule.doubtful_below * one.security_assessed:
        found.append(Found(rank=rules.ranks[rule.doubtful], since=as_of, reason=Reason.ERODED))
    if brings < rule.loss_below * one.outstanding:
        found.append(Found(rank=rules.ranks[rule.loss], since=as_of, reason=Reason.ERODED))
    return found


def _aged_from(aged_from: date, eroded: list[Found], rules: Rules, as_of: date) -> date:
    """Return what age is counted from once eroded security made a loan doubtful at once.

    So that its first anniversary as doubtful is a year from now.
    """
    months = {rules.ranks[step.grade]: step.from_months for step in rules.ageing}
    skipped = [months[each.rank] for each in eroded if each.rank in months]
    return min([aged_from, *(add_months(as_of, -one) for one in skipped)])


def _worst_first(one: Found) -> tuple[int, date, int]:
    return (-one.rank, one.since, _PLACES[one.reason])


def _as_it_stands(
    one: Facility,
    worst: Found,
    *,
    npa_date: date | None,
    aged_from: date | None,
    rules: Rules,
    as_of: date,
) -> Classified:
    """Return the class that stands: the computed one, or an override's."""
    computed, reason, since = rules.grades[worst.rank].code, worst.reason, worst.since
    asset_class = computed
    if one.override in rules.ranks:
        asset_class, reason, since = one.override, Reason.OVERRIDE, as_of
        kept = None if rules.performs(asset_class) else npa_date or one.was_npa_date or as_of
        npa_date, aged_from = kept, (aged_from or kept if kept else None)
    if asset_class == one.was_class:
        since = one.was_class_since or since
    dpd = {count: triggers.days_past_due(one.oldest_due, as_of, count) for count in DayCount}
    if one.form == Form.REVOLVING:
        dpd = dict.fromkeys(DayCount, one.excess_days)
    is_bad = not rules.performs(asset_class)
    return Classified(
        key=one.key,
        dpd_rbi=dpd[DayCount.RBI],
        dpd_ifrs=dpd[DayCount.PLAIN],
        bucket=bucket(one, rules, as_of, is_bad=is_bad),
        asset_class=asset_class,
        computed=computed,
        npa_date=npa_date,
        aged_from=aged_from,
        class_since=since,
        reason=reason,
        stage=stages.stage(one, dpd[DayCount.PLAIN], is_bad=is_bad, rules=rules.stages),
    )


def bucket(one: Facility, rules: Rules, as_of: date, *, is_bad: bool) -> str:
    """Return the bucket of a facility; a crop loan that performs has none. Rule book 1.2."""
    if triggers.is_seasonal(one, rules) and not is_bad:
        return NO_BUCKET
    days = triggers.days_counted(one, as_of, rules.day_count)
    revolving = one.form == Form.REVOLVING
    reached = [
        each.code
        for each in rules.buckets
        if each.from_days <= days
        and (each.revolving or not revolving or not days)
        and (each.when_bad or not is_bad)
    ]
    return reached[-1] if reached else NPA_BUCKET if is_bad else NO_BUCKET


_PLACES = {reason: place for place, reason in enumerate(Reason)}
