"""Accrue a day for loans on which nothing else happens: a handful of statements for thousands.

What a day brings to most loans is its interest, and once a month an instalment that falls due. The
period a loan earns in is kept (`EarningPeriod`), so that the database reckons the interest, to the
unit as `accruing.earned` does, and posts it. Whatever is not so plain - late, reported since, paid
ahead of what falls due, a fee to be billed - is left to the long way, loan by loan.
"""

import uuid
from collections.abc import Collection
from datetime import date
from typing import Any

from django.db import connection

from apps.core import bulk, statements
from apps.ledger import services as ledger
from apps.ledger.chart import Account, Event
from apps.ledger.services import Pairs
from apps.repayments import earning_sql, running
from apps.repayments.models import EarningPeriod
from apps.repayments.services import assessing, late_sets
from apps.repayments.services.late_sets import Work

# Whoever posts to a loan waits for no batch: what is held now goes the long way, which waits.
_HOLD = statements.named(
    "accruing_hold",
    """
    SELECT id FROM loans_loan WHERE id = ANY(%(keys)s::uuid[]) AND status = 'active'
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    """,
)
_OUTDATED = statements.named(
    "accruing_outdated",
    """
    SELECT a.loan_id FROM repayments_loanaccount a
    LEFT JOIN repayments_earningperiod p ON p.loan_id = a.loan_id
        AND p.since <= %(day)s AND p.until > %(day)s
        AND EXISTS (SELECT 1 FROM loans_scheduleversion s WHERE s.id = p.schedule_id AND s.in_force)
    WHERE a.loan_id = ANY(%(keys)s::uuid[]) AND a.through <= %(day)s AND p.loan_id IS NULL
    """,
)
# Narrow types and no index: emptied at each commit, the table changes in nothing that a plan is
# made of.
_TABLE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS accrued (
        loan_id uuid, branch_id uuid, currency varchar(3), customer_id uuid,
        added numeric(18, 2), unbilled numeric(18, 2), falls boolean, late boolean
    ) ON COMMIT DELETE ROWS
"""
_AGAIN = "DELETE FROM pg_temp.accrued"
# Some hundred loans are found by their keys. Nobody knows how many rows were just written, so that
# for want of that whole tables would be read instead, of all loans for each batch. What is planned
# once is good for every batch: planning took as long as the work.
_BY_KEY = """
    SET LOCAL plan_cache_mode = force_generic_plan;
    SET LOCAL enable_hashjoin = off;
    SET LOCAL enable_mergejoin = off;
    SET LOCAL enable_seqscan = off
"""
# What is asked last is asked loan by loan: joined, it would read the unpaid charges of all loans.
_ACCRUE = """
    INSERT INTO accrued
    SELECT one.id, one.branch_id, one.currency, one.customer_id,
        one.billed + one.earned - one.before, one.earned, one.falls, one.late
    FROM (
        SELECT l.id, l.branch_id, l.currency, l.customer_id, a.unbilled AS before,
            COALESCE(due.interest, 0) AS billed, due.falling > 0 AS falls, due.overdue > 0 AS late,
            CASE WHEN due.falling > 0 THEN 0 ELSE p.base + {earned} END AS earned
        FROM loans_loan l
        JOIN repayments_loanaccount a ON a.loan_id = l.id
        JOIN repayments_earningperiod p ON p.loan_id = l.id
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE i.due_date < %(day)s::date) AS overdue,
                count(*) FILTER (WHERE i.due_date = %(day)s::date) AS falling,
                sum(i.interest - i.paid_interest) FILTER (WHERE i.due_date = %(day)s::date)
                    AS interest,
                sum(i.fee - i.paid_fee) FILTER (WHERE i.due_date = %(day)s::date) AS fee
            FROM loans_instalment i
            WHERE i.loan_id = l.id AND i.in_force AND i.due_date <= %(day)s::date
                AND (i.paid_principal < i.principal OR i.paid_interest < i.interest
                    OR i.paid_fee < i.fee)
        ) AS due
        WHERE l.id = ANY(%(keys)s::uuid[]) AND a.through <= %(day)s::date
            AND (a.accrued_on IS NULL OR a.accrued_on < %(day)s::date)
            AND p.since <= %(day)s::date AND p.until > %(day)s::date
            AND (due.overdue = 0 AND NOT {news} OR due.overdue > 0 AND a.advances = 0 AND EXISTS (
                SELECT 1 FROM repayments_lateloan z WHERE z.loan_id = l.id
                    AND z.since < %(day)s::date AND z.until >= %(day)s::date
                    AND z.overdue = due.overdue AND NOT {told}
                    AND NOT EXISTS (
                        SELECT 1 FROM products_conditions c WHERE l.offer_id IS NULL
                            AND c.product_id = l.product_id
                            AND c.penal_charge_rate <> z.penal_rate::numeric
                    )
            ))
            AND (due.falling = 0 OR due.falling = 1 AND due.fee = 0 AND a.advances = 0
                AND p.base = 0 AND p.starts_on >= %(day)s::date)
            AND (
                SELECT e.id FROM repayments_accountevent e
                WHERE e.loan_id = l.id AND e.kind = 'charge' AND e.status = 'live'
                    AND e.settled < e.amount AND (e.parameters ->> 'due_on')::date > a.through
                LIMIT 1
            ) IS NULL
    ) AS one
