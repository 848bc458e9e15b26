"""What stays within a decision is compared as the request was judged: by the product's schedule."""

from decimal import Decimal

import pytest

from apps.decisions import services
from apps.decisions.models import Decision
from apps.products.pricing import Repaid


@pytest.mark.parametrize(
    ("schedule", "amount", "within"),
    [
        # Decided at 18 %: 100,000 over 240 months begins with 416.67 of principal and 1,500.00 of
        # interest; 85,600 over 120 with 713.33 and 1,284.00, 1,997.33 in all.
        ("equal_principal", 85_600, False),
        ("flat", 85_600, False),
        ("equal_principal", 82_100, True),
        # 1,543.31 a month for 240 months, and 1,542.38 for 120.
        ("emi", 85_600, True),
        ("emi", 85_700, False),
    ],
)
def test_9_2_less_for_a_shorter_time_takes_no_more_a_month_than_was_judged(
    schedule: str, amount: int, *, within: bool
) -> None:
    decision = Decision(amount=Decimal(100_000), annual_rate=Decimal("0.18"), term_months=240)

    found = services.is_within(
        decision, amount=Decimal(amount), term_months=120, currency="INR", repaid=Repaid(schedule)
    )

    assert found is within
