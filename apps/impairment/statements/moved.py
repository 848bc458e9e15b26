"""How loans went from one measurement to another. Pure: SQL text.

Values are `opening` and `closing` (keys of runs), `since` and `day` (their days), `branches`,
`products` (None: all) and `currency`. A loan counts at the branch it has at the closing.
"""

MOVED = """
    SELECT o.stage, c.stage, w.loan_id IS NOT NULL, count(*),
        COALESCE(sum(o.loss), 0), COALESCE(sum(c.loss), 0)
    FROM (SELECT * FROM impairment_loanloss WHERE run_id = %(opening)s) o
    FULL JOIN (SELECT * FROM impairment_loanloss WHERE run_id = %(closing)s) c
        ON c.loan_id = o.loan_id
    LEFT JOIN npa_loanday w ON c.loan_id IS NULL AND w.loan_id = o.loan_id
        AND w.asset_class = 'written_off' AND w.day > %(since)s AND w.day <= %(day)s
    WHERE COALESCE(c.branch_id, o.branch_id) = ANY(%(branches)s::uuid[])
        AND (%(products)s::uuid[] IS NULL
            OR COALESCE(c.product_id, o.product_id) = ANY(%(products)s::uuid[]))
        AND COALESCE(c.currency, o.currency) = %(currency)s
    GROUP BY 1, 2, 3
"""
