"""Interest earned day by day: the share of the period, cumulative, in the end what falls due."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.loans import payout
from apps.repayments import accruing
from apps.repayments.accruing import Span
from apps.schedules import building, interest
from apps.schedules.terms import DayCount, Grace, Method, Terms, Tranche

TERMS = Terms(
    principal=Decimal(120_000),
    currency="INR",
    annual_rate=Decimal("0.12"),
    instalments=12,
    disbursed_on=date(2026, 1, 15),
)


def _spans(terms: Terms) -> tuple[Span, ...]:
    return accruing.spans(terms, building.build(terms).rows)


def _earned(terms: Terms, day: date) -> Decimal:
    return accruing.earned_by(
        _spans(terms), day, day_count=terms.day_count, currency=terms.currency
    )


def test_it_earns_the_share_of_the_period_that_has_passed() -> None:
    # 1,200.00 over thirty of 360 days: 40.00 a day.
    assert _earned(TERMS, date(2026, 1, 15)) == Decimal(0)
    assert _earned(TERMS, date(2026, 1, 16)) == Decimal("40.00")
    assert _earned(TERMS, date(2026, 1, 25)) == Decimal("400.00")
    assert _earned(TERMS, date(2026, 2, 15)) == Decimal("1200.00")


def test_it_counts_real_days_where_the_contract_does() -> None:
    terms = replace(TERMS, day_count=DayCount.ACT_365)

    # 120,000 x 12 % x 31 / 365 falls due, of which ten days are 394.52.
    assert _earned(terms, date(2026, 1, 25)) == Decimal("394.52")
    assert _earned(terms, date(2026, 2, 15)) == Decimal("1223.01")


def test_it_ends_in_february_with_the_whole_month_of_thirty_days() -> None:
    terms = replace(TERMS, disbursed_on=date(2026, 1, 31))

    assert _earned(terms, date(2026, 2, 27)) == Decimal("1080.00")
    assert _earned(terms, date(2026, 2, 28)) == Decimal("1200.00")


def test_it_earns_a_later_tranche_from_its_own_day() -> None:
    terms = replace(
        TERMS,
        day_count=DayCount.ACT_365,
        tranches=(
            Tranche(date(2026, 1, 15), Decimal(60_000)),
            Tranche(date(2026, 1, 25), Decimal(60_000)),
        ),
    )

    # Ten days of 60,000, then of both.
    assert _earned(terms, date(2026, 1, 25)) == Decimal("197.26")
    assert _earned(terms, date(2026, 2, 4)) == Decimal("591.78")
    assert _earned(terms, date(2026, 2, 15)) == building.build(terms).rows[0].interest


def test_it_earns_interest_that_falls_due_after_the_grace_from_its_beginning() -> None:
    terms = replace(TERMS, instalments=12, grace=Grace(principal=2, interest=2))
    rows = building.build(terms).rows
    assert [row.interest for row in rows[:3]] == [Decimal("0.00"), Decimal("0.00"), Decimal(3600)]

    assert _earned(terms, rows[0].due_on) == Decimal("1200.00")
    assert _earned(terms, rows[1].due_on) == Decimal("2400.00")
    assert _earned(terms, rows[2].due_on) == Decimal("3600.00")


def test_it_earns_interest_that_joins_the_principal() -> None:
    terms = replace(TERMS, grace=Grace(principal=1, interest=1, capitalised=True))

    assert _earned(terms, date(2026, 1, 25)) == Decimal("400.00")
    assert _earned(terms, date(2026, 2, 15)) == Decimal("1200.00")


def test_it_earns_nothing_in_a_time_free_of_interest() -> None:
    terms = replace(TERMS, grace=Grace(interest_free=2))

    assert _earned(terms, date(2026, 3, 15)) == Decimal(0)
    assert _earned(terms, date(2026, 3, 16)) > Decimal(0)


def test_it_says_what_of_the_running_period_a_pay_off_takes() -> None:
    found = [
        accruing.running(_spans(TERMS), day, day_count=TERMS.day_count, currency="INR")
        for day in (date(2026, 2, 15), date(2026, 2, 16), date(2026, 2, 25))
    ]

    # 1,105.38 falls due with the second instalment: a thirtieth, then a third of it.
    assert found == [Decimal(0), Decimal("36.85"), Decimal("368.46")]


def test_it_earns_all_at_the_end_where_the_day_count_knows_no_day() -> None:
    span = Span(date(2026, 3, 30), date(2026, 3, 31), Decimal("1.00"), Fraction(1, 360))
    bare = replace(span, share=None)

    for one in (span, bare):
        found = [
            accruing.earned(one, day, day_count=DayCount.THIRTY_360_EU, currency="INR")
            for day in (date(2026, 3, 30), date(2026, 3, 31))
        ]
        assert found == [Decimal(0), Decimal("1.00")]


def test_it_rounds_half_up_to_units_without_fractions() -> None:
    span = Span(date(2026, 1, 1), date(2026, 1, 3), Decimal(5))

    found = accruing.earned(span, date(2026, 1, 2), day_count=DayCount.ACT_365, currency="UGX")

    assert found == Decimal(3)


_TERMS = st.builds(
    Terms,
    principal=st.integers(1_000, 5_000_000).map(Decimal),
    currency=st.sampled_from(["INR", "KES"]),
    annual_rate=st.sampled_from([Decimal("0.05"), Decimal("0.1199"), Decimal("0.36")]),
    instalments=st.integers(2, 14),
    disbursed_on=st.dates(date(2023, 1, 1), date(2027, 12, 31)),
    day_count=st.sampled_from(list(DayCount)),
    method=st.sampled_from(
        [Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL, Method.FLAT, Method.INTEREST_ONLY]
    ),
)


@settings(deadline=None, max_examples=60)
@given(terms=_TERMS, days=st.lists(st.integers(0, 500), max_size=12))
def test_it_sums_to_the_interest_of_the_schedule_however_days_are_taken_together(
    terms: Terms, days: list[int]
) -> None:
    schedule = building.build(terms)
    spans = _spans(terms)
    end = schedule.rows[-1].due_on
    taken = [terms.disbursed_on + timedelta(days=one) for one in sorted(days)]
    points = [day for day in taken if day < end] + [end]

    posted = [Decimal(0)]
    for day in points:
        upto = accruing.earned_by(spans, day, day_count=terms.day_count, currency=terms.currency)
        posted.append(upto - sum(posted))

    assert all(one >= 0 for one in posted)
    assert sum(posted) == schedule.total_interest


@settings(deadline=None, max_examples=60)
@given(terms=_TERMS, part=st.floats(0, 1))
def test_it_agrees_within_a_unit_with_interest_on_the_balance(terms: Terms, part: float) -> None:
    if terms.method == Method.FLAT:
        return
    row = building.build(terms).rows[0]
    day = row.starts_on + timedelta(days=int((row.due_on - row.starts_on).days * part))
    exact = interest.accrued(row.opening, terms.annual_rate, row, day, day_count=terms.day_count)

    assert abs(_earned(terms, day) - exact) <= Decimal("0.01")


@pytest.mark.parametrize("count", list(DayCount), ids=lambda one: one.value)
def test_it_never_takes_back_what_was_earned(count: DayCount) -> None:
    terms = replace(TERMS, day_count=count, disbursed_on=date(2024, 1, 31))
    found = [_earned(terms, terms.disbursed_on + timedelta(days=one)) for one in range(370)]

    assert found == sorted(found)


@given(
    st.integers(1, 99),
    st.integers(0, 90),
    st.integers(0, 400),
    st.sampled_from([DayCount.THIRTY_360_US, DayCount.ACT_365, DayCount.ACT_360]),
    st.sampled_from([Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY]),
)
def test_no_interest_runs_on_money_that_was_never_lent(
    share: int, rest: int, passed: int, day_count: DayCount, method: Method
) -> None:
    terms = replace(TERMS, day_count=day_count, method=method)
    paid = Tranche(terms.disbursed_on, Decimal(1_200 * share))
    day = terms.disbursed_on + timedelta(days=passed)
    rest_on = terms.disbursed_on + timedelta(days=rest)
    lent = replace(terms, principal=paid.amount)

    found = payout.put_off(terms, [paid], rest_on=rest_on, day=day)

    if found is None:
        # No instalment is left that the rest could come before.
        assert day >= building.build(lent).rows[-2].due_on
        return
    assert abs(_earned(found, day) - _earned(lent, day)) <= Decimal("0.01")
    asked = [row for row in building.build(found).rows if row.due_on <= day]
    assert asked == list(building.build(lent).rows[: len(asked)])
