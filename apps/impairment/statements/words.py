"""Pieces of statements that are the same wherever losses are counted. Pure: SQL text."""

from collections.abc import Sequence
from decimal import Decimal

from apps.impairment.cells import AGES
from apps.impairment.parameters import UNSECURED

GONE = "('closed', 'written_off')"
# What is owed of a snapshot `d`.
OWED = "(d.principal + d.interest_due + d.interest_earned + d.charges_due)"
# Whether a snapshot `d` is in default.
BAD = "(d.npa_date IS NOT NULL OR d.dpd_ifrs >= 90)"
# The highest effective rate that is kept, of 9,900 % a year: what was lent at a higher one is
# discounted at this, which leaves its loss greater, never less.
MOST_RATE = "99"
# The effective yearly rate of a loan `l` with its offer `o`. The offer tells it, all costs counted
# and compounded as its own due dates lie, where its APR is a nominal rate of so many periods a year
# or simple. A loan of a tape has no offer and is repaid month by month at the contract's rate.
EFFECTIVE = f"""
    round(LEAST({MOST_RATE}, COALESCE(
        (o.key_facts ->> 'effective_annual')::numeric, (1 + l.annual_rate / 12) ^ 12 - 1
    )), 8)
"""
# What a loan `l` is secured by, where the night counted any security of its snapshot `d`.
SECURITY = f"""
    CASE WHEN d.secured > 0 THEN COALESCE((
        SELECT i.kind FROM collateral_lien n JOIN collateral_item i ON i.id = n.item_id
        WHERE n.application_id = l.application_id
            AND (n.status = 'standing' OR n.ended_at::date > d.day)
        ORDER BY n.secured_amount DESC, i.kind LIMIT 1
    ), 'other') ELSE '{UNSECURED}' END
"""  # noqa: S608 - the parts are ours
# The PD of the last decision that a score was for, as of origination.
SCORED = """
    (SELECT s.pd::numeric(9, 6) FROM decisions_decision c
        JOIN scoring_scorerun s ON s.id = c.score_run_id
        WHERE c.application_id = l.application_id ORDER BY c.number DESC LIMIT 1)
"""


def band(pd: str, bounds: Sequence[Decimal]) -> str:
    """Return the expression of `cells.band_of`."""
    arms = " ".join(f"WHEN {pd} <= {bound} THEN {place}" for place, bound in enumerate(bounds))
    return f"CASE WHEN {pd} IS NULL THEN {len(bounds) + 1} {arms} ELSE {len(bounds)} END"


def age(day: str, disbursed: str) -> str:
    """Return the expression of `portfolio.months.age`; of a day before it was paid out zero."""
    return (
        f"GREATEST(0, 12 * (date_part('year', {day}) - date_part('year', {disbursed}))"
        f" + date_part('month', {day}) - date_part('month', {disbursed}))::int"
    )


def age_group(month: str) -> str:
    """Return the expression of `cells.age_of`."""
    arms = " ".join(f"WHEN {month} <= {last} THEN {place}" for place, last in enumerate(AGES))
    return f"CASE {arms} ELSE {len(AGES)} END"


def late(days: str) -> str:
    """Return the expression of `cells.late_of`."""
    return f"(({days} >= 1)::int + ({days} >= 30)::int + ({days} >= 60)::int)"