"""
_PAIRS = """
    SELECT 'accrued:' || %(day)s || ':' || %(stamp)s || ':' || loan_id AS reference, branch_id,
        currency, loan_id, customer_id, added AS amount, %(facts)s::jsonb AS facts FROM accrued
"""
_KEEP = statements.named(
    "accruing_keep",
    """
    UPDATE repayments_loanaccount a SET through = %(day)s::date, unbilled = w.unbilled,
        accrued_on = %(day)s::date, accrued_at = %(now)s,
        moved_on = CASE WHEN w.falls OR w.loan_id IN (SELECT loan_id FROM late)
            THEN %(day)s::date ELSE a.moved_on END
    FROM accrued w WHERE w.loan_id = a.loan_id RETURNING a.loan_id
    """,
)


def accrue(keys: Collection[uuid.UUID], work: Work) -> tuple[set[uuid.UUID], int]:
    """Accrue those of some loans that are plain; return their keys, and how many charges were made.

    In one open transaction.
    Raises DayClosed, and whatever posting raises.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BY_KEY)
        _HOLD.send(cursor, {"keys": late_sets.array_of(keys)})
        held = [key for (key,) in cursor.fetchall()]
    if not held:
        return set(), 0
    renew(held, work.day)
    late_sets.grow(held, work)
    values: dict[str, Any] = {
        "keys": late_sets.array_of(held),
        "day": work.day,
        "now": work.now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
        cursor.execute(_AGAIN)
        _ACCRUE_ALL.send(cursor, values)
        if not cursor.rowcount:
            return set(), 0
    ledger.post_pairs(actor=work.actor, entity=work.entity, pairs=_pairs(work), now=work.now)
    charges = late_sets.charge(work)
    with connection.cursor() as cursor:
        _KEEP.send(cursor, values)
        return {key for (key,) in cursor.fetchall()}, charges


_ACCRUE_ALL = statements.named(
    "accruing_plain",
    _ACCRUE.format(
        earned=earning_sql.earned(day="%(day)s::date"),
        news=assessing.has_news(loan="l.id", accrued_at="a.accrued_at"),
        told=late_sets.TOLD,
    ),
)


def _pairs(work: Work) -> Pairs:
    return Pairs(
        event=Event.INTEREST_ACCRUAL,
        day=work.day,
        debit=Account.INTEREST_RECEIVABLE,
        credit=Account.INTEREST_INCOME,
        select=_PAIRS,
        values={
            "day": work.day.isoformat(),
            "stamp": f"{work.now:%Y%m%dT%H%M%S%f}",
            "facts": f'{{"key": "earned:{work.day}"}}',
        },
    )


def renew(keys: Collection[uuid.UUID], day: date) -> None:
    """See to it that the period of each loan is known in which it earns at the end of a day."""
    with connection.cursor() as cursor:
        _OUTDATED.send(cursor, {"keys": late_sets.array_of(keys), "day": day})
        outdated = [key for (key,) in cursor.fetchall()]
    if not outdated:
        return
    EarningPeriod.objects.filter(pk__in=outdated).delete()
    bulk.copy_into(EarningPeriod, [_row(one, day) for one in running.periods_of(outdated, day)])


def _row(one: running.Running, day: date) -> dict[str, Any]:
    return {
        "loan_id": one.loan_id,
        "schedule_id": one.schedule_id,
        "since": day,
        "until": one.period.until,
        "base": one.period.base,
        "starts_on": one.period.starts_on,
        "ends_on": one.period.ends_on,
        "interest": one.period.interest,
        "share_numerator": one.period.share.numerator,
        "share_denominator": one.period.share.denominator,
        "day_count": one.day_count.value,
    }
