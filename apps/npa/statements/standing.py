"""Which loans came into another class of allocation, and the history that says so. Pure: SQL text.

The order in which a payment is allocated depends on whether the loan performs. That is a fact of
the loan's history, a change of the kind `classified` on the day: a replay reads it like any other.
"""

# By key, some at a time: what became non-performing, and what performs again.
TO_MOVE = """
    SELECT d.loan_id,
        CASE WHEN d.npa_date IS NULL THEN 'standard' ELSE 'npa' END AS goes_to,
        COALESCE(a.moved_on > %(day)s, FALSE) AS is_past
    FROM npa_loanday d JOIN repayments_loanaccount a ON a.loan_id = d.loan_id
    WHERE d.day = %(day)s AND d.entity_id = %(entity)s
        AND NOT d.asset_class = ANY(%(gone)s)
        AND a.standing = CASE WHEN d.npa_date IS NULL THEN 'npa' ELSE 'standard' END
    ORDER BY d.loan_id
"""
# Whoever enters a payment holds the loan's row: these wait for it, and it for these.
HOLD = "SELECT id FROM loans_loan WHERE id = ANY(%(loans)s) ORDER BY id FOR UPDATE"
MOVE = """
    WITH asked AS (
        SELECT * FROM unnest(%(loans)s::uuid[], %(to)s::text[]) AS one (loan_id, goes_to)
    ),
    moved AS (
        UPDATE repayments_loanaccount a SET standing = o.goes_to,
            moved_on = GREATEST(COALESCE(a.moved_on, %(day)s::date), %(day)s::date)
        FROM asked o
        WHERE a.loan_id = o.loan_id AND COALESCE(a.moved_on <= %(day)s, TRUE)
            AND a.standing = CASE WHEN o.goes_to = 'npa' THEN 'standard' ELSE 'npa' END
        RETURNING a.loan_id, o.goes_to
    )
    INSERT INTO repayments_accountevent (id, loan_id, kind, day, position, amount, currency,
        parameters, reference, made_at, settled, status)
    SELECT gen_random_uuid(), m.loan_id, 'change', %(day)s,
        COALESCE((
            SELECT max(e.position) FROM repayments_accountevent e
            WHERE e.loan_id = m.loan_id AND e.day = %(day)s
        ), 0) + 1,
        NULL, l.currency,
        jsonb_build_object('change', 'classified',
            'parameters', jsonb_build_object('to', m.goes_to)),
        'classified:' || m.loan_id || ':' || %(day)s::date || ':' || %(run)s, %(now)s, 0, 'live'
    FROM moved m JOIN loans_loan l ON l.id = m.loan_id
"""
