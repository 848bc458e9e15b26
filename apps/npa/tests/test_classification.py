"""Counting and classing by the rule book's own cases: sections 1.1 to 1.8, 1.13 and 1.15."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.npa import classification, triggers
from apps.npa.classification import Classified
from apps.npa.facility import Borrower, Facility, Form, Guarantee
from apps.npa.regimes import Rules
from apps.npa.rule_parts import DayCount, Glide
from apps.npa.tests.rule_book import (
    A_DAY,
    BANK,
    BASE,
    IFRS,
    LONG_AGO,
    after,
    facility,
    installed,
    judged,
    late,
    npa,
    one,
)
from apps.npa.triggers import Reason

MARCH_31 = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("as_of", "dpd", "bucket", "asset_class"),
    [
        pytest.param(date(2026, 3, 31), 1, "sma_0", "standard", id="1.1-T2"),
        pytest.param(date(2026, 4, 30), 31, "sma_1", "standard", id="1.2-T2"),
        pytest.param(date(2026, 5, 29), 60, "sma_1", "standard", id="1.2-T3"),
        pytest.param(date(2026, 6, 28), 90, "sma_2", "standard", id="1.2-T5"),
        pytest.param(date(2026, 6, 29), 91, "npa", "substandard", id="1.1-example-of-RBI"),
    ],
)
def test_it_counts_the_due_date_as_day_one(
    as_of: date, dpd: int, bucket: str, asset_class: str
) -> None:
    found = one(BANK, oldest_due=MARCH_31, on=as_of)

    assert (found.dpd_rbi, found.bucket, found.asset_class) == (dpd, bucket, asset_class)
    assert found.dpd_ifrs == dpd - 1


@pytest.mark.parametrize("oldest_due", [pytest.param(None, id="1.1-T3"), date(2026, 4, 1)])
def test_it_leaves_what_was_paid_by_the_days_end_in_time(oldest_due: date | None) -> None:
    found = one(BANK, oldest_due=oldest_due, on=MARCH_31)

    assert (found.dpd_rbi, found.bucket, found.reason) == (0, "standard", Reason.IN_TIME)


def test_it_counts_over_a_leap_year() -> None:
    due = date(2028, 1, 31)

    def first_day(bucket: str) -> date:
        days = (due + timedelta(days=n) for n in range(200))
        return next(day for day in days if one(BANK, oldest_due=due, on=day).bucket == bucket)

    assert first_day("sma_1") == date(2028, 3, 1), "1.1-T4"
    assert first_day("sma_2") == date(2028, 3, 31), "1.1-T4"
    assert first_day("npa") == date(2028, 4, 30), "1.1-T4"


# --- overdrafts -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "bucket", "asset_class"),
    [
        pytest.param({"excess_days": 20}, "none", "standard", id="1.2-T6"),
        pytest.param({"excess_days": 31}, "sma_1", "standard", id="1.2-revolving-31"),
        pytest.param({"excess_days": 61}, "sma_2", "standard", id="1.2-revolving-61"),
        pytest.param({"excess_days": 89}, "sma_2", "standard", id="1.3-89-days-above"),
        pytest.param({"excess_days": 90}, "npa", "substandard", id="1.3-T4"),
        pytest.param(
            {"credits": Decimal(9_000), "interest_debited": Decimal(12_000)},
            "npa",
            "substandard",
            id="1.3-T2",
        ),
        pytest.param(
            {"credits": Decimal(15_000), "interest_debited": Decimal(12_000)},
            "standard",
            "standard",
            id="1.3-T5",
        ),
        pytest.param({"days_without_credit": 90}, "npa", "substandard", id="1.3-no-credits"),
    ],
)
def test_it_calls_overdrafts_out_of_order(
    said: dict[str, Any], bucket: str, asset_class: str
) -> None:
    found = one(BANK, form=Form.REVOLVING, **said)

    assert (found.bucket, found.asset_class) == (bucket, asset_class)


def test_it_knows_since_when_an_overdraft_is_out_of_order() -> None:
    found = one(BANK, form=Form.REVOLVING, excess_days=100)

    assert found.npa_date == A_DAY - timedelta(days=10)


# --- crops ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("due", "months", "npa_date"),
    [
        pytest.param(date(2025, 6, 30), 14, date(2026, 8, 30), id="1.4-T2-one-long-season"),
        pytest.param(date(2025, 6, 30), 6, date(2026, 6, 30), id="1.4-two-short-seasons"),
        pytest.param(date(2025, 6, 30), 12, date(2027, 6, 30), id="1.4-a-year-is-short"),
    ],
)
def test_it_counts_crop_seasons(due: date, months: int, npa_date: date) -> None:
    def on(day: date) -> str:
        return one(BANK, form=Form.CROP, season_months=months, oldest_due=due, on=day).asset_class

    assert on(npa_date - timedelta(days=1)) == "standard"
    assert on(npa_date) == "substandard"


def test_it_has_no_sma_bucket_for_a_crop_loan() -> None:
    found = one(BANK, form=Form.CROP, season_months=6, oldest_due=MARCH_31, on=date(2026, 6, 29))

    assert (found.asset_class, found.bucket) == ("standard", "none"), "1.4-T4"
    assert found.dpd_rbi == 91


def test_it_counts_days_for_allied_activities() -> None:
    found = one(BANK, form=Form.CROP, purpose="agriculture", oldest_due=late(91))

    assert found.asset_class == "substandard"


# --- all facilities of a borrower -----------------------------------------------------------------
def test_it_takes_every_facility_of_a_borrower_along() -> None:
    a, b = judged(BANK, facility("A", oldest_due=late(95)), facility("B"))

    assert (a.asset_class, b.asset_class) == ("substandard", "substandard"), "1.5-T1"
    assert a.npa_date == b.npa_date == A_DAY - timedelta(days=4)
    assert (b.dpd_rbi, b.bucket, b.reason) == (0, "npa", Reason.BORROWER)


def test_it_takes_no_facility_along_before_the_trigger() -> None:
    a, b = judged(BANK, facility("A", oldest_due=late(89)), facility("B"))

    assert (a.bucket, b.bucket) == ("sma_2", "standard"), "1.5-T2"
    assert b.asset_class == "standard"


def test_it_ages_no_facility_from_before_it_was_lent() -> None:
    a, b = judged(
        BANK,
        facility("A", oldest_due=late(400), **npa(date(2025, 9, 1))),
        facility("B", opened_on=date(2026, 6, 1)),
    )

    assert (a.npa_date, b.npa_date) == (date(2025, 9, 1), date(2026, 6, 1))


# --- upgrade --------------------------------------------------------------------------------------
def test_it_upgrades_when_all_arrears_are_paid() -> None:
    found = one(BANK, oldest_due=None, **npa(date(2026, 1, 1)))

    assert (found.asset_class, found.npa_date) == ("standard", None), "1.6-T2"
    assert found.class_since == A_DAY


def test_it_upgrades_nothing_while_one_facility_is_in_arrears() -> None:
    since = date(2026, 1, 1)
    a, b = judged(
        BANK,
        facility("A", **npa(since)),
        facility("B", oldest_due=late(1), **npa(since)),
    )

    assert (a.asset_class, b.asset_class) == ("substandard", "substandard"), "1.6-T3"
    assert (a.reason, b.reason) == (Reason.ARREARS_LEFT, Reason.ARREARS_LEFT)
    assert (a.npa_date, b.npa_date) == (since, since)


def test_it_lets_a_watched_loan_become_less_late() -> None:
    found = one(BANK, oldest_due=late(20), was_class="standard", was_class_since=LONG_AGO)

    assert (found.bucket, found.asset_class) == ("sma_0", "standard"), "1.6-T5"
    assert found.class_since == LONG_AGO


# --- ageing ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("as_of", "asset_class"),
    [
        pytest.param(date(2024, 7, 31), "substandard", id="1.7-the-day-before"),
        pytest.param(date(2024, 8, 1), "doubtful_1", id="1.7-T2"),
        pytest.param(date(2025, 8, 1), "doubtful_2", id="1.7-T3"),
        pytest.param(date(2027, 7, 31), "doubtful_2", id="1.7-four-years-less-a-day"),
        pytest.param(date(2027, 8, 1), "doubtful_3", id="1.7-T5"),
    ],
)
def test_it_ages_by_anniversaries(as_of: date, asset_class: str) -> None:
    found = one(BANK, oldest_due=date(2023, 5, 3), on=as_of)

    assert found.npa_date == date(2023, 8, 1)
    assert found.asset_class == asset_class


def test_it_begins_each_class_on_its_anniversary() -> None:
    due = late(91, date(2026, 6, 29))
    days = [date(2027, 6, 29), date(2028, 6, 29), date(2030, 6, 29)]

    found = [one(BANK, oldest_due=due, on=day) for day in days]

    assert [(each.asset_class, each.class_since) for each in found] == [
        ("doubtful_1", days[0]),
        ("doubtful_2", days[1]),
        ("doubtful_3", days[2]),
    ], "1.7-T6"


def test_it_keeps_the_npa_date_when_the_oldest_demand_is_paid() -> None:
    since = date(2025, 7, 1)

    found = one(BANK, oldest_due=late(5), **npa(since))

    assert (found.asset_class, found.npa_date) == ("substandard", since)
    assert found.reason == Reason.ARREARS_LEFT


def test_it_begins_anew_where_a_loan_fails_again_after_its_upgrade() -> None:
    upgraded = one(BANK, **npa(date(2024, 1, 1), "doubtful_2"))
    (again,) = after([facility(oldest_due=late(91))], [upgraded])

    (found,) = judged(BANK, again)

    assert (upgraded.asset_class, found.asset_class) == ("standard", "substandard")
    assert found.npa_date == A_DAY


# --- erosion and fraud ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("realisable", "assessed", "asset_class"),
    [
        pytest.param(80_000, 1_000_000, "loss", id="1.8-T3"),
        pytest.param(90_000, 1_000_000, "doubtful_1", id="1.8-T4-exactly-a-tenth"),
        pytest.param(499_999, 1_000_000, "doubtful_1", id="1.8-less-than-half"),
        pytest.param(500_000, 1_000_000, "substandard", id="1.8-exactly-half"),
        pytest.param(0, None, "substandard", id="1.8-never-secured"),
    ],
)
def test_it_lets_eroded_security_skip_a_class(
    realisable: int, assessed: int | None, asset_class: str
) -> None:
    found = one(
        BANK,
        oldest_due=late(100),
        outstanding=Decimal(900_000),
        security=Decimal(realisable),
        security_assessed=None if assessed is None else Decimal(assessed),
    )

    assert found.asset_class == asset_class


def test_it_erodes_nothing_of_a_loan_that_performs() -> None:
    found = one(BANK, security=Decimal(1), security_assessed=Decimal(1_000_000))

    assert found.asset_class == "standard"


def test_it_gives_eroded_doubtful_loans_a_year_before_the_next_class() -> None:
    lost = {"security": Decimal(300_000), "security_assessed": Decimal(1_000_000)}
    loan = facility(oldest_due=late(100), **lost)
    (tonight,) = judged(BANK, loan)
    (later,) = after([loan], [tonight])

    (before,) = judged(BANK, later, on=date(2027, 6, 29))
    (then,) = judged(BANK, later, on=date(2027, 6, 30))

    assert (tonight.asset_class, tonight.reason) == ("doubtful_1", Reason.ERODED)
    assert tonight.npa_date == A_DAY - timedelta(days=9)
    assert (before.asset_class, before.class_since) == ("doubtful_1", A_DAY)
    assert (then.asset_class, then.class_since) == ("doubtful_2", date(2027, 6, 30))


def test_it_keeps_an_eroded_loan_lost_when_the_security_is_worth_more_again() -> None:
    found = one(BANK, oldest_due=late(100), **npa(date(2026, 6, 21), "loss"))

    assert (found.asset_class, found.reason) == ("loss", Reason.NOT_BETTER)


def test_it_puts_fraud_straight_to_loss_and_takes_the_others_along() -> None:
    a, b = judged(BANK, facility("A", is_fraud=True), facility("B"))

    assert (a.asset_class, a.reason) == ("loss", Reason.FRAUD)
    assert (b.asset_class, b.reason) == ("substandard", Reason.BORROWER)


@pytest.mark.parametrize("code", sorted(installed()))
def test_it_puts_fraud_straight_to_the_loss_class_of_every_table(code: str) -> None:
    assert one(code, is_fraud=True).asset_class == installed()[code].loss


def _large(more: int) -> dict[str, Any]:
    return {"exposure": Decimal(1_000_000_000 + more)}


# --- restructuring --------------------------------------------------------------------------------
def test_it_downgrades_a_restructured_loan_at_once() -> None:
    found = one(BANK, restructured_on=date(2026, 6, 1))

    assert (found.asset_class, found.npa_date) == ("substandard", date(2026, 6, 1)), "1.13-T1"
    assert found.reason == Reason.RESTRUCTURED


def test_it_leaves_schemes_for_small_firms_standard() -> None:
    found = one(BANK, restructured_on=date(2026, 6, 1), restructuring_exempt=True)

    assert found.asset_class == "standard"


def test_it_ages_a_restructured_npa_from_its_first_day() -> None:
    found = one(BANK, restructured_on=date(2026, 6, 1), **npa(date(2025, 6, 30)))

    assert (found.asset_class, found.npa_date) == ("doubtful_1", date(2025, 6, 30))


@pytest.mark.parametrize(
    ("first_payment", "repaid", "said", "allowed"),
    [
        pytest.param(date(2025, 7, 30), "0.15", {}, False, id="1.13-T2-11-months"),
        pytest.param(date(2025, 5, 30), "0.08", {}, False, id="1.13-T3-8-per-cent"),
        pytest.param(date(2025, 5, 30), "0.10", {}, True, id="1.13-both-kept"),
        pytest.param(date(2025, 6, 30), "0.10", {}, True, id="1.13-a-year-to-the-day"),
        pytest.param(
            date(2025, 5, 30), "0.10", {"defaulted_since": True}, False, id="1.13-late-meanwhile"
        ),
        pytest.param(
            date(2025, 5, 30), "0.10", {"is_rated_well": False}, False, id="1.13-no-rating"
        ),
        pytest.param(date(2025, 5, 30), "0.10", _large(0), False, id="1.13-100-crore-unrated"),
        pytest.param(date(2025, 5, 30), "0.10", _large(-1), True, id="1.13-less-than-100-crore"),
        pytest.param(
            date(2025, 5, 30),
            "0.10",
            _large(0) | {"is_rated_well": True},
            True,
            id="1.13-100-crore-investment-grade",
        ),
    ],
)
def test_it_upgrades_a_restructured_loan_after_the_specified_period(
    first_payment: date, repaid: str, said: dict[str, Any], *, allowed: bool
) -> None:
    found = one(
        BANK,
        restructured_on=date(2025, 4, 30),
        first_payment_on=first_payment,
        repaid_share=Decimal(repaid),
        **npa(date(2025, 8, 1)),
        **said,
    )

    assert (found.asset_class == "standard") is allowed


# --- what is not treated as NPA -------------------------------------------------------------------
@pytest.mark.parametrize(
    ("deposits", "is_npa"),
    [
        pytest.param(1_000_000, False, id="1.15-T1"),
        pytest.param(850_000, True, id="1.15-T2"),
        pytest.param(880_000, False, id="1.15-covers-exactly"),
    ],
)
def test_it_keeps_loans_against_deposits_standard(deposits: int, *, is_npa: bool) -> None:
    found = one(
        BANK,
        oldest_due=late(120),
        outstanding=Decimal(880_000),
        deposits=Decimal(deposits),
        security_kind="deposit",
    )

    assert (found.asset_class == "substandard") is is_npa
    assert found.dpd_rbi == 120


@pytest.mark.parametrize(
    ("guarantee", "repudiated", "asset_class"),
    [
        (Guarantee.CENTRAL_GOVERNMENT, False, "standard"),
        (Guarantee.CENTRAL_GOVERNMENT, True, "substandard"),
        (Guarantee.STATE_GOVERNMENT, False, "substandard"),
        (Guarantee.PERSONAL, False, "substandard"),
    ],
    ids=["1.15-central", "1.15-repudiated", "1.15-state", "1.15-personal"],
)
def test_it_trusts_only_the_central_governments_guarantee(
    guarantee: Guarantee, asset_class: str, *, repudiated: bool
) -> None:
    found = one(BANK, oldest_due=late(120), guarantee=guarantee, guarantee_repudiated=repudiated)

    assert found.asset_class == asset_class


def test_it_does_not_drag_a_loan_against_deposits_along() -> None:
    a, b = judged(
        BANK,
        facility("A", oldest_due=late(95)),
        facility("B", deposits=Decimal(2_000_000), security_kind="deposit"),
    )

    assert (a.asset_class, b.asset_class) == ("substandard", "standard")


# --- tables of their own --------------------------------------------------------------------------
def _lenient() -> Rules:
    """Return the bank's table with a bound of more than 180 days."""
    return replace(installed()[BANK], code="lenient", glide=(Glide(since=LONG_AGO, days=181),))


