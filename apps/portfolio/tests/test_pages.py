"""The pages of portfolio risk: what stands there, the loans behind it, files, few queries."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Entity, User
from apps.loans.models import Loan
from apps.npa.tests import portfolio_factories as nights
from apps.portfolio import services
from apps.portfolio.models import RolledDay
from apps.portfolio.months import last_of

Browser = Callable[[User], Client]
TODAY, NOW, at = nights.TODAY, nights.NOW, nights.at
FIRST = last_of(TODAY)
SECOND = last_of(FIRST + timedelta(days=1))
NAMES = ("vintages", "vintages_file", "vintage_loans", "roll_rates", "roll_rates_file")


@pytest.fixture(autouse=True)
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(SECOND + timedelta(days=1)))


@pytest.fixture
def rolled(lent: Loan, india: Entity) -> Loan:
    """A loan that was current at the end of a month and 45 days late at the end of the next."""
    for day, days in ((FIRST, 0), (SECOND, 45)):
        nights.ended(india, day)
        nights.snapshot(lent, day, dpd_ifrs=days, dpd_rbi=days)
    services.summarise(entity=india, now=at(SECOND))
    return lent


def _get(client: Client, name: str, **query: str) -> Any:
    return client.get(reverse(f"portfolio:{name}"), query)


def _csv(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def test_before_anything_is_known_the_pages_say_so(signed_in: Browser, charlie: User) -> None:
    client = signed_in(charlie)

    assert "were not yet" in _get(client, "vintages").text
    assert "No month to compare yet" in _get(client, "roll_rates").text
    assert _csv(_get(client, "roll_rates_file")) == []
    assert "No month to compare yet" in _get(client, "roll_loans").text


def test_vintages_show_what_was_lent_and_lead_to_the_loans(
    signed_in: Browser, rolled: Loan, charlie: User, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(charlie)
    _get(client, "vintages")

    with django_assert_max_num_queries(14):
        page = _get(client, "vintages", width="month").text

    assert "2,00,000.00" in page
    assert '<option value="quarter" selected>' in _get(client, "vintages").text
    month = TODAY.replace(day=1).isoformat()
    assert f"vintage={month}" in page
    behind = _get(client, "vintage_loans", width="month", vintage=month)
    assert rolled.number in behind.text
    none = _get(client, "vintage_loans", width="month", vintage=month, lost="on")
    assert rolled.number not in none.text
    assert "No loan here" in none.text
    other = _get(client, "vintage_loans", width="month", vintage=SECOND.isoformat())
    assert rolled.number not in other.text


def test_roll_rates_show_where_loans_went_and_lead_to_them(
    signed_in: Browser, rolled: Loan, charlie: User, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(charlie)
    _get(client, "roll_rates")

    with django_assert_max_num_queries(14):
        page = _get(client, "roll_rates").text

    assert "100.0" in page
    assert "was=current&amp;became=30-59" in page
    behind = _get(client, "roll_loans", was="current", became="30-59").text
    assert rolled.number in behind
    assert rolled.number not in _get(client, "roll_loans", was="current", became="1-29").text


def test_roll_rates_say_where_a_night_left_no_snapshot(
    signed_in: Browser, rolled: Loan, charlie: User
) -> None:
    client = signed_in(charlie)
    said = "left no snapshot of some loans"
    assert said not in _get(client, "roll_rates").text

    RolledDay.objects.update(missing=1)

    assert said in _get(client, "roll_rates").text


def test_files_hold_what_the_pages_show(signed_in: Browser, rolled: Loan, charlie: User) -> None:
    client = signed_in(charlie)

    [cell] = _csv(_get(client, "roll_rates_file"))
    rows = _csv(_get(client, "vintages_file", width="month"))

    assert (cell["before"], cell["after"], cell["loans"]) == ("current", "30-59", "1")
    assert (cell["principal"], cell["share"]) == ("100000.00", "1")
    assert (rows[0]["principal_lent"], rows[0]["principal_lost"]) == ("200000.00", "0")


@pytest.mark.parametrize(
    "query",
    [
        {"day": "yesterday", "width": "decade", "by": "weight"},
        {"month": "2020-13-01", "was": "closed", "became": "nowhere"},
        {"branch": "x", "product": "y", "lender": "z", "currency": "ZZZ", "vintage": "0"},
        {"after": "x"},
    ],
)
def test_what_is_not_valid_narrows_nothing(
    signed_in: Browser, rolled: Loan, charlie: User, query: dict[str, str]
) -> None:
    client = signed_in(charlie)

    for name in (*NAMES, "roll_loans"):
        assert _get(client, name, **query).status_code in {200, 400}


def test_roles_without_the_right_are_refused(signed_in: Browser, alice: User) -> None:
    client = signed_in(alice)

    for name in (*NAMES, "roll_loans"):
        assert _get(client, name).status_code == 403
