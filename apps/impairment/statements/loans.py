"""The loans of a lender at the end of a day, with all that their losses are measured by. Pure: SQL.

Values are `entity`, `day`, `before` (the run that stages come from, or none), `after` (the last
loan that was read, or none) and `most`.
"""

from collections.abc import Sequence
from decimal import Decimal

from apps.impairment.statements import words

# Methods by which no principal, or an amount that is not known by rate and term, comes back before
# the end: the balance is taken to stay.
_STAYS = "('interest_only', 'single', 'balloon', 'custom')"
_METHOD = f"""
    COALESCE((SELECT v.terms ->> 'method' FROM loans_scheduleversion v
        WHERE v.loan_id = l.id AND v.in_force ORDER BY v.number DESC LIMIT 1), '') IN {_STAYS}
"""  # noqa: S608 - the parts are ours
# Until the last due date, begun months whole, at least one.
_LEFT = """
    GREATEST(1, COALESCE((
        SELECT 12 * (date_part('year', x.last) - date_part('year', d.day))
            + date_part('month', x.last) - date_part('month', d.day)
            + (date_part('day', x.last) > date_part('day', d.day))::int
        FROM (SELECT max(i.due_date) AS last FROM loans_instalment i
            WHERE i.loan_id = l.id AND i.in_force) x
    ), 1))::int
"""
# Of a loan of which a tranche is to follow, what was not paid out.
_UNDRAWN = """
    COALESCE((
        SELECT CASE WHEN (array_agg(p.rest_planned_date ORDER BY p.number DESC))[1] IS NOT NULL
            THEN GREATEST(0, l.principal - l.given_up - sum(p.amount)) END
        FROM loans_disbursement p
        WHERE p.loan_id = l.id AND p.status = 'paid' AND p.paid_date <= d.day
    ), 0)
"""
_WATCHED = """
    EXISTS (SELECT FROM npa_finding f WHERE f.loan_id = l.id AND f.kind = 'increased_risk'
        AND f.status IN ('approved', 'ending', 'ended') AND f.counts_from <= d.day
        AND (f.until_date IS NULL OR f.until_date >= d.day)
        AND (f.ended_on IS NULL OR f.ended_on > d.day))
"""
COLUMNS = (
    *("loan_id", "customer_id", "branch_id", "product_id", "currency", "segment"),
    *("drawn", "undrawn", "days_late", "is_bad", "is_watched"),
    *("annual_rate", "effective_rate", "is_bullet", "months_left", "age"),
    *("scored", "band", "security"),
    *("was_stage", "was_reason", "was_better"),
)


def batch(bounds: Sequence[Decimal]) -> str:
    """Return the statement of one batch, in the order of `COLUMNS`."""
    return f"""
    SELECT d.loan_id, d.customer_id, d.branch_id, l.product_id, d.currency, q.scoring_segment,
        {words.OWED}, {_UNDRAWN}, d.dpd_ifrs, {words.BAD}, {_WATCHED},
        l.annual_rate, {words.EFFECTIVE}, {_METHOD}, {_LEFT},
        {words.age("d.day", "l.disbursed_date")}, x.pd, {words.band("x.pd", bounds)},
        {words.SECURITY}, b.stage, b.reason, b.better_since
    FROM npa_loanday d
    JOIN loans_loan l ON l.id = d.loan_id
    JOIN products_product q ON q.id = l.product_id
    LEFT JOIN offers_offer o ON o.id = l.offer_id
    CROSS JOIN LATERAL (SELECT {words.SCORED} AS pd) x
    LEFT JOIN impairment_loanloss b ON b.run_id = %(before)s AND b.loan_id = d.loan_id
    WHERE d.day = %(day)s AND d.entity_id = %(entity)s AND d.asset_class NOT IN {words.GONE}
        AND (%(after)s::uuid IS NULL OR d.loan_id > %(after)s::uuid)
    ORDER BY d.loan_id LIMIT %(most)s
    """  # noqa: S608 - the parts are ours


TOTALS = """
    SELECT currency, stage, sum(loans), sum(ead), sum(loss), sum(loss_12), sum(loss_lifetime)
    FROM impairment_losssum WHERE run_id = %(run)s GROUP BY 1, 2 ORDER BY 1, 2
"""


# What pages group by, and what is added up. The migration that made the table has a copy.
SUMS = """
    INSERT INTO impairment_losssum (run_id, branch_id, product_id, currency, stage, reason,
        security, loans, drawn, ead, loss_12, loss_lifetime, loss, loss_base, loss_upside,
        loss_downside)
    SELECT run_id, branch_id, product_id, currency, stage, reason, security, count(*), sum(drawn),
        sum(ead), sum(loss_12), sum(loss_lifetime), sum(loss), sum(loss_base), sum(loss_upside),
        sum(loss_downside)
    FROM impairment_loanloss WHERE run_id = %(run)s
    GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
"""
