"""Loans whose write-off a night saw and that stand again, since it was taken back. Pure: SQL text.

The night that saw a loan lost used up its provision and let go of what was in suspense, both to
lessen the loss. With the loss taken back, so is that: the loan opens with what it had before.
"""

# The last row of a loan that left the books; the night before has what it had until then.
_LEFT = """
    SELECT g.day, g.asset_class FROM npa_loanday g
    WHERE g.loan_id = {loan} AND g.asset_class IN ('closed', 'written_off')
        AND g.day < %(day)s
    ORDER BY g.day DESC LIMIT 1
"""
# What each loan had that stands on the day, or ended on it, and was lost until then.
REGAINED = f"""
    SELECT k.* FROM npa_loanday t
    CROSS JOIN LATERAL ({_LEFT.format(loan="t.loan_id")}) g
    JOIN npa_loanday k ON k.day = g.day - 1 AND k.loan_id = t.loan_id
    WHERE t.day = %(day)s AND t.entity_id = %(entity)s AND t.asset_class <> 'written_off'
        AND g.asset_class = 'written_off'
        AND NOT EXISTS (
            SELECT FROM npa_loanday y WHERE y.day = %(before)s AND y.loan_id = t.loan_id
                AND y.asset_class <> 'written_off'
        )
"""  # noqa: S608 - the parts are ours
# Loans that were lost, of which that was taken back, and that are repaid: no night saw them stand.
REPAID = f"""
    SELECT k.loan_id, k.entity_id, k.rule_table_id, k.customer_id, k.branch_id, k.currency
    FROM (
        SELECT DISTINCT loan_id FROM ledger_line
        WHERE account = 'principal' AND day > %(before)s AND loan_id IS NOT NULL
    ) m
    JOIN loans_loan l ON l.id = m.loan_id AND l.status = 'closed'
    CROSS JOIN LATERAL ({_LEFT.format(loan="l.id")}) g
    JOIN npa_loanday k ON k.day = g.day AND k.loan_id = l.id AND k.entity_id = %(entity)s
    WHERE g.asset_class = 'written_off'
"""  # noqa: S608 - the parts are ours
