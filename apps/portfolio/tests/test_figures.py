"""Figures are sums over sums; of several branches they are those of the sums."""

from decimal import Decimal

import pytest

from apps.portfolio import figures
from apps.portfolio.figures import Figure, Period, Sums

BOOK = Sums(
    loans=10,
    principal=Decimal(1_000_000),
    provision=Decimal(30_000),
    npa_loans=1,
    npa_principal=Decimal(55_000),
    npa_provision=Decimal(22_000),
    over_30=Decimal(100_000),
    over_60=Decimal(70_000),
    over_90=Decimal(40_000),
    disbursed=Decimal(200_000),
    repaid=Decimal(80_000),
    written_off=Decimal(5_000),
    recovered=Decimal(1_000),
    interest_income=Decimal(10_000),
    principal_days=Decimal(30_000_000),
    instalments=8,
    on_time=6,
    paid_share=Decimal("6.5"),
    due=Decimal(90_000),
    collected=Decimal(72_000),
    arrears_collected=Decimal(8_000),
    approved=3,
    declined=1,
    performed_6=8,
    defaulted_6=1,
    performed_12=5,
    defaulted_12=1,
    impaired_12=4,
    cured_12=1,
    back_12=2,
    again_12=1,
)


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        (Figure.OUTSTANDING, "1000000"),
        (Figure.NPA_GROSS, "55000"),
        (Figure.NPA_NET, "33000"),
        # The example T1 of rule book 2.3.
        (Figure.NPA_RATIO, "0.055"),
        (Figure.COVERAGE, "0.4"),
        # The example T3 of rule book 2.3.
        (Figure.PAR30, "0.1"),
        (Figure.PAR60, "0.07"),
        (Figure.PAR90, "0.04"),
        (Figure.DISBURSED, "200000"),
        (Figure.REPAID, "80000"),
        (Figure.COLLECTION, "0.8"),
        (Figure.ON_TIME, "0.75"),
        (Figure.INSTALMENT_RATE, "0.8125"),
        (Figure.WRITTEN_OFF, "5000"),
        (Figure.RECOVERED, "1000"),
        (Figure.APPROVAL, "0.75"),
        (Figure.DEFAULT_6, "0.125"),
        (Figure.DEFAULT_12, "0.2"),
        (Figure.CURE, "0.25"),
        (Figure.REDEFAULT, "0.5"),
    ],
)
def test_a_figure_is_what_its_definition_says(figure: Figure, value: str) -> None:
    assert figures.value(figure, BOOK) == Decimal(value)


def test_net_ratio_takes_provisions_off_both() -> None:
    assert figures.value(Figure.NPA_NET_RATIO, BOOK) == Decimal(33_000) / Decimal(978_000)


def test_yield_is_of_a_year() -> None:
    # 10,000 on 1,000,000 in thirty days.
    found = figures.value(Figure.YIELD, BOOK)

    assert found is not None
    assert found.quantize(Decimal("0.0001")) == Decimal("0.1217")


def test_every_figure_is_defined_out_of_columns_that_exist() -> None:
    assert set(figures.DEFINITIONS) == set(Figure)
    for made in figures.DEFINITIONS.values():
        names = {*made.plus, *made.minus, *made.over, *made.over_minus}
        assert names <= set(figures.COLUMNS)


def test_a_ratio_of_nothing_is_unknown_and_an_amount_is_zero() -> None:
    for figure, made in figures.DEFINITIONS.items():
        assert figures.value(figure, Sums()) == (None if made.is_ratio else 0)


def test_a_figure_of_two_branches_is_that_of_their_sums() -> None:
    small = Sums(loans=1, principal=Decimal(100), npa_loans=1, npa_principal=Decimal(100))

    both = figures.total([BOOK, small])

    assert figures.value(Figure.NPA_RATIO, both) == Decimal(55_100) / Decimal(1_000_100)


def test_columns_are_of_the_day_of_the_month_or_of_a_window() -> None:
    assert (*figures.STOCKS, *figures.FLOWS, *figures.OUTCOMES) == figures.COLUMNS
    periods = {figure: made.period for figure, made in figures.DEFINITIONS.items()}
    assert periods[Figure.COVERAGE] == Period.DAY
    assert periods[Figure.APPROVAL] == Period.MONTH
    assert periods[Figure.CURE] == Period.WINDOW
