"""What is kept of each day is what the loans come to, also where a day is ended once more."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from apps.accounts.models import Branch, Entity, User
from apps.loans.models import Loan, ScheduleVersion
from apps.npa import services as npa
from apps.npa.tests import day_factories as nights
from apps.npa.tests import portfolio_factories
from apps.portfolio import services
from apps.portfolio.figures import Sums
from apps.portfolio.models import DayBand, DayTotal, SummedDay
from apps.portfolio.services import totalling
from apps.portfolio.tests import full, living
from apps.repayments.tests import factories as repaid
from benchmarks import loan_book


def _assert_equal(entity: Entity) -> None:
    """Compare everything that is kept with the computation from the loans."""
    kept, computed = full.kept(entity), full.computed(entity, living.DAYS)
    assert kept == computed
    assert full.kept_bands(entity) == full.computed_bands(entity, living.DAYS)


@pytest.mark.parametrize("seed", [1, 2])
def test_totals_are_what_the_loans_come_to(book: Entity, seed: int) -> None:
    living.live_through(book, seed)
    now = loan_book.at(living.DAYS[-1] + living.DAY, 18)

    assert totalling.total(book, now=now) == living.DAYS

    _assert_equal(book)
    # Not equal because nothing happened.
    last = [one for (day, *_rest), one in full.kept(book).items() if day == living.DAYS[-1]]
    whole = sum(last, Sums())
    assert whole.loans == 20
    assert min(whole.npa_loans, whole.over_30, whole.repaid, whole.interest_income) > 0
    assert totalling.total(book, now=now) == []


def test_a_change_of_schedule_leaves_what_fell_due_before_as_it_was(book: Entity) -> None:
    living.live_through(
        book, 10, ended=lambda day: totalling.total(book, now=loan_book.at(day + living.DAY, 18))
    )
    now = loan_book.at(living.DAYS[-1] + living.DAY, 18)
    as_told = full.kept(book)
    replaced = ScheduleVersion.objects.filter(in_force=False, ends_on__in=living.CHANGES)
    fell_due = replaced.filter(instalments__due_date=F("ends_on") - living.DAY)
    assert fell_due.exists()

    assert totalling.total(book, now=now, again=True) == living.DAYS

    assert full.kept(book) == as_told
    _assert_equal(book)
    for sums in as_told.values():
        assert sums.collected <= sums.due
        assert sums.on_time <= sums.instalments


def test_a_payment_reported_late_changes_the_days_since(book: Entity) -> None:
    living.live_through(book, 3)
    now = loan_book.at(living.DAYS[-1] + living.DAY, 18)
    totalling.total(book, now=now)
    before = full.kept(book)
    late = Loan.objects.order_by("number")[18]
    on = living.DAYS[1]

    living.pay(late, on, Decimal(2_000), at=living.DAYS[-1])
    living.end(book, on, at=living.DAYS[-1])
    made = totalling.total(book, now=now)

    assert made[0] == on
    assert set(made) == set(living.DAYS[1:])
    _assert_equal(book)
    after = full.kept(book)
    changed = {place[0] for place in after if after[place] != before[place]}
    assert changed == set(living.DAYS[1:])
    repaid_on = [
        sum((s.repaid for p, s in one.items() if p[0] == on), Decimal(0)) for one in (before, after)
    ]
    assert repaid_on[1] - repaid_on[0] == 2_000


def test_what_is_posted_to_an_open_day_is_seen_before_it_is_ended_again(book: Entity) -> None:
    living.live_through(book, 4)
    now = loan_book.at(living.DAYS[-1] + living.DAY, 18)
    totalling.total(book, now=now)
    loan = Loan.objects.order_by("number")[0]

    living.pay(loan, living.DAYS[2], Decimal(500), at=living.DAYS[-1])

    assert totalling.total(book, now=now) == [living.DAYS[2]]
    kept, computed = full.kept(book), full.computed(book, living.DAYS)
    assert {p: s.repaid for p, s in kept.items()} == {p: s.repaid for p, s in computed.items()}


def test_a_closed_day_is_asked_no_more(book: Entity) -> None:
    living.end(book, living.DAYS[0])
    now = loan_book.at(living.DAYS[0] + living.DAY, 18)
    totalling.total(book, now=now)
    assert not SummedDay.objects.get().is_final

    npa.end_day(actor=loan_book.CLERK, entity=book, day=living.DAYS[0], now=now, close=True)
    totalling.total(book, now=now)

    assert SummedDay.objects.get().is_final
    assert totalling.total(book, now=now) == []
    assert totalling.total(book, now=now, again=True) == [living.DAYS[0]]
    assert full.kept(book) == full.computed(book, living.DAYS[:1])


def test_what_is_lent_and_decided_counts_on_its_day(lent: Loan, india: Entity, alice: User) -> None:
    nights.rules()
    nights.end(lent, nights.TODAY)
    nights.end(lent, nights.TODAY + living.DAY)

    made = services.summarise(entity=india, now=repaid.at(nights.TODAY + 2 * living.DAY))

    assert made.days == 2
    assert full.kept(india) == full.computed(india, [nights.TODAY, nights.TODAY + living.DAY])
    today = DayTotal.objects.get(summed__day=nights.TODAY)
    assert (today.disbursed, today.approved, today.declined) == (200_000, 1, 0)
    assert (today.loans, today.principal) == (1, 200_000)


def test_the_database_knows_the_bands_of_days(lent: Loan, india: Entity, pune: Branch) -> None:
    portfolio_factories.ended(india, nights.TODAY)
    day = SummedDay.objects.create(
        entity=india, day=nights.TODAY, run=1, entries=0, is_final=False, made_at=repaid.NOW
    )
    values: dict[str, Any] = {"branch": pune, "product": lent.product, "currency": "INR"}
    with pytest.raises(IntegrityError, match="portfolio_band_known"), transaction.atomic():
        DayBand.objects.create(summed=day, asset_class="standard", band="closed", **values)
    assert not DayBand.objects.exists()
