"""The relation `facility`: what every loan of a lender is at the end of a day. Pure: SQL text.

A temporary table with a column for each field of `facility.Facility`, beside what the snapshot
keeps of it. What loans of the book never have - a limit that can be drawn, a model's PD over their
life - is what the field has by itself; so is what nobody found out about a loan.
"""

from collections.abc import Iterable

from apps.npa.lifetime import YEAR
from apps.npa.marks import GONE
from apps.npa.override_lifecycle import COUNTED
from apps.npa.statements.findings import column, found
from apps.npa.statements.owed import owed
from apps.npa.statements.secured import Kind, security
from apps.npa.statements.words import literals

TABLE = "npa_facility"

# A loan whose terms were changed for financial difficulty (rule book 1.13), by whatever way: since
# when, what it was then, how it went on. What suits a borrower who could have paid is none.
_RESTRUCTURED = """
    restructured AS (
        SELECT DISTINCT ON (e.loan_id) e.loan_id, e.day AS restructured_on,
            COALESCE(d.asset_class, '') AS class_when_restructured,
            (SELECT min(i.due_date) FROM loans_instalment i
                WHERE i.loan_id = e.loan_id AND i.in_force AND i.due_date > e.day
                    AND i.principal + i.interest > 0) AS first_payment_on,
            (SELECT max(i.opening) FROM loans_instalment i
                WHERE i.loan_id = e.loan_id AND i.in_force AND i.due_date > e.day) AS owed_then
        FROM repayments_accountevent e
        LEFT JOIN npa_loanday d ON d.day = e.day - 1 AND d.loan_id = e.loan_id
        WHERE e.kind = 'change' AND e.status = 'live' AND e.day <= %(day)s
            AND e.parameters ->> 'change' IN ('restructure', 'reschedule', 'moratorium')
            AND e.parameters -> 'parameters' -> 'difficulty' = 'true'
        ORDER BY e.loan_id, e.day DESC, e.position DESC
    )
"""
# Of a borrower with a restructured loan: whether any loan was late over 30 days since.
_DEFAULTED = """
    defaulted AS (
        SELECT DISTINCT r.loan_id FROM restructured r JOIN owed o ON o.key = r.loan_id
        JOIN owed other ON other.customer_id = o.customer_id
        JOIN npa_loanday d ON d.loan_id = other.key AND d.dpd_ifrs > 30
            AND d.day >= r.first_payment_on AND d.day < %(day)s
    )
"""


# The PD of the last decision that a score was for: over twelve months, as of origination.
_SCORED = """
    scored AS (
        SELECT DISTINCT ON (d.application_id) d.application_id, s.pd::numeric(9, 6) AS pd
        FROM owed o JOIN decisions_decision d ON d.application_id = o.application_id
        JOIN scoring_scorerun s ON s.id = d.score_run_id
        ORDER BY d.application_id, d.number DESC
    )
"""
_UNSCORED = "scored AS (SELECT NULL::uuid AS application_id, NULL::numeric AS pd WHERE FALSE)"
_LEFT = f"""
    CASE WHEN o.last_due IS NULL THEN {YEAR} ELSE GREATEST({YEAR},
        {YEAR} * (date_part('year', o.last_due) - date_part('year', %(day)s::date))::int
        + (date_part('month', o.last_due) - date_part('month', %(day)s::date))::int
        + (date_part('day', o.last_due) > date_part('day', %(day)s::date))::int) END
"""

# All that the borrower owes, of loans that were restructured: a rating may be needed then.
EXPOSED = f"""
    UPDATE {TABLE} f SET exposure = s.owed FROM (
        SELECT r.key, sum(o.outstanding) AS owed FROM {TABLE} r
        JOIN {TABLE} o ON o.customer_id = r.customer_id AND o.currency = r.currency
        WHERE r.restructured_on IS NOT NULL GROUP BY r.key
    ) s WHERE s.key = f.key
"""  # noqa: S608 - our own name


def _was(stood: str, computed: str) -> str:
    """Return what was said the day before; by the rules alone where its override is over."""
    over = "v.id IS NULL AND y.override_id IS NOT NULL AND y.computed_since IS NOT NULL"
    return f"CASE WHEN {over} THEN y.{computed} ELSE y.{stood} END"


