"""The loans of a measurement with all that a stress test needs of each. Pure: SQL.

Values are `run`, `day`, `currency`, `after` (the last loan that was read, or none) and `most`.
"""

COLUMNS = (
    *("loan_id", "segment", "security", "stage", "band", "age", "days_late", "months_left"),
    *("is_bullet", "annual_rate", "effective_rate", "lgd", "pd_lifetime", "pd_expected"),
    *("drawn", "undrawn", "secured", "provided_for", "booked", "rule_table_id", "bad_months"),
    *("burden", "instalment", "is_floating"),
)
# Of the last decision that knew the borrower's means: all payments and this loan's, as shares of
# net income.
_MEANS = """
    SELECT (c.inputs ->> 'foir')::numeric AS burden,
        c.instalment / NULLIF((c.inputs ->> 'net_monthly_income')::numeric, 0) AS instalment
    FROM decisions_decision c
    WHERE c.application_id = l.application_id AND c.inputs ->> 'foir' IS NOT NULL
    ORDER BY c.number DESC LIMIT 1
"""
BATCH = f"""
    SELECT b.loan_id, b.segment, b.security, b.stage, b.band, b.age, b.days_late, b.months_left,
        b.is_bullet, b.annual_rate, b.effective_rate, b.lgd, b.pd_lifetime, b.pd_expected,
        b.drawn, b.undrawn, d.secured, d.secured + d.unsecured, d.provision + d.reserve,
        d.rule_table_id,
        CASE WHEN d.npa_date IS NOT NULL THEN
            12 * (date_part('year', d.day) - date_part('year', COALESCE(d.aged_from, d.npa_date)))
            + date_part('month', d.day) - date_part('month', COALESCE(d.aged_from, d.npa_date))
        END::int,
        m.burden, m.instalment, COALESCE(o.key_facts ->> 'rate_type' = 'floating', false)
    FROM impairment_loanloss b
    JOIN npa_loanday d ON d.day = %(day)s AND d.loan_id = b.loan_id
    JOIN loans_loan l ON l.id = b.loan_id
    LEFT JOIN offers_offer o ON o.id = l.offer_id
    LEFT JOIN LATERAL ({_MEANS}) m ON true
    WHERE b.run_id = %(run)s AND b.currency = %(currency)s
        AND (%(after)s::uuid IS NULL OR b.loan_id > %(after)s::uuid)
    ORDER BY b.loan_id LIMIT %(most)s
"""  # noqa: S608 - the parts are ours
