"""What a statement must tell, by regime; charges; days. Ids name sections of the rule book."""

import dataclasses
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.letters.regimes import INDIA, KENYA, UNITED_STATES
from apps.offers import contingent, demands, key_facts, rate_rise, validity
from apps.offers.key_facts import (
    Agreement,
    Colending,
    Contingent,
    FeeFact,
    Floating,
    Instalment,
    KeyFacts,
)
from apps.schedules import building, cost
from apps.schedules.terms import Calendar, Fee, Terms

WEEKEND = frozenset({5, 6})


def _fee(code: str, amount: str, **changes: Any) -> FeeFact:
    values: dict[str, Any] = {
        "name": code.capitalize(),
        "timing": "upfront",
        "times": 1,
        "is_third_party": False,
        "kept_on_exit": False,
        **changes,
    }
    return FeeFact(code=code, amount=Decimal(amount), **values)


def _schedule(**changes: Any) -> Any:
    values: dict[str, Any] = {
        "principal": Decimal(20_000),
        "currency": "INR",
        "annual_rate": Decimal("0.15"),
        "instalments": 24,
        "disbursed_on": date(2026, 4, 1),
        "fees": (Fee("processing", Decimal(240)), Fee("stamp", Decimal(160), is_third_party=True)),
        **changes,
    }
    return building.build(Terms(**values))


def key_facts_of_the_rules(**changes: Any) -> KeyFacts:
    """Return the example of the rules (6.7): 20,000 over 24 months at 15 %, fees of 240 and 160."""
    schedule = _schedule()
    values: dict[str, Any] = {
        "regime": INDIA,
        "number": "A-1-O1",
        "product": "Personal loan",
        "is_secured": False,
        "sanctioned_date": date(2026, 4, 1),
        "offered_date": date(2026, 4, 1),
        "valid_until": date(2026, 4, 8),
        "currency": "INR",
        "principal": Decimal(20_000),
        "is_staged": False,
        "staged_clause": "",
        "disbursal_date": date(2026, 4, 1),
        "term_months": 24,
        "method": "equal_instalment",
        "frequency": "monthly",
        "instalments": 24,
        "instalment": schedule.rows[1].instalment,
        "last_instalment": schedule.rows[-1].instalment,
        "first_due_date": date(2026, 5, 1),
        "last_due_date": date(2028, 4, 1),
        "annual_rate": Decimal("0.15"),
        "rate_type": "fixed",
        "floating": None,
        "day_count": "30_360_us",
        "first_period": "in_first_instalment",
        "fees": (_fee("processing", "240"), _fee("stamp", "160", is_third_party=True)),
        "upfront_interest": Decimal(0),
        "net_disbursed": schedule.net_disbursed,
        "total_interest": schedule.total_interest,
        "total_payable": schedule.total_payable,
        "apr": cost.apr(schedule),
        "effective_annual": cost.effective_annual(schedule),
        "contingent": Contingent(
            penal_charge_rate=Decimal("0.24"),
            bounce_charge=Decimal(500),
            foreclosure_rate=Decimal("0.03"),
            is_free_to_prepay=False,
            switching_charge=Decimal(0),
        ),
        "agreement": Agreement(
            recovery_clause="12",
            grievance_clause="14",
            nodal_officer="Meera Kulkarni",
            nodal_phone="+91 20 5550 1299",
            nodal_email="nodal@sahyadri.example",
            is_transferable=True,
            is_digital=True,
            recovery_agent="",
        ),
        "colending": None,
        "is_colent": False,
        "cooling_off_days": 3,
        "allocation_order": ("fees", "penal", "interest", "principal"),
        "schedule": tuple(
            Instalment(
                number=row.number,
                due_date=row.due_on,
                opening=row.opening,
                principal=row.principal,
                interest=row.interest,
                fee=row.fee,
                instalment=row.instalment,
                closing=row.closing,
            )
            for row in schedule.rows
        ),
        **changes,
    }
    return KeyFacts(**values)


FLOATING = Floating(
    benchmark="Reference rate",
    benchmark_rate=Decimal("0.10"),
    spread=Decimal("0.05"),
    reset_months=6,
    instalment_up=Decimal("2.42"),
    instalments_up=1,
)


