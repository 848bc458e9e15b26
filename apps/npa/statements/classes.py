"""`classification.classify` as SQL, built from the same rule table. Pure.

The three steps are three CTEs over a relation that has a column for each field of
`facility.Facility` beside `customer_id`: `own` is what each demands by itself, `together` what the
borrower is by all of them, `judged` the class of each. What demands a class at least is one number
- worst class first, then the earliest day, then the order of reasons - so that the one that counts
is the least of them.
"""

from dataclasses import dataclass

from apps.npa.classification import NO_BUCKET, NPA_BUCKET
from apps.npa.regimes import Rules
from apps.npa.rule_parts import Bucket, DayCount, Upgrade
from apps.npa.statements.words import APART, DAY, case, least, literal, months_later
from apps.npa.triggers import Reason

_PLACES = {reason: place for place, reason in enumerate(Reason)}
# Digits of a day, counted from the first, and of a reason's place.
_DAYS, _REASONS = 10_000_000, 100
_FIRST = "DATE '0001-01-01'"
_WORST = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class _Demand:
    """Under which condition a class is demanded at least: its rank, since when, and why."""

    when: str
    rank: str
    since: str
    reason: Reason

    @property
    def code(self) -> str:
        """The number that says how it compares; NULL where it is not demanded."""
        value = (
            f"((({_WORST} - {self.rank})::bigint * {_DAYS} + ({self.since} - {_FIRST}))"
            f" * {_REASONS} + {_PLACES[self.reason]})"
        )
        return f"CASE WHEN {self.when} THEN {value} END"

    def bad_since(self, rules: Rules) -> str:
        """Since when it does not perform because of this; NULL where it does."""
        return f"CASE WHEN ({self.when}) AND {self.rank} >= {rules.bad_rank} THEN {self.since} END"


def classes(rules: Rules, relation: str) -> str:
    """Return the CTEs from `troubled` to `classed`; the day is `%(day)s`.

    `relation` is a table with the columns of `facility.Facility`. `classed` has every column of it
    and what `classification.Classified` says of it. Most of a book owes nothing and never did: only
    borrowers with anything to be judged go through the steps.
    """
    return ",\n".join(
        [
            _troubled(rules, relation),
            _counted(rules, relation),
            _own(rules),
            _together(rules),
            _put(rules),
            _judged(rules),
            _classed(rules, relation),
        ]
    )


def rank_of(column: str, rules: Rules) -> str:
    """Return the rank of a class that a column names; NULL for one that the table has not."""
    return case((f"{column} = {literal(code)}", str(rank)) for code, rank in rules.ranks.items())


# --- who is judged at all -------------------------------------------------------------------------
def _troubled(rules: Rules, relation: str) -> str:
    """Return the borrowers of whom any facility is not plainly in time, as it was yesterday."""
    plain = (
        f"(oldest_due IS NULL OR oldest_due > {DAY}) AND missed = 0 AND form = 'term'"
        " AND override = '' AND NOT is_fraud AND reviewed = '' AND restructured_on IS NULL"
        f" AND was_npa_date IS NULL AND was_class IN ('', {literal(rules.best)})"
        " AND NOT has_increased_risk AND pd_origination IS NULL"
    )
    return f"""troubled AS MATERIALIZED (
        SELECT DISTINCT customer_id FROM {relation} WHERE NOT ({plain})
    )"""  # noqa: S608 - the parts are ours


# --- what each facility is by itself --------------------------------------------------------------
def _counted(rules: Rules, relation: str) -> str:
    """Return days, and what of a facility is asked about more than once."""
    late = f"CASE WHEN f.oldest_due <= {DAY} THEN {DAY} - f.oldest_due"
    revolving = "f.form = 'revolving'"
    dpd_rbi = f"CASE WHEN {revolving} THEN f.excess_days ELSE {late} + 1 ELSE 0 END END"
    dpd_ifrs = f"CASE WHEN {revolving} THEN f.excess_days ELSE {late} ELSE 0 END END"
    counted = "dpd_rbi" if rules.day_count == DayCount.RBI else "dpd_ifrs"
    return f"""counted AS (
        SELECT c.*, c.{counted} AS days FROM (
            SELECT f.*, {dpd_rbi} AS dpd_rbi, {dpd_ifrs} AS dpd_ifrs,
                {_seasonal(rules)} AS is_seasonal, {_exempt(rules)} AS is_exempt,
                {_out_of_order(rules)} AS is_out_of_order,
                {_under_restructuring(rules)} AS is_restructured,
                {rank_of("f.override", rules)} AS override_rank
            FROM {relation} f
            WHERE f.customer_id IN (SELECT customer_id FROM troubled) {APART}
        ) c {APART}
    )"""  # noqa: S608 - the parts are ours