def _beside(rules: Rules, first: Facility, second: Facility) -> tuple[Classified, Classified]:
    """Return what becomes of a facility under the bank's table and another under its own."""
    a, b = classification.classify(
        Borrower(facilities=(first, second)), installed()[BANK], A_DAY, under={second.key: rules}
    )
    return a, b


def test_what_does_not_perform_by_its_own_table_takes_along_one_of_a_milder_1_5() -> None:
    a, b = _beside(_lenient(), facility("A", oldest_due=late(95)), facility("B"))

    assert (a.asset_class, a.reason) == ("substandard", Reason.DAYS)
    assert (b.asset_class, b.reason) == ("substandard", Reason.BORROWER)
    assert b.npa_date == a.npa_date == A_DAY - timedelta(days=4)


def test_what_performs_by_its_own_table_takes_none_of_a_stricter_along_1_5() -> None:
    for days, asset_class in ((180, "standard"), (181, "substandard")):
        a, b = _beside(_lenient(), facility("A"), facility("B", oldest_due=late(days)))

        assert (a.asset_class, b.asset_class) == (asset_class, asset_class)
        assert a.npa_date == b.npa_date == (None if days == 180 else A_DAY)


def test_the_table_of_a_facility_says_whether_others_take_it_along_1_5() -> None:
    bad = late(150)

    a, b = _beside(installed()[IFRS], facility("A", oldest_due=bad), facility("B"))
    assert (a.asset_class, b.reason) == ("substandard", Reason.IN_TIME)
    a, b = _beside(installed()[IFRS], facility("A"), facility("B", oldest_due=bad))
    assert not installed()[IFRS].performs(b.asset_class)
    assert (a.asset_class, a.reason, a.npa_date) == ("substandard", Reason.BORROWER, b.npa_date)


