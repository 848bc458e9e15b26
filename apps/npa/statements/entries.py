"""The entries of a day's end, written set by set: suspense loan by loan, provisions by class. Pure.

Every statement posts what should stand less what the day has posted already, so that whatever was
interrupted, or is run again, posts the rest and never twice. The ledger's own triggers check each
entry as any other.
"""

from apps.npa.statements.regained import REGAINED

# Loans of which something is held in suspense now, was yesterday, or was posted by another run: so
# also one that another run saw closed today and that, as is known since, was over yesterday. Of a
# loan whose write-off is taken back, what was let go to lessen the loss is `regained`.
_CONCERNED = f"""
    WITH regained AS MATERIALIZED (
        SELECT loan_id, interest_suspended, fees_suspended, penal_suspended
        FROM ({REGAINED}) k WHERE interest_suspended + fees_suspended + penal_suspended > 0
    )
    SELECT l.id AS loan_id, COALESCE(t.branch_id, l.branch_id) AS branch_id, l.customer_id,
        l.currency, COALESCE(t.asset_class = 'written_off', FALSE) AS is_lost,
        COALESCE(t.interest_suspended, 0) - COALESCE(y.interest_suspended, 0) AS interest,
        COALESCE(t.fees_suspended, 0) - COALESCE(y.fees_suspended, 0) AS fees,
        COALESCE(t.penal_suspended, 0) - COALESCE(y.penal_suspended, 0) AS penal,
        COALESCE(r.interest_suspended, 0) AS interest_regained,
        COALESCE(r.fees_suspended, 0) AS fees_regained,
        COALESCE(r.penal_suspended, 0) AS penal_regained
    FROM (
        SELECT loan_id FROM npa_loanday WHERE day = %(day)s AND entity_id = %(entity)s
            AND interest_suspended + fees_suspended + penal_suspended > 0
        UNION
        SELECT loan_id FROM npa_loanday WHERE day = %(before)s AND entity_id = %(entity)s
            AND interest_suspended + fees_suspended + penal_suspended > 0
        UNION
        SELECT loan_id FROM regained
        UNION
        SELECT e.loan_id FROM ledger_entry e JOIN accounts_branch b ON b.id = e.branch_id
        WHERE e.event = 'interest_to_suspense' AND e.day = %(day)s
            AND b.entity_id = %(entity)s AND %(run)s > 1
    ) k
    JOIN loans_loan l ON l.id = k.loan_id
    LEFT JOIN npa_loanday t
        ON t.day = %(day)s AND t.entity_id = %(entity)s AND t.loan_id = k.loan_id
    LEFT JOIN npa_loanday y
        ON y.day = %(before)s AND y.entity_id = %(entity)s AND y.loan_id = k.loan_id
    LEFT JOIN regained r ON r.loan_id = k.loan_id
"""  # noqa: S608 - the parts are ours
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
            (CASE WHEN c.is_lost THEN 'write_off_expense' ELSE 'interest_income' END,
                c.interest - c.interest_regained),
            (CASE WHEN c.is_lost THEN 'write_off_expense' ELSE 'fee_income' END,
                c.fees - c.fees_regained),
            (CASE WHEN c.is_lost THEN 'write_off_expense' ELSE 'penal_income' END,
                c.penal - c.penal_regained),
            ('write_off_expense', c.interest_regained + c.fees_regained + c.penal_regained),
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

# What moved is posted against the accounts of `against`: (account, its part of the movement).
_MOVED = """
    CREATE TEMPORARY TABLE npa_lines ON COMMIT DROP AS
    WITH moved AS (
        SELECT branch_id, currency, asset_class, additions - releases AS net, written_off
        FROM npa_provisionmovement WHERE day_end_id = %(day_end)s AND account = '{account}'
    ),
    wanted AS (
        SELECT m.branch_id, m.currency, m.asset_class, one.account, one.amount FROM moved m
        CROSS JOIN LATERAL (VALUES {against}) AS one (account, amount)
    ),
    posted AS (
        SELECT e.branch_id, e.currency, e.facts ->> 'class' AS asset_class, n.account,
            sum(n.debit - n.credit) AS amount
        FROM ledger_entry e JOIN ledger_line n ON n.entry_id = e.id
        WHERE e.reference >= '{event}:' || %(day_end)s || ':'
            AND e.reference < '{event}:' || %(day_end)s || ';'
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
        '{event}:' || %(day_end)s || ':' || %(run)s || ':' || branch_id || ':' || currency
            || ':' || asset_class AS reference,
        '{event}' AS event, jsonb_build_object('class', asset_class) AS facts
    FROM due
"""
PROVIDE = _MOVED.format(
    event="provision",
    account="provisions",
    against="""
            ('provision_expense', m.net),
            ('write_off_expense', -m.written_off),
            ('provisions', m.written_off - m.net)
    """,
)
# No expense: from what was earned and kept, and back to it (rule book 1.12, 2.4).
RESERVE = _MOVED.format(
    event="reserve",
    account="loss_reserve",
    against="('retained_earnings', m.net), ('loss_reserve', -m.net)",
)

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