def _seasonal(rules: Rules) -> str:
    return "(f.form = 'crop' AND f.season_months IS NOT NULL)" if rules.crop else "FALSE"


def _exempt(rules: Rules) -> str:
    found = ["FALSE"]
    if rules.exempt.own_deposits:
        found.append("(f.deposits > 0 AND f.deposits >= f.outstanding)")
    if rules.exempt.central_guarantee:
        found.append("(f.guarantee = 'central_government' AND NOT f.guarantee_repudiated)")
    return f"({' OR '.join(found)})"


def _out_of_order(rules: Rules) -> str:
    if rules.revolving is None:
        return "FALSE"
    days = rules.revolving.out_of_order_days
    return (
        f"(f.excess_days >= {days} OR f.days_without_credit >= {days}"
        " OR COALESCE(f.credits < f.interest_debited, FALSE))"
    )


def _under_restructuring(rules: Rules) -> str:
    """Return whether a restructuring still tells: its specified period has not ended well."""
    asked = rules.restructuring
    satisfied = (
        f"(f.first_payment_on IS NOT NULL"
        f" AND {DAY} >= {months_later('f.first_payment_on', asked.minimum_months)}"
        f" AND f.repaid_share >= {asked.repaid_share} AND NOT f.defaulted_since"
        " AND f.is_rated_well)"
    )
    return (
        f"(f.restructured_on IS NOT NULL AND f.restructured_on <= {DAY}"
        f" AND NOT f.restructuring_exempt AND NOT {satisfied})"
    )


def _demands(rules: Rules) -> list[_Demand]:
    """Return everything that a facility may demand by itself."""
    return [*_by_count(rules), *_by_people(rules)]


def _by_count(rules: Rules) -> list[_Demand]:
    plain, found = "NOT is_exempt", []
    bad = str(rules.bad_rank)
    if rules.revolving is not None:
        over = (
            f"GREATEST(0, GREATEST(excess_days, days_without_credit)"
            f" - {rules.revolving.out_of_order_days})"
        )
        when = f"{plain} AND form = 'revolving' AND is_out_of_order"
        since = f"({DAY} - {over})"
        found.append(_Demand(when=when, rank=bad, since=since, reason=Reason.OUT_OF_ORDER))
        plain += " AND form <> 'revolving'"
    if rules.crop is not None:
        crop = rules.crop
        seasons = (
            f"season_months * CASE WHEN season_months > {crop.long_over_months}"
            f" THEN {crop.long_seasons} ELSE {crop.short_seasons} END"
        )
        deadline = months_later("oldest_due", seasons)
        when = f"{plain} AND is_seasonal AND {deadline} <= {DAY}"
        found.append(_Demand(when=when, rank=bad, since=deadline, reason=Reason.CROP))
        plain += " AND NOT is_seasonal"
    return found + _by_bands(rules, plain)


def _by_bands(rules: Rules, plain: str) -> list[_Demand]:
    """Return what days and missed instalments demand; the glide path is a bound of the day's."""
    found = []
    for band in rules.bands:
        rank = rules.ranks[band.grade]
        if not rank:
            continue
        bound = _bound(rules, band.grade, band.from_days)
        found.append(
            _Demand(
                when=f"{plain} AND days >= {bound}",
                rank=str(rank),
                since=f"({DAY} - (days - {bound}))",
                reason=Reason.DAYS,
            )
        )
        if band.from_missed is not None:
            when = f"{plain} AND missed >= {band.from_missed}"
            found.append(_Demand(when=when, rank=str(rank), since=DAY, reason=Reason.MISSED))
    return found