def test_the_rules_own_example_is_whole_and_costs_what_they_say() -> None:
    # Rule book 6.7: fees 240 + 160, net 19,600, APR 17.07 %.
    facts = key_facts_of_the_rules()

    assert demands.lacking(facts) == ()
    assert facts.net_disbursed == Decimal(19_600)
    assert (facts.own_fees, facts.third_party_fees) == (Decimal(240), Decimal(160))
    assert facts.apr is not None
    assert round(facts.apr * 100, 2) == Decimal("17.07")
    # The rules' figure is of the unrounded instalment: 3,273.59.
    assert abs(facts.total_interest - Decimal("3273.59")) < Decimal("0.05")


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"number": ""}, "number_and_kind"),
        ({"principal": Decimal(0)}, "sanctioned_amount"),
        ({"is_staged": True}, "disbursal_schedule"),
        ({"term_months": 0}, "term"),
        ({"first_due_date": None}, "instalments"),
        ({"rate_type": ""}, "rate_and_type"),
        ({"rate_type": "floating"}, "benchmark_and_spread"),
        ({"fees": (_fee("stamp", "400", name=""),)}, "fees"),
        ({"apr": None}, "apr"),
        ({"contingent": None}, "contingent_charges"),
        ({"agreement": None}, "recovery_clause"),
        ({"is_colent": True}, "colending"),
        ({"cooling_off_days": 0}, "cooling_off"),
        ({"net_disbursed": Decimal(19_601)}, "apr_sheet"),
        ({"schedule": ()}, "schedule"),
        ({"valid_until": date(2026, 4, 1)}, "validity"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_without_an_item_of_6_6_it_is_not_valid(changes: dict[str, Any], missing: str) -> None:
    assert missing in demands.lacking(key_facts_of_the_rules(**changes))


@pytest.mark.parametrize("name", ["recovery_clause", "grievance_clause", "nodal_phone"])
def test_without_a_text_of_part_two_it_is_not_valid(name: str) -> None:
    agreement = key_facts_of_the_rules().agreement
    assert agreement is not None
    silent = dataclasses.replace(agreement, **{name: " "})

    assert len(demands.lacking(key_facts_of_the_rules(agreement=silent))) == 1


@pytest.mark.parametrize(
    ("missing", "valid"),
    [
        ({}, True),
        ({"instalment_up": None}, False),
        ({"instalments_up": None}, False),
    ],
    ids=["6.6-whole", "6.6-T5-instalment", "6.6-T5-number"],
)
def test_a_floating_rate_tells_the_effect_of_25_basis_points(
    missing: dict[str, Any], *, valid: bool
) -> None:
    floating = dataclasses.replace(FLOATING, **missing)

    found = demands.lacking(key_facts_of_the_rules(rate_type="floating", floating=floating))

    assert (found == ()) is valid
    assert valid or found == ("impact_25bps",)


def test_a_spread_that_does_not_add_up_is_not_valid() -> None:
    floating = dataclasses.replace(FLOATING, spread=Decimal("0.06"))

    found = demands.lacking(key_facts_of_the_rules(rate_type="floating", floating=floating))

    assert found == ("benchmark_and_spread",)


@pytest.mark.parametrize(
    ("regime", "sanctioned", "applies"),
    [
        (INDIA, date(2024, 9, 30), False),
        (INDIA, date(2024, 10, 1), True),
        (KENYA, date(2026, 11, 20), False),
        (UNITED_STATES, date(2026, 11, 20), False),
    ],
    ids=["6.6-T4", "6.6-first-day", "kenya", "united-states"],
)
def test_the_key_facts_rules_apply_from_october_2024(
    regime: str, sanctioned: date, *, applies: bool
) -> None:
    assert (demands.statement_of(regime, sanctioned) == demands.KEY_FACTS) is applies


def test_elsewhere_the_items_of_india_alone_are_not_asked_for() -> None:
    agreement = Agreement(
        recovery_clause="",
        grievance_clause="11",
        nodal_officer="",
        nodal_phone="",
        nodal_email="",
        is_transferable=False,
        is_digital=False,
        recovery_agent="",
    )

    assert (
        demands.lacking(
            key_facts_of_the_rules(regime=KENYA, agreement=agreement, cooling_off_days=0)
        )
        == ()
    )
    assert demands.lacking(key_facts_of_the_rules(regime=KENYA, apr=None)) == ("apr",)


@pytest.mark.parametrize(
    ("code", "amount", "consented", "allowed"),
    [
        ("documentation", "500", False, False),
        ("documentation", "500", True, True),
        ("processing", "240", False, True),
        ("processing", "241", False, False),
    ],
    ids=["6.6-T2", "6.6-T2-consent", "told", "more-than-told"],
)
def test_a_fee_that_was_not_told_needs_consent(
    code: str, amount: str, *, consented: bool, allowed: bool
) -> None:
    stated = key_facts_of_the_rules().to_dict()

    found = key_facts.may_be_charged(stated, code, Decimal(amount), consented=consented)

    assert found is allowed


def test_lending_together_is_told_with_shares_and_blended_rate() -> None:
    together = Colending(
        lender="Konkan Bank",
        share=Decimal("0.8"),
        rate=Decimal("0.14"),
        own_share=Decimal("0.2"),
        own_rate=Decimal("0.19"),
        blended_rate=Decimal("0.15"),
    )

    assert demands.lacking(key_facts_of_the_rules(is_colent=True, colending=together)) == ()


def test_a_penal_charge_is_a_charge_for_days() -> None:
    # Rule book 6.8 T1.
    found = contingent.penal_charge(Decimal(10_000), Decimal("0.24"), 30, "INR")

    assert found == Decimal("197.26")


@pytest.mark.parametrize(
    ("changes", "charge"),
    [
        ({}, "0"),
        ({"is_floating": False}, "15000.00"),
        ({"is_business": True}, "15000.00"),
        ({"is_individual": False}, "15000.00"),
        ({"is_indian": False}, "15000.00"),
        ({"sanctioned": date(2025, 12, 31)}, "15000.00"),
    ],
    ids=["6.11-T2", "fixed", "business", "company", "elsewhere", "before"],
)
def test_paying_early_is_free_where_the_rules_say_so(changes: dict[str, Any], charge: str) -> None:
    values: dict[str, Any] = {
        "is_indian": True,
        "is_floating": True,
        "is_individual": True,
        "is_business": False,
        "sanctioned": date(2026, 2, 1),
        **changes,
    }
    is_free = contingent.is_free_to_prepay(**values)

    found = contingent.prepayment_charge(Decimal(500_000), Decimal("0.03"), "INR", is_free=is_free)

    assert found == Decimal(charge)


@pytest.mark.parametrize(
    ("offered", "working_days", "last"),
    [
        (date(2026, 11, 20), 3, date(2026, 11, 25)),
        (date(2026, 12, 23), 3, date(2026, 12, 29)),
        (date(2026, 11, 21), 1, date(2026, 11, 23)),
    ],
    ids=["over-a-weekend", "over-christmas", "from-a-saturday"],
)
def test_an_offer_holds_for_working_days(offered: date, working_days: int, last: date) -> None:
    calendar = Calendar(holidays=frozenset({date(2026, 12, 25)}), weekend=WEEKEND)

    assert validity.last_day(offered, working_days, calendar) == last


def test_a_year_without_holidays_on_record_is_not_guessed() -> None:
    calendar = Calendar(holidays=frozenset({date(2026, 12, 25)}), weekend=WEEKEND)

    with pytest.raises(validity.CalendarUnknown) as refusal:
        validity.last_day(date(2026, 12, 30), 3, calendar)

    assert refusal.value.year == 2027


@given(
    start=st.dates(date(2026, 1, 1), date(2026, 11, 1)),
    working_days=st.integers(1, 20),
    holidays=st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), min_size=1),
)
def test_so_many_working_days_lie_between(
    start: date, working_days: int, holidays: frozenset[date]
) -> None:
    calendar = Calendar(holidays=holidays | {date(2027, 12, 31)}, weekend=WEEKEND)

    last = validity.last_day(start, working_days, calendar)

    between = [date.fromordinal(one) for one in range(start.toordinal() + 1, last.toordinal() + 1)]
    worked = [day for day in between if day.weekday() not in WEEKEND and day not in holidays]
    assert len(worked) == working_days
    assert worked[-1] == last


def test_a_rise_of_the_benchmark_raises_instalment_or_number() -> None:
    # EMI of 20,000 over 24 months: 969.73 at 15 %, 972.11 at 15.25 %.
    found = rate_rise.of(_schedule())

    assert (found.instalment, found.instalments) == (Decimal("2.38"), 1)
