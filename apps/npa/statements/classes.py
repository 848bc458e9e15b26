"""`classification.classify` as SQL, built from the same rule table. Pure.

The three steps are CTEs over a relation that has a column for each field of
`facility.Facility` beside `customer_id`: `own` is what each demands by itself, `together` what the
borrower is by all of them, `judged` the class of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from apps.npa.classification import NO_BUCKET
from apps.npa.facility import Facility
from apps.npa.regimes import Rules
from apps.npa.rule_parts import DayCount, Upgrade
from apps.npa.statements import buckets, demands
from apps.npa.statements.words import APART, DAY, case, least, literal, literals, months_later
from apps.npa.triggers import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Under:
    """A relation with the columns of `facility.Facility`, and the table all of it is under."""

    rules: Rules
    relation: str


def classes(rules: Rules, relation: str, beside: Sequence[Under] = ()) -> str:
    """Return the CTEs from `troubled` to `classed`; the day is `%(day)s`.

    `relation` is a table with the columns of `facility.Facility`: what is under `rules`. `beside`
    are those of the lender that are under other tables: each is judged by its own, and takes those
    of its borrower along (rule book 1.5). `classed` has every column of `relation` and what
    `classification.Classified` says of it. Most of a book owes nothing and never did: only
    borrowers with anything to be judged go through the steps. Those with an override go through
    them once more without it.
    """
    its = Under(rules=rules, relation=relation)
    return ",\n".join(
        [
            _troubled([its, *beside]),
            _steps(its, beside),
            _alone(its, beside),
            _classed(rules, relation),
        ]
    )


def _steps(its: Under, beside: Sequence[Under]) -> str:
    """Return the CTEs from `counted` to `judged`, of the borrowers in `troubled`."""
    rules = its.rules
    others = beside if rules.contagion else ()
    found = [_counted(rules, its.relation), _own(rules), *_everyone(others)]
    everyone = "everyone" if others else "own"
    return ",\n".join([*found, _together(rules, everyone), _put(rules), _judged(rules)])


# What a facility tells about the borrower.
_TOLD = "key, customer_id, first_bad, was_npa_date, is_let_off, has_arrears"


def _everyone(beside: Sequence[Under]) -> list[str]:
    """Return what facilities under all tables are by themselves, each by its own."""
    if not beside:
        return []
    parts = [f"SELECT {_TOLD} FROM own"]  # noqa: S608 - the parts are ours
    parts += [
        f"SELECT {_TOLD} FROM (WITH {_counted(one.rules, one.relation)}, {_own(one.rules)}"  # noqa: S608 - the parts are ours
        f" SELECT {_TOLD} FROM own) theirs"
        for one in beside
    ]
    return [f"everyone AS MATERIALIZED ({' UNION ALL '.join(parts)})"]


# --- what the rules alone give --------------------------------------------------------------------
def _alone(its: Under, beside: Sequence[Under]) -> str:
    """Return the class of borrowers with an override as if nobody had overridden anything."""
    overridden = " UNION ".join(
        f"SELECT customer_id FROM {one.relation} WHERE override IN ({literals(one.rules.ranks)})"  # noqa: S608 - the parts are ours
        for one in (its, *beside)
    )
    without = [
        Under(rules=one.rules, relation=f"without_{place}")
        for place, one in enumerate((its, *beside))
    ]
    made = ",\n".join(
        f"{to.relation} AS ({_without(one)})"
        for to, one in zip(without, (its, *beside), strict=True)
    )
    return f"""alone AS (
        WITH troubled AS MATERIALIZED ({overridden}),
        {made},
        {_steps(without[0], without[1:])}
        SELECT key, computed, class_since AS computed_since, npa_date AS computed_npa_date,
            aged_from AS computed_aged_from FROM judged
    )"""  # noqa: S608 - the parts are ours


def _without(one: Under) -> str:
    """Return the facilities of borrowers in `troubled` as if nobody had overridden any."""
    was = "COALESCE(NULLIF(was_computed, ''), was_class)"
    rank = demands.rank_of(was, one.rules)
    performs, is_bad = f"({rank}) < {one.rules.bad_rank}", f"({rank}) >= {one.rules.bad_rank}"
    known = "CASE WHEN was_computed_since IS NOT NULL THEN was_computed"
    without = {
        "override": "''",
        "was_class": f"{known} ELSE {was} END",
        "was_class_since": "COALESCE(was_computed_since, was_class_since)",
        "was_npa_date": f"{known}_npa_date WHEN {performs} THEN NULL WHEN {is_bad}"
        " THEN COALESCE(was_npa_date, was_class_since) ELSE was_npa_date END",
        "was_aged_from": f"{known}_aged_from WHEN {performs} THEN NULL ELSE was_aged_from END",
    }
    columns = ", ".join(
        f"{without.get(each.name, each.name)} AS {each.name}" for each in fields(Facility)
    )
    return (
        f"SELECT customer_id, {columns} FROM {one.relation}"  # noqa: S608 - the parts are ours
        " WHERE customer_id IN (SELECT customer_id FROM troubled)"
    )


# --- who is judged at all -------------------------------------------------------------------------
def _troubled(parts: Sequence[Under]) -> str:
    """Return the borrowers of whom any facility is not plainly in time, as it was yesterday."""
    found = " UNION ".join(
        f"SELECT DISTINCT customer_id FROM {one.relation} WHERE NOT ({_plain(one.rules)})"  # noqa: S608 - the parts are ours
        for one in parts
    )
    return f"troubled AS MATERIALIZED ({found})"


def _plain(rules: Rules) -> str:
    return (
        f"(oldest_due IS NULL OR oldest_due > {DAY}) AND missed = 0 AND form = 'term'"
        " AND override = '' AND NOT is_fraud AND reviewed = '' AND restructured_on IS NULL"
        f" AND was_npa_date IS NULL AND was_class IN ('', {literal(rules.best)})"
        f" AND NOT has_increased_risk AND NOT {buckets.has_risen(rules)}"
    )


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
                {demands.rank_of("f.override", rules)} AS override_rank
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
    unsaid = "TRUE" if asked.rated_from is None else f"f.exposure < {asked.rated_from}"
    satisfied = (
        f"(f.first_payment_on IS NOT NULL"
        f" AND {DAY} >= {months_later('f.first_payment_on', asked.minimum_months)}"
        f" AND f.repaid_share >= {asked.repaid_share} AND NOT f.defaulted_since"
        f" AND COALESCE(f.is_rated_well, {unsaid}))"
    )
    return (
        f"(f.restructured_on IS NOT NULL AND f.restructured_on <= {DAY}"
        f" AND NOT f.restructuring_exempt AND NOT {satisfied})"
    )


def _own(rules: Rules) -> str:
    own = demands.by_itself(rules)
    bad = least(one.bad_since(rules) for one in own)
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
                SELECT c.*, {least(one.code for one in own)} AS demanded,
                    {bad} AS by_itself, {arrears} AS has_arrears
                FROM counted c {APART}
            ) b {APART}
        ) o {APART}
    )"""  # noqa: S608 - the parts are ours


