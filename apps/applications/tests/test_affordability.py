"""Affordability: the rule book's oracles, the working, and what is not known."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.applications import affordability
from apps.products import pricing

D = Decimal


def means(**changes: Any) -> affordability.Means:
    values: dict[str, Any] = {
        "amount": D(300_000),
        "instalment": D(12_000),
        "gross_annual_income": D(720_000),
        "net_monthly_income": D(50_000),
        "basic_monthly_pay": D(60_000),
        "obligations_monthly": D(8_000),
        "securities": (),
        **changes,
    }
    return affordability.Means(**values)


def test_it_takes_dti_on_gross_and_foir_on_net_income() -> None:
    found = affordability.assess(means(), currency="INR")

    assert found.dti.value == D(20_000) / D(60_000)
    assert found.foir.value == D("0.4")
    assert found.lti.value == D(300_000) / D(720_000)


def test_it_shows_the_working_of_a_ratio() -> None:
    foir = affordability.assess(means(), currency="INR").foir

    assert foir.numerator == (
        affordability.Part("existing_obligations", D(8_000)),
        affordability.Part("proposed_instalment", D(12_000)),
    )
    assert foir.numerator_total == D(20_000)
    assert foir.denominator == affordability.Part("net_monthly_income", D(50_000))


def test_it_tells_what_is_paid_to_us_apart() -> None:
    whole = affordability.assess(means(), currency="INR")
    found = affordability.assess(means(own_monthly=D(3_000)), currency="INR")

    assert [(one.code, one.amount) for one in found.foir.numerator[:2]] == [
        ("obligations_elsewhere", 5_000),
        ("own_obligations", 3_000),
    ]
    assert [one.value for one in found.ratios] == [one.value for one in whole.ratios]


def test_it_lends_on_the_lower_of_price_and_valuation() -> None:
    # Rule book 9.2 T2.
    security = affordability.Security(price=D(3_200_000), valuation=D(3_000_000))

    found = affordability.assess(means(amount=D(2_400_000), securities=(security,)), currency="INR")

    assert found.ltv.value == D("0.8")


def test_it_adds_securities_up() -> None:
    securities = (
        affordability.Security(price=D(100_000), valuation=D(120_000)),
        affordability.Security(price=None, valuation=D(300_000)),
    )

    found = affordability.assess(means(securities=securities), currency="INR")

    assert found.ltv.denominator == affordability.Part("security_value", D(400_000))
    assert found.ltv.value == D("0.75")


@pytest.mark.parametrize(
    ("deductions", "kept"), [(D(40_000), True), (D(40_001), False), (D(0), True)]
)
def test_it_leaves_a_third_of_basic_pay(deductions: Decimal, kept: bool) -> None:
    # Rule book 9.2 T3 and T4.
    assert affordability.keeps_one_third(basic_pay=D(60_000), deductions=deductions) is kept


@pytest.mark.parametrize(
    ("changes", "ratio", "why"),
    [
        ({"gross_annual_income": None}, "dti", affordability.INCOME_UNKNOWN),
        ({"gross_annual_income": D(0)}, "dti", affordability.INCOME_ZERO),
        ({"gross_annual_income": None}, "lti", affordability.INCOME_UNKNOWN),
        ({"net_monthly_income": None}, "foir", affordability.INCOME_UNKNOWN),
        ({"net_monthly_income": D(0)}, "foir", affordability.INCOME_ZERO),
        ({"obligations_monthly": None}, "foir", affordability.OBLIGATIONS_UNKNOWN),
        ({"obligations_monthly": None}, "dti", affordability.OBLIGATIONS_UNKNOWN),
        ({}, "ltv", affordability.NO_SECURITY),
        ({"basic_monthly_pay": None}, "pay_committed", affordability.BASIC_PAY_UNKNOWN),
    ],
)
def test_it_says_why_a_ratio_is_missing(changes: dict[str, Any], ratio: str, why: str) -> None:
    found = getattr(affordability.assess(means(**changes), currency="INR"), ratio)

    assert found.value is None
    assert found.why_missing == why


@pytest.mark.parametrize(
    ("declared", "documented", "gap"),
    [
        (D(60_000), D(45_000), D("0.25")),
        (D(60_000), D(60_000), D(0)),
        (D(60_000), D(80_000), D(0)),
        (D(60_000), D(0), D(1)),
        (D(0), D(0), D(0)),
        (None, D(45_000), None),
        (D(60_000), None, None),
    ],
)
def test_it_says_how_much_of_the_income_no_document_shows(
    declared: Decimal | None, documented: Decimal | None, gap: Decimal | None
) -> None:
    assert affordability.income_gap(declared=declared, documented=documented) == gap


amounts = st.decimals("0.01", "100000000", places=2)


@given(declared=amounts, documented=amounts)
def test_the_gap_is_a_share_and_falls_as_documents_show_more(
    declared: Decimal, documented: Decimal
) -> None:
    gap = affordability.income_gap(declared=declared, documented=documented)
    less = affordability.income_gap(declared=declared, documented=documented / 2)

    assert gap is not None
    assert less is not None
    assert 0 <= gap <= less <= 1


@given(net=amounts, obligations=amounts, instalment=amounts)
def test_it_rises_with_every_obligation(
    net: Decimal, obligations: Decimal, instalment: Decimal
) -> None:
    less = affordability.assess(
        means(net_monthly_income=net, obligations_monthly=obligations, instalment=instalment),
        currency="INR",
    )
    more = affordability.assess(
        means(
            net_monthly_income=net,
            obligations_monthly=obligations + D("0.01"),
            instalment=instalment,
        ),
        currency="INR",
    )

    assert less.foir.value is not None
    assert more.foir.value is not None
    assert more.foir.value > less.foir.value


@given(
    net=amounts,
    obligations=amounts,
    limit=st.decimals("0.01", "2", places=2),
    rate=st.sampled_from(["0", "0.16", "0.36"]),
    term_months=st.integers(1, 120),
)
def test_it_says_about_where_a_ratio_reaches_its_limit(
    net: Decimal, obligations: Decimal, limit: Decimal, rate: str, term_months: int
) -> None:
    living = means(
        gross_annual_income=net * 12,
        net_monthly_income=net,
        basic_monthly_pay=net,
        obligations_monthly=obligations,
        securities=(affordability.Security(None, net),),
    )
    payment_of_one = pricing.exact_payment(D(1), D(rate), term_months)

    for ratio in ("dti", "foir", "pay_committed", "lti", "ltv"):
        amount = affordability.amount_at(
            living, ratio=ratio, limit=limit, payment_of_one=payment_of_one
        )
        assert amount is not None
        asked = replace(living, amount=amount, instalment=amount * payment_of_one)
        [found] = [
            one for one in affordability.assess(asked, currency="INR").ratios if one.code == ratio
        ]
        assert found.value is not None
        assert abs(found.value - limit) < D("1e-15")


@pytest.mark.parametrize(
    ("ratio", "changes"),
    [
        ("foir", {"net_monthly_income": None}),
        ("foir", {"obligations_monthly": None}),
        ("ltv", {}),
        ("age_years", {}),
    ],
)
def test_a_ratio_that_cannot_be_formed_reaches_no_limit(
    ratio: str, changes: dict[str, None]
) -> None:
    found = affordability.amount_at(
        means(**changes), ratio=ratio, limit=D("0.5"), payment_of_one=D("0.05")
    )

    assert found is None


def _unknown_or(low: str, high: str) -> st.SearchStrategy[Decimal | None]:
    return st.none() | st.decimals(min_value=low, max_value=high, places=2)


@given(
    amount=st.decimals(min_value="1", max_value="9000000", places=2),
    instalment=st.decimals(min_value="0.01", max_value="900000", places=2),
    gross=_unknown_or("0", "90000000"),
    net=_unknown_or("0", "9000000"),
    basic=_unknown_or("0", "9000000"),
    obligations=_unknown_or("0", "9000000"),
    secured=st.lists(st.decimals(min_value="0", max_value="9000000", places=2), max_size=2),
)
def test_without_the_working_every_ratio_is_the_same_to_the_last_digit(
    amount: Decimal,
    instalment: Decimal,
    gross: Decimal | None,
    net: Decimal | None,
    basic: Decimal | None,
    obligations: Decimal | None,
    secured: list[Decimal],
) -> None:
    living = means(
        gross_annual_income=gross,
        net_monthly_income=net,
        basic_monthly_pay=basic,
        obligations_monthly=obligations,
        securities=tuple(affordability.Security(None, one) for one in secured),
    )

    found = affordability.values(living, amount=amount, instalment=instalment)

    asked = replace(living, amount=amount, instalment=instalment)
    ratios = affordability.assess(asked, currency="INR").ratios
    assert {name: str(value) for name, value in found.items()} == {
        one.code: str(one.value) for one in ratios
    }
