"""Quotes over the API: every kind of terms, exact figures, and a clear sentence for the rest."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.accounts.roles import ROLES
from apps.schedules.terms import (
    Adjustment,
    DayCount,
    FeeTiming,
    FirstPeriod,
    Frequency,
    GraceTerm,
    Method,
    Rounding,
)

SignedIn = Callable[[User], Client]
MakePerson = Callable[..., User]
ADDRESS = "/api/v1/quotes"
LOAN: dict[str, Any] = {
    "principal": "20000.00",
    "annual_rate": "0.15",
    "instalments": 24,
    "disbursed_on": "2026-04-01",
}
FEES = [
    {"code": "processing", "amount": "240.00"},
    {"code": "insurance", "amount": "160.00", "is_third_party": True},
]
BARE = {"instalments": 2, "annual_rate": "0.12", "principal": "1000.00"}


@pytest.fixture
def api(alice: User, signed_in: SignedIn) -> Client:
    return signed_in(alice)


def ask(api: Client, body: Any) -> Any:
    return api.post(ADDRESS, json.dumps(body), content_type="application/json")


def test_it_answers_the_rule_books_example(api: Client) -> None:
    answer = ask(api, {**LOAN, "fees": FEES})

    found = answer.json()
    assert answer.status_code == 200
    assert found["currency"] == "INR"
    assert found["cost"] == {
        "apr": "0.170705534472",
        "effective_annual": "0.184715599537",
        "flat_rate": "0.081839500000",
        "total": "3673.58",
    }
    assert found["totals"] == {
        "lent": "20000.00",
        "net_disbursed": "19600.00",
        "upfront_deductions": "400.00",
        "principal": "20000.00",
        "interest": "3273.58",
        "fees": "400.00",
        "payable": "23273.58",
    }
    assert len(found["rows"]) == 24
    assert found["rows"][0] == {
        "number": 1,
        "due_on": "2026-05-01",
        "opening": "20000.00",
        "principal": "719.73",
        "interest": "250.00",
        "fee": "0.00",
        "instalment": "969.73",
        "capitalised": "0.00",
        "closing": "19280.27",
    }
    assert [year["year"] for year in found["years"]] == [2026, 2027, 2028]
    assert sum(Decimal(year["instalment"]) for year in found["years"]) == Decimal("23273.58")


def test_it_stores_nothing(api: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        ask(api, LOAN)

    words = {word for one in queries for word in one["sql"].upper().split()}
    assert words & {"INSERT", "UPDATE", "DELETE"} == set()


@pytest.mark.parametrize("role", [role.code for role in ROLES])
def test_it_is_open_to_all_but_who_sees_sums_alone(
    make_person: MakePerson, signed_in: SignedIn, role: str
) -> None:
    person = make_person("Anybody", role)

    assert ask(signed_in(person), LOAN).status_code == (403 if role == "executive" else 200)


def test_it_is_closed_to_strangers_and_to_people_without_a_role(
    client: Client, make_person: MakePerson, signed_in: SignedIn
) -> None:
    assert ask(client, LOAN).status_code == 401
    assert ask(signed_in(make_person("Nobody")), LOAN).status_code == 403


@pytest.mark.parametrize(
    ("changes", "first", "last"),
    [
        ({"method": "equal_principal"}, "510.00", "505.00"),
        ({"method": "flat"}, "510.00", "510.00"),
        ({"method": "interest_only"}, "10.00", "1010.00"),
        ({"method": "balloon", "balloon": "500.00"}, "258.76", "758.75"),
        ({"method": "single"}, "1020.00", "1020.00"),
        ({"method": "stepped", "steps": [{"first": 2, "factor": "2"}]}, "338.90", "677.81"),
        ({"method": "stepped", "steps": [{"first": 2, "factor": "0.5"}]}, "675.56", "337.78"),
        ({"frequency": "daily"}, "500.25", "500.25"),
        ({"frequency": "fortnightly"}, "503.50", "503.51"),
        ({"frequency": "semi_monthly"}, "503.75", "503.76"),
        ({"frequency": "yearly"}, "591.70", "591.70"),
        ({"day_count": "act_365"}, "507.49", "507.49"),
        ({"day_count": "act_360"}, "507.60", "507.59"),
        ({"first_due_on": "2026-05-20"}, "510.69", "510.70"),
        (
            {"first_due_on": "2026-05-20", "first_period": "in_first_instalment"},
            "513.84",
            "507.51",
        ),
        ({"first_due_on": "2026-05-20", "first_period": "upfront"}, "507.51", "507.51"),
        ({"rounding_unit": "5", "rounding_mode": "down"}, "505.00", "510.05"),
        ({"grace": {"interest_free": 1}}, "502.49", "502.49"),
        ({"grace": {"principal": 1, "interest": 1}}, "0.00", "1020.00"),
        (
            {
                "method": "custom",
                "rows": [
                    {"due_on": "2026-05-01", "principal": "400.00"},
                    {"due_on": "2026-06-01", "principal": "600.00"},
                ],
            },
            "410.00",
            "606.00",
        ),
        ({"rounding_unit": "1.00", "rounding_mode": "up"}, "508.00", "507.02"),
        ({"grace": {"principal": 1}}, "10.00", "1010.00"),
        ({"grace": {"principal": 1, "term": "extending"}}, "10.00", "507.51"),
        (
            {"grace": {"principal": 1, "interest": 1, "capitalised": True}},
            "0.00",
            "1020.10",
        ),
        ({"down_payment": "200.00"}, "406.01", "406.01"),
        ({"fees": [{"code": "a", "amount": "5", "timing": "each_instalment"}]}, "512.51", "512.51"),
    ],
    ids=str,
)
def test_it_computes_every_kind_of_terms(
    api: Client, changes: dict[str, Any], first: str, last: str
) -> None:
    answer = ask(api, {**LOAN, **BARE, **changes})

    assert answer.status_code == 200, answer.json()
    rows = answer.json()["rows"]
    assert (rows[0]["instalment"], rows[-1]["instalment"]) == (first, last)


def test_it_moves_due_dates_off_days_off(api: Client) -> None:
    days = {"holidays": ["2026-05-01"], "weekend": [5, 6], "adjustment": "next"}

    answer = ask(api, {**LOAN, **BARE, "calendar": days})

    assert [row["due_on"] for row in answer.json()["rows"]] == ["2026-05-04", "2026-06-01"]


def test_it_pays_out_in_tranches(api: Client) -> None:
    tranches = [
        {"paid_on": "2026-04-01", "amount": "400.00"},
        {"paid_on": "2026-05-01", "amount": "600.00"},
    ]

    answer = ask(api, {**LOAN, **BARE, "instalments": 3, "tranches": tranches})

    opening = [row["opening"] for row in answer.json()["rows"]]
    assert opening == ["400.00", "867.99", "436.15"]
    assert answer.json()["totals"]["principal"] == "1000.00"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"principal": "-1"}, "principal"),
        ({"principal": "0"}, "principal"),
        ({"principal": "1e30"}, "principal"),
        ({"principal": "NaN"}, "principal"),
        ({"principal": "1.001"}, "principal"),
        ({"principal": None}, "principal"),
        ({"principal": ["1"]}, "principal"),
        ({"annual_rate": "-0.1"}, "annual_rate"),
        ({"annual_rate": "12"}, "annual_rate"),
        ({"annual_rate": "Infinity"}, "annual_rate"),
        ({"instalments": 0}, "instalments"),
        ({"instalments": 10**9}, "instalments"),
        ({"instalments": 480, "annual_rate": "0.48"}, "instalments"),
        ({"instalments": "many"}, "instalments"),
        ({"disbursed_on": "2026-02-30"}, "disbursed_on"),
        ({"disbursed_on": "0001-01-01"}, "disbursed_on"),
        ({"disbursed_on": "9999-12-31"}, "disbursed_on"),
        ({"first_due_on": "2026-04-01"}, "first_due_on"),
        ({"first_due_on": "2036-04-01"}, "first_due_on"),
        ({"currency": "XXX"}, "currency"),
        ({"frequency": "hourly"}, "frequency"),
        ({"method": "gift"}, "method"),
        ({"method": "balloon"}, "balloon"),
        ({"balloon": "100"}, "balloon"),
        ({"rounding_unit": "800"}, "rounding_unit"),
        ({"grace": {"principal": 24}}, "grace.principal"),
        ({"grace": {"principal": -1}}, "grace.principal"),
        ({"grace": {"holiday": 1}}, "grace.holiday"),
        ({"fees": [{"code": "a", "amount": "20000"}]}, "fees"),
        ({"fees": [{"code": "a", "amount": "-1"}]}, "fees.0.amount"),
        ({"fees": [{"code": "a"}]}, "fees.0.amount"),
        ({"calendar": {"weekend": [7]}}, "calendar.weekend.0"),
        ({"calendar": {"weekend": [0, 1, 2, 3, 4, 5, 6]}}, "calendar.weekend"),
        ({"tranches": [{"paid_on": "2026-04-01", "amount": "1"}]}, "tranches"),
        ({"down_payment": "20000"}, "down_payment"),
        ({"surprise": 1}, "surprise"),
        ({"day_count": "act_364"}, "day_count"),
        ({"first_period": "never"}, "first_period"),
        ({"rounding_mode": "none"}, "rounding_mode"),
        ({"rounding_unit": "0"}, "rounding_unit"),
        ({"method": "stepped", "steps": [{"first": 2, "factor": "-1"}]}, "steps.0.factor"),
        ({"method": "stepped", "steps": [{"first": 99, "factor": "1.1"}]}, "steps"),
        ({"method": "custom"}, "rows"),
        ({"method": "custom", "rows": [{"due_on": "2026-05-01", "principal": "1"}]}, "rows"),
        ({"fees": [{"code": "a", "amount": "1", "timing": "never"}]}, "fees.0.timing"),
        ({"calendar": {"adjustment": "sideways"}}, "calendar.adjustment"),
    ],
    ids=str,
)
def test_it_refuses_with_a_sentence_beside_the_field(
    api: Client, changes: dict[str, Any], field: str
) -> None:
    answer = ask(api, {**LOAN, **changes})

    assert answer.status_code == 400
    assert field in answer.json()["fields"]
    assert all(one[0].endswith(".") for one in answer.json()["fields"].values())


def test_it_names_the_choices_there_are(api: Client) -> None:
    answer = ask(api, {**LOAN, "rounding_mode": "none", "currency": "XXX"})

    fields = answer.json()["fields"]
    assert answer.status_code == 400
    assert fields["rounding_mode"] == ["Choose one of these: half_up, half_even, up, down."]
    assert "INR" in fields["currency"][0]


@pytest.mark.parametrize("body", [None, [], "text", 7, {}], ids=str)
def test_it_refuses_what_is_no_set_of_terms(api: Client, body: Any) -> None:
    assert ask(api, body).status_code == 400


def test_it_takes_no_more_tranches_than_it_computes_in_a_moment(api: Client) -> None:
    tranches = [{"paid_on": "2026-04-01", "amount": "1"}] * 101

    answer = ask(api, {**LOAN, "tranches": tranches})

    assert answer.status_code == 400
    assert "tranches.non_field_errors" in answer.json()["fields"]


def test_it_answers_the_largest_amounts_there_are(api: Client) -> None:
    fee = {"code": "a", "amount": "1000000000000", "timing": "each_instalment"}
    largest = {"principal": "1000000000000", "annual_rate": "10", "method": "flat"}

    answer = ask(api, {**LOAN, **largest, "instalments": 600, "fees": [fee]})

    assert answer.json()["totals"]["payable"] == "1101000000000000.00"


def test_it_speaks_the_readers_language(api: Client, alice: User) -> None:
    plain = ask(api, {**LOAN, "method": "balloon"}).json()

    assert plain["code"] == "missing"
    assert plain["fields"]["balloon"] == [
        "The method “Equal instalments and a balloon” needs this."
    ]


AMOUNTS = st.one_of(
    st.decimals(-10, 10**12, places=2).map(str),
    st.sampled_from(["0", "-0", "1e3", "NaN", "sNaN", "Infinity", "", "x", "1" * 40]),
    st.none(),
    st.integers(-5, 10**20),
    st.floats(),
    st.booleans(),
)
RATES = st.one_of(st.decimals("-0.1", 11, places=6).map(str), AMOUNTS)
COUNTS = st.one_of(st.integers(0, 60), st.integers(), st.text(max_size=3), st.none(), st.floats())
DAYS = st.one_of(
    st.dates().map(str),
    st.sampled_from(["2026-04-01", "2026-05-31", "2150-01-01", "1950-01-01", "soon", "2026-13-01"]),
    st.none(),
    st.integers(),
)


def choice(kind: Any) -> Any:
    return st.one_of(st.sampled_from([one.value for one in kind]), st.text(max_size=4), st.none())


def many(**parts: Any) -> Any:
    return st.one_of(
        st.lists(st.fixed_dictionaries({}, optional=parts), max_size=3), st.none(), st.text()
    )


BODIES = st.fixed_dictionaries(
    {
        "principal": AMOUNTS,
        "annual_rate": RATES,
        "instalments": COUNTS,
        "disbursed_on": DAYS,
    },
    optional={
        "currency": st.sampled_from(["INR", "UGX", "KES", "XXX", "", None]),
        "first_due_on": DAYS,
        "frequency": choice(Frequency),
        "method": choice(Method),
        "day_count": choice(DayCount),
        "rounding_unit": AMOUNTS,
        "rounding_mode": choice(Rounding),
        "first_period": choice(FirstPeriod),
        "grace": st.one_of(
            st.none(),
            st.fixed_dictionaries(
                {},
                optional={
                    "principal": COUNTS,
                    "interest": COUNTS,
                    "interest_free": COUNTS,
                    "capitalised": st.one_of(st.booleans(), st.text(max_size=2)),
                    "term": choice(GraceTerm),
                },
            ),
        ),
        "calendar": st.fixed_dictionaries(
            {},
            optional={
                "holidays": st.lists(DAYS, max_size=3),
                "weekend": st.lists(st.integers(-1, 8), max_size=8),
                "adjustment": choice(Adjustment),
            },
        ),
        "balloon": AMOUNTS,
        "down_payment": AMOUNTS,
        "steps": many(first=COUNTS, factor=RATES),
        "rows": many(due_on=DAYS, principal=AMOUNTS),
        "tranches": many(paid_on=DAYS, amount=AMOUNTS),
        "fees": many(code=st.text(max_size=3), amount=AMOUNTS, timing=choice(FeeTiming)),
    },
)
SOUND = {
    "principal": st.decimals("0.01", 10**8, places=2).map(str),
    "annual_rate": st.decimals(0, 2, places=6).map(str),
    "instalments": st.integers(1, 40),
    "disbursed_on": st.dates(date(1950, 1, 1), date(2100, 1, 1)).map(str),
}


def _never_fails(api: Client, body: dict[str, Any]) -> None:
    answer = ask(api, body)

    assert answer.status_code in {200, 400}
    if answer.status_code == 400:
        problem = answer.json()
        assert problem["code"]
        assert problem["sentence"]
    else:
        rows = answer.json()["rows"]
        assert rows[-1]["closing"] in {"0.00", "0"}


@given(body=BODIES)
@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_it_never_fails_on_anything(api: Client, body: dict[str, Any]) -> None:
    _never_fails(api, body)


@given(
    body=st.fixed_dictionaries(
        SOUND,
        optional={
            "frequency": st.sampled_from([one.value for one in Frequency]),
            "method": st.sampled_from([one.value for one in Method]),
            "day_count": st.sampled_from([one.value for one in DayCount]),
            "rounding_mode": st.sampled_from([one.value for one in Rounding]),
            "first_period": st.sampled_from([one.value for one in FirstPeriod]),
            "grace": st.fixed_dictionaries(
                {
                    "principal": st.integers(0, 5),
                    "interest": st.integers(0, 5),
                    "interest_free": st.integers(0, 5),
                    "capitalised": st.booleans(),
                    "term": st.sampled_from([one.value for one in GraceTerm]),
                }
            ),
            "balloon": st.decimals(0, 10**6, places=2).map(str),
            "fees": st.lists(
                st.fixed_dictionaries(
                    {
                        "code": st.sampled_from(["a", "b"]),
                        "amount": st.decimals(0, 100, places=2).map(str),
                        "timing": st.sampled_from([one.value for one in FeeTiming]),
                    }
                ),
                max_size=2,
            ),
        },
    )
)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_it_never_fails_on_terms_that_look_sound(api: Client, body: dict[str, Any]) -> None:
    _never_fails(api, body)
