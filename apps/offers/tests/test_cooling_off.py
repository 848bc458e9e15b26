"""What stepping back costs: principal and proportionate yearly rate, no penalty (rule book 6.5)."""

import dataclasses
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.offers import cooling_off
from apps.offers.cooling_off import ExitQuote, ExitRefused, Paid, Part

PAID_OUT = date(2026, 11, 20)


def _paid(**changes: Any) -> Paid:
    """Return a loan of 200,000 paid at once, net of 500 of fees of which 400 are kept."""
    principal = changes.pop("principal", Decimal(200_000))
    values: dict[str, Any] = {
        "currency": "INR",
        "apr": Decimal("0.1626"),
        "upfront_fees": Decimal(500),
        "kept_fees": Decimal(400),
        **changes,
    }
    one = Part(paid_date=PAID_OUT, amount=principal, taken_off=values["upfront_fees"])
    return Paid(**{"parts": (one,), **values})


@pytest.mark.parametrize(
    ("changes", "days", "cost", "amount"),
    [
        # 199,500 x 0.1626 x 3 / 365 = 266.6194...; 200,000 - 100 + 266.62.
        ({}, 3, "266.62", "200166.62"),
        # Nothing kept: all 500 come back.
        ({"kept_fees": Decimal(0)}, 3, "266.62", "199766.62"),
        # On the day itself: what was received and the fees that are kept.
        ({}, 0, "0.00", "199900.00"),
        # Without fees or interest nothing is due beyond the principal.
        (
            {"upfront_fees": Decimal(0), "kept_fees": Decimal(0), "apr": Decimal(0)},
            3,
            "0.00",
            "200000.00",
        ),
        # 98,000 x 0.365 x 1 / 365 = 98 exactly.
        (
            {
                "principal": Decimal(100_000),
                "upfront_fees": Decimal(2_000),
                "kept_fees": Decimal(2_000),
                "apr": Decimal("0.365"),
            },
            1,
            "98.00",
            "100098.00",
        ),
    ],
    ids=["6.5-kept", "6.5-nothing-kept", "6.5-same-day", "6.5-free", "6.5-exact"],
)
def test_it_costs_what_the_rule_says(
    changes: dict[str, Any], days: int, cost: str, amount: str
) -> None:
    quote = cooling_off.exit_quote(_paid(**changes), on=PAID_OUT + timedelta(days=days))

    assert (quote.days, quote.cost, quote.amount) == (days, Decimal(cost), Decimal(amount))


@pytest.mark.parametrize(
    ("changes", "on"),
    [
        ({}, PAID_OUT - timedelta(days=1)),
        ({"kept_fees": Decimal(501)}, PAID_OUT),
        ({"kept_fees": Decimal(-1)}, PAID_OUT),
        ({"upfront_fees": Decimal(200_000)}, PAID_OUT),
        ({"apr": Decimal("-0.01")}, PAID_OUT),
        ({"apr": Decimal("NaN")}, PAID_OUT),
    ],
    ids=["before", "kept-beyond-taken", "negative", "all-fees", "rate-below-zero", "no-rate"],
)
def test_it_refuses_what_cannot_be(changes: dict[str, Any], on: date) -> None:
    with pytest.raises(ExitRefused):
        cooling_off.exit_quote(_paid(**changes), on=on)


@given(
    principal=st.decimals(1_000, 10_000_000, places=2),
    share=st.decimals(0, Decimal("0.2"), places=4),
    kept=st.decimals(0, 1, places=4),
    apr=st.decimals(0, 2, places=6),
    days=st.integers(0, 30),
)
def test_there_is_no_penalty_and_nothing_is_paid_twice(
    principal: Decimal, share: Decimal, kept: Decimal, apr: Decimal, days: int
) -> None:
    fees = (principal * share).quantize(Decimal("0.01"))
    keeps = (fees * kept).quantize(Decimal("0.01"))
    paid = _paid(principal=principal, upfront_fees=fees, kept_fees=min(keeps, fees), apr=apr)

    quote = cooling_off.exit_quote(paid, on=PAID_OUT + timedelta(days=days))

    # What he received, what is kept, and the rate for the days: no other term.
    assert quote.beside == 0
    assert quote.amount == quote.net_disbursed + quote.kept_fees + quote.cost
    assert quote.kept_fees + quote.returned_fees == fees
    later = cooling_off.exit_quote(paid, on=PAID_OUT + timedelta(days=days + 1))
    assert later.amount >= quote.amount
    assert ExitQuote.from_json(quote.to_json()) == quote


def test_a_quote_is_read_back_as_it_was_written() -> None:
    quote = cooling_off.exit_quote(_paid(), on=PAID_OUT + timedelta(days=2))

    written = quote.to_json()

    assert written["amount"] == str(quote.amount)
    assert written["days"] == 2
    assert {field.name for field in dataclasses.fields(quote)} == set(written)


def _part(days: int, amount: int, taken_off: int = 0) -> Part:
    day = PAID_OUT + timedelta(days=days)
    return Part(paid_date=day, amount=Decimal(amount), taken_off=Decimal(taken_off))


@pytest.mark.parametrize(
    ("parts", "fees", "kept", "cost", "beside", "amount"),
    [
        # 79,500 x 0.1626 x 3 / 365 = 106.2468...; 80,000 - 100 + 106.25.
        ((_part(0, 80_000, 500),), 500, 400, "106.25", "0", "80006.25"),
        # The second of two was had for one day: (79,500 x 3 + 50,000) x 0.1626 / 365 = 128.5208...
        ((_part(0, 80_000, 500), _part(2, 50_000)), 500, 400, "128.52", "0", "130028.52"),
        # Not net: he had all of it, and owes what is kept: 80,000 x 0.1626 x 3 / 365 = 106.915...
        ((_part(0, 80_000),), 500, 400, "106.92", "500", "80506.92"),
        # A second tranche alone: the fees go with the first, which was never paid.
        ((_part(2, 50_000),), 0, 0, "22.27", "0", "50022.27"),
        # Fees beyond a small first tranche that was not paid net.
        ((_part(3, 300),), 500, 400, "0.00", "500", "700.00"),
    ],
    ids=["6.5-first", "6.5-two", "6.5-beside", "6.5-second-alone", "6.5-small"],
)
def test_of_a_staged_loan_it_is_for_what_was_paid_out(
    parts: tuple[Part, ...], fees: int, kept: int, cost: str, beside: str, amount: str
) -> None:
    paid = _paid(parts=parts, upfront_fees=Decimal(fees), kept_fees=Decimal(kept))

    quote = cooling_off.exit_quote(paid, on=PAID_OUT + timedelta(days=3))

    assert (quote.cost, quote.beside, quote.amount) == tuple(map(Decimal, (cost, beside, amount)))
    assert quote.principal == sum(one.amount for one in parts)
    assert quote.days == (quote.exit_date - parts[0].paid_date).days


def test_nobody_steps_back_before_the_last_part_was_paid() -> None:
    paid = _paid(parts=(_part(0, 80_000), _part(4, 50_000)))

    with pytest.raises(ExitRefused):
        cooling_off.exit_quote(paid, on=PAID_OUT + timedelta(days=3))


def test_a_quote_that_does_not_tell_what_is_owed_beside_is_read_as_nothing_beside() -> None:
    quote = cooling_off.exit_quote(_paid(), on=PAID_OUT + timedelta(days=2))
    written = quote.to_json()
    del written["beside"]

    assert ExitQuote.from_json(written) == quote
