"""Nights of the demonstration: what is watched, and by whom; which books are closed."""

from datetime import timedelta

import pytest

from apps.accounts.models import Entity, User
from apps.demo import nights, people
from apps.ledger.models import Closing
from apps.loans.models import Loan
from apps.npa import services
from apps.npa.measures import Measure
from apps.npa.models import DayEnd, Threshold
from apps.npa.tests import day_factories as days
from apps.repayments.tests import factories as repaying

pytestmark = pytest.mark.django_db


def test_it_watches_the_portfolio_in_the_name_of_the_credit_manager(
    india: Entity, charlie: User
) -> None:
    nights.watch(india)
    assert not Threshold.objects.exists(), "nobody of the demonstration works there"
    address = next(one.email for one in people.PEOPLE if one.role == "credit_manager")
    User.objects.filter(pk=charlie.pk).update(email=address)

    nights.watch(india)
    nights.watch(india)

    rows = Threshold.objects.filter(entity=india, owner=charlie, is_watched=True)
    # How large a branch may be is for each lender to say.
    assert set(rows.values_list("measure", flat=True)) == set(Measure) - {Measure.LARGEST_BRANCH}


def test_it_closes_the_books_of_all_days_but_the_last(lent: Loan) -> None:
    days.rules()
    entity = lent.branch.entity
    now = repaying.at(repaying.later(10))

    said = nights.write(now=now)

    states = list(DayEnd.objects.order_by("day").values_list("status", flat=True))
    last_closed = repaying.later(9 - nights.OPEN_DAYS)
    assert said == [f"10 days of {entity.name} ended"]
    assert states == ["closed"] * (10 - nights.OPEN_DAYS) + ["finished"] * nights.OPEN_DAYS
    assert Closing.objects.filter(entity=entity).latest("day").day == last_closed
    assert nights.write(now=now) == []


def test_the_days_it_leaves_open_close_once_a_person_lifts_the_first(lent: Loan) -> None:
    days.rules()
    entity = lent.branch.entity
    now = repaying.at(repaying.later(10))
    nights.write(now=now)
    held = DayEnd.objects.exclude(kept_open_by="").get()

    services.end_day(actor=days.CLERK, entity=entity, day=held.day, now=now, close=True)
    services.end_missing(actor=days.CLERK, entity=entity, now=now)

    assert held.day == repaying.later(9) - timedelta(days=nights.OPEN_DAYS - 1)
    assert not DayEnd.objects.exclude(status="closed").exists()
