"""The entries of a day's end, written set by set: suspense loan by loan, provisions by class. Pure.

Every statement posts what should stand less what the day has posted already, so that whatever was
interrupted, or is run again, posts the rest and never twice. The ledger's own triggers check each
entry as any other.
"""

# Loans of which something is held in suspense now, was yesterday, or was by another run.
_CONCERNED = """
    SELECT COALESCE(t.loan_id, y.loan_id) AS loan_id, t.branch_id, t.customer_id, t.currency,
        t.asset_class = 'written_off' AS is_lost,
        t.interest_suspended - COALESCE(y.interest_suspended, 0) AS interest,
        t.fees_suspended - COALESCE(y.fees_suspended, 0) AS fees,
        t.penal_suspended - COALESCE(y.penal_suspended, 0) AS penal
    FROM (
        SELECT * FROM npa_loanday WHERE day = %(day)s AND entity_id = %(entity)s
    ) t
    LEFT JOIN (
        SELECT * FROM npa_loanday WHERE day = %(before)s AND entity_id = %(entity)s
    ) y ON y.loan_id = t.loan_id
    WHERE t.interest_suspended + t.fees_suspended + t.penal_suspended > 0
        OR y.interest_suspended + y.fees_suspended + y.penal_suspended > 0
        OR t.loan_id IN (SELECT loan_id FROM npa_changed WHERE day_end_id = %(day_end)s)
"""
# What was posted for the day before, by the account it was taken from.
_POSTED = """
    SELECT e.loan_id, n.account, sum(n.debit - n.credit) AS amount
    FROM ledger_entry e JOIN ledger_line n ON n.entry_id = e.id
    WHERE e.event = 'interest_to_suspense' AND e.day = %(day)s
        AND e.loan_id IN (SELECT loan_id FROM concerned) AND %(run)s > 1
    GROUP BY e.loan_id, n.account
"""
SUSPEND = f"""
    CREATE TEMPORARY TABLE npa_lines ON COMMIT DROP AS
    WITH concerned AS MATERIALIZED ({_CONCERNED}), posted AS ({_POSTED}),
    wanted AS (
        SELECT c.loan_id, one.account, sum(one.amount) AS amount FROM concerned c
        CROSS JOIN LATERAL (VALUES
            (CASE WHEN c.is_lost THEN 'write_off_expense' ELSE 'interest_income' END, c.interest),
            (CASE WHEN c.is_lost THEN 'write_off_expense' ELSE 'fee_income' END, c.fees),
            (CASE WHEN c.is_lost THEN 'write_off_expense' ELSE 'penal_income' END, c.penal),
            ('interest_suspense', -(c.interest + c.fees + c.penal))
        ) AS one (account, amount)
        GROUP BY c.loan_id, one.account
    ),
    due AS (
        SELECT loan_id, account, COALESCE(w.amount, 0) - COALESCE(p.amount, 0) AS amount
        FROM wanted w FULL JOIN posted p USING (loan_id, account)
        WHERE COALESCE(w.amount, 0) <> COALESCE(p.amount, 0)
    )
    SELECT d.loan_id, c.branch_id, c.customer_id, c.currency, d.account, d.amount,
        row_number() OVER (PARTITION BY d.loan_id ORDER BY d.amount < 0, d.account) AS number,
        'suspense:' || d.loan_id || ':' || %(day)s::date || ':' || %(run)s AS reference,
        'interest_to_suspense' AS event, '{{}}'::jsonb AS facts
    FROM due d JOIN concerned c USING (loan_id)
"""  # noqa: S608 - the parts are ours

PROVIDE = """
    CREATE TEMPORARY TABLE npa_lines ON COMMIT DROP AS
    WITH moved AS (
        SELECT branch_id, currency, asset_class, additions - releases AS net, written_off
        FROM npa_provisionmovement WHERE day_end_id = %(day_end)s
    ),
    wanted AS (
        SELECT m.branch_id, m.currency, m.asset_class, one.account, one.amount FROM moved m
        CROSS JOIN LATERAL (VALUES
            ('provision_expense', m.net),
            ('write_off_expense', -m.written_off),
            ('provisions', m.written_off - m.net)
        ) AS one (account, amount)
    ),
    posted AS (
        SELECT e.branch_id, e.currency, e.facts ->> 'class' AS asset_class, n.account,
            sum(n.debit - n.credit) AS amount
        FROM ledger_entry e JOIN ledger_line n ON n.entry_id = e.id
        WHERE e.reference >= 'provision:' || %(day_end)s || ':'
            AND e.reference < 'provision:' || %(day_end)s || ';'
        GROUP BY 1, 2, 3, 4
    ),
    due AS (
        SELECT branch_id, currency, asset_class, account,
            COALESCE(w.amount, 0) - COALESCE(p.amount, 0) AS amount
        FROM wanted w FULL JOIN posted p USING (branch_id, currency, asset_class, account)
        WHERE COALESCE(w.amount, 0) <> COALESCE(p.amount, 0)
    )
    SELECT NULL::uuid AS loan_id, branch_id, NULL::uuid AS customer_id, currency, account, amount,
        row_number() OVER (
            PARTITION BY branch_id, currency, asset_class ORDER BY amount < 0, account
        ) AS number,
        'provision:' || %(day_end)s || ':' || %(run)s || ':' || branch_id || ':' || currency
            || ':' || asset_class AS reference,
        'provision' AS event, jsonb_build_object('class', asset_class) AS facts
    FROM due
"""

# From `npa_lines`: an entry for each reference, and its lines.
POST_ENTRIES = """
    INSERT INTO ledger_entry (event, day, posted_at, reference, branch_id, currency, loan_id,
        customer_id, actor, facts)
    SELECT event, %(day)s, %(now)s, reference, branch_id, currency, loan_id, customer_id,
        %(actor)s, facts
    FROM npa_lines WHERE number = 1 ORDER BY loan_id, reference
"""
POST_LINES = """
    INSERT INTO ledger_line (entry_id, number, account, debit, credit, day, branch_id, currency,
        loan_id)
    SELECT e.id, n.number, n.account, GREATEST(n.amount, 0), GREATEST(-n.amount, 0), e.day,
        e.branch_id, e.currency, e.loan_id
    FROM npa_lines n JOIN ledger_entry e ON e.reference = n.reference
    ORDER BY e.id, n.number
"""
