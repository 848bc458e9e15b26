"""Which service level counts for a case, and when the case is due after its clock stood still."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.desk.levels import Level, chosen, resumed_due

EVERY = Level(hours=24, owner="Head of credit")
LARGE = Level(hours=48, owner="Head of credit", from_amount=Decimal(1_000_000))
VEHICLE = Level(hours=8, owner="Head of vehicles", product="in-vehicle")
BROKEN = Level(hours=4, owner="Operations", cause="unexpected_error")
REOPENED = Level(hours=6, owner="Operations", cause="reopened")
TABLE = (EVERY, LARGE, VEHICLE, BROKEN, REOPENED)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("causes", "product", "amount", "counts"),
    [
        (["pd_band"], "in-personal", Decimal(200_000), EVERY),
        (["pd_band"], "in-personal", Decimal(1_000_000), LARGE),
        (["pd_band"], "in-personal", None, EVERY),
        (["pd_band"], "in-vehicle", Decimal(2_000_000), VEHICLE),
        (["unexpected_error"], "in-vehicle", Decimal(2_000_000), BROKEN),
        (["reopened", "unexpected_error"], "in-personal", Decimal(1), BROKEN),
    ],
)
def test_it_takes_the_row_that_fits_most_closely(
    causes: list[str], product: str, amount: Decimal | None, counts: Level
) -> None:
    assert chosen(TABLE, causes=causes, product=product, amount=amount) == counts
    assert chosen(tuple(reversed(TABLE)), causes=causes, product=product, amount=amount) == counts


def test_it_takes_none_where_none_fits() -> None:
    assert chosen((VEHICLE,), causes=["pd_band"], product="in-personal", amount=None) is None


def test_it_is_due_later_by_what_the_clock_stood_still() -> None:
    due = resumed_due(NOON, paused_at=NOON - timedelta(hours=3), until=NOON + timedelta(hours=2))

    assert due == NOON + timedelta(hours=5)


@given(st.integers(-10_000, 10_000))
def test_it_is_never_due_earlier_for_having_stood_still(minutes: int) -> None:
    until = NOON + timedelta(minutes=minutes)

    assert resumed_due(NOON, paused_at=NOON, until=until) >= NOON
