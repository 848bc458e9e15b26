"""What the portfolio earns, and its figures on the start page."""

from datetime import date
from decimal import Decimal

from apps.portfolio import home
from apps.portfolio.figures import Sums
from apps.portfolio.summary_rows import Summary

DAY, LAST = date(2026, 11, 20), date(2026, 10, 31)
NOW = Sums(
    provision=Decimal(150),
    written_off=Decimal(40),
    recovered=Decimal(10),
    interest_income=Decimal(500),
)


def _summary(trend: list[tuple[date, Sums]]) -> Summary:
    shown = [*trend, (DAY, NOW)]
    return Summary(day=DAY, now=NOW, month_before=None, year_before=None, ended=None, trend=shown)


def test_it_takes_the_cost_of_credit_off_the_interest() -> None:
    before = Sums(provision=Decimal(100))

    # 500 less what provisions grew by, 50, less 40 written off, and 10 came back.
    assert home.earned(_summary([(LAST, before)])) == Decimal(420)


def test_it_is_not_known_before_a_month_has_ended() -> None:
    assert home.earned(_summary([])) is None
    assert home.earned(_summary([(date(2026, 9, 30), Sums())])) is None


def test_a_write_off_that_was_provided_for_costs_nothing_more() -> None:
    before = Sums(provision=NOW.provision + NOW.written_off)

    assert home.earned(_summary([(LAST, before)])) == NOW.interest_income + NOW.recovered
