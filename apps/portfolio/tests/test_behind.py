"""What stands behind a figure comes to the figure, and is for who may see it."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import Branch, Entity, User
from apps.applications.models import Application
from apps.loans.models import Loan
from apps.npa import portfolio_rows
from apps.npa.tests import portfolio_factories as nights
from apps.portfolio import due_loans, figures, money_loans, services, summary_loans, summary_rows
from apps.portfolio.figures import MONEY, Figure, Sums
from apps.portfolio.models import DayTotal
from apps.portfolio.services import totalling
from apps.portfolio.summary_rows import Chosen
from apps.portfolio.tests import living
from apps.repayments.tests import factories as repaid
from apps.servicing import services as servicing
from benchmarks import loan_book

Browser = Callable[[User], Client]
DAY = timedelta(days=1)
START = {"after": "", "before": ""}


@pytest.fixture
def due(lent: Loan, india: Entity, monkeypatch: pytest.MonkeyPatch) -> date:
    """The day on which the first instalment falls due, and on which it is not paid."""
    day = repaid.due_dates(lent)[0]
    monkeypatch.setattr(timezone, "now", lambda: repaid.at(day + 9 * DAY))
    return day


def _ended(loan: Loan, *days: date) -> None:
    for day in days:
        nights.ended(loan.branch.entity, day)
        nights.snapshot(Loan.objects.get(pk=loan.pk), day)


def _totals(day: date) -> dict[str, Sums]:
    rows = DayTotal.objects.filter(summed__day=day)
    names = figures.COLUMNS
    return {row.branch.code: Sums(**{name: getattr(row, name) for name in names}) for row in rows}


@pytest.mark.parametrize("seed", [5, 6])
def test_what_stands_behind_money_and_payment_comes_to_the_figures(book: Entity, seed: int) -> None:
    living.live_through(book, seed)
    totalling.total(book, now=loan_book.at(living.DAYS[-1] + DAY, 18))
    person = living.auditor()
    found = Sums()
    for day in (living.DAYS[2], living.DAYS[-1]):
        chosen = Chosen(entity=book, currency=book.currency, day=day)
        sums = summary_rows.summary(person, chosen).now
        found += sums
        for name in ("disbursed", "repaid", "written_off", "recovered"):
            rows = money_loans.entries(person, chosen, MONEY[name])
            assert sum((one.moved for one in rows), Decimal(0)) == getattr(sums, name), name
        late = sums.instalments - sums.on_time
        for figure in due_loans.FIGURES[1:]:
            assert due_loans.short(person, chosen, figure).count() == late
        missing = due_loans.short(person, chosen, Figure.COLLECTION)
        assert sum(one.missing for one in missing) == sums.due - sums.collected
    assert min(found.repaid, found.due - found.collected, found.instalments - found.on_time) > 0


def test_no_more_is_collected_than_fell_due_where_days_begin_within_a_month(
    lent: Loan, india: Entity, due: date
) -> None:
    _ended(lent, due + DAY)
    repaid.pay("system:tests", lent, due + 2 * DAY, 5000)
    _ended(lent, due + 2 * DAY)

    services.summarise(entity=india, now=repaid.at(due + 3 * DAY))

    (found,) = _totals(due + 2 * DAY).values()
    assert found.repaid == 5000
    assert (found.due, found.collected) == (0, 0)


def test_what_is_collected_stands_beside_what_fell_due_also_where_the_loan_moved(
    lent: Loan,
    india: Entity,
    due: date,
    alice: User,
    make_person: Any,
    nashik: Branch,
) -> None:
    chen = make_person("Chen", "credit_reviewer")
    nina = make_person("Nina", "credit_reviewer", branch=nashik)
    _ended(lent, due)
    transfer = servicing.propose_transfer(
        actor=alice,
        loan=lent,
        to_branch=nashik,
        reason="The borrower moved to Nashik",
        now=repaid.at(due + DAY),
    )
    servicing.approve_transfer(actor=nina, transfer=transfer, now=repaid.at(due + DAY))
    moved = Loan.objects.get(pk=lent.pk)
    _ended(moved, due + DAY)
    repaid.pay("system:tests", moved, due + 2 * DAY, 5000)
    _ended(moved, due + 2 * DAY)

    services.summarise(entity=india, now=repaid.at(due + 3 * DAY))

    found = _totals(due + 2 * DAY)
    assert found["nashik"].repaid == 5000
    assert (found["nashik"].due, found["nashik"].collected) == (0, 0)
    assert found["pune"].due > found["pune"].collected == 5000
    chosen = Chosen(entity=india, currency="INR", day=due + 2 * DAY)
    # Who works where the loan was sees what is missing there, who works where it is what came in.
    missing = summary_loans.listed(
        chen, chosen, figure=Figure.COLLECTION, band=None, position=START
    )
    assert [one.amount for one in missing.rows] == [found["pune"].due - 5000]
    assert money_loans.entries(chen, chosen, MONEY["repaid"]).count() == 0
    assert money_loans.entries(nina, chosen, MONEY["repaid"]).get().moved == 5000


def test_what_was_paid_late_stays_behind_what_was_not_paid_on_its_day(
    lent: Loan, india: Entity, due: date, charlie: User
) -> None:
    _ended(lent, due)
    first = lent.instalments.get(in_force=True, due_date=due)
    repaid.pay("system:tests", lent, due + DAY, first.due)
    _ended(lent, due + DAY)
    services.summarise(entity=india, now=repaid.at(due + 2 * DAY))
    chosen = Chosen(entity=india, currency="INR", day=due + DAY)

    on_time = summary_loans.listed(
        charlie, chosen, figure=Figure.ON_TIME, band=None, position=START
    )
    collection = summary_loans.listed(
        charlie, chosen, figure=Figure.COLLECTION, band=None, position=START
    )

    assert [(one.number, one.day, one.amount) for one in on_time.rows] == [
        (lent.number, due, first.due)
    ]
    assert collection.rows == []


@pytest.mark.parametrize(
    ("role", "figure", "status"),
    [
        ("risk_analyst", "repaid", 403),
        ("risk_analyst", "recovered", 403),
        ("risk_analyst", "written_off", 403),
        ("risk_analyst", "approval", 200),
        ("risk_analyst", "npa_ratio", 200),
        ("collections_officer", "approval", 403),
        ("collections_officer", "repaid", 200),
        ("credit_manager", "repaid", 200),
        ("credit_manager", "approval", 200),
    ],
)
def test_a_list_needs_the_right_to_what_it_lists(
    signed_in: Browser,
    lent: Loan,
    due: date,
    make_person: Any,
    pune: Branch,
    role: str,
    figure: str,
    status: int,
) -> None:
    _ended(lent, due)
    services.summarise(entity=pune.entity, now=repaid.at(due + DAY))
    client = signed_in(make_person("Rolf", role, branch=pune))

    page = client.get(reverse("portfolio:summary"))
    answer = client.get(reverse("portfolio:summary_loans"), {"figure": figure})

    assert answer.status_code == status
    # The summary leads only where the list opens.
    assert (f"figure={figure}" in page.text) == (status == 200)


def test_requests_of_other_branches_stand_behind_no_sum_of_the_person(
    lent: Loan, india: Entity, make_person: Any, pune: Branch, nashik: Branch
) -> None:
    chen = make_person("Chen", "credit_reviewer", branch=pune)
    chosen = Chosen(entity=india, currency="INR", day=repaid.TODAY)

    def behind() -> int:
        found = summary_loans.listed(
            chen, chosen, figure=Figure.APPROVAL, band=None, position=START
        )
        return len(found.rows)

    assert behind() == 1
    Application.objects.filter(pk=lent.application_id).update(branch=nashik)
    accounts.grant_application(
        actor=make_person("Ada", "administrator"),
        person=chen,
        number=lent.application.number,
        reason="Case 12",
    )
    assert Application.objects.visible_to(chen).exists()
    assert behind() == 0


def test_after_its_last_loan_a_branch_is_shown_the_last_day_that_was_ended(
    lent: Loan, india: Entity, nashik: Branch, make_person: Any
) -> None:
    reviewer = make_person("Chen", "credit_reviewer", branch=lent.branch)
    nights.snapshot(lent, repaid.TODAY)
    nights.night(india, repaid.TODAY)
    later = repaid.TODAY + DAY
    nights.night(india, later)

    assert portfolio_rows.last_day(reviewer, india) == later
