"""What became of loans month by month, and what came back of those in default. Pure: SQL text.

Values of both are `entity` and `days`, the ends of months one after the other; of `cases` also
`until`, the last end of a month by which a default must have been, and `months`.
"""

from collections.abc import Sequence
from decimal import Decimal

from apps.impairment.cells import LEADS
from apps.impairment.statements import words

# Each loan on the books at the end of a month, with the place of that month.
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
# What came in of a default `d` of a loan `l` with its offer `o` within `months`, as worth on the
# day of default; and the same of what is owed where it performs again at their end.
CAME_BACK = f"""
    LEFT JOIN LATERAL (
        SELECT sum(
            CASE WHEN e.kind = 'refund' THEN -e.amount ELSE e.amount END
                * power(1 + {words.EFFECTIVE}, -(e.day - d.day) / 365.0)
        ) AS worth
        FROM repayments_accountevent e
        WHERE e.loan_id = d.loan_id AND e.status = 'live' AND e.kind IN {_CAME}
            AND e.day > d.day AND e.day <= d.day + make_interval(months => %(months)s)
    ) came ON TRUE
    LEFT JOIN LATERAL (
        SELECT s.owed, s.day FROM seen s
        WHERE s.loan_id = d.loan_id AND NOT s.is_bad
            AND s.day > d.day + make_interval(months => %(months)s - 1)
            AND s.day <= d.day + make_interval(months => %(months)s) + interval '3 days'
        ORDER BY s.day LIMIT 1
    ) back ON TRUE
"""  # noqa: S608 - the parts are ours
RECOVERED = f"""
    COALESCE(came.worth, 0) + COALESCE(back.owed * power(
        1 + {words.EFFECTIVE}, -(back.day - d.day) / 365.0
    ), 0)
"""
# Of each loan the first end of a month at which it was in default; of one that never was, but was
# written off, that day, with what was.
CASES = f"""
    WITH {SEEN},
    began AS (
        SELECT DISTINCT ON (s.loan_id) s.loan_id, s.day, s.owed, s.secured FROM seen s
        WHERE s.is_bad ORDER BY s.loan_id, s.day
    ),
    defaulted AS (
        SELECT loan_id, day, owed, secured FROM began WHERE day <= %(until)s
        UNION ALL
        SELECT w.loan_id, w.day, a.written_off, 0 FROM written w
        JOIN repayments_loanaccount a ON a.loan_id = w.loan_id
        WHERE w.day <= %(until)s AND w.loan_id NOT IN (SELECT loan_id FROM began)
    )
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
