"""What every loan of a lender owes at the end of a day, read from what is unpaid. Pure: SQL text.

Only what fell due of instalments and charges and is unpaid is read, from partial indexes. The
principal is what went out and did not come back, as the ledger has it: instalments plan a rest
that was not paid out, too. It goes on from the day before, unless it moved. A loan that something
happened to after the day (`moved_on` later) stands otherwise now than it did:
`services.looking_back` puts the figures of those in the place of these.
"""

from apps.loans.payout import TAXES
from apps.npa.marks import GONE
from apps.npa.statements.words import literals
from apps.schedules.terms import FeeTiming

# Loans with money out on the day. One that is over now may have run then, where something happened
# to it since: those that were over by then are left out again by `services.looking_back`.
LENT = """
    SELECT l.id, l.customer_id, l.branch_id, l.currency,
        l.principal - CASE WHEN l.given_up_date <= %(day)s THEN l.given_up ELSE 0 END AS principal,
        l.application_id,
        l.product_id, l.disbursed_date, l.annual_rate, l.status, ap.purpose,
        COALESCE(a.unbilled, 0) AS unbilled,
        COALESCE(a.upfront_fee + a.upfront_tax, 0) AS upfront_charges,
        COALESCE(a.upfront_fee, 0) AS upfront_fee,
        COALESCE(a.upfront_interest, 0) AS upfront_interest
    FROM loans_loan l
    JOIN accounts_branch b ON b.id = l.branch_id AND b.entity_id = %(entity)s
    JOIN applications_application ap ON ap.id = l.application_id
    LEFT JOIN repayments_loanaccount a ON a.loan_id = l.id
    WHERE l.disbursed_date <= %(day)s
        AND (l.status = 'active'
            OR l.status IN ('closed', 'written_off') AND a.moved_on > %(day)s)
"""

# What of the fee of a row `i` was credited to income when it fell due: the lender's own fees by the
# terms of its schedule, as `repayments.account.fee_lines` has it.
_OWN_FEE = f"""
    (SELECT CASE WHEN sum(one.amount) = i.fee
        THEN COALESCE(sum(one.amount) FILTER (WHERE one.is_own), 0) ELSE i.fee END
    FROM loans_scheduleversion v CROSS JOIN LATERAL (
        SELECT (f ->> 'amount')::numeric AS amount,
            NOT (f ->> 'is_third_party')::boolean
                AND f ->> 'code' NOT IN ({literals(sorted(TAXES))}) AS is_own
        FROM jsonb_array_elements(v.terms -> 'fees') f
        WHERE f ->> 'timing' = '{FeeTiming.EACH_INSTALMENT}'
            OR f ->> 'timing' = '{FeeTiming.FIRST_INSTALMENT}' AND i.number = 1
    ) one
    WHERE v.id = i.schedule_id)
"""  # noqa: S608 - the parts are ours
# What is unpaid of the fees of the pay-out of a loan `l` and was credited to income with it; asked
# only of loans that owe any. As above, what is paid counts first for what others get.
_OWN_OF_PAYOUT = """
    CASE WHEN l.upfront_fee > 0 THEN LEAST(l.upfront_fee, (
        SELECT COALESCE(sum(n.credit - n.debit), 0)
        FROM ledger_line n JOIN ledger_entry e ON e.id = n.entry_id
        WHERE n.loan_id = l.id AND n.account = 'fee_income'
            AND e.event IN ('disbursement', 'disbursement_reversal')
    )) ELSE 0 END
"""
_UNPAID = """
    in_force AND (paid_principal < principal OR paid_interest < interest OR paid_fee < fee)
"""
# Only what fell due, in the order of the index, which has all that is asked for: nothing is sorted,
# and the table itself is not touched but for loans of which a fee is unpaid. What is paid of a fee
# counts first for what others get of it.
ROWS = f"""
    SELECT s.*, CASE WHEN s.fees_due > 0 THEN (
        SELECT sum(LEAST(i.fee - i.paid_fee, {_OWN_FEE})) FROM loans_instalment i
        WHERE i.loan_id = s.loan_id AND i.in_force AND i.due_date <= %(day)s
            AND i.paid_fee < i.fee
    ) END AS fees_unpaid
    FROM (
        SELECT loan_id, sum(principal - paid_principal) AS principal_due,
            sum(interest - paid_interest) AS interest_due, sum(fee - paid_fee) AS fees_due,
            min(due_date) AS oldest_due, count(*) FILTER (WHERE due_date < %(day)s) AS missed
        FROM loans_instalment WHERE {_UNPAID} AND due_date <= %(day)s GROUP BY loan_id
    ) s
"""  # noqa: S608 - the parts are ours
# Loans whose principal moved on the day or later, or since the day before was read. Of all others
# it is what it was the day before: most of a book, whose lines are not read for that.
MOVED = """
    SELECT loan_id FROM ledger_line
    WHERE account = 'principal' AND day > %(before)s AND loan_id IS NOT NULL
    UNION
    SELECT loan_id FROM ledger_line
    WHERE account = 'principal' AND entry_id > %(read_until)s AND loan_id IS NOT NULL
"""