def _bound(rules: Rules, grade: str, days: int) -> str:
    if grade != rules.first_bad or not rules.glide:
        return str(days)
    steps = sorted(rules.glide, key=lambda step: step.since, reverse=True)
    return case(((f"{DAY} >= {literal(one.since)}", str(one.days)) for one in steps), str(days))


def _by_people(rules: Rules) -> list[_Demand]:
    loss, bad = str(rules.ranks[rules.loss]), str(rules.bad_rank)
    found = [_Demand(when="is_fraud", rank=loss, since=DAY, reason=Reason.FRAUD)]
    reviewed = rank_of("reviewed", rules)
    when = f"{reviewed} > 0"
    found.append(_Demand(when=when, rank=f"({reviewed})", since=DAY, reason=Reason.REVIEWED))
    if rules.restructuring.downgrades:
        found.append(
            _Demand(
                when="is_restructured",
                rank=bad,
                since="restructured_on",
                reason=Reason.RESTRUCTURED,
            )
        )
    if rules.restructuring.keeps_class:
        kept = rank_of("class_when_restructured", rules)
        found.append(
            _Demand(
                when=f"is_restructured AND {kept} > 0",
                rank=f"({kept})",
                since="restructured_on",
                reason=Reason.KEPT_CLASS,
            )
        )
    return found


def _own(rules: Rules) -> str:
    demands = _demands(rules)
    bad = least(one.bad_since(rules) for one in demands)
    arrears = (
        "CASE WHEN form = 'revolving' THEN excess_days > 0 OR is_out_of_order"
        f" ELSE COALESCE(oldest_due <= {DAY}, FALSE) END"
    )
    with_override = (
        f"CASE WHEN override_rank >= {rules.bad_rank} THEN COALESCE(was_npa_date, {DAY})"
        " WHEN override_rank IS NULL THEN own_bad END"
    )
    return f"""own AS (
        SELECT o.*, {with_override} AS first_bad,
            COALESCE(override_rank < {rules.bad_rank}, FALSE) AS is_let_off
        FROM (
            SELECT b.*, CASE WHEN by_itself IS NOT NULL
                THEN COALESCE(was_npa_date, by_itself) END AS own_bad
            FROM (
                SELECT c.*, {least(one.code for one in demands)} AS demanded,
                    {bad} AS by_itself, {arrears} AS has_arrears
                FROM counted c {APART}
            ) b {APART}
        ) o {APART}
    )"""  # noqa: S608 - the parts are ours


# --- what the borrower is by all of them ----------------------------------------------------------
def _together(rules: Rules) -> str:
    """Return what facilities that are judged together are, of borrowers with any that is bad."""
    who = "customer_id" if rules.contagion else "key"
    stuck = "was_bad AND arrears" if rules.upgrade == Upgrade.ALL_CLEARED else "FALSE"
    return f"""together AS (
        SELECT g.who, g.triggered, g.triggered OR ({stuck}) AS is_bad,
            COALESCE(g.since, {DAY}) AS since
        FROM (
            SELECT o.{who} AS who, bool_or(first_bad IS NOT NULL) AS triggered,
                bool_or(was_npa_date IS NOT NULL AND NOT is_let_off) AS was_bad,
                bool_or(has_arrears) AS arrears,
                min(LEAST(was_npa_date, first_bad)) FILTER (WHERE NOT is_let_off) AS since
            FROM own o
            WHERE o.{who} IN (
                SELECT {who} FROM own WHERE first_bad IS NOT NULL OR was_npa_date IS NOT NULL
            )
            GROUP BY o.{who}
        ) g
    )"""  # noqa: S608 - the parts are ours


