"""Attributes go with circumstances, as among the people of `ml.portfolio`, and with the names."""

from collections import Counter
from datetime import date
from random import Random

import numpy as np
import pytest

from apps.customers import protected as allowed
from apps.demo import applicants, protected
from apps.demo.protected import Circumstances

DRAWS = 4_000


def drawn(**known: object) -> list[protected.Protected]:
    circumstances = {
        "country": "IN",
        "age_years": 40,
        "income_to_median": 1.0,
        "income_spread": 0.55,
        "has_thin_file": False,
        **known,
    }
    chance = Random(5)  # noqa: S311 - made-up people
    who = Circumstances(**circumstances)  # type: ignore[arg-type]
    return [protected.of(who, chance) for _ in range(DRAWS)]


def share(people: list[protected.Protected], name: str, value: str) -> float:
    return Counter(one.attributes[name] for one in people)[value] / len(people)


def test_women_are_more_among_those_who_earn_less_or_whom_no_bureau_knows() -> None:
    usual = share(drawn(), "gender", "female")

    assert share(drawn(income_to_median=0.5), "gender", "female") > usual + 0.05
    assert share(drawn(has_thin_file=True), "gender", "female") > usual + 0.03
    assert share(drawn(income_to_median=2.0), "gender", "female") < usual - 0.05


def test_marriage_goes_with_age() -> None:
    assert share(drawn(age_years=22), "marital_status", "married") < 0.2
    assert share(drawn(age_years=50), "marital_status", "married") > 0.7


@pytest.mark.parametrize("place", applicants.PLACES, ids=lambda place: place.segment)
def test_the_people_of_a_place_have_the_shares_the_values_and_the_names(
    place: applicants.Place,
) -> None:
    start, end = date(2022, 1, 1), date(2025, 6, 30)

    people = list(applicants.draw(place, rows=3_000, seed=7, start=start, end=end))

    stated = [one.protected.stated for one in people if one.protected.stated]
    assert len(stated) / len(people) == pytest.approx(0.85, abs=0.03)
    assert all(allowed.values(one) == one for one in stated)
    women = [one for one in people if one.protected.attributes["gender"] == "female"]
    men = [one for one in people if one.protected.attributes["gender"] == "male"]
    assert len(women) / len(people) == pytest.approx(0.42, abs=0.04)
    assert {one.name.split()[0] for one in women} <= set(place.women_names)
    incomes = [
        np.median([one.features["annual_income"] for one in group]) for group in (women, men)
    ]
    assert incomes[0] < 0.92 * incomes[1]
    assert ("community" in people[0].protected.attributes) == (people[0].country == "IN")


def test_what_is_not_agreed_to_is_not_said() -> None:
    people = drawn()

    silent = [one for one in people if not one.consents]
    assert silent
    assert all(one.stated == {} and one.attributes for one in silent)
