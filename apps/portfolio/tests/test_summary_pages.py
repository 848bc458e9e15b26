"""The summary: what stands there, what is behind each figure, files, and that it asks little."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from plotly import graph_objects

from apps.accounts.models import Branch, Entity, User
from apps.loans.models import Loan
from apps.npa.tests import portfolio_factories as nights
from apps.portfolio import services, summary_wording
from apps.portfolio.figures import DEFINITIONS, Figure, Period
from apps.portfolio.models import DayTotal
from apps.portfolio.months import last_of

Browser = Callable[[User], Client]
TODAY, at = nights.TODAY, nights.at
DAY = timedelta(days=1)
FIRST = last_of(TODAY)
SECOND = last_of(FIRST + DAY)
NAMES = ("summary", "summary_file", "summary_loans")
SHOWN = [one for one, made in DEFINITIONS.items() if made.period != Period.WINDOW]


@pytest.fixture(autouse=True)
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(SECOND + DAY))


@pytest.fixture
def summed(lent: Loan, india: Entity) -> Loan:
    """A loan paid out today, current at the end of the month, non-performing a month later."""
    nights.ended(india, TODAY)
    nights.snapshot(lent, TODAY, principal=Decimal(200_000))
    nights.ended(india, FIRST)
    nights.snapshot(lent, FIRST)
    nights.ended(india, SECOND)
    nights.npa(lent, SECOND, oldest_due=SECOND - timedelta(days=45), dpd_ifrs=45, dpd_rbi=46)
    services.summarise(entity=india, now=at(SECOND))
    return lent


def _get(client: Client, name: str, **query: str) -> Any:
    return client.get(reverse(f"portfolio:{name}"), query)


def _csv(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def test_before_a_day_was_added_up_the_pages_say_so(signed_in: Browser, charlie: User) -> None:
    client = signed_in(charlie)

    assert "No day was added up yet" in _get(client, "summary").text
    assert _csv(_get(client, "summary_file")) == []
    assert "Nothing here" in _get(client, "summary_loans").text


def test_it_shows_each_figure_its_change_and_its_definition(
    signed_in: Browser, summed: Loan, charlie: User
) -> None:
    page = _get(signed_in(charlie), "summary").text

    for figure in SHOWN:
        assert f'href="#is-{figure.value}"' in page
        assert f'id="is-{figure.value}"' in page
        assert f"figure={figure.value}" in page
    # All of it does not perform, and a month before nothing did not.
    assert "up 100.00 points on a month ago" in page
    assert "1,00,000.00" in page
    assert "data-chart" in page


def test_its_charts_are_such_as_the_library_takes(
    signed_in: Browser, summed: Loan, charlie: User
) -> None:
    page = _get(signed_in(charlie), "summary")

    for name in ("figure", "ageing_figure"):
        made = graph_objects.Figure(page.context[name])
        assert len(made.data) >= 1
    assert [len(line.x) for line in graph_objects.Figure(page.context["figure"]).data] == [2] * 3
    # Each month is named once, under its point.
    named = page.context["figure"]["layout"]["xaxis"]["tickvals"]
    assert named == [FIRST.isoformat(), SECOND.isoformat()]


def test_it_is_of_the_last_day_that_was_added_up_by_the_one_asked_for(
    signed_in: Browser, summed: Loan, charlie: User
) -> None:
    client = signed_in(charlie)

    page = _get(client, "summary", day=(FIRST + DAY).isoformat())

    assert page.context["chosen"].day == FIRST
    assert _get(client, "summary").context["chosen"].day == SECOND
    none = _get(client, "summary", day=(TODAY - DAY).isoformat())
    assert "No day was added up yet" in none.text


def test_a_choice_narrows_it(
    signed_in: Browser, summed: Loan, charlie: User, nashik: Branch
) -> None:
    client = signed_in(charlie)
    own = {"branch": str(summed.branch_id), "product": str(summed.product_id)}

    assert not _get(client, "summary", **own).context["is_empty"]
    segment = summed.product.scoring_segment
    assert not _get(client, "summary", segment=segment).context["is_empty"]
    assert _get(client, "summary", branch=str(nashik.pk)).context["is_empty"]
    assert _get(client, "summary", currency="KES").context["is_empty"]


@pytest.mark.parametrize(
    ("figure", "day", "is_behind"),
    [
        (Figure.OUTSTANDING, SECOND, True),
        (Figure.NPA_RATIO, SECOND, True),
        (Figure.NPA_RATIO, FIRST, False),
        (Figure.PAR30, SECOND, True),
        (Figure.PAR60, SECOND, False),
        (Figure.COLLECTION, FIRST, False),
        (Figure.DISBURSED, FIRST, True),
        (Figure.DISBURSED, SECOND, False),
        (Figure.REPAID, SECOND, False),
        (Figure.WRITTEN_OFF, SECOND, False),
    ],
)
def test_each_figure_leads_to_the_loans_behind_it(
    signed_in: Browser, summed: Loan, charlie: User, figure: Figure, day: Any, is_behind: bool
) -> None:
    page = _get(signed_in(charlie), "summary_loans", figure=figure.value, day=day.isoformat())

    assert (summed.number in page.text) == is_behind
    assert str(summary_wording.TEXTS[figure]) in page.text


def test_payments_stand_behind_what_was_repaid(
    signed_in: Browser, summed: Loan, charlie: User
) -> None:
    due = nights.repaid.due_dates(summed)[0]
    nights.repaid.pay("system:tests", summed, SECOND, 500)
    client = signed_in(charlie)

    page = _get(client, "summary_loans", figure="repaid", day=SECOND.isoformat())

    assert due <= SECOND
    assert summed.number in page.text
    assert "500.00" in page.text


def test_decisions_stand_behind_the_approval_rate(
    signed_in: Browser, summed: Loan, charlie: User
) -> None:
    page = _get(signed_in(charlie), "summary_loans", figure="approval", day=FIRST.isoformat())

    assert summed.application.number in page.text


def test_bands_lead_to_their_loans(signed_in: Browser, summed: Loan, charlie: User) -> None:
    client = signed_in(charlie)

    assert summed.number in _get(client, "summary_loans", band="30-59").text
    assert summed.number not in _get(client, "summary_loans", band="current").text


def test_the_file_holds_every_figure_and_what_it_is_made_of(
    signed_in: Browser, summed: Loan, charlie: User
) -> None:
    rows = _csv(_get(signed_in(charlie), "summary_file"))

    assert [row["day"] for row in rows] == [FIRST.isoformat(), SECOND.isoformat()]
    assert rows[0]["disbursed"] == "200000.00"
    assert (rows[0]["npa_ratio"], rows[1]["npa_ratio"]) == ("0", "1")
    assert rows[1]["of_npa_principal"] == "100000.00"
    assert set(rows[0]) >= {one.value for one in Figure}


def test_it_asks_the_same_few_queries_whatever_the_book(
    signed_in: Browser, summed: Loan, charlie: User, india: Entity
) -> None:
    client = signed_in(charlie)
    _get(client, "summary")
    with CaptureQueriesContext(connection) as few:
        _get(client, "summary")

    for number in range(2, 9):
        day = FIRST - timedelta(days=number)
        nights.ended(india, day)
        nights.snapshot(summed, day)
    services.summarise(entity=india, now=at(SECOND + DAY))
    with CaptureQueriesContext(connection) as many:
        _get(client, "summary")

    assert len(many) == len(few) <= 14
    for query in many.captured_queries:
        assert "npa_loanday" not in query["sql"]
        assert "ledger_" not in query["sql"]
        assert "loans_loan" not in query["sql"]


def test_another_branch_sees_nothing_of_it(
    signed_in: Browser, summed: Loan, make_person: Any, nashik: Branch
) -> None:
    nina = make_person("Nina", "credit_reviewer", branch=nashik)
    assert DayTotal.objects.exists()
    assert not DayTotal.objects.visible_to(nina).exists()


@pytest.mark.parametrize(
    "query",
    [
        {"day": "yesterday", "segment": "nowhere", "figure": "weight"},
        {"branch": "x", "product": "y", "lender": "z", "currency": "ZZZ", "band": "closed"},
        {"after": "x"},
    ],
)
def test_what_is_not_valid_narrows_nothing(
    signed_in: Browser, summed: Loan, charlie: User, query: dict[str, str]
) -> None:
    client = signed_in(charlie)

    for name in NAMES:
        assert _get(client, name, **query).status_code in {200, 400}


def test_roles_without_the_right_are_refused(signed_in: Browser, alice: User) -> None:
    client = signed_in(alice)

    for name in NAMES:
        assert _get(client, name).status_code == 403
