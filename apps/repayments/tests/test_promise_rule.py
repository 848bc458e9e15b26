"""A promise is kept by what was paid by its day, and by nothing else."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.repayments import promising

BY = date(2026, 12, 10)
AMOUNTS = st.decimals(min_value=1, max_value=10**9, places=2)


@pytest.mark.parametrize(
    ("paid", "day", "stands"),
    [
        ("0", BY - timedelta(days=1), "open"),
        ("4999.99", BY, "open"),
        # The promised day is the borrower's to its end.
        ("4999.99", BY + timedelta(days=1), "broken"),
        ("5000.00", BY - timedelta(days=3), "kept"),
        ("5000.00", BY + timedelta(days=1), "kept"),
        ("6000.00", BY + timedelta(days=40), "kept"),
    ],
)
def test_it_is_kept_by_what_came_by_the_day(paid: str, day: date, stands: str) -> None:
    found = promising.verdict(Decimal("5000.00"), Decimal(paid), by=BY, day=day)

    assert found == stands


@given(AMOUNTS, AMOUNTS, st.integers(-40, 40))
def test_more_money_never_makes_a_promise_worse(
    promised: Decimal, paid: Decimal, later: int
) -> None:
    order = ["broken", "open", "kept"]
    day = BY + timedelta(days=later)

    less = promising.verdict(promised, paid, by=BY, day=day)
    more = promising.verdict(promised, paid + Decimal("0.01"), by=BY, day=day)

    assert order.index(more) >= order.index(less)


@pytest.mark.parametrize("before", ["open", "kept", "broken"])
@pytest.mark.parametrize("after", ["open", "kept", "broken"])
def test_every_verdict_has_a_way_to_it_but_from_broken_to_open(before: str, after: str) -> None:
    if before == after:
        return
    possible = promising.LIFECYCLE.allows(promising.ACTIONS[after], before)

    assert possible is ((before, after) != ("broken", "open"))
