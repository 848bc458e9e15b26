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
# The nominal yearly rate of a loan `l` with its offer `o`, all costs counted; of a loan of a tape
# that of the contract. And the effective rate that it comes to, as `measuring` discounts by it.
NOMINAL = "COALESCE(o.apr, l.annual_rate)"
EFFECTIVE = f"round((1 + {NOMINAL} / 12) ^ 12 - 1, 8)"
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
