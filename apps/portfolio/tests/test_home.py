"""What the portfolio earns, and its figures on the start page."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, Entity, User
from apps.ledger.chart import Account
from apps.ledger.models import Line
from apps.loans.models import Loan
from apps.npa.models import LoanDay
from apps.npa.tests import day_factories as nights
from apps.portfolio import earning, services, summary_page, summary_rows
from apps.portfolio.figures import Figure, Sums
from apps.portfolio.summary_rows import Chosen, Summary
from apps.repayments import services as repayments
from apps.repayments.facts import Bucket, Waiver
from apps.repayments.tests import factories as repaid
from apps.servicing import services as servicing

Browser = Callable[[User], Client]
DAY = timedelta(days=1)


@pytest.fixture
def moved(lent: Loan, alice: User, make_person: Any, nashik: Branch) -> date:
    """A loan that was provided for in Pune, moved to Nashik, and had interest waived there."""
    nights.rules()
    day = repaid.due_dates(lent)[0] + DAY
    nights.end(lent, day)
    nina = make_person("Nina", "credit_reviewer", branch=nashik)
    transfer = servicing.propose_transfer(
        actor=alice,
        loan=lent,
        to_branch=nashik,
        reason="The borrower moved to Nashik",
        now=repaid.at(day + DAY),
    )
    servicing.approve_transfer(actor=nina, transfer=transfer, now=repaid.at(day + DAY))
    repayments.enter(
        actor=make_person("Nils", "loan_officer", branch=nashik),
        approved_by=nina,
        loan=Loan.objects.get(pk=lent.pk),
        fact=Waiver(day=day + DAY, amount=Decimal(100), bucket=Bucket.INTEREST, reason="Was ill"),
        reference="W-1",
        now=repaid.at(day + DAY),
    )
    nights.end(Loan.objects.get(pk=lent.pk), day + DAY)
    return day + DAY


def _booked(accounts: Iterable[Account], since: date, **where: Any) -> Decimal:
    rows = Line.objects.filter(account__in=[one.value for one in accounts], day__gte=since)
    return sum((one.debit - one.credit for one in rows.filter(**where)), Decimal(0))


def test_what_a_month_cost_stays_in_the_branch_that_had_it(
    moved: date, india: Entity, pune: Branch, nashik: Branch, make_person: Any, amir: User
) -> None:
    first = moved.replace(day=1)
    services.summarise(entity=india, now=repaid.at(moved + DAY))
    chosen = Chosen(entity=india, currency="INR", day=moved)
    people = {
        pune: make_person("Petra", "credit_reviewer", branch=pune),
        nashik: make_person("Nora", "credit_reviewer", branch=nashik),
    }

    cost = {one: earning.cost_of_credit(person, chosen) for one, person in people.items()}

    before = LoanDay.objects.get(day=moved - DAY).provision
    after = LoanDay.objects.get(day=moved).provision
    # The ledger released it where the loan was: a stock that left is no gain of that branch.
    assert _booked([Account.PROVISION_EXPENSE], first, branch=pune) == 0
    assert cost[pune] == before > 0
    assert cost[nashik] == after - before + 100
    assert earning.cost_of_credit(amir, chosen) == cost[pune] + cost[nashik]
    assert earning.cost_of_credit(amir, chosen) == _booked(earning.COST, first)
    found = summary_rows.summary(people[nashik], chosen)
    assert earning.earned(people[nashik], chosen, found) == (
        found.now.interest_income - cost[nashik]
    )


def test_the_start_page_says_whose_it_is_and_leads_to_what_it_is(
    moved: date,
    india: Entity,
    pune: Branch,
    make_person: Any,
    amir: User,
    signed_in: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services.summarise(entity=india, now=repaid.at(moved + DAY))
    monkeypatch.setattr(timezone, "now", lambda: repaid.at(moved + DAY))
    petra = signed_in(make_person("Petra", "credit_reviewer", branch=pune))

    of_branch, of_all = petra.get("/").text, signed_in(amir).get("/").text

    assert "of your branches" in of_branch
    assert "of your branches" not in of_all
    for page in (of_branch, of_all):
        assert "Interest less cost of credit" in page
        assert "before fees and funding" in page
        assert "#is-earned" in page
    assert 'id="is-earned"' in petra.get(reverse("portfolio:summary")).text


def _noted(was: Decimal) -> str:
    then = Sums(principal=was)
    found = Summary(
        day=date(2026, 11, 20),
        now=Sums(principal=Decimal(100)),
        month_before=then,
        year_before=None,
        ended=None,
        trend=[],
    )
    (row,) = summary_page.stats(found, "INR", lambda **_more: "", [Figure.OUTSTANDING])
    return str(row["note"])


def test_what_did_not_change_is_said_in_words_of_its_own() -> None:
    assert _noted(Decimal(100)) == "the same as a month ago"
    assert _noted(Decimal(80)) == "up 25.0\N{NARROW NO-BREAK SPACE}% on a month ago"
