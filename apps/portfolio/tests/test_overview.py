"""The start page of who directs a lender: what to ask about before how it does, and no borrower."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Entity, User
from apps.core import home
from apps.loans.models import Loan
from apps.npa.models import Alert
from apps.npa.tests import portfolio_factories as nights
from apps.portfolio import overview, services, summary_rows
from apps.portfolio.figures import Figure
from apps.portfolio.months import last_of

Browser = Callable[[User], Client]
TODAY, at = nights.TODAY, nights.at
DAY = timedelta(days=1)
FIRST = last_of(TODAY)
SECOND = last_of(FIRST + DAY)


@pytest.fixture
def summed(lent: Loan, india: Entity, charlie: User, monkeypatch: pytest.MonkeyPatch) -> Loan:
    """A loan that performs at the end of a month and not at that of the next: above the bound."""
    monkeypatch.setattr(timezone, "now", lambda: at(SECOND + DAY))
    nights.threshold(charlie, india, "npa_ratio", "0.05")
    nights.threshold(charlie, india, "largest_borrower", "0.5")
    nights.ended(india, FIRST)
    nights.snapshot(lent, FIRST)
    nights.npa(lent, SECOND)
    nights.night(india, SECOND)
    services.summarise(entity=india, now=at(SECOND + DAY))
    return lent


def _shown(name: str, actor: User) -> dict[str, Any]:
    return home.panel(name).gather(actor, timezone.now()) or {}


def test_it_says_what_to_ask_about_and_whom_first(
    summed: Loan, esther: User, signed_in: Browser
) -> None:
    page = signed_in(esther).get("/").text

    assert Alert.objects.filter(status="open").count() == 2
    for one, number in (("portfolio.alerts", 2), ("portfolio.worse", 2)):
        assert home.counted(one).count(esther, timezone.now()) == number
        assert f'data-count="waiting:{one}">{number}</span>' in page
    places = [page.index(text) for text in ("What to ask about now", "The lender at a glance")]
    assert places == sorted(places)
    assert page.count('data-label="Whom to ask">Charlie</td>') == 2
    # Branch by branch: one of them is to be asked.
    worst = [row["code"] for row in _shown("portfolio.attention", esther)["worse"]]
    assert worst == [Figure.NPA_RATIO.value, Figure.PAR30.value]
    split = f"{reverse('portfolio:split')}?lender={summed.branch.entity.code}&amp;day={SECOND}"
    assert f"{split}&amp;currency=INR&amp;split=branch&amp;period=day" in page


def test_it_says_so_where_nothing_is_to_be_asked(
    lent: Loan, india: Entity, esther: User, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(FIRST + 3 * DAY))
    before = signed_in(esther).get("/").text
    nights.ended(india, FIRST)
    nights.snapshot(lent, FIRST)
    services.summarise(entity=india, now=at(FIRST + DAY))

    page = signed_in(esther).get("/").text

    assert "No day was added up yet" in before
    assert "Nothing to ask about" in page
    # Two days are over since, and nobody ended them.
    assert "No later day was added up: ask who ends the days." in page


def test_it_shows_book_growth_quality_and_profit_as_they_are_kept(
    summed: Loan, esther: User, signed_in: Browser
) -> None:
    shown = _shown("portfolio.overview", esther)
    chosen = overview.chosen_by(esther)
    assert chosen is not None
    found = summary_rows.summary(esther, chosen)

    rows = {row["name"]: row for group in shown["groups"] for row in group["rows"]}
    names = [str(group["name"]) for group in shown["groups"]]

    assert names == ["The book", "Growth", "Quality", "Profit"]
    assert rows["Loans on the books"]["value"] == "1"
    assert rows["Loans on the books"]["month"]["is_same"]
    assert found.now.loans == 1
    income, cost = found.now.interest_income, Decimal(0)
    assert rows["Interest less cost of credit"]["value"] == overview.summary_page.shown(
        Figure.REPAID, income - cost, "INR"
    )
    assert rows["Interest less cost of credit"]["year"]["change"] == ""
    assert not shown["is_behind"]


def test_it_has_the_overview_instead_of_the_few_figures_of_others(
    summed: Loan, esther: User, charlie: User, signed_in: Browser
) -> None:
    page, others = signed_in(esther).get("/").text, signed_in(charlie).get("/").text

    assert 'id="home-overview"' in page
    assert 'id="home-portfolio"' not in page
    assert 'id="home-attention"' not in others
    assert 'id="home-portfolio"' in others


def test_it_names_no_borrower_and_lists_no_loan(
    summed: Loan, esther: User, signed_in: Browser
) -> None:
    client = signed_in(esther)
    pages = ["", "portfolio:summary", "portfolio:split", "portfolio:vintages", "portfolio:cohorts"]
    pages += ["portfolio:roll_rates", "portfolio:concentration"]

    for one in pages:
        page = client.get(reverse(one) if one else "/")
        assert page.status_code == 200, one
        assert summed.number not in page.text, one
        assert summed.customer.number not in page.text, one
        assert summed.customer.full_name not in page.text, one
    assert client.get(reverse("portfolio:summary_loans"), {"figure": "par30"}).status_code == 403
    for one in ("concentration_loans", "vintage_loans", "cohort_loans", "roll_loans"):
        assert client.get(reverse(f"portfolio:{one}")).status_code == 403, one
    for one in ("npa:overview", "npa:loans", "npa:findings", "loans:list"):
        assert client.get(reverse(one)).status_code == 403, one


def test_it_asks_as_much_however_many_loans_there_are(
    summed: Loan, india: Entity, esther: User, signed_in: Browser
) -> None:
    client = signed_in(esther)
    client.get("/")
    cache.clear()

    with CaptureQueriesContext(connection) as found:
        client.get("/")

    assert len(found) == 20
    assert not any('FROM "npa_loanday"' in one["sql"] for one in found.captured_queries)