def test_arrears_under_another_table_keep_it_from_performing_again_1_6() -> None:
    was_bad = {"was_class": "substandard", "was_npa_date": late(200), "was_aged_from": late(200)}

    a, b = _beside(_lenient(), facility("A", **was_bad), facility("B", oldest_due=late(5)))
    assert (a.asset_class, a.npa_date) == ("substandard", late(200))
    assert (b.asset_class, b.npa_date) == ("substandard", late(200))
    a, b = _beside(_lenient(), facility("A", **was_bad), facility("B"))
    assert (a.asset_class, b.asset_class) == ("standard", "standard")


def test_a_class_that_only_the_other_table_knows_overrides_nothing() -> None:
    codes = set(installed()[BANK].ranks) - set(installed()[IFRS].ranks)
    override = min(codes)

    a, b = _beside(installed()[IFRS], facility("A"), facility("B", override=override))

    assert {a.reason, b.reason} == {Reason.IN_TIME}
    assert a.computed_since is b.computed_since is None


# --- overrides ------------------------------------------------------------------------------------
def test_it_shows_an_override_beside_what_the_rules_say() -> None:
    a, b = judged(BANK, facility("A", oldest_due=late(95), override="standard"), facility("B"))

    assert (a.asset_class, a.computed, a.reason) == ("standard", "substandard", Reason.OVERRIDE)
    assert a.npa_date is None
    assert b.asset_class == "standard", "what is let off drags nothing along"


