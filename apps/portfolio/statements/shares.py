"""Add up with whom a lender's principal is outstanding: purposes, regions, employers. Pure: SQL.

Values are `entity` and `days`. Regions and employers are what is written alike, case and blanks
aside; of a region the first way of writing it is kept. No
name is kept: the key of an employer is that of one of the records that name it, so a name that was
erased is gone here too. Employers that one loan alone names are one row, with the sum of the
squares of what each owes.
"""

from apps.portfolio.concentration import MANY, Dimension

_GONE = "('closed', 'written_off')"
_COLUMNS = "summed_id, branch_id, product_id, currency"
_SUMS = "count(*), sum(principal), coalesce(sum(principal) FILTER (WHERE is_bad), 0)"
# How a name is compared, here and where the loans behind a share are asked for.
EMPLOYER = "upper(btrim(m.employer))"

SHARES = f"""
    INSERT INTO portfolio_dayshare (
        {_COLUMNS}, dimension, key, loans, principal, npa_principal, squares
    )
    WITH base AS MATERIALIZED (
        SELECT s.id AS summed_id, d.branch_id, l.product_id, d.currency, d.principal,
            d.npa_date IS NOT NULL AS is_bad, a.purpose,
            coalesce(btrim(w.region), '') AS region,
            coalesce({EMPLOYER}, '') AS employer, m.id::text AS record
        FROM portfolio_summedday s
        JOIN npa_loanday d ON d.day = s.day AND d.entity_id = s.entity_id
        JOIN loans_loan l ON l.id = d.loan_id
        JOIN applications_application a ON a.id = l.application_id
        LEFT JOIN customers_address w ON w.customer_id = d.customer_id
        LEFT JOIN customers_employment m ON m.id = a.employment_id
        WHERE s.entity_id = %(entity)s AND s.day = ANY(%(days)s) AND d.day = ANY(%(days)s)
            AND d.asset_class NOT IN {_GONE}
    ), spelled AS (
        SELECT summed_id, currency, upper(region) AS place, min(region COLLATE "C") AS region
        FROM base WHERE region <> '' GROUP BY 1, 2, 3
    ), named AS (
        SELECT summed_id, currency, employer,
            CASE WHEN count(*) = 1 THEN '{MANY}' ELSE min(record) END AS who
        FROM base WHERE employer <> '' GROUP BY 1, 2, 3
    )
    SELECT {_COLUMNS}, '{Dimension.PURPOSE}', purpose, {_SUMS}, 0
    FROM base GROUP BY 1, 2, 3, 4, 6
    UNION ALL
    SELECT summed_id, b.branch_id, b.product_id, currency, '{Dimension.REGION}',
        coalesce(r.region, '') AS whose, {_SUMS}, 0
    FROM (SELECT *, upper(region) AS place FROM base) b
    LEFT JOIN spelled r USING (summed_id, currency, place)
    GROUP BY 1, 2, 3, 4, whose
    UNION ALL
    SELECT summed_id, b.branch_id, b.product_id, currency, '{Dimension.EMPLOYER}',
        coalesce(n.who, '') AS whose, {_SUMS},
        coalesce(sum(principal ^ 2) FILTER (WHERE n.who = '{MANY}'), 0)
    FROM base b LEFT JOIN named n USING (summed_id, currency, employer)
    GROUP BY 1, 2, 3, 4, whose
"""  # noqa: S608 - the parts are ours