# --- what that makes of each ----------------------------------------------------------------------
def _put(rules: Rules) -> str:
    """Return of each whether it performs, since when not, and all that demands a class."""
    who = "customer_id" if rules.contagion else "key"
    since = "CASE WHEN group_is_bad THEN LEAST(own_bad, group_since) ELSE own_bad END"
    npa_date = f"COALESCE(was_npa_date, GREATEST({since}, opened_on))"
    demands = _when_bad(rules)
    return f"""put AS (
        SELECT p.*, {least(["demanded", *(one.code for one in demands)])} AS all_demanded,
            {_aged(rules)} AS aged
        FROM (
            SELECT n.*, CASE WHEN is_bad THEN
                CASE WHEN was_npa_date IS NOT NULL THEN COALESCE(was_aged_from, bad_from)
                    ELSE bad_from END END AS aged_before,
                {_eroded(rules)}
            FROM (
                SELECT b.*, CASE WHEN is_bad THEN {npa_date} END AS bad_from FROM (
                    SELECT o.*, COALESCE(t.triggered, FALSE) AS group_triggered,
                        COALESCE(t.is_bad, FALSE) AS group_is_bad, t.since AS group_since,
                        own_bad IS NOT NULL OR COALESCE(t.is_bad, FALSE) AND NOT is_exempt
                            AS is_bad
                    FROM own o LEFT JOIN together t ON t.who = o.{who} {APART}
                ) b {APART}
            ) n {APART}
        ) p {APART}
    )"""  # noqa: S608 - the parts are ours


def _eroded(rules: Rules) -> str:
    """Return whether the loss of security demands doubtful, and loss. Rule book 1.8."""
    rule = rules.erosion
    if rule is None:
        return "FALSE AS is_eroded, FALSE AS is_lost"
    asked = "is_bad AND COALESCE(security_assessed, 0) <> 0 AND security + security_stale"
    return (
        f"({asked} < {rule.doubtful_below} * security_assessed) AS is_eroded,"
        f" ({asked} < {rule.loss_below} * outstanding) AS is_lost"
    )


def _aged(rules: Rules) -> str:
    """Return what age counts from once eroded security made a class skip ahead."""
    rule = rules.erosion
    if rule is None:
        return "aged_before"
    months = {step.grade: step.from_months for step in rules.ageing}
    skipped = [
        f"CASE WHEN {flag} THEN {months_later(DAY, -months[grade])} END"
        for flag, grade in (("is_eroded", rule.doubtful), ("is_lost", rule.loss))
        if grade in months
    ]
    return f"CASE WHEN is_bad THEN {least(['aged_before', *skipped])} END"


def _when_bad(rules: Rules) -> list[_Demand]:
    """Return what not performing demands: the first bad class, no milder one, age, erosion."""
    bad = str(rules.bad_rank)
    left = "was_npa_date IS NOT NULL AND NOT group_triggered"
    found = [
        _Demand(when=f"is_bad AND {left}", rank=bad, since="bad_from", reason=Reason.ARREARS_LEFT),
        _Demand(
            when=f"is_bad AND NOT ({left})", rank=bad, since="bad_from", reason=Reason.BORROWER
        ),
    ]
    if rules.upgrade == Upgrade.ALL_CLEARED:
        was = rank_of("was_class", rules)
        found.append(
            _Demand(
                when=f"is_bad AND was_npa_date IS NOT NULL AND {was} > 0",
                rank=f"({was})",
                since=f"COALESCE(was_class_since, {DAY})",
                reason=Reason.NOT_BETTER,
            )
        )
    for step in rules.ageing:
        reached = months_later("aged_before", step.from_months)
        found.append(
            _Demand(
                when=f"is_bad AND {reached} <= {DAY}",
                rank=str(rules.ranks[step.grade]),
                since=reached,
                reason=Reason.AGE,
            )
        )
    if rules.erosion is not None:
        pairs = (("is_eroded", rules.erosion.doubtful), ("is_lost", rules.erosion.loss))
        found += [
            _Demand(when=flag, rank=str(rules.ranks[grade]), since=DAY, reason=Reason.ERODED)
            for flag, grade in pairs
        ]
    return found


