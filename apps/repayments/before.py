"""What a new fact meets: the account and how it stands, read for one loan by one question."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection

from apps.core.statements import Given, Statement
from apps.loans.models import Loan
from apps.repayments import reading
from apps.repayments.account import Asked, Claim, fee_lines
from apps.repayments.facts import Bucket
from apps.repayments.models import LoanAccount
from apps.repayments.walking import Position


@dataclass(frozen=True, slots=True)
class Before:
    """What a new fact of a loan meets: the account, how it stands, and the fact's place.

    `place` is the last place within the day that was ever taken; `is_told` says that something was
    reported under the reference, or under that of a part of it, `is_kept` that its money is in
    suspense or was returned from there.
    """

    account: LoanAccount
    position: Position
    place: int
    is_told: bool
    is_kept: bool


_LEFT = """
    SELECT json_agg(json_build_array(i.id, i.number, i.due_date,
        (i.principal - i.paid_principal)::text, (i.interest - i.paid_interest)::text,
        (i.fee - i.paid_fee)::text, i.schedule_id) ORDER BY i.due_date, i.number)::text
    FROM loans_instalment i
    WHERE i.loan_id = %s AND i.in_force AND i.due_date <= %s
        AND (i.paid_principal < i.principal OR i.paid_interest < i.interest
            OR i.paid_fee < i.fee)
"""
_ASKED = """
    SELECT json_agg(json_build_array(e.id, e.parameters ->> 'bucket', e.parameters ->> 'due_on',
        (e.amount - e.settled)::text) ORDER BY e.day, e.position)::text
    FROM repayments_accountevent e
    WHERE e.loan_id = %s AND e.kind = 'charge' AND e.status = 'live' AND e.settled < e.amount
"""
_LATER = """
    SELECT min(i.due_date) FROM loans_instalment i
    WHERE i.loan_id = %s AND i.in_force AND i.due_date > %s
        AND (i.principal > 0 OR i.interest > 0 OR i.fee > 0)
"""
_PLACE = """
    SELECT coalesce(max(e.position), 0) FROM repayments_accountevent e
    WHERE e.loan_id = %s AND e.day = %s
"""
# The operators of the index for beginnings, which compares letter by letter.
_TOLD = """
    EXISTS (SELECT 1 FROM repayments_accountevent e WHERE e.reference = %s::text)
    OR EXISTS (SELECT 1 FROM repayments_accountevent e
        WHERE e.reference ~>=~ (%s::text || '::') AND e.reference ~<~ (%s::text || ':;'))
"""

_KEPT = """
    EXISTS (SELECT 1 FROM repayments_statementline l
        WHERE l.entity_id = %s AND l.key = ANY (%s::text[])
            AND l.status IN ('suspense', 'returned'))
"""


def read(loan: Loan, day: date, reference: str, *, keys: Sequence[str] = ()) -> Before:
    """Return what a fact of a day meets on a loan, by one question.

    `keys` are what lines are known by that bring the money of the reference.
    The position holds the claims that `positions` would give it. Of a loan that was never paid out
    only place and reference mean something.
    """
    with connection.cursor() as cursor:
        values = {"loan": loan.pk, "day": day, "reference": reference}
        values |= {"entity": loan.branch.entity_id, "keys": list(keys)}
        _statement().send(cursor, values)
        left, asked, later, place, is_told, is_kept, *columns = cursor.fetchone()
    account = (
        _account(loan, columns) if loan.disbursed_date else LoanAccount(loan=loan, through=day)
    )
    position = reading.position(loan, account)
    for claim in (*_left(left), *_asked(asked)):
        reading.add(position, claim)
    if later:
        position.ahead.append(reading.later_claim(later))
    return Before(account, position, place, is_told, is_kept)


@cache
def _statement() -> Statement:
    columns = ", ".join(f"a.{one.column}" for one in LoanAccount._meta.concrete_fields)
    sql = (
        f"SELECT ({_LEFT}), ({_ASKED}), ({_LATER}), ({_PLACE}), ({_TOLD}), ({_KEPT}), {columns}"  # noqa: S608 - own names
        " FROM (SELECT) AS always LEFT JOIN repayments_loanaccount a ON a.loan_id = %s"
    )
    names: tuple[str, ...] = ("loan", "day", "loan", "loan", "day", "loan", "day")
    names = (*names, "reference", "reference", "reference", "entity", "keys", "loan")
    given = [Given(name) for name in names]
    return Statement("repayments.before a fact", sql, given)


def _account(loan: Loan, columns: list[Any]) -> LoanAccount:
    """Return an account as a row says it; as it begins, where there is none."""
    fields = LoanAccount._meta.concrete_fields
    values = {one.attname: value for one, value in zip(fields, columns, strict=True)}
    if values["loan_id"] is None:
        return reading.begun(loan, reading.upfront([loan.pk]).get(loan.pk, {}))
    values["orders"] = json.loads(values["orders"])
    return LoanAccount.from_db(DEFAULT_DB_ALIAS, list(values), list(values.values()))


def _left(told: str | None) -> list[Claim]:
    """Return the claims of rows, as their JSON says them."""
    rows = json.loads(told) if told else []
    terms = reading.terms_of({uuid.UUID(row[6]) for row in rows if Decimal(row[5])})
    found = []
    for key, number, due_on, *amounts, schedule in rows:
        principal, interest, fee = map(Decimal, amounts)
        lines = fee_lines(terms[uuid.UUID(schedule)], number, fee) if fee else ()
        left = {Bucket.FEE: fee, Bucket.INTEREST: interest, Bucket.PRINCIPAL: principal}
        day = date.fromisoformat(due_on)
        found.append(Claim(uuid.UUID(key), day, left, is_row=True, fee_lines=lines))
    return found


def _asked(told: str | None) -> list[Claim]:
    """Return the claims of charges, as their JSON says them."""
    return [
        Claim(Asked(key), date.fromisoformat(due_on), {Bucket(bucket): Decimal(left)})
        for key, bucket, due_on, left in (json.loads(told) if told else [])
    ]