# What was said of each the day before, and the history of the rules alone.
_YESTERDAY = f"""
        COALESCE({_was("asset_class", "computed")}, '') AS was_class,
        COALESCE(y.computed, '') AS was_computed,
        y.computed_since AS was_computed_since, y.computed_npa_date AS was_computed_npa_date,
        y.computed_aged_from AS was_computed_aged_from,
        {_was("class_since", "computed_since")} AS was_class_since,
        {_was("npa_date", "computed_npa_date")} AS was_npa_date,
        {_was("aged_from", "computed_aged_from")} AS was_aged_from
"""


def make(kinds: Iterable[Kind], *, with_pd: bool, rolls: bool) -> str:
    """Return the statement that makes the relation; `%(day)s` and `%(entity)s` are its values.

    `with_pd` says whether the scores that loans were decided by are looked up, and what is left of
    their lives, which nothing else asks for. With `rolls` see `owed.owed`.
    """
    return f"""
    CREATE TEMPORARY TABLE {TABLE} ON COMMIT DROP AS
    WITH {owed(rolls=rolls, with_ends=with_pd)}, {security(kinds)}, {found()},
        {_RESTRUCTURED}, {_DEFAULTED},
        {_SCORED if with_pd else _UNSCORED}
    SELECT o.key, o.customer_id, o.product_id, o.branch_id, o.currency, o.opened_on,
        o.principal, o.principal_due, o.interest_due, o.interest_earned, o.charges_due,
        o.fees_unpaid, o.penal_unpaid,
        o.principal + o.interest_due + o.interest_earned + o.charges_due AS outstanding,
        o.interest_due + o.interest_earned AS suspended,
        {column("form", "'term'")}, o.oldest_due, o.missed::int AS missed,
        0 AS excess_days, 0 AS days_without_credit,
        NULL::numeric AS credits, NULL::numeric AS interest_debited,
        {column("season_months", "NULL")},
        o.purpose, {column("segment", "''")}, COALESCE(s.security_kind, '') AS security_kind,
        COALESCE(s.security, 0) AS security, COALESCE(s.security_stale, 0) AS security_stale,
        s.security_assessed, o.lent AS exposure_at_start,
        COALESCE(s.security_at_start, 0) AS security_at_start,
        {column("has_escrow", "FALSE")}, COALESCE(s.deposits, 0) AS deposits,
        {column("guarantee", "''")}, {column("guarantee_repudiated", "FALSE")},
        {column("is_fraud", "FALSE")}, {column("reviewed", "''")},
        COALESCE(v.asset_class, '') AS override, v.id AS override_id, r.restructured_on,
        {column("restructuring_exempt", "FALSE")},
        COALESCE(r.class_when_restructured, '') AS class_when_restructured, r.first_payment_on,
        CASE WHEN r.owed_then > 0 THEN (r.owed_then - o.principal) / r.owed_then ELSE 0 END
            AS repaid_share,
        f.loan_id IS NOT NULL AS defaulted_since, {column("is_rated_well", "NULL")},
        0::numeric AS exposure,
        scored.pd AS pd_origination, scored.pd AS pd_12_months,
        NULL::numeric AS pd_lifetime, NULL::numeric AS lgd, {_LEFT} AS months_left, o.annual_rate,
        {column("has_increased_risk", "FALSE")},
        {_YESTERDAY}
    FROM owed o
    LEFT JOIN security s ON s.application_id = o.application_id
    LEFT JOIN found ON found.loan_id = o.key
    LEFT JOIN scored ON scored.application_id = o.application_id
    LEFT JOIN restructured r ON r.loan_id = o.key
    LEFT JOIN defaulted f ON f.loan_id = o.key
    LEFT JOIN npa_loanday y ON y.day = %(before)s AND y.loan_id = o.key
        AND y.asset_class NOT IN ({literals(GONE)})
    LEFT JOIN npa_override v ON v.loan_id = o.key AND v.status IN ({literals(COUNTED)})
        AND v.counts_from <= %(day)s AND v.until_date >= %(day)s
        AND (v.ended_on IS NULL OR v.ended_on > %(day)s)
    """  # noqa: S608 - the parts are ours