# --- what the borrower is by all of them ----------------------------------------------------------
def _together(rules: Rules, everyone: str) -> str:
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
            FROM {everyone} o
            WHERE o.{who} IN (
                SELECT {who} FROM {everyone} WHERE first_bad IS NOT NULL OR was_npa_date IS NOT NULL
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
    bad = demands.when_bad(rules)
    return f"""put AS (
        SELECT p.*, {least(["demanded", *(one.code for one in bad)])} AS all_demanded,
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


def _judged(rules: Rules) -> str:
    """Return the class that stands, the computed one or an override's, and what goes with it."""
    first, days, reasons = demands.FIRST, demands.DAYS, demands.REASONS
    rank = f"({demands.WORST} - all_demanded / {days * reasons})"
    computed = case(((f"worst_rank = {one}", literal(code)) for code, one in rules.ranks.items()))
    reason = case(
        (f"worst_reason = {place}", literal(one.value)) for one, place in demands.PLACES.items()
    )
    in_time = f"CASE WHEN was_class = '' THEN opened_on ELSE {DAY} END"
    kept = f"COALESCE(bad_from, was_npa_date, {DAY})"
    by_override = "override_rank IS NOT NULL"
    lets_off = f"override_rank < {rules.bad_rank}"
    return f"""judged AS (
        SELECT s.*, CASE WHEN asset_class = was_class THEN COALESCE(was_class_since, since)
                ELSE since END AS class_since,
            {buckets.bucket(rules)} AS bucket,
            {buckets.stage(rules)} AS stage
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
                            ELSE {first} + (all_demanded / {reasons} %% {days})::int END
                            AS worst_since,
                        COALESCE(all_demanded %% {reasons}, {demands.PLACES[Reason.IN_TIME]})
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
    found = {"computed": "a.computed, j.computed"}
    said = ", ".join(
        f"COALESCE({found.get(name, f'j.{name}')}, {value}) AS {name}"
        for name, value in otherwise.items()
    )
    return f"""classed AS (
        SELECT f.*, {said}, j.npa_date, j.aged_from,
            a.computed_since, a.computed_npa_date, a.computed_aged_from
        FROM {relation} f LEFT JOIN judged j ON j.key = f.key
        LEFT JOIN alone a ON a.key = f.key {APART}
    )"""  # noqa: S608 - the parts are ours