ASKED = """
    SELECT loan_id, sum(left_over) AS amount,
        sum(left_over) FILTER (WHERE bucket = 'interest') AS interest,
        sum(left_over) FILTER (WHERE bucket = 'fee') AS fees,
        sum(left_over) FILTER (WHERE bucket = 'penal') AS penal, min(due_on) AS oldest_due
    FROM (
        SELECT loan_id, amount - settled AS left_over, parameters ->> 'bucket' AS bucket,
            (parameters ->> 'due_on')::date AS due_on
        FROM repayments_accountevent
        WHERE kind = 'charge' AND status = 'live' AND settled < amount AND day <= %(day)s OFFSET 0
    ) one
    WHERE due_on <= %(day)s GROUP BY loan_id
"""

# What was earned since the day, where it was ended late and later days were accrued before.
EARNED_SINCE = """
    SELECT loan_id, sum(debit - credit) AS interest FROM ledger_line
    WHERE account = 'interest_receivable' AND day > %(day)s AND loan_id IS NOT NULL
    GROUP BY loan_id
"""


def owed(*, rolls: bool, with_ends: bool) -> str:
    """Return the common tables up to `owed`: a row for each loan of the lender.

    With `rolls` the principal of a loan that did not move is that of the day before; then
    `%(read_until)s`, up to which entry that day was read, is a value beside `%(day)s`,
    `%(before)s` and `%(entity)s`. `with_ends` says whether the last day on which something falls
    due is looked up. Interest: of instalments that fell due, of the pay-out, of being late, and
    what was earned since.
    """
    moved = f"moved AS ({MOVED})," if rolls else ""
    return f"""
    lent AS MATERIALIZED ({LENT}), rows AS ({ROWS}), asked AS ({ASKED}),
    earned_since AS ({EARNED_SINCE}), {moved}
    owed AS MATERIALIZED (
        SELECT l.id AS key, l.customer_id, l.branch_id, l.currency, l.application_id, l.purpose,
            l.product_id, l.disbursed_date AS opened_on, l.principal AS lent,
            l.annual_rate, {_LAST_DUE if with_ends else "NULL::date"} AS last_due,
            {_ROLLED if rolls else "COALESCE(booked.principal, 0)"} AS principal,
            COALESCE(r.principal_due, 0) AS principal_due,
            COALESCE(r.interest_due, 0) + COALESCE(a.interest, 0) + l.upfront_interest
                AS interest_due,
            l.unbilled - COALESCE(s.interest, 0) AS interest_earned,
            COALESCE(r.fees_due, 0) + COALESCE(a.amount, 0) - COALESCE(a.interest, 0)
                + l.upfront_charges AS charges_due,
            COALESCE(a.fees, 0) + COALESCE(r.fees_unpaid, 0) + {_OWN_OF_PAYOUT} AS fees_unpaid,
            COALESCE(a.penal, 0) AS penal_unpaid,
            LEAST(r.oldest_due, a.oldest_due, CASE
                WHEN l.upfront_charges + l.upfront_interest > 0 THEN l.disbursed_date
            END) AS oldest_due,
            COALESCE(r.missed, 0) AS missed
        FROM lent l
        LEFT JOIN rows r ON r.loan_id = l.id LEFT JOIN asked a ON a.loan_id = l.id
        LEFT JOIN earned_since s ON s.loan_id = l.id
        {_DAY_BEFORE if rolls else _WHOLE}
    )
    """  # noqa: S608 - the parts are ours


_BOOKED = "account = 'principal' AND day <= %(day)s"
_WHOLE = f"""
    LEFT JOIN (
        SELECT loan_id, sum(debit - credit) AS principal FROM ledger_line
        WHERE {_BOOKED} AND loan_id IS NOT NULL GROUP BY loan_id
    ) booked ON booked.loan_id = l.id
"""  # noqa: S608 - the parts are ours
_DAY_BEFORE = f"""
    LEFT JOIN npa_loanday d ON d.day = %(before)s AND d.loan_id = l.id
        AND d.asset_class NOT IN ({literals(GONE)})
    LEFT JOIN moved m ON m.loan_id = l.id
"""
_ROLLED = f"""
    CASE WHEN d.loan_id IS NOT NULL AND m.loan_id IS NULL THEN d.principal ELSE (
        SELECT COALESCE(sum(debit - credit), 0) FROM ledger_line
        WHERE loan_id = l.id AND {_BOOKED}
    ) END
"""  # noqa: S608 - the parts are ours
_LAST_DUE = f"""(
    SELECT due_date FROM loans_instalment WHERE loan_id = l.id AND {_UNPAID}
    ORDER BY due_date DESC LIMIT 1
)"""  # noqa: S608 - the parts are ours
