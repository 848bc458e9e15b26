"""Add up how the loans of each month of origination stand, and which were repaid early. Pure: SQL.

Values of STANDING are `entity` and `days`; that of PREPAID is `entity`.
"""

import re
from collections.abc import Mapping
from typing import Any

from apps.portfolio.figures import PAR_DAYS

_GONE = "('closed', 'written_off')"
_LATE = "".join(
    f", count(*) FILTER (WHERE d.dpd_ifrs >= {days}),"
    f" coalesce(sum(d.principal) FILTER (WHERE d.dpd_ifrs >= {days}), 0)"
    for days in PAR_DAYS
)
_NAMES = "".join(f", loans_{days}, principal_{days}" for days in PAR_DAYS)
STANDING = f"""
    INSERT INTO portfolio_dayvintage (
        summed_id, branch_id, product_id, currency, vintage, loans, principal{_NAMES}
    )
    SELECT s.id, d.branch_id, l.product_id, d.currency,
        date_trunc('month', l.disbursed_date)::date, count(*), sum(d.principal){_LATE}
    FROM portfolio_summedday s
    JOIN npa_loanday d ON d.day = s.day AND d.entity_id = s.entity_id
    JOIN loans_loan l ON l.id = d.loan_id
    WHERE s.entity_id = %(entity)s AND s.day = ANY(%(days)s) AND d.day = ANY(%(days)s)
        AND d.asset_class NOT IN {_GONE} AND l.disbursed_date IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608 - the parts are ours

_MONTHS = (
    "(EXTRACT(YEAR FROM repaid_on) - EXTRACT(YEAR FROM disbursed_date)) * 12"
    " + EXTRACT(MONTH FROM repaid_on) - EXTRACT(MONTH FROM disbursed_date)"
)
# Repaid is the day on which the last of the principal was; early is a month before that in which
# the last instalment of the first schedule fell due. A tape says no schedule: its loans run for
# their term.
REPAID = """
    SELECT l.id, l.branch_id, l.product_id, l.currency, l.disbursed_date, l.principal,
        o.last_payment_date AS repaid_on,
        l.disbursed_date + make_interval(months => l.term_months) AS until
    FROM loans_loan l
    JOIN accounts_branch b ON b.id = l.branch_id
    JOIN loans_outcome o ON o.loan_id = l.id
    WHERE b.entity_id = %(entity)s AND NOT o.defaulted AND o.last_payment_date IS NOT NULL
        AND l.disbursed_date IS NOT NULL
    UNION ALL
    SELECT l.id, l.branch_id, l.product_id, l.currency, l.disbursed_date,
        l.principal - l.given_up,
        (
            SELECT max(n.day) FROM ledger_line n JOIN ledger_entry e ON e.id = n.entry_id
            WHERE n.loan_id = l.id AND n.account = 'principal' AND n.credit > 0
                AND e.event <> 'transfer' AND e.reverses_id IS NULL
                AND NOT EXISTS (SELECT FROM ledger_entry r WHERE r.reverses_id = e.id)
        ),
        (
            SELECT max(i.due_date) FROM loans_instalment i
            JOIN loans_scheduleversion s ON s.id = i.schedule_id
            WHERE s.loan_id = l.id AND s.number = 1
        )
    FROM loans_loan l
    JOIN accounts_branch b ON b.id = l.branch_id
    WHERE b.entity_id = %(entity)s AND l.status = 'closed'
        AND NOT EXISTS (SELECT FROM loans_outcome k WHERE k.loan_id = l.id)
"""
EARLY = f"""
    SELECT * FROM ({REPAID}) one
    WHERE date_trunc('month', repaid_on) < date_trunc('month', until)
"""  # noqa: S608 - the parts are ours
PREPAID = f"""
    INSERT INTO portfolio_vintageprepaid (
        entity_id, branch_id, product_id, currency, vintage, months_on_book, loans, principal
    )
    SELECT %(entity)s, branch_id, product_id, currency,
        date_trunc('month', disbursed_date)::date, {_MONTHS}, count(*), sum(principal)
    FROM ({EARLY}) early
    GROUP BY 1, 2, 3, 4, 5, 6
"""  # noqa: S608 - the parts are ours
# The keys of the loans of a span of months of origination that were repaid early by an age.
PREPAID_LOANS = f"""
    SELECT id FROM ({EARLY}) early
    WHERE disbursed_date BETWEEN %(first)s AND %(last)s AND {_MONTHS} <= %(age)s
        AND repaid_on <= %(day)s
"""  # noqa: S608 - the parts are ours


def in_order(statement: str, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return a query with its values in the order in which it asks for them, as parts of others."""
    order = re.findall(r"%\((\w+)\)s", statement)
    return re.sub(r"%\(\w+\)s", "%s", statement), [values[name] for name in order]
