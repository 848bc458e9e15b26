"""The statement that writes the snapshot of a day: classes and provisions of a whole book. Pure."""

from collections.abc import Iterable, Sequence

from apps.npa.marks import GONE, RESTRUCTURED
from apps.npa.regimes import Rules
from apps.npa.statements import facilities
from apps.npa.statements.classes import Under, classes
from apps.npa.statements.provisions import provisions, suspended
from apps.npa.statements.regained import REPAID
from apps.npa.statements.words import literals

# Columns of `LoanDay` that say what was found, in the order of the statement below.
FOUND = (
    *("customer_id", "branch_id", "currency", "principal", "principal_due", "interest_due"),
    *("interest_earned", "charges_due", "oldest_due", "missed", "dpd_rbi", "dpd_ifrs", "bucket"),
    *("asset_class", "computed", "npa_date", "class_since", "aged_from", "stage", "reason"),
    *("computed_since", "computed_npa_date", "computed_aged_from"),
    *("secured", "unsecured", "provision", "reserve", "override_id"),
)
COLUMNS = (
    *("loan_id", "day", "entity_id", "rule_table_id", *FOUND, "rate", "flags"),
    *("interest_suspended", "fees_suspended", "penal_suspended"),
)


def scoped(rules: Rules, others: Iterable[Rules]) -> str:
    """Return which facilities are under a table, where `others` stand for the same lender.

    One of a scope takes what was lent for a purpose or as a product of it; one of none the rest.
    """
    if rules.scope:
        return _is_in(rules.scope)
    taken = [_is_in(one.scope) for one in others if one.scope]
    return f"NOT ({' OR '.join(taken)})" if taken else "TRUE"


def _is_in(scope: Iterable[str]) -> str:
    codes = literals(scope)
    products = f"SELECT id FROM products_product WHERE code IN ({codes})"  # noqa: S608 - escaped
    return f"(purpose IN ({codes}) OR product_id IN ({products}))"


def _under(rules: Rules, tables: Sequence[Rules]) -> str:
    """Return the facilities that are under a table."""
    return f"SELECT * FROM {facilities.TABLE} WHERE {scoped(rules, tables)}"  # noqa: S608


def misplaced(tables: Sequence[Rules]) -> str:
    """Return the statement for a loan that no table is for, or more than one; none if all are."""
    hits = " + ".join(f"({scoped(one, tables)})::int" for one in tables)
    return f"SELECT key FROM {facilities.TABLE} WHERE {hits} <> 1 ORDER BY key LIMIT 1"  # noqa: S608


def write(rules: Rules, tables: Sequence[Rules] = ()) -> str:
    """Return the statement that writes a row for every facility of the relation under a table.

    `tables` are all that stand for the lender; where it is the only one, all are under it. All
    facilities of a borrower are judged together, also those that are not written. `%(day)s`,
    `%(entity)s` and `%(table)s`, the key of the rule table, are its values.
    """
    others = [one for one in tables if one.code != rules.code]
    beside = [
        Under(rules=one, relation=f"beside_{place}") for place, one in enumerate(others, start=1)
    ]
    its = Under(rules=rules, relation="these" if beside else facilities.TABLE)
    parts = [
        f"{one.relation} AS NOT MATERIALIZED ({_under(one.rules, tables)}),"
        for one in (its, *beside)
        if beside
    ]
    return f"""
    INSERT INTO npa_loanday ({", ".join(COLUMNS)})
    WITH {" ".join(parts)} {classes(rules, its.relation, beside)}, {provisions(rules)}
    SELECT key, %(day)s, %(entity)s, %(table)s, {", ".join(FOUND)}, round(rate, 6),
        CASE WHEN restructured_on IS NULL THEN '' ELSE '{RESTRUCTURED}' END,
        {suspended("interest_due + interest_earned")}, {suspended("fees_unpaid")},
        {suspended("penal_unpaid")}
    FROM provided
    """  # noqa: S608 - the parts are ours


# A loan that was repaid or written off since the day before: a last row, without amounts. So also
# one that was written off earlier, where that was taken back and it was repaid.
GONE_SINCE = f"""
    INSERT INTO npa_loanday ({", ".join(COLUMNS)})
    WITH missing AS MATERIALIZED (
        SELECT y.loan_id, y.entity_id, y.rule_table_id, y.customer_id, y.branch_id, y.currency
        FROM npa_loanday y
        WHERE y.day = %(before)s AND y.entity_id = %(entity)s
            AND y.asset_class NOT IN ({literals(GONE)})
            AND NOT EXISTS (SELECT FROM {facilities.TABLE} f WHERE f.key = y.loan_id)
        UNION
        SELECT * FROM ({REPAID}) r
        WHERE NOT EXISTS (SELECT FROM {facilities.TABLE} f WHERE f.key = r.loan_id)
    )
    SELECT y.loan_id, %(day)s, y.entity_id, y.rule_table_id, y.customer_id, y.branch_id, y.currency,
        0, 0, 0, 0, 0, NULL, 0, 0, 0, 'none', l.gone, l.gone, NULL, %(day)s, NULL, 1, 'in_time',
        NULL, NULL, NULL, 0, 0, 0, 0, NULL, 0, '', 0, 0, 0
    FROM missing y
    JOIN LATERAL (
        SELECT CASE WHEN status = 'written_off' THEN 'written_off' ELSE 'closed' END AS gone
        FROM loans_loan WHERE id = y.loan_id
    ) l ON TRUE
"""  # noqa: S608 - the parts are ours

# What the run before found of the day, kept aside while this one writes.
SET_ASIDE = """
    CREATE TEMPORARY TABLE npa_before ON COMMIT DROP AS
    SELECT * FROM npa_loanday WHERE day = %(day)s AND entity_id = %(entity)s
"""
TAKE_AWAY = "DELETE FROM npa_loanday WHERE day = %(day)s AND entity_id = %(entity)s"
# What differs, as JSON of the columns that do; amounts are text, so that none becomes a float.
COMPARE = """
    INSERT INTO npa_changed (day_end_id, run, loan_id, before, after)
    SELECT %(day_end)s, %(run)s, COALESCE(n.loan_id, b.loan_id), was.columns, now.columns
    FROM npa_before b
    FULL JOIN (
        SELECT * FROM npa_loanday WHERE day = %(day)s AND entity_id = %(entity)s
    ) n ON n.loan_id = b.loan_id
    CROSS JOIN LATERAL (SELECT to_jsonb(b) AS b, to_jsonb(n) AS n) j
    CROSS JOIN LATERAL (
        SELECT COALESCE(jsonb_object_agg(key, value), '{}') AS columns FROM jsonb_each_text(j.b)
        WHERE value IS DISTINCT FROM j.n ->> key
    ) was
    CROSS JOIN LATERAL (
        SELECT COALESCE(jsonb_object_agg(key, value), '{}') AS columns FROM jsonb_each_text(j.n)
        WHERE value IS DISTINCT FROM j.b ->> key
    ) now
    WHERE b IS DISTINCT FROM n
"""
