"""What the nightly proof shows of loans: they, their schedules and the ledger say the same.

Each check is one statement over the whole book and names the first loan where it fails.
"""

from django.utils.translation import gettext_lazy as _

from apps.ledger.proofs import Offender, first_loan, register

# What was paid out and came back, by the loans' own books, beside what the ledger holds.
_BACK = """
    SELECT i.loan_id, sum(a.amount) AS amount
    FROM loans_allocation a JOIN loans_instalment i ON i.id = a.instalment_id
    WHERE a.bucket = 'principal' GROUP BY i.loan_id
"""
_PRINCIPAL = f"""
    WITH paid AS (
        SELECT loan_id, sum(amount) AS amount FROM loans_disbursement
        WHERE status = 'paid' GROUP BY loan_id
    ), back AS ({_BACK}), booked AS (
        SELECT loan_id, sum(debit - credit) AS amount FROM ledger_line
        WHERE account = 'principal' AND loan_id IS NOT NULL GROUP BY loan_id
    ), owed AS (
        SELECT l.id, l.number, CASE
            WHEN l.source = '' THEN COALESCE(paid.amount, 0)
            WHEN l.status = 'imported' THEN 0
            ELSE l.principal
        END - COALESCE(back.amount, 0) AS amount
        FROM loans_loan l
        LEFT JOIN paid ON paid.loan_id = l.id LEFT JOIN back ON back.loan_id = l.id
    )
    SELECT COALESCE(owed.number, ''), COALESCE(owed.id, booked.loan_id),
        COALESCE(owed.amount, 0), COALESCE(booked.amount, 0)
    FROM owed FULL JOIN booked ON booked.loan_id = owed.id
    WHERE COALESCE(owed.amount, 0) <> COALESCE(booked.amount, 0)
    ORDER BY 1, 2 LIMIT 1
"""  # noqa: S608 - the parts are ours

_SCHEDULE = f"""
    WITH back AS ({_BACK}), planned AS (
        SELECT loan_id, sum(principal - paid_principal) AS amount
        FROM loans_instalment WHERE in_force GROUP BY loan_id
    ), exited AS (
        SELECT v.loan_id, COALESCE(sum(d.amount), 0) AS amount
        FROM loans_scheduleversion v
        LEFT JOIN loans_disbursement d ON d.loan_id = v.loan_id AND d.status = 'paid'
        WHERE v.in_force AND v.reason = 'exited' GROUP BY v.loan_id
    ), owed AS (
        SELECT l.number, l.id,
            COALESCE(exited.amount, l.principal - l.given_up) - COALESCE(back.amount, 0) AS amount,
            COALESCE(planned.amount, 0) AS planned
        FROM loans_loan l LEFT JOIN exited ON exited.loan_id = l.id
        LEFT JOIN back ON back.loan_id = l.id LEFT JOIN planned ON planned.loan_id = l.id
        WHERE l.status IN ('opened', 'active', 'closed', 'written_off')
    )
    SELECT number, id, amount, planned FROM owed
    WHERE amount IS DISTINCT FROM planned ORDER BY number LIMIT 1
"""  # noqa: S608 - the parts are ours

_PAID = """
    WITH went AS (
        SELECT instalment_id,
            COALESCE(sum(amount) FILTER (WHERE bucket = 'principal'), 0) AS principal,
            COALESCE(sum(amount) FILTER (WHERE bucket = 'interest'), 0) AS interest,
            COALESCE(sum(amount) FILTER (WHERE bucket = 'fee'), 0) AS fee
        FROM loans_allocation GROUP BY instalment_id
    )
    SELECT l.number, l.id, COALESCE(went.principal + went.interest + went.fee, 0),
        i.paid_principal + i.paid_interest + i.paid_fee
    FROM loans_instalment i
    JOIN loans_loan l ON l.id = i.loan_id
    LEFT JOIN went ON went.instalment_id = i.id
    WHERE i.paid_principal <> COALESCE(went.principal, 0)
        OR i.paid_interest <> COALESCE(went.interest, 0)
        OR i.paid_fee <> COALESCE(went.fee, 0)
    ORDER BY l.number, i.number LIMIT 1
"""


def register_all() -> None:
    """Have these proved whenever the ledger is."""
    register(
        "loans.principal",
        principal_is_booked,
        sentence=_("Principal paid out and not paid back equals the ledger, loan by loan"),
    )
    register(
        "loans.schedule",
        schedule_covers_principal,
        sentence=_("The schedule in force plans what is still owed of every loan"),
    )
    register(
        "loans.allocation",
        paid_is_allocated,
        sentence=_("What instalments say was paid equals what payments were allocated to"),
    )


def principal_is_booked() -> Offender | None:
    """Return the first loan whose principal outstanding is not what the ledger holds."""
    return first_loan(_PRINCIPAL)


def schedule_covers_principal() -> Offender | None:
    """Return the first loan whose schedule in force does not plan the principal still owed."""
    return first_loan(_SCHEDULE)


def paid_is_allocated() -> Offender | None:
    """Return the first loan with an instalment that says it was paid otherwise than allocated."""
    return first_loan(_PAID)
