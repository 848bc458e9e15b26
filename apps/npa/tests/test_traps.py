"""The mistakes that public code makes (rule book 0): none of them is made here.

Traps 6 and 10 are of other apps: the APR of the key facts, and the reasons of declines.
"""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from apps.npa.facility import Form, Guarantee
from apps.npa.tests.rule_book import (
    A_DAY,
    BANK,
    BANK_ECL,
    BASE,
    CBK,
    SASRA,
    facility,
    installed,
    judged,
    late,
    npa,
    one,
    provided,
)

DUE = date(2026, 3, 31)


def on(difference: int) -> tuple[str, str]:
    """Return bucket and class at a calendar difference from the due date."""
    found = one(BANK, oldest_due=DUE, on=DUE + timedelta(days=difference))
    return found.bucket, found.asset_class


def test_it_reaches_sma_1_at_difference_30_and_npa_at_90_trap_1() -> None:
    assert [on(29)[0], on(30)[0]] == ["sma_0", "sma_1"]
    assert [on(59)[0], on(60)[0]] == ["sma_1", "sma_2"]
    assert [on(89)[1], on(90)[1]] == ["standard", "substandard"]


@pytest.mark.parametrize(
    ("months", "asset_class"),
    [(24, "doubtful_2"), (36, "doubtful_2"), (47, "doubtful_2"), (48, "doubtful_3")],
)
def test_it_lets_doubtful_2_last_two_years_trap_2(months: int, asset_class: str) -> None:
    since = date(2020, 5, 1)
    day = date(2020 + (4 + months) // 12, (4 + months) % 12 + 1, 1)

    found = one(BANK, oldest_due=late(91, since), on=day)

    assert (found.npa_date, found.asset_class) == (since, asset_class)


def test_it_uses_no_rates_of_banks_for_nbfcs_trap_3() -> None:
    third = {"oldest_due": late(91, date(2022, 1, 1)), "security": Decimal(600_000)}

    assert provided(BANK, **third).amount == Decimal(1_000_000)
    assert provided(BASE, **third).amount == Decimal(700_000)
    assert installed()[BASE].rate("substandard").secured == Decimal("0.10")


@pytest.mark.parametrize("days", [61, 91, 180, 181, 270, 271])
def test_it_counts_crop_seasons_not_days_trap_4(days: int) -> None:
    short = one(BANK, form=Form.CROP, season_months=6, oldest_due=late(days))

    assert (short.asset_class, short.bucket) == ("standard", "none")


@pytest.mark.parametrize(
    ("days", "asset_class"),
    [(30, "watch"), (31, "substandard"), (91, "substandard"), (181, "doubtful"), (361, "loss")],
)
def test_it_keeps_sasras_bands_trap_5(days: int, asset_class: str) -> None:
    assert one(SASRA, oldest_due=A_DAY - timedelta(days=days)).asset_class == asset_class


@pytest.mark.parametrize("days", [1, 30, 60, 89, 90])
def test_it_upgrades_nothing_for_being_less_late_trap_7(days: int) -> None:
    since = date(2026, 3, 1)
    a, b = judged(
        BANK, facility("A", oldest_due=late(days), **npa(since)), facility("B", **npa(since))
    )

    assert (a.asset_class, b.asset_class) == ("substandard", "substandard")


def test_it_counts_no_guarantee_as_security_trap_8() -> None:
    found = provided(
        BANK,
        guarantee=Guarantee.PERSONAL,
        security=Decimal(0),
        security_kind="",
        security_at_start=Decimal(0),
        oldest_due=late(100),
    )

    assert (found.secured, found.amount) == (Decimal(0), Decimal(250_000))


def test_it_provides_for_sma_2_as_standard_trap_9() -> None:
    assert provided(BANK, oldest_due=late(90)).amount == Decimal(4_000)


def test_it_says_that_cbks_doubtful_rate_is_disputed_trap_11() -> None:
    (disputed,) = installed()[CBK].disputed

    assert disputed.what == "rates.doubtful.unsecured"
    assert {str(disputed.value), *disputed.alternatives} == {"1", "0.50"}


def test_it_names_both_printed_references_of_the_directions_of_2026_trap_12() -> None:
    source = installed()[BANK_ECL].source

    assert "RBI/DOR/2026-27/398" in source
    assert "RBI/2026-27/34" in source