def _judged(rules: Rules) -> str:
    """Return the class that stands, the computed one or an override's, and what goes with it."""
    rank = f"({_WORST} - all_demanded / {_DAYS * _REASONS})"
    computed = case(((f"worst_rank = {one}", literal(code)) for code, one in rules.ranks.items()))
    reason = case((f"worst_reason = {place}", literal(one.value)) for one, place in _PLACES.items())
    in_time = f"CASE WHEN was_class = '' THEN opened_on ELSE {DAY} END"
    kept = f"COALESCE(bad_from, was_npa_date, {DAY})"
    by_override = "override_rank IS NOT NULL"
    lets_off = f"override_rank < {rules.bad_rank}"
    return f"""judged AS (
        SELECT s.*, CASE WHEN asset_class = was_class THEN COALESCE(was_class_since, since)
                ELSE since END AS class_since,
            {_bucket(rules)} AS bucket,
            {_stage(rules)} AS stage
        FROM (
            SELECT r.*, CASE WHEN {by_override} THEN override ELSE computed END AS asset_class,
                COALESCE(override_rank, worst_rank) >= {rules.bad_rank} AS stands_bad,
                CASE WHEN {by_override} THEN {literal(Reason.OVERRIDE.value)} ELSE {reason} END
                    AS reason,
                CASE WHEN {by_override} THEN {DAY} ELSE worst_since END AS since,
                CASE WHEN {lets_off} THEN NULL WHEN {by_override} THEN {kept} ELSE bad_from END
                    AS npa_date,
                CASE WHEN {lets_off} THEN NULL WHEN {by_override} THEN COALESCE(aged, {kept})
                    ELSE aged END AS aged_from
            FROM (
                SELECT w.*, {computed} AS computed FROM (
                    SELECT p.*, COALESCE({rank}, 0) AS worst_rank,
                        CASE WHEN all_demanded IS NULL THEN {in_time}
                            ELSE {_FIRST} + (all_demanded / {_REASONS} %% {_DAYS})::int END
                            AS worst_since,
                        COALESCE(all_demanded %% {_REASONS}, {_PLACES[Reason.IN_TIME]})
                            AS worst_reason
                    FROM put p {APART}
                ) w {APART}
            ) r {APART}
        ) s {APART}
    )"""  # noqa: S608 - the parts are ours


def _classed(rules: Rules, relation: str) -> str:
    """Return every facility with its class: as judged, or the best where nothing was to judge."""
    in_time = case([("f.was_class = ''", "f.opened_on")], f"COALESCE(f.was_class_since, {DAY})")
    reached = [one.code for one in rules.buckets if one.from_days <= 0]
    otherwise = {
        "dpd_rbi": "0",
        "dpd_ifrs": "0",
        "bucket": literal(reached[-1] if reached else NO_BUCKET),
        "asset_class": literal(rules.best),
        "computed": literal(rules.best),
        "class_since": in_time,
        "reason": literal(Reason.IN_TIME.value),
        "stage": "1",
        "stands_bad": "FALSE",
    }
    said = ", ".join(f"COALESCE(j.{name}, {value}) AS {name}" for name, value in otherwise.items())
    return f"""classed AS (
        SELECT f.*, {said}, j.npa_date, j.aged_from
        FROM {relation} f LEFT JOIN judged j ON j.key = f.key {APART}
    )"""  # noqa: S608 - the parts are ours


def _bucket(rules: Rules) -> str:
    reached = [(_has_bucket(one), literal(one.code)) for one in reversed(rules.buckets)]
    neither = f"CASE WHEN stands_bad THEN {literal(NPA_BUCKET)} ELSE {literal(NO_BUCKET)} END"
    return case([("is_seasonal AND NOT stands_bad", literal(NO_BUCKET)), *reached], neither)


def _has_bucket(one: Bucket) -> str:
    asked = [f"days >= {one.from_days}"]
    if not one.revolving:
        asked.append("(form <> 'revolving' OR days = 0)")
    if not one.when_bad:
        asked.append("NOT stands_bad")
    return " AND ".join(asked)


def _stage(rules: Rules) -> str:
    asked = rules.stages
    over = (
        f"CASE WHEN form = 'revolving' THEN {asked.revolving_stage_2_over_days}"
        f" ELSE {asked.stage_2_over_days} END"
    )
    risen = "FALSE"
    if asked.pd_multiple is not None:
        risen = f"COALESCE(pd_12_months >= {asked.pd_multiple} * pd_origination, FALSE)"
    bad = "stands_bad OR " if asked.bad_is_stage_3 else ""
    return case(
        [
            (f"{bad}(form <> 'revolving' AND dpd_ifrs >= {asked.stage_3_from_days})", "3"),
            (f"dpd_ifrs > {over} OR has_increased_risk OR {risen}", "2"),
        ],
        "1",
    )
