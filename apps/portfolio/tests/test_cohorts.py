"""Cohorts: what is kept is what the loans come to, each cell leads to the loans it counts."""

import csv
import io
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, Entity, User
from apps.loans import services as loans
from apps.loans.models import Loan, Outcome
from apps.npa.models import LoanDay
from apps.npa.tests import portfolio_factories as nights
from apps.portfolio import cohorts, services
from apps.portfolio.cohorts import AGES, Counted, Measure
from apps.portfolio.models import DayVintage, VintageLent, VintagePrepaid
from apps.portfolio.months import Width
from apps.portfolio.services import sharing, totalling
from apps.portfolio.tests import living
from apps.portfolio.vintages import Sum
from apps.repayments.tests import factories as repaid
from apps.servicing import services as servicing
from apps.servicing.tests.factories import money
from benchmarks import loan_book

Browser = Callable[[User], Client]
DAY = timedelta(days=1)
TODAY = repaid.TODAY
MONTH = TODAY.replace(day=1)
THIRD, SIXTH = cohorts.end_of(MONTH, 3), cohorts.end_of(MONTH, 6)
NAMES = ("cohorts", "cohorts_file", "cohort_loans")
JANUARY, MARCH = date(2025, 1, 1), date(2025, 3, 1)


@pytest.fixture
def later(lent: Loan, india: Entity, monkeypatch: pytest.MonkeyPatch) -> Loan:
    """A loan that is 45 days late after three months and 95 after six."""
    monkeypatch.setattr(timezone, "now", lambda: repaid.at(SIXTH + DAY))
    for day, days in ((THIRD, 45), (SIXTH, 95)):
        nights.ended(india, day)
        nights.snapshot(lent, day, dpd_ifrs=days, dpd_rbi=days + 1)
    services.summarise(entity=india, now=repaid.at(SIXTH + DAY))
    return lent


def _get(client: Client, name: str, **query: str) -> Any:
    return client.get(reverse(f"portfolio:{name}"), query)


def _shares(client: Client, measure: str, **query: str) -> list[Decimal | None]:
    (row,) = _get(client, "cohorts", measure=measure, **query).context["rows"]
    return [one["share"] for one in row["cells"]]


def test_what_is_kept_is_what_the_loans_come_to(book: Entity) -> None:
    living.live_through(book, 9)
    last = living.DAYS[-1]
    totalling.total(book, now=loan_book.at(last + DAY, 18))
    sharing.share_out(book)

    for day in (living.DAYS[2], last):
        computed: Counter[Any] = Counter()
        for row in LoanDay.objects.filter(entity=book, day=day).select_related("loan"):
            if row.asset_class in {"closed", "written_off"}:
                continue
            lent_on = row.loan.disbursed_date
            assert lent_on is not None
            place = (lent_on.replace(day=1), row.branch_id, row.loan.product_id)
            computed[*place, "loans"] += 1
            computed[*place, "principal"] += row.principal
            for days in (30, 60, 90):
                if row.dpd_ifrs >= days:
                    computed[*place, f"loans_{days}"] += 1
                    computed[*place, f"principal_{days}"] += row.principal
        kept = {
            (one.vintage, one.branch_id, one.product_id, name): getattr(one, name)
            for one in DayVintage.objects.filter(summed__entity=book, summed__day=day)
            for name in (
                *("loans", "principal", "loans_30", "principal_30"),
                *("loans_60", "principal_60", "loans_90", "principal_90"),
            )
        }
        assert {place: found for place, found in kept.items() if found} == dict(computed)
        assert any(name == "loans_30" for *_place, name in computed)


def test_late_loans_are_counted_at_each_age_and_stand_behind_it(
    signed_in: Browser, later: Loan, charlie: User
) -> None:
    client = signed_in(charlie)

    assert _shares(client, "late_30", by="number") == [1, 1]
    assert _shares(client, "late_60", by="number") == [0, 1]
    assert _shares(client, "late_90", by="number") == [0, 1]
    assert _shares(client, "late_30") == [Decimal("0.5"), Decimal("0.5")]
    # A quarter is counted once its youngest loans have come to the age.
    quarter = _shares(client, "late_90", by="number", width="quarter")
    assert quarter == [0, 1] if TODAY.month % 3 == 0 else quarter == [0]
    choice = {"measure": "late_60", "vintage": MONTH.isoformat()}
    assert later.number not in _get(client, "cohort_loans", age="3", **choice).text
    page = _get(client, "cohort_loans", age="6", **choice)
    assert later.number in page.text
    assert "95" in page.text
    # As known earlier there was no later age.
    assert _shares(client, "late_30", by="number", day=(SIXTH - DAY).isoformat()) == [1]


def test_what_was_repaid_early_counts_from_then_on(
    signed_in: Browser, lent: Loan, india: Entity, alice: User, charlie: User, monkeypatch: Any
) -> None:
    day = cohorts.end_of(MONTH, 4)
    quote = servicing.quote(lent, day, today=day)
    servicing.pay_off(actor=alice, loan=lent, money=money(day, quote.total), now=repaid.at(day))
    monkeypatch.setattr(timezone, "now", lambda: repaid.at(SIXTH + DAY))

    services.summarise(entity=india, now=repaid.at(SIXTH))

    assert VintagePrepaid.objects.get().months_on_book == 4
    client = signed_in(charlie)
    assert _shares(client, "prepaid") == [0, 1]
    choice = {"measure": "prepaid", "vintage": MONTH.isoformat()}
    assert lent.number not in _get(client, "cohort_loans", age="3", **choice).text
    assert lent.number in _get(client, "cohort_loans", age="6", **choice).text