def test_it_says_what_the_rules_alone_give_beside_a_worse_override_1_16() -> None:
    loans = [facility("A", oldest_due=late(40), override="loss"), facility("B")]

    tonight = judged(BANK, *loans)
    tomorrow = judged(BANK, *after(loans, tonight), on=A_DAY + timedelta(days=1))

    for a, b in (tonight, tomorrow):
        assert (a.asset_class, a.computed) == ("loss", "standard")
        assert (b.asset_class, b.computed) == ("substandard", "standard"), "dragged by an override"


def test_it_remembers_what_the_rules_gave_while_an_override_lets_off_1_16() -> None:
    stuck = facility(oldest_due=late(40), was_class="substandard", was_npa_date=late(100))
    let_off = replace(stuck, override="standard", was_class_since=late(100))

    tonight = judged(BANK, let_off)
    tomorrow = judged(BANK, *after([let_off], tonight), on=A_DAY + timedelta(days=1))

    assert [one.computed for one in (*tonight, *tomorrow)] == ["substandard", "substandard"]
    assert tomorrow[0].asset_class == "standard"


def test_it_keeps_ages_by_the_rules_while_an_override_lets_off_1_16() -> None:
    since, aged = late(400), late(500)
    bad = {**npa(since, "doubtful_1"), "was_aged_from": aged}
    loans = [facility(oldest_due=late(40), override="standard", **bad)]

    for nights in range(3):
        found = judged(BANK, *loans, on=A_DAY + timedelta(days=nights))
        loans = after(loans, found)

        assert (found[0].asset_class, found[0].npa_date) == ("standard", None)
        assert (found[0].computed, found[0].computed_since) == ("doubtful_1", since)
        assert (found[0].computed_npa_date, found[0].computed_aged_from) == (since, aged)


