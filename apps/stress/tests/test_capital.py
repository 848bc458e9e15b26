"""Profit and capital out of stated figures: by hand, and the base case without a shock."""

from decimal import Decimal

from apps.stress import capital, reading
from apps.stress.capital import Found
from apps.stress.reading import Kind
from apps.stress.tests.factories import body


def found(ecl: int, regulatory: int, interest: int) -> Found:
    return Found(ecl=Decimal(ecl), regulatory=Decimal(regulatory), interest=Decimal(interest))


STATED = reading.figures(
    body(
        Kind.FIGURES,
        capital="1000",
        risk_weighted_assets="8000",
        profit=["100", "100"],
        tax="0.25",
        repricing_gap="500",
    )
)
BASE = [found(50, 60, 0), found(60, 60, 5), found(55, 60, 8)]


def test_a_year_by_hand() -> None:
    shocked = [found(90, 60, 0), found(200, 150, 25), found(180, 230, 40)]

    day, first, second = capital.results(STATED, BASE, shocked, [Decimal("0.02"), Decimal("0.01")])

    # Measured from 50 of the base case on the day: 100 - 20 - 10 - 150.
    assert (day.capital, day.reserve, day.provisions) == (1000, 10, 60)
    assert (first.charge, first.profit, first.after_tax) == (150, -80, -80)
    # The reserve of 10 is not needed any more.
    assert (first.reserve, first.capital) == (0, 1000 - 80 + 10)
    # 100 - 32 - 5 + 20 = 83, a quarter to tax; the regulator asks for 50 more.
    assert (second.profit, second.after_tax, second.reserve) == (83, Decimal("62.25"), 50)
    assert second.capital == 930 + Decimal("62.25") - 50
    assert second.ratio == second.capital / 8000
    assert second.provisions == 230


def test_no_shock_is_the_base_case() -> None:
    _day, first, _second = capital.results(STATED, BASE, BASE, [Decimal(0)] * 2)

    assert (first.charge, first.profit, first.after_tax) == (10, 90, Decimal("67.50"))
    assert first.capital == 1000 + Decimal("67.50") + 10


def test_more_assets_than_liabilities_that_reprice_earn_by_a_rise() -> None:
    stated = reading.figures(
        body(Kind.FIGURES, profit=["100", "100"], repricing_gap="-500", tax="0")
    )

    still, rise = (
        capital.results(stated, BASE, BASE, [Decimal(rates)] * 2)[1] for rates in ("0", "0.02")
    )

    assert rise.profit - still.profit == 10
