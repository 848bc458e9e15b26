"""What became of loans month by month, and what came back of those in default. Pure: SQL text.

Values of both are `entity` and `days`, the ends of months one after the other; of `cases` also
`until`, the last end of a month by which a default must have been, and `months`.
"""

from collections.abc import Sequence
from decimal import Decimal

from apps.impairment.cells import LEADS
from apps.impairment.statements import words

# Each loan on the books at the end of a month, with the place of that month; and each time that one
# was written off, which may be twice where it was written back in between.
SEEN = f"""
    seen AS (
        SELECT d.loan_id, d.day, m.place::int AS place, d.dpd_ifrs, {words.BAD} AS is_bad,
            {words.OWED} AS owed, d.secured
        FROM npa_loanday d
        JOIN unnest(%(days)s::date[]) WITH ORDINALITY m (day, place) ON m.day = d.day
        WHERE d.entity_id = %(entity)s AND d.day = ANY(%(days)s::date[])
            AND d.asset_class NOT IN {words.GONE}
    ),
    written AS (
        SELECT d.loan_id, d.day FROM npa_loanday d
        WHERE d.entity_id = %(entity)s AND d.asset_class = 'written_off'
            AND d.day > (%(days)s::date[])[1]
            AND d.day <= (%(days)s::date[])[array_length(%(days)s::date[], 1)]
    )
"""  # noqa: S608 - the parts are ours
# The first default of each loan: the end of a month at which it was in default after one at which
# it performed, or the day it was written off within a month that it began performing, as it stood
# before. What was bad from the first that is known of it defaulted at a time that is not.
DEFAULTED = f"""
    lost AS (
        SELECT w.loan_id, w.day, b.day AS as_of, b.owed, b.secured FROM written w
        CROSS JOIN LATERAL (
            SELECT d.day, {words.OWED} AS owed, d.secured FROM generate_series(1, 31) ago
            JOIN npa_loanday d ON d.day = w.day - ago AND d.loan_id = w.loan_id
            WHERE d.asset_class NOT IN {words.GONE} ORDER BY ago LIMIT 1
        ) b
        WHERE NOT EXISTS (
            SELECT FROM seen s WHERE s.loan_id = w.loan_id AND s.is_bad
                AND s.day = date_trunc('month', w.day)::date - 1
        )
    ),
    defaulted AS (
        SELECT DISTINCT ON (x.loan_id) x.loan_id, x.day, x.as_of, x.owed, x.secured
        FROM (
            SELECT s.loan_id, s.day, s.day AS as_of, s.owed, s.secured
            FROM seen s JOIN seen p ON p.loan_id = s.loan_id AND p.place = s.place - 1
            WHERE s.is_bad AND NOT p.is_bad
            UNION ALL SELECT loan_id, day, as_of, owed, secured FROM lost
        ) x
        WHERE x.day <= %(until)s ORDER BY x.loan_id, x.day
    )
"""  # noqa: S608 - the parts are ours


def counts(bounds: Sequence[Decimal]) -> str:
    """Return the statement whose rows are `hazards.Count`: every month of a loan at risk.

    A loan is at risk in a month where it performed at its beginning; it defaulted where it does not
    at its end, or was written off in between. One that was repaid did not.
    """
    month = f"{words.age('r.day', 'l.disbursed_date')} + 1"
    return f"""
    WITH {SEEN},
    risk AS MATERIALIZED (
        SELECT s.loan_id, s.place, s.day, s.dpd_ifrs,
            COALESCE(n.is_bad, EXISTS (
                SELECT FROM written w WHERE w.loan_id = s.loan_id AND w.day > s.day
                    AND w.day <= (%(days)s::date[])[s.place + 1]
            )) AS defaulted
        FROM seen s LEFT JOIN seen n ON n.loan_id = s.loan_id AND n.place = s.place + 1
        WHERE NOT s.is_bad AND s.place < array_length(%(days)s::date[], 1)
    ),
    told AS (
        SELECT l.id, l.disbursed_date, {words.band("x.pd", bounds)} AS band
        FROM loans_loan l CROSS JOIN LATERAL (SELECT {words.SCORED} AS pd) x
        WHERE l.id IN (SELECT loan_id FROM risk)
    )
    SELECT lead, {words.late("b.dpd_ifrs")} AS late, l.band, {words.age_group(month)} AS age,
        count(*), count(*) FILTER (WHERE r.defaulted)
    FROM risk r CROSS JOIN generate_series(1, {LEADS}) lead
    JOIN risk b ON b.loan_id = r.loan_id AND b.place = r.place - lead + 1
    JOIN told l ON l.id = r.loan_id
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    """  # noqa: S608 - the parts are ours


# What came in on the account of a loan; what was given back counts against it.
_CAME = "('receipt', 'part_prepayment', 'payoff', 'recovery', 'refund')"
# The end of the month that is `months` after that of a default `d`.
_END = """
    (date_trunc('month', d.day)::date
        + make_interval(months => %(months)s + 1) - interval '1 day')::date
"""
# What came in of a default `d` of a loan `l` with its offer `o` until then, as worth on the day of
# default; and the same of what is owed where it performs on that very day. What came in before the
# end of the day of which the balance is, `as_of`, is out of it already, and what performed a month
# before may be bad again.
CAME_BACK = f"""
    LEFT JOIN LATERAL (
        SELECT sum(
            CASE WHEN e.kind = 'refund' THEN -e.amount ELSE e.amount END
                * power(1 + {words.EFFECTIVE}, -greatest(e.day - d.day, 0) / 365.0)
        ) AS worth
        FROM repayments_accountevent e
        WHERE e.loan_id = d.loan_id AND e.status = 'live' AND e.kind IN {_CAME}
            AND e.day > d.as_of AND e.day <= {_END}
    ) came ON TRUE
    LEFT JOIN seen back ON back.loan_id = d.loan_id AND back.day = {_END} AND NOT back.is_bad
"""  # noqa: S608 - the parts are ours
RECOVERED = f"""
    COALESCE(came.worth, 0) + COALESCE(back.owed * power(
        1 + {words.EFFECTIVE}, -(back.day - d.day) / 365.0
    ), 0)
"""
CASES = f"""
    WITH {SEEN}, {DEFAULTED}
    SELECT d.loan_id, {words.SECURITY} AS kind, p.scoring_segment, d.owed,
        {RECOVERED} AS recovered
    FROM defaulted d
    JOIN loans_loan l ON l.id = d.loan_id
    JOIN products_product p ON p.id = l.product_id
    LEFT JOIN offers_offer o ON o.id = l.offer_id
    {CAME_BACK}
    WHERE d.owed > 0
    ORDER BY d.loan_id
"""  # noqa: S608 - the parts are ours
