"""What the nightly proof shows of day-ends: snapshots and the ledger say the same.

Each check is one statement over the last day that every lender ended. While one is being ended,
that lender is left out: its entries come stage by stage.
"""

from django.utils.translation import gettext_lazy as _

from apps.ledger.proofs import Offender, first_loan, register
from apps.npa.reserve_lifecycle import KEPT

_LAST = """
    SELECT DISTINCT ON (e.entity_id) e.entity_id, e.day FROM npa_dayend e
    WHERE NOT EXISTS (
        SELECT FROM npa_dayend r WHERE r.entity_id = e.entity_id AND r.status = 'running'
    )
    ORDER BY e.entity_id, e.day DESC
"""
_HELD = f"""
    WITH ended AS ({_LAST}),
    says AS (
        SELECT d.branch_id, d.currency, sum(d.{{column}}) AS amount
        FROM {{said}} d JOIN ended e ON e.entity_id = d.entity_id AND e.day = d.day
        GROUP BY d.branch_id, d.currency
    ),
    booked AS (
        SELECT n.branch_id, n.currency, sum(n.credit - n.debit) AS amount
        FROM ledger_line n JOIN accounts_branch b ON b.id = n.branch_id
        JOIN ended e ON e.entity_id = b.entity_id AND n.day <= e.day
        WHERE n.account = '{{account}}' GROUP BY n.branch_id, n.currency
    )
    SELECT b.code || ' ' || currency, '', COALESCE(says.amount, 0), COALESCE(booked.amount, 0)
    FROM says FULL JOIN booked USING (branch_id, currency)
    JOIN accounts_branch b ON b.id = branch_id
    WHERE COALESCE(says.amount, 0) <> COALESCE(booked.amount, 0) ORDER BY 1 LIMIT 1
"""  # noqa: S608 - the parts are ours
_PROVISIONS = _HELD.format(column="provision", account="provisions", said="npa_loanday")
# What loans ask for, and what is kept although none asks for it any longer.
_RESERVED = f"""(
    SELECT entity_id, day, branch_id, currency, reserve FROM npa_loanday
    UNION ALL
    SELECT k.entity_id, k.day, m.branch_id, m.currency, m.closing
    FROM npa_provisionmovement m JOIN npa_dayend k ON k.id = m.day_end_id
    WHERE m.account = 'loss_reserve' AND m.asset_class = '{KEPT}'
)"""  # noqa: S608 - the parts are ours
_RESERVES = _HELD.format(column="reserve", account="loss_reserve", said=_RESERVED)
_SUSPENSE = f"""
    WITH ended AS ({_LAST}),
    says AS (
        SELECT d.loan_id, d.interest_suspended + d.fees_suspended + d.penal_suspended AS amount
        FROM npa_loanday d JOIN ended e ON e.entity_id = d.entity_id AND e.day = d.day
    ),
    booked AS (
        SELECT n.loan_id, sum(n.credit - n.debit) AS amount
        FROM ledger_line n JOIN accounts_branch b ON b.id = n.branch_id
        JOIN ended e ON e.entity_id = b.entity_id AND n.day <= e.day
        WHERE n.account = 'interest_suspense' AND n.loan_id IS NOT NULL GROUP BY n.loan_id
    )
    SELECT l.number, l.id, COALESCE(says.amount, 0), COALESCE(booked.amount, 0)
    FROM says FULL JOIN booked USING (loan_id) JOIN loans_loan l ON l.id = loan_id
    WHERE COALESCE(says.amount, 0) <> COALESCE(booked.amount, 0) ORDER BY l.number LIMIT 1
"""  # noqa: S608 - the parts are ours
# Principal goes on from night to night where nothing moved it; of an open day it may be behind.
_PRINCIPAL = f"""
    WITH ended AS (
        SELECT l.* FROM ({_LAST}) l JOIN npa_dayend e USING (entity_id, day)
        WHERE e.status = 'closed'
    ),
    says AS (
        SELECT d.loan_id, d.principal AS amount
        FROM npa_loanday d JOIN ended e ON e.entity_id = d.entity_id AND e.day = d.day
    ),
    booked AS (
        SELECT n.loan_id, sum(n.debit - n.credit) AS amount
        FROM ledger_line n JOIN accounts_branch b ON b.id = n.branch_id
        JOIN ended e ON e.entity_id = b.entity_id AND n.day <= e.day
        WHERE n.account = 'principal' AND n.loan_id IS NOT NULL GROUP BY n.loan_id
    )
    SELECT l.number, l.id, COALESCE(says.amount, 0), COALESCE(booked.amount, 0)
    FROM says FULL JOIN booked USING (loan_id) JOIN loans_loan l ON l.id = loan_id
    WHERE COALESCE(says.amount, 0) <> COALESCE(booked.amount, 0) ORDER BY l.number LIMIT 1
"""  # noqa: S608 - the parts are ours


def register_all() -> None:
    """Have these proved whenever the ledger is."""
    register(
        "npa.provisions",
        provisions_are_booked,
        sentence=_("Provisions in the ledger equal those of the last day that was ended"),
    )
    register(
        "npa.reserves",
        reserves_are_booked,
        sentence=_("Reserves beyond provisions equal those of the last day that was ended"),
    )
    register(
        "npa.principal",
        principal_is_booked,
        sentence=_("Principal in the ledger equals that of the last day that was closed"),
    )
    register(
        "npa.suspense",
        suspense_is_booked,
        sentence=_("Interest held in suspense equals what the last day says, loan by loan"),
    )


def provisions_are_booked() -> Offender | None:
    """Return the first branch whose provisions are not what the ledger holds."""
    return first_loan(_PROVISIONS)


def reserves_are_booked() -> Offender | None:
    """Return the first branch whose reserve for credit losses is not what the ledger holds."""
    return first_loan(_RESERVES)


def suspense_is_booked() -> Offender | None:
    """Return the first loan of which something else is in suspense than the last day says."""
    return first_loan(_SUSPENSE)


def principal_is_booked() -> Offender | None:
    """Return the first loan of which the ledger holds another principal than the last day says."""
    return first_loan(_PRINCIPAL)
