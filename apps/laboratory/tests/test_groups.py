"""Approval by group: counted by hand, shown in words, and never kept with an application."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.customers import protected, protected_words
from apps.customers.models import Customer
from apps.decisions.tests import factories as decisions
from apps.laboratory import age_bands, group_page, group_results
from apps.laboratory.models import ExperimentRow
from apps.laboratory.tests import engine_factories as factories
from ml.proportions import Count
from tests.kept import kept

SignedIn = Callable[[User], Client]
INDIA, STATES = age_bands.starts("IN"), age_bands.starts("US")


@pytest.mark.parametrize(
    ("age", "india", "states"),
    [
        (-1, "00-24", "00-24"),
        (18, "00-24", "00-24"),
        (24, "00-24", "00-24"),
        (25, "25-34", "25-34"),
        (34, "25-34", "25-34"),
        (35, "35-49", "35-49"),
        (49, "35-49", "35-49"),
        (50, "50-64", "50-61"),
        (61, "50-64", "50-61"),
        (62, "50-64", "62-"),
        (64, "50-64", "62-"),
        (65, "65-", "62-"),
        (101, "65-", "62-"),
    ],
)
def test_it_puts_an_age_into_its_band(age: int, india: str, states: str) -> None:
    assert (age_bands.name(age, INDIA), age_bands.name(age, STATES)) == (india, states)


def test_it_compares_a_group_with_the_most_approved_one() -> None:
    """12 of 40 against 48 of 80 (rule book 4.6 T2), the interval by the delta method."""
    found = group_results._against_reference({"a": Count(12, 40), "b": Count(48, 80)})

    group, reference = found["groups"]
    assert found["reference"] == "b"
    assert reference["comparison"] is None
    compared = group["comparison"]
    assert compared["ratio"] == 0.5
    # exp(ln 0.5 +- 1.959964 * sqrt(1/12 - 1/40 + 1/48 - 1/80))
    assert compared["ratio_interval"] == pytest.approx([0.301433, 0.829372], abs=1e-6)
    assert (compared["verdict"], compared["flag"]) == ("below four fifths", True)


def test_it_judges_no_group_of_a_few() -> None:
    """1 of 3 against 2 of 3 (rule book 4.6 T6)."""
    found = group_results._against_reference({"a": Count(1, 3), "b": Count(2, 3)})

    compared = found["groups"][0]["comparison"]
    assert (compared["ratio"], compared["verdict"], compared["flag"]) == (
        0.5,
        "insufficient sample",
        None,
    )


def test_it_has_words_for_every_attribute_and_value() -> None:
    assert set(protected_words.ATTRIBUTES) == set(protected.CHOICES)
    assert set(protected_words.VALUES) == {
        one for each in protected.CHOICES.values() for one in each
    }


def side(attribute: str, **counts: tuple[int, int]) -> dict[str, Any]:
    found = group_results._against_reference({name: Count(*of) for name, of in counts.items()})
    return {"attribute": attribute, "sides": {"before": found, "after": found}}


def test_it_shows_the_ratio_with_interval_chance_and_verdict() -> None:
    tables = group_page.tables([side("gender", female=(12, 40), male=(48, 80))])

    assert [table.title for table in tables] == ["Gender: in force", "Gender: candidate"]
    female, male = tables[1].lines
    assert (female.name, female.n, female.approved, female.rate) == ("Female", 40, 12, 0.3)
    assert (female.ratio, female.interval) == ("0.50", "0.30\u20130.83")
    assert (female.p_value, female.verdict, female.tone) == ("0.003", "below four fifths", "danger")
    assert (male.is_reference, male.ratio, male.p_value) == (True, "\u2014", "\u2014")


def test_it_names_bands_of_age_in_words() -> None:
    bands = {"00-24": (10, 40), "35-49": (30, 40), "62-": (400, 2000), "not stated": (5, 9)}

    (table, _after) = group_page.tables([side("age", **bands)])

    assert table.title == "Age: in force"
    assert [line.name for line in table.lines] == [
        "Under 25",
        "35 to 49",
        "62 and over",
        "Not stated",
    ]
    assert table.lines[2].p_value == "< 0.001"


def born(customer: Customer, day: date) -> Customer:
    customer.date_of_birth = day
    customer.save()
    return customer


@pytest.fixture
@kept
def ages(pune: Branch, rita: User, mark: User) -> dict[Any, str]:
    """Three customers who took the loans of our tape by turns; of one no birthday is known."""
    factories.tape(pune)
    decisions.stage(pune, rita, mark, document=factories.without_net_income())
    loans = list(Application.objects.order_by("number"))
    days = {"00-24": date(2003, 5, 1), "65-": date(1948, 1, 1), "not stated": None}
    customers = [
        Customer.objects.create(
            number=f"A-{name}", entity=pune.entity, branch=pune, country="IN", full_name="A. Person"
        )
        for name in days
    ]
    for customer, day in zip(customers, days.values(), strict=True):
        customer.date_of_birth = day
        customer.save()
    for place, loan in enumerate(loans):
        loan.customer = customers[place % 3]
        loan.save()
    return dict(zip([one.pk for one in customers], days, strict=True))


def test_it_counts_by_the_age_on_the_day_of_the_application(
    ages: dict[Any, str], pune: Branch, rita: User
) -> None:
    experiment = factories.done(rita, pune.entity, **factories.CUT_OFFS)

    (found,) = experiment.results["fairness"]

    rows = factories.rows(experiment)
    assert found["attribute"] == "age"
    counted = {
        one["name"]: (one["n"], one["approved"]) for one in found["sides"]["after"]["groups"]
    }
    for key, name in ages.items():
        mine = [row for row in rows if row.application.customer_id == key]
        approved = [row for row in mine if row.outcome_after == "approve"]
        assert counted.pop(name) == (len(mine), len(approved))
    assert counted == {}


def test_it_keeps_no_age_with_an_application(
    ages: dict[Any, str], pune: Branch, rita: User
) -> None:
    experiment = factories.done(rita, pune.entity, **factories.CUT_OFFS)

    kept = {
        str(value)
        for row in ExperimentRow.objects.filter(experiment=experiment).values()
        for value in row.values()
    }

    assert not {"00-24", "65-", "2003-05-01", "1948-01-01"} & kept
    assert not {field.name for field in ExperimentRow._meta.fields} & {"age", "date_of_birth"}


def test_it_counts_as_elderly_from_62_in_the_united_states(
    ages: dict[Any, str], pune: Branch, rita: User
) -> None:
    pune.entity.country = "US"
    pune.entity.save()
    Customer.objects.filter(pk__in=ages).update(date_of_birth=None)
    born(Customer.objects.get(number="A-65-"), date(1961, 1, 1))

    experiment = factories.done(rita, pune.entity, **factories.CUT_OFFS)

    (found,) = experiment.results["fairness"]
    assert "62-" in [one["name"] for one in found["sides"]["before"]["groups"]]


def test_it_shows_the_groups_on_the_page(
    ages: dict[Any, str], pune: Branch, rita: User, signed_in: SignedIn
) -> None:
    experiment = factories.done(rita, pune.entity, **factories.CUT_OFFS)

    text = signed_in(rita).get(reverse("laboratory:experiment", args=[experiment.pk])).content

    for words in ("Age: candidate", "Under 25", "65 and over", "Not stated", "p-value"):
        assert words in text.decode()


def test_it_adds_up_to_everybody(ages: dict[Any, str], pune: Branch, rita: User) -> None:
    experiment = factories.done(rita, pune.entity, **factories.CUT_OFFS)

    (found,) = experiment.results["fairness"]

    for name in ("before", "after"):
        groups = found["sides"][name]["groups"]
        approved = experiment.results["sides"][name]["outcomes"]["approve"]["n"]
        assert sum(one["n"] for one in groups) == experiment.results["applications"]
        assert sum(one["approved"] for one in groups) == approved
        assert Decimal(approved) > 0
