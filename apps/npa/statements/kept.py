"""What of a reserve no loan asks for any longer, and is kept. Pure: SQL text.

Where the regulator's leave is needed to take from the reserve, the night only adds to it. What the
classes together ask for less than the day before goes to a row of its own, what they ask for more
comes out of it first, and what people took out with leave is gone from it:

    closing = max(0, opening - taken out + asked for before - asked for now)
"""

from apps.npa.reserve_lifecycle import KEPT

# `keeps` says whether a fall is kept; without it the row only shrinks, by people or by a rise.
KEEP = f"""
    INSERT INTO npa_provisionmovement (day_end_id, account, branch_id, currency, asset_class,
        opening, additions, releases, written_off, closing)
    WITH fell AS (
        SELECT currency, sum(opening - closing) AS amount FROM npa_provisionmovement
        WHERE day_end_id = %(day_end)s AND account = 'loss_reserve' GROUP BY currency
    ),
    before AS (
        SELECT m.currency, m.branch_id, m.closing AS amount
        FROM npa_provisionmovement m JOIN npa_dayend e ON e.id = m.day_end_id
        WHERE e.entity_id = %(entity)s AND e.day = %(before)s
            AND m.account = 'loss_reserve' AND m.asset_class = '{KEPT}' AND m.closing > 0
    ),
    taken AS (
        SELECT currency, sum(amount) AS amount FROM npa_reserverelease
        WHERE entity_id = %(entity)s AND day = %(day)s GROUP BY currency
    ),
    moved AS (
        SELECT currency, branch_id, COALESCE(before.amount, 0) AS opening,
            COALESCE(taken.amount, 0) AS taken,
            CASE WHEN %(keeps)s THEN COALESCE(fell.amount, 0)
                ELSE LEAST(COALESCE(fell.amount, 0), 0) END AS fell
        FROM fell FULL JOIN before USING (currency) FULL JOIN taken USING (currency)
    ),
    stands AS (SELECT *, GREATEST(opening - taken + fell, 0) AS closing FROM moved)
    SELECT %(day_end)s, 'loss_reserve',
        COALESCE(branch_id, (
            SELECT id FROM accounts_branch WHERE entity_id = %(entity)s ORDER BY code LIMIT 1
        )),
        currency, '{KEPT}', opening, GREATEST(closing - opening + taken, 0),
        GREATEST(opening - taken - closing, 0), taken, closing
    FROM stands WHERE opening > 0 OR closing > 0 OR taken > 0
"""  # noqa: S608 - the parts are ours
