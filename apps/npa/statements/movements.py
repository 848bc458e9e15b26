"""How provisions moved on a day, branch by branch and class by class. Pure: SQL text.

A loan that stays in its class adds or releases; one that changes class or branch is a release where
it was and an addition where it is; of one that was written off the provision is used up, and the
reserve, which no loss is charged to, is free again. Where the write-off is taken back, so is the
use: it is a negative one, and the loan goes on from what it had.
"""

from apps.npa.statements.regained import REGAINED

_MOVEMENTS = """
    INSERT INTO npa_provisionmovement (day_end_id, account, branch_id, currency, asset_class,
        opening, additions, releases, written_off, closing)
    SELECT %(day_end)s, '{account}', part.branch_id, part.currency, part.asset_class,
        sum(part.opening), sum(part.additions), sum(part.releases), sum(part.written_off),
        sum(part.closing)
    FROM (
        SELECT branch_id, currency, asset_class, {column}, 0 AS regained, loan_id
        FROM npa_loanday
        WHERE day = %(before)s AND entity_id = %(entity)s AND {column} > 0
        {regained}
    ) y
    FULL JOIN (
        SELECT branch_id, currency, asset_class, {column}, loan_id FROM npa_loanday
        WHERE day = %(day)s AND entity_id = %(entity)s
            AND ({column} > 0 OR asset_class = 'written_off')
    ) t ON t.loan_id = y.loan_id
    CROSS JOIN LATERAL (
        SELECT (y.branch_id, y.currency, y.asset_class)
            IS NOT DISTINCT FROM (t.branch_id, t.currency, t.asset_class) AS stays,
            COALESCE(y.{column}, 0) AS had, COALESCE(y.regained, 0) AS regained,
            COALESCE(t.{column}, 0) AS closing,
            COALESCE(t.asset_class = 'written_off', FALSE) AND {is_used_up} AS is_lost
    ) one
    CROSS JOIN LATERAL (
        SELECT t.branch_id, t.currency, t.asset_class, one.had - one.regained AS opening,
            GREATEST(one.closing - one.had, 0) AS additions,
            GREATEST(one.had - one.closing, 0) AS releases,
            -one.regained AS written_off, one.closing
        WHERE one.stays
        UNION ALL
        SELECT y.branch_id, y.currency, y.asset_class, one.had - one.regained, 0,
            CASE WHEN one.is_lost THEN 0 ELSE one.had END,
            CASE WHEN one.is_lost THEN one.had ELSE 0 END - one.regained, 0
        WHERE NOT one.stays AND y.loan_id IS NOT NULL
        UNION ALL
        SELECT t.branch_id, t.currency, t.asset_class, 0, one.closing, 0, 0, one.closing
        WHERE NOT one.stays AND t.loan_id IS NOT NULL AND one.closing > 0
    ) part
    GROUP BY part.branch_id, part.currency, part.asset_class
"""
PROVISIONS = _MOVEMENTS.format(
    account="provisions",
    column="provision",
    is_used_up="TRUE",
    regained=f"""
        UNION ALL
        SELECT branch_id, currency, asset_class, provision, provision, loan_id
        FROM ({REGAINED}) k WHERE provision > 0
    """,  # noqa: S608 - the parts are ours
)
RESERVES = _MOVEMENTS.format(
    account="loss_reserve", column="reserve", is_used_up="FALSE", regained=""
)
