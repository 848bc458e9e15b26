"""Provisions by the rule book's own cases: sections 1.9 to 1.12, 1.17, 2.1, 2.4 and 3.2."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.npa import income, provisioning
from apps.npa.facility import Guarantee
from apps.npa.income import Unrealised
from apps.npa.tests.rule_book import (
    A_DAY,
    BANK,
    BANK_ECL,
    BASE,
    CBK,
    IFRS,
    MIDDLE,
    SASRA,
    UPPER,
    facility,
    installed,
    judged,
    late,
    npa,
    provided,
)

SINCE = {
    "substandard": A_DAY - timedelta(days=100),
    "doubtful_1": date(2025, 6, 1),
    "doubtful_2": date(2024, 6, 1),
    "doubtful_3": date(2022, 6, 1),
    "loss": date(2025, 6, 1),
}


def amount(code: str, grade: str, **said: Any) -> Decimal:
    """Return what is set aside for 1,000,000 rupees of a class."""
    since = SINCE[grade]
    found = provided(code, oldest_due=late(91, since), **npa(since, grade), **said)
    return found.amount


def sum_of(code: str, grade: str, security: int) -> Decimal:
    """Return what is set aside for 1,000,000 rupees of which so much is secured."""
    return amount(code, grade, security=Decimal(security))


# --- security -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("security", "unsecured"),
    [
        pytest.param(100_000, True, id="1.9-T1-exactly-a-tenth"),
        pytest.param(100_001, False, id="1.9-over-a-tenth"),
        pytest.param(0, True, id="1.9-T3"),
    ],
)
def test_it_calls_an_exposure_unsecured_from_its_beginning(
    security: int, *, unsecured: bool
) -> None:
    one = facility(
        exposure_at_start=Decimal(1_000_000),
        security_at_start=Decimal(security),
        guarantee=Guarantee.PERSONAL,
    )

    assert provisioning.is_unsecured_from_start(one, installed()[BANK]) is unsecured


def test_it_counts_a_lapsed_valuation_for_nothing() -> None:
    one = facility(security=Decimal(300_000), security_stale=Decimal(500_000))

    base, secured = provisioning.portions(one, installed()[BANK])

    assert (base, secured) == (Decimal(1_000_000), Decimal(300_000))


def test_it_provides_for_no_interest_that_is_in_suspense() -> None:
    one = facility(suspended=Decimal(40_000), security=Decimal(0))

    assert provisioning.portions(one, installed()[BANK])[0] == Decimal(960_000)
    assert provisioning.portions(one, installed()[SASRA])[0] == Decimal(1_000_000)


# --- banks ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("grade", "security", "expected"),
    [
        pytest.param("substandard", 1_000_000, 150_000, id="1.10-substandard"),
        pytest.param("substandard", 0, 150_000, id="1.10-no-allowance-for-security"),
        pytest.param("doubtful_1", 600_000, 550_000, id="1.10-D1"),
        pytest.param("doubtful_2", 600_000, 640_000, id="1.10-T4"),
        pytest.param("doubtful_3", 600_000, 1_000_000, id="1.10-T5"),
        pytest.param("loss", 50_000, 1_000_000, id="1.10-T6"),
    ],
)
def test_it_provides_for_npas_of_banks(grade: str, security: int, expected: int) -> None:
    assert sum_of(BANK, grade, security) == Decimal(expected)


@pytest.mark.parametrize(
    ("has_escrow", "expected"),
    [
        pytest.param(False, 250_000, id="1.10-T2"),
        pytest.param(True, 200_000, id="1.10-infrastructure"),
    ],
)
def test_it_provides_more_for_what_was_never_secured(expected: int, *, has_escrow: bool) -> None:
    found = amount(
        BANK,
        "substandard",
        security=Decimal(0),
        security_at_start=Decimal(0),
        has_escrow=has_escrow,
    )

    assert found == Decimal(expected)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param({"segment": "small_micro"}, 2_500, id="1.11-T1"),
        pytest.param({"purpose": "working_capital"}, 2_500, id="1.11-T1-by-purpose"),
        pytest.param({"purpose": "agriculture"}, 2_500, id="1.11-farm"),
        pytest.param({"purpose": "house"}, 2_500, id="1.11-housing"),
        pytest.param({"segment": "medium"}, 4_000, id="1.11-T2"),
        pytest.param({"segment": "cre_rh"}, 7_500, id="1.11-T4"),
        pytest.param({"segment": "cre"}, 10_000, id="1.11-CRE"),
        pytest.param({"segment": "teaser_housing"}, 20_000, id="1.11-teaser"),
        pytest.param({"purpose": "wedding", "oldest_due": late(75)}, 4_000, id="1.11-T5-SMA-2"),
        pytest.param(
            {"restructured_on": date(2026, 1, 1), "restructuring_exempt": True},
            50_000,
            id="1.11-restructured",
        ),
    ],
)
def test_it_provides_for_standard_loans_by_sector(said: dict[str, Any], expected: int) -> None:
    assert provided(BANK, **said).amount == Decimal(expected)


# --- NBFC -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("code", [BASE, MIDDLE, UPPER])
@pytest.mark.parametrize(
    ("grade", "expected"),
    [
        pytest.param("substandard", 100_000, id="1.12-substandard"),
        pytest.param("doubtful_1", 520_000, id="1.12-T2"),
        pytest.param("doubtful_2", 580_000, id="1.12-T3"),
        pytest.param("doubtful_3", 700_000, id="1.12-T4"),
        pytest.param("loss", 1_000_000, id="1.12-loss"),
    ],
)
def test_it_provides_for_npas_of_nbfcs(code: str, grade: str, expected: int) -> None:
    assert sum_of(code, grade, 600_000) == Decimal(expected)


@pytest.mark.parametrize(
    ("code", "purpose", "expected"),
    [
        pytest.param(BASE, "wedding", 2_500, id="1.12-T5"),
        pytest.param(MIDDLE, "house", 4_000, id="1.12-middle"),
        pytest.param(UPPER, "house", 2_500, id="1.12-upper-housing"),
        pytest.param(UPPER, "wedding", 4_000, id="1.12-upper-other"),
    ],
)
def test_it_provides_for_standard_loans_by_layer(code: str, purpose: str, expected: int) -> None:
    assert provided(code, purpose=purpose).amount == Decimal(expected)


def test_it_leaves_the_difference_to_the_impairment_reserve() -> None:
    found = provided(
        MIDDLE,
        security=Decimal(0),
        pd_12_months=Decimal("0.002"),
        lgd=Decimal("0.5"),
    )

    assert (found.regulatory, found.model) == (Decimal("4000.00"), Decimal("1000.00"))
    assert (found.amount, found.reserve) == (Decimal("1000.00"), Decimal("3000.00"))


def test_it_provides_the_regulators_sum_where_no_loss_is_known() -> None:
    found = provided(MIDDLE)

    assert (found.model, found.amount, found.reserve) == (None, Decimal("4000.00"), Decimal(0))


# --- banks from April 2027 ------------------------------------------------------------------------
APRIL_2027 = date(2027, 4, 1)


@pytest.mark.parametrize(
    ("said", "model", "floor", "expected"),
    [
        pytest.param(
            {
                "segment": "unsecured_retail",
                "outstanding": Decimal(500_000),
                "pd_12_months": Decimal("0.005"),
                "lgd": Decimal("0.7"),
            },
            "1750.00",
            "5000.00",
            "5000.00",
            id="1.17-T1",
        ),
        pytest.param(
            {
                "segment": "housing_individual",
                "outstanding": Decimal(3_000_000),
                "pd_12_months": Decimal("0.003"),
                "lgd": Decimal("0.65"),
            },
            "5850.00",
            "7500.00",
            "7500.00",
            id="1.17-T2",
        ),
        pytest.param(
            {"outstanding": Decimal(200_000), "has_increased_risk": True},
            None,
            "10000.00",
            "10000.00",
            id="1.17-T3-secured-retail",
        ),
        pytest.param(
            {
                "outstanding": Decimal(200_000),
                "security_kind": "gold",
                "has_increased_risk": True,
            },
            None,
            "3000.00",
            "3000.00",
            id="1.17-T4",
        ),
        pytest.param(
            {"pd_12_months": Decimal("0.0001"), "lgd": Decimal(1), "segment": "corporate"},
            "300.00",
            "4000.00",
            "4000.00",
            id="1.17-T8-floor-of-PD",
        ),
        pytest.param(
            {"pd_12_months": Decimal("0.02"), "segment": "corporate"},
            "13000.00",
            "4000.00",
            "13000.00",
            id="1.17-backstop-LGD-secured",
        ),
        pytest.param(
            {"pd_12_months": Decimal("0.02"), "segment": "gold"},
            "6000.00",
            "4000.00",
            "6000.00",
            id="1.17-backstop-LGD-gold",
        ),
    ],
)
def test_it_provides_the_higher_of_model_and_floor(
    said: dict[str, Any], model: str | None, floor: str, expected: str
) -> None:
    found = provided(BANK_ECL, on=APRIL_2027, **said)

    assert found.model == (None if model is None else Decimal(model))
    assert (found.floor, found.amount) == (Decimal(floor), Decimal(expected))
    assert (found.regulatory, found.reserve) == (None, Decimal(0))


@pytest.mark.parametrize(
    ("years", "secured", "unsecured"),
    [
        (0, 250_000, 250_000),
        (1, 400_000, 1_000_000),
        (3, 750_000, 1_000_000),
        (4, 1_000_000, 1_000_000),
    ],
)
def test_it_raises_the_floor_with_the_years_in_stage_3(
    years: int, secured: int, unsecured: int
) -> None:
    since = date(APRIL_2027.year - years, 4, 1)
    known = {"oldest_due": late(91, since), **npa(since)}

    found = [
        provided(BANK_ECL, on=APRIL_2027, security=Decimal(worth), **known).amount
        for worth in (1_000_000, 0)
    ]

    assert found == [Decimal(secured), Decimal(unsecured)]


# --- Kenya ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("days", "missed", "asset_class", "rate"),
    [
        pytest.param(0, 0, "performing", "0.01", id="2.1-T1"),
        pytest.param(1, 0, "watch", "0.05", id="2.1-T2"),
        pytest.param(30, 0, "watch", "0.05", id="2.1-30-days"),
        pytest.param(31, 0, "substandard", "0.25", id="2.1-T4"),
        pytest.param(180, 0, "substandard", "0.25", id="2.1-T5"),
        pytest.param(181, 0, "doubtful", "0.5", id="2.1-T6"),
        pytest.param(360, 0, "doubtful", "0.5", id="2.1-360-days"),
        pytest.param(361, 0, "loss", "1", id="2.1-T8"),
        pytest.param(5, 2, "substandard", "0.25", id="2.1-two-instalments-are-worse"),
        pytest.param(40, 1, "substandard", "0.25", id="2.1-days-are-worse"),
        pytest.param(5, 7, "doubtful", "0.5", id="2.1-seven-instalments"),
        pytest.param(5, 12, "doubtful", "0.5", id="2.1-twelve-instalments"),
        pytest.param(5, 13, "loss", "1", id="2.1-over-twelve-instalments"),
    ],
)
def test_it_takes_the_worse_of_days_and_instalments(
    days: int, missed: int, asset_class: str, rate: str
) -> None:
    due = A_DAY - timedelta(days=days) if days else None
    one = facility(oldest_due=due, missed=missed, currency="KES")
    (found,) = judged(SASRA, one)

    given = provisioning.provide(one, found, installed()[SASRA], A_DAY)

    assert (found.asset_class, given.rate) == (asset_class, Decimal(rate))
    assert found.dpd_ifrs == days


def test_it_demands_what_form_4_demands() -> None:
    rates = [rate.secured for rate in installed()[SASRA].rates]

    assert sum(Decimal(10_000) * (rate or 0) for rate in rates) == Decimal(18_100), "2.1-T11"


@pytest.mark.parametrize(
    ("reviewed", "asset_class"),
    [("doubtful", "doubtful"), ("watch", "substandard"), ("performing", "substandard")],
    ids=["2.1-review-worsens", "2.1-review-does-not-improve", "2.1-nor-cure"],
)
def test_it_lets_a_review_only_worsen(reviewed: str, asset_class: str) -> None:
    (found,) = judged(SASRA, facility(oldest_due=late(50), reviewed=reviewed))

    assert found.asset_class == asset_class


def test_it_keeps_a_restructured_loan_of_a_sacco_in_its_class() -> None:
    (found,) = judged(
        SASRA,
        facility(restructured_on=date(2026, 5, 1), class_when_restructured="doubtful"),
    )

    assert found.asset_class == "doubtful"


@pytest.mark.parametrize(
    ("days", "asset_class", "rate"),
    [
        pytest.param(30, "normal", "0.01", id="2.4-T1"),
        pytest.param(31, "watch", "0.03", id="2.4-watch"),
        pytest.param(91, "substandard", "0.2", id="2.4-substandard"),
        pytest.param(180, "substandard", "0.2", id="2.4-180-days"),
        pytest.param(361, "loss", "1", id="2.4-loss"),
    ],
)
def test_it_provides_by_cbk(days: int, asset_class: str, rate: str) -> None:
    one = facility(oldest_due=A_DAY - timedelta(days=days), security=Decimal(0), currency="KES")
    (found,) = judged(CBK, one)

    assert found.asset_class == asset_class
    assert provisioning.provide(one, found, installed()[CBK], A_DAY).rate == Decimal(rate)


def test_it_uses_the_disputed_rate_that_is_configured_and_says_so() -> None:
    rules = installed()[CBK]
    (disputed,) = rules.disputed

    (found,) = judged(CBK, facility(oldest_due=A_DAY - timedelta(days=181)))

    assert found.asset_class == "doubtful", "2.4-T4"
    assert rules.rate("doubtful").unsecured == disputed.value == Decimal(1)
    assert disputed.alternatives == ("0.50",)


def test_it_provides_for_specific_classes_of_cbk_net_of_security() -> None:
    found = provided(CBK, oldest_due=A_DAY - timedelta(days=200), security=Decimal(600_000))

    assert (found.secured, found.amount) == (Decimal(600_000), Decimal(400_000))


def test_it_holds_the_higher_of_expected_loss_and_regulator() -> None:
    assert provisioning.higher_of(Decimal(12_000), Decimal(17_400)) == (
        Decimal(12_000),
        Decimal(5_400),
    ), "2.4-T5"
    assert provisioning.higher_of(Decimal(20_000), Decimal(17_400)) == (Decimal(20_000), 0)


# --- IFRS 9 ---------------------------------------------------------------------------------------
def test_it_measures_expected_losses() -> None:
    first = provided(
        IFRS,
        outstanding=Decimal(500_000),
        pd_12_months=Decimal("0.02"),
        lgd=Decimal("0.45"),
    )
    third = provided(
        IFRS,
        outstanding=Decimal(300_000),
        oldest_due=A_DAY - timedelta(days=100),
        lgd=Decimal("0.6"),
    )

    assert first.amount == Decimal(4_500), "3.2-T1"
    assert third.amount == Decimal(180_000), "3.2-T6"


def test_it_takes_the_lenders_matrix_where_no_pd_is_known() -> None:
    assert provided(IFRS).amount == Decimal(10_000)


# --- income ---------------------------------------------------------------------------------------
def test_it_recognises_no_interest_that_was_not_received() -> None:
    found = income.recognised(due=Decimal(10_000), received=Decimal(0), performs=False)
    part = income.recognised(due=Decimal(10_000), received=Decimal(4_000), performs=False)
    good = income.recognised(due=Decimal(10_000), received=Decimal(0), performs=True)

    assert (found.income, found.memorandum) == (Decimal(0), Decimal(10_000)), "1.14-T2"
    assert (part.income, part.memorandum) == (Decimal(4_000), Decimal(6_000))
    assert (good.income, good.memorandum) == (Decimal(10_000), Decimal(0))


def test_it_reverses_what_is_unrealised_of_the_whole_borrower() -> None:
    a, b = judged(BANK, facility("A", oldest_due=late(91)), facility("B"))

    found = income.reversals(
        Unrealised(
            key=each.key,
            amount=unrealised,
            performed_before=True,
            performs=installed()[BANK].performs(each.asset_class),
        )
        for each, unrealised in ((a, Decimal(7_000)), (b, Decimal(5_000)))
    )

    assert found == {"A": Decimal(7_000), "B": Decimal(5_000)}, "1.14-T4"


def test_it_reverses_nothing_twice() -> None:
    found = income.reversals(
        [Unrealised(key="A", amount=Decimal(1), performed_before=False, performs=False)]
    )

    assert found == {}
