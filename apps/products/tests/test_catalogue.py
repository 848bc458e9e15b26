"""The catalogue's rules: what is refused, where, and that nothing is filled in."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from apps.accounts.models import Entity
from apps.products import catalogue, conditions
from apps.products.models import Conditions, Fee, Product, Purpose
from apps.schedules import terms

FIXTURES = Path(settings.BASE_DIR) / "fixtures"
ENTITIES = json.loads((FIXTURES / "entities.json").read_text())
PRODUCTS = json.loads((FIXTURES / "products.json").read_text())
INDIAN = 0
AMERICAN = 5


def read(data: Any) -> list[catalogue.ProductSpec]:
    return catalogue.products(
        data,
        countries={row["code"]: row["country"] for row in ENTITIES["entities"]},
        purposes=Purpose.values,
        schedules=Product.Schedule.values,
        bases=Fee.Basis.values,
        languages=("en", "hi", "sw"),
        stored={},
    )


def changed(position: int = INDIAN, **values: Any) -> Any:
    data = copy.deepcopy(PRODUCTS)
    data["products"][position] |= values
    return data


def test_it_reads_the_shipped_files() -> None:
    lenders = catalogue.entities(ENTITIES, kinds=Entity.Kind.values)

    products = read(PRODUCTS)

    assert [lender.code for lender in lenders] == ["sahyadri", "umoja", "prairie"]
    assert {product.scoring_segment for product in products} == {
        "in-retail",
        "ke-retail",
        "us-personal",
    }
    assert [product.code for product in products if product.secured] == [
        "in-vehicle",
        "in-home-improvement",
        "ke-harvest",
    ]


@pytest.mark.parametrize("days", [0, -1])
def test_it_wants_a_cooling_off_day_in_india(days: int) -> None:
    # Rule book 6.5 T1.
    with pytest.raises(catalogue.CatalogueRefused) as refusal:
        read(changed(cooling_off_days=days))

    assert refusal.value.place == "products[1]"
    assert "cooling" in refusal.value.why


@pytest.mark.parametrize("days", [0, 4, 90])
def test_it_wants_an_approval_to_stay_open_for_some_days_and_not_for_ever(days: int) -> None:
    with pytest.raises(catalogue.CatalogueRefused) as refusal:
        read(changed(offer_days=days))

    assert (refusal.value.place, refusal.value.why) == (
        "products[1]",
        "offer_days must be from 5 to 89.",
    )


def test_it_lets_others_go_without() -> None:
    products = read(changed(AMERICAN, cooling_off_days=0))

    assert products[AMERICAN].cooling_off_days == 0


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"entity": "nobody"}, "There is no entity 'nobody'."),
        ({"purposes": ["medical", "gambling"]}, "Unknown purposes: gambling."),
        ({"purposes": []}, "at least one purpose"),
        ({"purposes": ["medical", "medical"]}, "Named twice: medical."),
        ({"purposes": "medical"}, "does not fit here"),
        ({"currency": "XYZ"}, "is not lent here"),
        ({"minimum_amount": "0.00"}, "must be positive"),
        ({"minimum_amount": "25000.005"}, "whole smallest units"),
        ({"minimum_amount": "1500001.00"}, "wrong order"),
        ({"minimum_amount": 25000.0}, "does not fit here"),
        ({"minimum_amount": "NaN"}, "does not fit here"),
        ({"annual_rate": "16"}, "is a fraction"),
        ({"annual_rate": "-0.01"}, "is a fraction"),
        ({"minimum_term_months": 0}, "Terms must run"),
        ({"maximum_term_months": 481}, "Terms must run"),
        ({"maximum_term_months": True}, "does not fit here"),
        ({"annual_rate": "0.48", "maximum_term_months": 360}, "the last instalment grows"),
        ({"schedule": "annuity"}, "is not a schedule"),
        ({"secured": "no"}, "does not fit here"),
        ({"colour": "blue"}, "Missing or unknown: colour."),
        ({"names": {"xx": "Loan"}}, "No statement is written in: xx."),
        ({"names": {"hi": ""}}, "A name of in-personal is empty."),
        ({"names": ["hi"]}, "does not fit here"),
    ],
)
def test_it_refuses_a_product_that_breaks_a_rule(values: dict[str, Any], why: str) -> None:
    with pytest.raises(catalogue.CatalogueRefused) as refusal:
        read(changed(**values))

    assert refusal.value.place.startswith("products[1]")
    assert why in refusal.value.why


@pytest.mark.parametrize(
    ("fee", "why"),
    [
        ({"basis": "guess"}, "is not a basis"),
        ({"amount": "-1"}, "must not be negative"),
        ({"amount": "1.5"}, "below 1"),
        ({"names": {"xx": "Fee"}}, "No statement is written in: xx."),
        ({"names": {"sw": ""}}, "A name of processing is empty."),
        ({"timing": ""}, "is no time to pay a fee"),
        ({"is_third_party": None}, "does not fit here"),
        ({"timing": "each_instalment", "kept_on_exit": True}, "Only a one-time fee is kept"),
    ],
)
def test_it_refuses_a_fee_that_breaks_a_rule(fee: dict[str, Any], why: str) -> None:
    data = copy.deepcopy(PRODUCTS)
    data["products"][INDIAN]["fees"][0] |= fee

    with pytest.raises(catalogue.CatalogueRefused) as refusal:
        read(data)

    assert why in refusal.value.why


@pytest.mark.parametrize("data", [None, [], {}, {"products": {}}, {"products": ["text"]}])
def test_it_refuses_another_kind_of_file(data: Any) -> None:
    with pytest.raises(catalogue.CatalogueRefused):
        read(data)


def test_it_refuses_a_key_that_is_missing() -> None:
    data = copy.deepcopy(PRODUCTS)
    del data["products"][INDIAN]["cooling_off_days"]

    with pytest.raises(catalogue.CatalogueRefused) as refusal:
        read(data)

    assert refusal.value.why == "Missing or unknown: cooling_off_days."


def test_it_refuses_an_entity_without_branches() -> None:
    data = copy.deepcopy(ENTITIES)
    data["entities"][0]["branches"] = []

    with pytest.raises(catalogue.CatalogueRefused) as refusal:
        catalogue.entities(data, kinds=Entity.Kind.values)

    assert refusal.value.why == "An entity needs at least one branch."


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"frequency": "hourly"}, "'hourly' is no frequency."),
        ({"day_count": "30/360"}, "is no day_count"),
        ({"rounding_mode": ""}, "is no rounding_mode"),
        ({"rounding_unit": "0.005"}, "whole number of smallest units"),
        ({"rounding_unit": "0.00"}, "whole number of smallest units"),
        ({"benchmark": "Repo"}, "A fixed rate has no benchmark"),
        ({"rate_type": "floating"}, "A floating rate needs benchmark"),
        (
            {
                "rate_type": "floating",
                "benchmark": "Repo",
                "benchmark_rate": "5.25",
                "reset_months": 3,
            },
            "benchmark_rate is a fraction",
        ),
        ({"penal_charge_rate": "24"}, "penal_charge_rate must be from 0"),
        ({"foreclosure_rate": "-0.01"}, "foreclosure_rate must be from 0"),
        ({"bounce_charge": "1.005"}, "bounce_charge must be an amount"),
        ({"is_staged": True}, "Stages need staged_clause"),
        ({"recovery_clause": ""}, "recovery_clause must name"),
        ({"grievance_clause": ""}, "grievance_clause must name"),
        ({"is_colent": True}, "Lending together needs"),
        ({"colender": "Konkan Bank"}, "Lending together needs"),
        ({"allocation_order": ["interest", "principal"]}, "allocation_order names each"),
        ({"allocation_across": "diagonal"}, "allocation_across is one of"),
        ({"npa_allocation_order": ["fees"]}, "npa_allocation_order names each"),
        ({"written_off_allocation_order": ["fees"]}, "written_off_allocation_order names each"),
        ({"settlement_allocation_order": ["fees"]}, "settlement_allocation_order names each"),
        ({"offer_working_days": 2}, "offer_working_days must be from 3 to 30."),
    ],
)
def test_it_refuses_conditions_that_leave_something_open(changes: dict[str, Any], why: str) -> None:
    data = copy.deepcopy(PRODUCTS)
    data["products"][INDIAN]["conditions"] |= changes

    with pytest.raises(catalogue.CatalogueRefused) as refusal:
        read(data)

    assert refusal.value.place == "products[1].conditions"
    assert why in refusal.value.why


def test_it_refuses_conditions_that_lack_a_key() -> None:
    data = copy.deepcopy(PRODUCTS)
    del data["products"][INDIAN]["conditions"]["penal_charge_rate"]

    with pytest.raises(catalogue.CatalogueRefused) as refusal:
        read(data)

    assert refusal.value.why == "Missing or unknown: penal_charge_rate."


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"nodal_phone": ""}, "stand together"),
        ({"weekend": [7]}, "weekend names days"),
        ({"weekend": [0, 0]}, "weekend names days"),
        ({"holidays": ["2026-13-01"]}, "does not fit here"),
        ({"holidays": ["2026-12-25", "2026-12-25"]}, "Named twice"),
    ],
)
def test_it_refuses_a_lender_whose_calendar_or_officer_is_half_said(
    changes: dict[str, Any], why: str
) -> None:
    data = copy.deepcopy(ENTITIES)
    data["entities"][0] |= changes

    with pytest.raises(catalogue.CatalogueRefused) as refusal:
        catalogue.entities(data, kinds=Entity.Kind.values)

    assert why in refusal.value.why


@pytest.mark.parametrize(
    ("choices", "known"),
    [
        (Conditions.Frequency, terms.Frequency),
        (Conditions.DayCount, terms.DayCount),
        (Conditions.Rounding, terms.Rounding),
        (Conditions.FirstPeriod, terms.FirstPeriod),
        (Conditions.Adjustment, terms.Adjustment),
        (Conditions.RateType, conditions.RateType),
        (Conditions.Bucket, conditions.Bucket),
        (Fee.Timing, terms.FeeTiming),
    ],
    ids=lambda one: one.__name__,
)
def test_the_tables_know_the_conventions_of_the_schedules(choices: Any, known: Any) -> None:
    assert choices.values == [one.value for one in known]


def _with_method(method: str, **values: Any) -> Any:
    data = changed(schedule=method)
    data["products"][INDIAN]["conditions"] |= values
    return data


@pytest.mark.parametrize(
    ("method", "values"),
    [
        ("equal_principal", {}),
        ("flat", {}),
        ("interest_only", {}),
        ("balloon", {"balloon_share": "0.300000"}),
        ("stepped", {"step_every": 12, "step_factor": "1.050000"}),
        ("single", {"first_period": "amortised"}),
    ],
)
def test_it_reads_every_schedule_that_is_told_whole(method: str, values: dict[str, Any]) -> None:
    found = read(_with_method(method, **values))[INDIAN]

    assert found.schedule == method
    assert found.conditions is not None


@pytest.mark.parametrize(
    ("method", "values", "why"),
    [
        ("balloon", {}, "has balloon_share"),
        ("emi", {"balloon_share": "0.3"}, "has balloon_share"),
        ("balloon", {"balloon_share": "1"}, "is a fraction"),
        ("balloon", {"balloon_share": "0"}, "is a fraction"),
        ("stepped", {}, "have step_every and step_factor"),
        ("stepped", {"step_every": 12}, "have step_every and step_factor"),
        ("flat", {"step_every": 12, "step_factor": "1.05"}, "have step_every and step_factor"),
        ("stepped", {"step_every": 0, "step_factor": "1.05"}, "at least 1"),
        ("stepped", {"step_every": 12, "step_factor": "1"}, "above 1"),
        ("stepped", {"step_every": 12, "step_factor": "0.9"}, "instalments rise"),
        ("stepped", {"step_every": 12, "step_factor": "2.1"}, "at most 2"),
        ("single", {}, "first_period amortised"),
        ("flat", {"is_staged": True, "staged_clause": "4"}, "not paid out in stages"),
        (
            "interest_only",
            {
                "rate_type": "floating",
                "benchmark": "Repo",
                "benchmark_rate": "0.06",
                "reset_months": 3,
            },
            "follow a floating rate",
        ),
        ("annuity", {}, "is not a schedule"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_it_refuses_a_schedule_that_is_told_in_part_or_in_contradiction(
    method: str, values: dict[str, Any], why: str
) -> None:
    with pytest.raises(catalogue.CatalogueRefused, match=why):
        read(_with_method(method, **values))