def test_a_rest_that_was_given_up_was_never_lent(
    staged: Loan, india: Entity, alice: User, bob: User
) -> None:
    loan = loans.give_up_rest(
        actor=bob, loan=staged, reason="No more is needed", now=repaid.at(TODAY)
    )
    day = cohorts.end_of(MONTH, 4)
    quote = servicing.quote(loan, day, today=day)
    servicing.pay_off(actor=alice, loan=loan, money=money(day, quote.total), now=repaid.at(day))

    services.summarise(entity=india, now=repaid.at(SIXTH))

    for table in (VintageLent, VintagePrepaid):
        assert [(one.loans, one.principal) for one in table.objects.all()] == [(1, 80_000)]


def test_what_was_written_off_counts_from_then_on(
    signed_in: Browser, lent: Loan, india: Entity, charlie: User, monkeypatch: Any
) -> None:
    day = cohorts.end_of(MONTH, 4)
    Outcome.objects.create(
        loan=lent, defaulted=True, reported_status="Charged off", last_payment_date=day
    )
    monkeypatch.setattr(timezone, "now", lambda: repaid.at(SIXTH + DAY))

    services.summarise(entity=india, now=repaid.at(SIXTH))

    client = signed_in(charlie)
    assert _shares(client, "written_off") == [0, 1]
    choice = {"measure": "written_off", "vintage": MONTH.isoformat()}
    assert lent.number not in _get(client, "cohort_loans", age="3", **choice).text
    assert lent.number in _get(client, "cohort_loans", age="6", **choice).text


def test_the_file_holds_every_measure(signed_in: Browser, later: Loan, charlie: User) -> None:
    answer = _get(signed_in(charlie), "cohorts_file")

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    found = {(row["measure"], row["months_on_book"]): row for row in rows}
    assert set(found) == {(one.value, age) for one in Measure for age in ("3", "6")}
    assert found["late_90", "6"]["principal"] == "100000.00"
    assert found["late_90", "6"]["share_of_principal"] == "0.5"
    assert found["written_off", "6"]["loans"] == "0"


def test_another_branch_sees_nothing_of_it(
    signed_in: Browser, later: Loan, make_person: Any, nashik: Branch
) -> None:
    nina = make_person("Nina", "credit_reviewer", branch=nashik)
    client = signed_in(nina)

    assert _get(client, "cohorts").context["rows"] == []
    choice = {"measure": "late_30", "vintage": MONTH.isoformat(), "age": "6"}
    assert later.number not in _get(client, "cohort_loans", **choice).text


def test_it_says_that_shares_of_branches_mix_after_transfers(
    signed_in: Browser, later: Loan, bob: User, amir: User
) -> None:
    mixes = "after loans moved between branches a share mixes both"
    client = signed_in(amir)

    assert mixes in _get(signed_in(bob), "cohorts").text
    assert mixes not in _get(client, "cohorts").text
    assert mixes in _get(client, "cohorts", branch=str(later.branch_id)).text


@pytest.mark.parametrize(
    "query",
    [
        {"measure": "weight", "width": "week", "day": "yesterday", "age": "5"},
        {"vintage": "x", "branch": "y", "lender": "z", "currency": "ZZZ"},
    ],
)
def test_what_is_not_valid_narrows_nothing(
    signed_in: Browser, later: Loan, charlie: User, query: dict[str, str]
) -> None:
    client = signed_in(charlie)

    for name in NAMES:
        assert _get(client, name, **query).status_code == 200


def test_roles_without_the_right_are_refused(signed_in: Browser, alice: User) -> None:
    for name in NAMES:
        assert _get(signed_in(alice), name).status_code == 403


def test_an_age_is_shown_where_all_of_a_cohort_has_reached_it_and_is_known() -> None:
    lent = {JANUARY: Sum(10, Decimal(1000)), MARCH: Sum(10, Decimal(3000))}
    counted = {(JANUARY, 3): Sum(1, Decimal(100)), (MARCH, 3): Sum(2, Decimal(300))}
    ends = [cohorts.end_of(one, age) for one in lent for age in AGES]

    def quarter(on: date, known: list[date]) -> cohorts.Cohort:
        (found,) = cohorts.cohorts(
            lent, {MARCH: Sum(3, Decimal(9))}, counted, known=known, width=Width.QUARTER, on=on
        )
        return found

    whole = quarter(date(2025, 6, 30), ends)
    assert list(whole.counted) == [3]
    assert (whole.share(3, "number"), whole.share(3, "amount")) == (
        Decimal("0.15"),
        Decimal("0.1"),
    )
    assert whole.share(6, "number") is None
    assert whole.outstanding == Sum(3, Decimal(9))
    # The youngest are not that old yet; a night is missing.
    assert quarter(date(2025, 6, 29), ends).counted == {}
    ends.remove(date(2025, 4, 30))
    assert quarter(date(2025, 6, 30), ends).counted == {}


def test_what_left_is_added_up_over_ages() -> None:
    rows = [
        Counted(JANUARY, 2, Sum(1, Decimal(10))),
        Counted(JANUARY, 3, Sum(1, Decimal(5))),
        Counted(JANUARY, 7, Sum(1, Decimal(1))),
    ]

    found = cohorts.cumulative(rows)

    assert [found[JANUARY, age].amount for age in (3, 6, 9, 36)] == [15, 15, 16, 16]
