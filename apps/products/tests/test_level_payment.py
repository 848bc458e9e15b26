"""The instalment: the rule book's oracles and what must hold for any loan."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.products import pricing
from apps.products.pricing import Repaid, Steps

amounts = st.decimals("1", "10000000", places=2)
rates = st.decimals("0", "0.60", places=4)
terms = st.integers(1, 120)


@pytest.mark.parametrize(
    ("principal", "rate", "term", "payment"),
    [
        ("20000", "0.15", 24, "969.73296094"),
        ("100000", "0.12", 24, "4707.34722233"),
        ("500000", "0.105", 60, "10746.9501891"),
        ("1000000", "0.09", 240, "8997.2595585"),
    ],
)
def test_it_equals_the_rule_book(principal: str, rate: str, term: int, payment: str) -> None:
    # Rule book 9.1 T1, T3, T5, T6.
    exact = pricing.exact_payment(Decimal(principal), Decimal(rate), term)

    places = Decimal(payment)
    assert exact.quantize(places) == places


def test_it_rounds_half_up_to_paise() -> None:
    # Rule book 9.1 T7.
    payment = pricing.level_payment(Decimal(120_000), Decimal("0.12"), 12, "INR")

    assert payment == Decimal("10661.85")


def test_it_divides_evenly_without_interest() -> None:
    assert pricing.level_payment(Decimal(1000), Decimal(0), 3, "INR") == Decimal("333.33")


def test_it_pays_whole_shillings_where_there_are_no_cents() -> None:
    assert pricing.level_payment(Decimal(1000), Decimal(0), 3, "UGX") == Decimal(333)


@pytest.mark.parametrize(
    ("principal", "rate", "term"),
    [("0", "0.1", 12), ("-5", "0.1", 12), ("NaN", "0.1", 12), ("100", "-0.1", 12), ("100", "0", 0)],
)
def test_it_refuses_what_is_no_loan(principal: str, rate: str, term: int) -> None:
    with pytest.raises(pricing.PricingRefused):
        pricing.level_payment(Decimal(principal), Decimal(rate), term, "INR")


@given(principal=amounts, rate=rates, term=terms)
def test_it_leaves_a_last_instalment_within_the_bound(
    principal: Decimal, rate: Decimal, term: int
) -> None:
    payment = pricing.level_payment(principal, rate, term, "INR")

    balance = principal
    for _ in range(term - 1):
        balance += (balance * rate / 12).quantize(Decimal("0.01")) - payment
    last = balance + (balance * rate / 12).quantize(Decimal("0.01"))
    assert last - payment <= pricing.largest_last_excess(rate, term, "INR")


@given(principal=amounts, rate=rates, term=terms)
def test_it_never_pays_back_less_than_was_lent(
    principal: Decimal, rate: Decimal, term: int
) -> None:
    payment = pricing.exact_payment(principal, rate, term)

    assert payment * term >= principal - Decimal("1e-30")


@given(principal=amounts, rate=rates, term=st.integers(1, 119))
def test_it_falls_when_the_term_grows(principal: Decimal, rate: Decimal, term: int) -> None:
    shorter = pricing.exact_payment(principal, rate, term)
    longer = pricing.exact_payment(principal, rate, term + 1)

    assert longer < shorter


@pytest.mark.parametrize(
    ("schedule", "asked"),
    [
        # 200,000 over 24 months at 16 %: level 9,792.62; 8,333.33 and 2,666.67 of interest.
        ("emi", "9792.62"),
        ("equal_principal", "11000.00"),
        ("flat", "11000.00"),
        ("interest_only", "9792.62"),
        ("single", "9792.62"),
        ("balloon", "9792.62"),
        # A product that does not say how they step offers nothing.
        ("stepped", "9792.62"),
    ],
)
def test_9_2_a_request_is_judged_by_its_dearest_month_or_as_if_it_were_repaid_evenly(
    schedule: str, asked: str
) -> None:
    found = pricing.asked_payment(
        Decimal(200_000), Decimal("0.16"), 24, "INR", repaid=Repaid(schedule)
    )

    assert found == Decimal(asked)


@pytest.mark.parametrize(
    ("steps", "asked"),
    [
        # 200,000 over 24 months at 16 %, every instalment after the twelfth 1.1 times those before:
        # 200,000 / (11.021609 + 1.1 x 11.021609 x 0.853045) is 9,361.66, and the later ones this:
        (Steps(12, Decimal("1.1"), 12), "10297.83"),
        # The first step would come after the term: equal instalments.
        (Steps(24, Decimal("1.1"), 12), "9792.62"),
        (Steps(36, Decimal(2), 12), "9792.62"),
        # Instalments that fell, in products taken on when they might: the first is the largest.
        (Steps(12, Decimal("0.9"), 12), "10265.18"),
    ],
)
def test_9_2_a_request_is_judged_by_the_largest_instalment_that_its_steps_reach(
    steps: Steps, asked: str
) -> None:
    found = pricing.asked_payment(
        Decimal(200_000), Decimal("0.16"), 24, "INR", repaid=Repaid("stepped", steps)
    )

    # Counted another way: what is lent is what the instalments are worth today.
    factors = [steps.factor ** (number // steps.every) for number in range(24)]
    growth = 1 + Decimal("0.16") / 12
    worth = sum(one / growth ** (number + 1) for number, one in enumerate(factors))
    assert abs(found - 200_000 / worth * max(factors)) <= Decimal("0.005")
    assert found == Decimal(asked)


def test_9_2_instalments_of_other_frequencies_count_by_what_they_take_a_month() -> None:
    weekly = Steps(52, Decimal("1.05"), 52)

    found = pricing.asked_payment(
        Decimal(200_000), Decimal("0.16"), 24, "INR", repaid=Repaid("stepped", weekly)
    )

    growth = 1 + Decimal("0.16") / 52
    worth = sum(
        (Decimal("1.05") if number > 52 else 1) / growth**number for number in range(1, 105)
    )
    assert abs(found - 200_000 / worth * Decimal("1.05") * 52 / 12) <= Decimal("0.005")


@given(
    principal=amounts,
    rate=rates,
    term=terms,
    every=st.integers(1, 36),
    factor=st.decimals("1.01", "1.5", places=2),
)
def test_9_2_steps_never_ask_for_less_than_level_instalments_do(
    principal: Decimal, rate: Decimal, term: int, every: int, factor: Decimal
) -> None:
    level = pricing.asked_payment(principal, rate, term, "INR", repaid=pricing.LEVEL)
    stepped = Repaid("stepped", Steps(every, factor, 12))

    assert pricing.asked_payment(principal, rate, term, "INR", repaid=stepped) >= level
    if term > every and principal > 100:
        one = pricing.exact_asked(principal, rate, term, repaid=stepped)
        assert one > pricing.exact_payment(principal, rate, term)


@pytest.mark.parametrize(
    ("principal", "rate", "term"), [("0", "0.1", 12), ("NaN", "0.1", 12), ("100", "0", 0)]
)
def test_it_refuses_what_is_no_loan_of_steps(principal: str, rate: str, term: int) -> None:
    stepped = Repaid("stepped", Steps(12, Decimal("1.1"), 12))

    with pytest.raises(pricing.PricingRefused):
        pricing.asked_payment(Decimal(principal), Decimal(rate), term, "INR", repaid=stepped)
