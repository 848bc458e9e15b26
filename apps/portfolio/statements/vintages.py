"""Add up what was lent month by month, and at what age it was lost. Pure: SQL text."""

_AGE = (
    "(EXTRACT(YEAR FROM lost_on) - EXTRACT(YEAR FROM disbursed_date)) * 12"
    " + EXTRACT(MONTH FROM lost_on) - EXTRACT(MONTH FROM disbursed_date)"
)

LENT = """
    INSERT INTO portfolio_vintagelent
        (entity_id, branch_id, product_id, currency, vintage, loans, principal)
    SELECT b.entity_id, l.branch_id, l.product_id, l.currency,
        date_trunc('month', l.disbursed_date)::date, count(*),
        sum(l.principal - l.given_up)
    FROM loans_loan l JOIN accounts_branch b ON b.id = l.branch_id
    WHERE b.entity_id = %(entity)s AND l.disbursed_date IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5
"""

# What became of a tape's loans is what the tape says, also where they were taken on the books. What
# was written off of ours and written off once more counts once, as the ledger nets it.
LOSSES = """
    SELECT l.id, l.branch_id, l.product_id, l.currency, l.disbursed_date,
        COALESCE(o.last_payment_date, l.disbursed_date) AS lost_on,
        GREATEST(l.principal - COALESCE(o.principal_paid, 0), 0) AS lost
    FROM loans_loan l
    JOIN accounts_branch b ON b.id = l.branch_id
    JOIN loans_outcome o ON o.loan_id = l.id
    WHERE b.entity_id = %(entity)s AND o.defaulted
    UNION ALL
    SELECT l.id, l.branch_id, l.product_id, l.currency, l.disbursed_date, max(e.day),
        sum(n.credit - n.debit)
    FROM loans_loan l
    JOIN accounts_branch b ON b.id = l.branch_id
    JOIN ledger_entry e ON e.loan_id = l.id
    JOIN ledger_line n ON n.entry_id = e.id AND n.account = 'principal'
    LEFT JOIN ledger_entry o ON o.id = e.reverses_id
    WHERE b.entity_id = %(entity)s AND l.status = 'written_off'
        AND 'write_off' IN (e.event, o.event)
        AND NOT EXISTS (SELECT FROM loans_outcome k WHERE k.loan_id = l.id)
    GROUP BY 1, 2, 3, 4, 5
"""
LOST = f"""
    INSERT INTO portfolio_vintagelost (
        entity_id, branch_id, product_id, currency, vintage, months_on_book, loans, principal
    )
    SELECT %(entity)s, branch_id, product_id, currency,
        date_trunc('month', disbursed_date)::date, {_AGE}, count(*), sum(lost)
    FROM ({LOSSES}) one
    GROUP BY 1, 2, 3, 4, 5, 6
"""  # noqa: S608 - the parts are ours
# The keys of the loans of a span of months of origination that were lost by an age.
LOST_LOANS = f"""
    SELECT id FROM ({LOSSES}) one
    WHERE disbursed_date BETWEEN %(first)s AND %(last)s AND {_AGE} <= %(age)s
        AND lost_on <= %(day)s
"""  # noqa: S608 - the parts are ours
