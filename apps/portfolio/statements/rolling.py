"""Add up from which band loans went to which between two ends of days. Pure: SQL text."""

from apps.portfolio.bands import in_sql

_GONE = "('closed', 'written_off')"

# A loan that left in between has its last row on the day it left. One that the second night left
# no row of has no band after.
BOTH = f"""
    SELECT b.loan_id, b.branch_id, b.currency, b.principal, b.band AS before,
        COALESCE(a.band, left_as.asset_class) AS after
    FROM (
        SELECT loan_id, branch_id, currency, principal, {in_sql("dpd_ifrs")} AS band
        FROM npa_loanday
        WHERE day = %(since)s AND entity_id = %(entity)s AND asset_class NOT IN {_GONE}
    ) b
    LEFT JOIN (
        SELECT loan_id, CASE WHEN asset_class IN {_GONE} THEN asset_class
            ELSE {in_sql("dpd_ifrs")} END AS band
        FROM npa_loanday WHERE day = %(day)s AND entity_id = %(entity)s
    ) a ON a.loan_id = b.loan_id
    LEFT JOIN LATERAL (
        SELECT g.asset_class FROM npa_loanday g
        WHERE a.loan_id IS NULL AND g.loan_id = b.loan_id AND g.day > %(since)s
            AND g.day < %(day)s AND g.asset_class IN {_GONE}
        ORDER BY g.day DESC LIMIT 1
    ) left_as ON TRUE
"""  # noqa: S608 - the parts are ours

# Returns how many loans have none: it is not known where they went, so they are in no cell.
ROLLS = f"""
    WITH cells AS (
        SELECT r.branch_id, l.product_id, r.currency, r.before, r.after, count(*) AS loans,
            sum(r.principal) AS principal
        FROM ({BOTH}) r JOIN loans_loan l ON l.id = r.loan_id
        GROUP BY 1, 2, 3, 4, 5
    ), made AS (
        INSERT INTO portfolio_roll
            (rolled_id, branch_id, product_id, currency, before, after, loans, principal)
        SELECT %(rolled)s, * FROM cells WHERE after IS NOT NULL
    )
    SELECT coalesce(sum(loans), 0) FROM cells WHERE after IS NULL
"""  # noqa: S608 - the parts are ours
