"""How loans went from one measurement to another. Pure: SQL text.

Values are `opening` and `closing` (keys of runs), `since` and `day` (their days), `branches`,
`products` (None: all) and `currency`. A loan counts at the branch it has at the closing.
"""

_NARROWED = """
    COALESCE(c.branch_id, o.branch_id) = ANY(%(branches)s::uuid[])
        AND (%(products)s::uuid[] IS NULL
            OR COALESCE(c.product_id, o.product_id) = ANY(%(products)s::uuid[]))
        AND COALESCE(c.currency, o.currency) = %(currency)s
"""
# Of a loan that left, what its last row says: one that was written back may be written off again.
MOVED = f"""
    SELECT o.stage, c.stage, c.loan_id IS NULL AND COALESCE((
            SELECT w.asset_class = 'written_off' FROM npa_loanday w
            WHERE w.loan_id = o.loan_id AND w.asset_class IN ('written_off', 'closed')
                AND w.day > %(since)s AND w.day <= %(day)s
            ORDER BY w.day DESC LIMIT 1
        ), FALSE), count(*), COALESCE(sum(o.loss), 0), COALESCE(sum(c.loss), 0)
    FROM (SELECT * FROM impairment_loanloss WHERE run_id = %(opening)s) o
    FULL JOIN (SELECT * FROM impairment_loanloss WHERE run_id = %(closing)s) c
        ON c.loan_id = o.loan_id
    WHERE {_NARROWED}
    GROUP BY 1, 2, 3
"""  # noqa: S608 - the parts are ours
# What each of the two measurements comes to by stage, without what lies between them: the movement
# is held against it.
SUMS = f"""
    SELECT FALSE, o.stage, sum(o.loss) FROM impairment_loanloss o
    LEFT JOIN impairment_loanloss c ON c.run_id = %(closing)s AND c.loan_id = o.loan_id
    WHERE o.run_id = %(opening)s AND {_NARROWED} GROUP BY 2
    UNION ALL
    SELECT TRUE, c.stage, sum(c.loss) FROM impairment_loanloss c
    LEFT JOIN impairment_loanloss o ON FALSE
    WHERE c.run_id = %(closing)s AND {_NARROWED} GROUP BY 2
"""  # noqa: S608 - the parts are ours
