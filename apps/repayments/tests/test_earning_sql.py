"""The interest of a day as the database reckons it is, to the unit, what Python reckons."""

import json
import random
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.money import MINOR_UNITS
from apps.repayments import accruing, earning_sql
from apps.repayments.accruing import Span
from apps.repayments.tests.test_replaying import PAID_OUT
from apps.schedules import building
from apps.schedules.day_counts import share_of_year
from apps.schedules.terms import DayCount, Grace, Method, Terms

LOANS = 20_000
_ASK = """
    SELECT p.place, {earned} FROM jsonb_to_recordset(%(rows)s::jsonb) AS p (place int,
        currency text, day date, starts_on date, ends_on date, interest numeric,
        share_numerator bigint, share_denominator bigint, day_count text)
    ORDER BY p.place
"""


def _one(chance: random.Random, place: int) -> tuple[dict[str, Any], Decimal]:
    """Return a random period with a day, and what Python says is earned by it."""
    start = date(2019, 12, 1) + timedelta(days=chance.randrange(1_800))
    end = start + timedelta(
        days=chance.choice([1, 7, 28, 30, 31, 92, 365, 800, chance.randrange(1, 1_500)])
    )
    day = start + timedelta(days=chance.randrange(-2, (end - start).days + 3))
    day_count = chance.choice(list(DayCount))
    currency = chance.choice(list(MINOR_UNITS))
    interest = Decimal(chance.randrange(0, 10 ** chance.randrange(1, 9)))
    if MINOR_UNITS[currency]:
        interest = interest.scaleb(-2)
    # Either what the day count says, or whole months of thirty days.
    share = chance.choice([share_of_year(start, end, day_count), Fraction(1, 12), Fraction(1, 52)])
    expected = accruing.earned(
        Span(start, end, interest, share), day, day_count=day_count, currency=currency
    )
    row = {
        "place": place,
        "currency": currency,
        "day": day.isoformat(),
        "starts_on": start.isoformat(),
        "ends_on": end.isoformat(),
        "interest": str(interest),
        "share_numerator": share.numerator,
        "share_denominator": share.denominator,
        "day_count": day_count.value,
    }
    return row, expected


@pytest.mark.django_db
def test_it_earns_in_the_database_what_it_earns_in_python() -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    made = [_one(chance, place) for place in range(LOANS)]
    sql = _ASK.format(earned=earning_sql.earned(day="p.day", currency="p.currency"))

    with connection.cursor() as cursor:
        cursor.execute(sql, {"rows": json.dumps([row for row, _expected in made])})
        found = [amount for _place, amount in cursor.fetchall()]

    wrong = [
        (row, expected, got)
        for (row, expected), got in zip(made, found, strict=True)
        if expected != got
    ]
    assert wrong == []
    assert (
        sum(0 < got < Decimal(row["interest"]) for (row, _), got in zip(made, found, strict=True))
        > LOANS / 3
    )


terms = st.builds(
    lambda method, day_count, grace, days: Terms(
        principal=Decimal(100_000),
        currency="INR",
        annual_rate=Decimal("0.18"),
        instalments=12,
        disbursed_on=PAID_OUT,
        first_due_on=PAID_OUT + timedelta(days=days),
        method=method,
        day_count=day_count,
        grace=grace,
    ),
    st.sampled_from(
        [
            Method.EQUAL_INSTALMENT,
            Method.EQUAL_PRINCIPAL,
            Method.FLAT,
            Method.INTEREST_ONLY,
            Method.SINGLE,
        ]
    ),
    st.sampled_from(DayCount),
    st.sampled_from(
        [Grace(), Grace(principal=2), Grace(principal=3, interest=3), Grace(interest_free=2)]
    ),
    st.integers(20, 45),
)


@settings(max_examples=150, deadline=None)
@given(terms=terms, at=st.integers(0, 400), later=st.integers(0, 60))
def test_a_period_says_what_its_schedule_earned_until_something_falls_due(
    terms: Terms, at: int, later: int
) -> None:
    try:
        rows = building.build(terms).rows
    except Exception:  # noqa: BLE001 - terms that make no schedule
        return
    spans = accruing.spans(terms, rows)
    day = PAID_OUT + timedelta(days=at)
    billed = [(row.due_on, row.interest) for row in rows]

    found = accruing.period(spans, billed, day, begun=Decimal(0), day_count=terms.day_count)

    asked = day + timedelta(days=later)
    if found is None:
        assert day >= rows[-1].due_on
        return
    if asked >= found.until:
        return
    whole = accruing.earned_by(spans, asked, day_count=terms.day_count, currency="INR")
    due = sum((interest for due_on, interest in billed if due_on <= asked), Decimal(0))
    span = Span(found.starts_on, found.ends_on, found.interest, found.share)
    one = accruing.earned(span, asked, day_count=terms.day_count, currency="INR")
    assert found.base + one == whole - due