def test_it_classes_by_the_rules_again_once_an_override_is_over() -> None:
    loan = facility(oldest_due=late(95))
    (tonight,) = judged(BANK, facility(oldest_due=late(95), override="standard"))
    (next_day,) = after([loan], [tonight])

    (found,) = judged(BANK, next_day, on=A_DAY + timedelta(days=1))

    assert found.asset_class == "substandard"
    assert found.npa_date == A_DAY - timedelta(days=4), "the day it really was late"


# --- layers of NBFC -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("as_of", "days", "asset_class"),
    [
        pytest.param(date(2026, 3, 30), 100, "standard", id="1.12-120-until-then"),
        pytest.param(date(2026, 3, 30), 121, "substandard", id="1.12-over-120"),
        pytest.param(date(2026, 3, 31), 100, "substandard", id="1.12-90-from-then"),
        pytest.param(date(2026, 4, 1), 100, "substandard", id="1.12-T9"),
        pytest.param(date(2026, 4, 1), 90, "standard", id="1.12-90-is-not-more-than-90"),
    ],
)
def test_it_glides_to_ninety_days_in_the_base_layer(
    as_of: date, days: int, asset_class: str
) -> None:
    found = one(BASE, oldest_due=late(days, as_of), on=as_of)

    assert found.asset_class == asset_class


def test_it_counts_what_is_due_in_the_future_as_nothing() -> None:
    assert triggers.days_past_due(date(2026, 7, 1), A_DAY, DayCount.RBI) == 0
    assert triggers.days_past_due(None, A_DAY, DayCount.PLAIN) == 0
