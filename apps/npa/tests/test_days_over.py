"""A day can be ended once it is over by the clock of its lender, and the beat asks for each."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.accounts.models import Entity
from apps.loans.models import Loan
from apps.npa import services, tasks
from apps.npa.errors import DayNotOver
from apps.npa.models import DayEnd
from apps.npa.services import ending
from apps.npa.tests import day_factories as days
from apps.repayments.tests import factories as repaying

pytestmark = pytest.mark.django_db
DAY = repaying.later(3)
# Half past midnight in India is the evening before in Kenya.
MIDNIGHT = datetime.combine(DAY + timedelta(days=1), time(0, 30), tzinfo=ZoneInfo("Asia/Kolkata"))


@pytest.fixture
def loan(lent: Loan) -> Loan:
    """A loan that was paid out, and the rules of its lender."""
    days.rules()
    return lent


def _moved_to(loan: Loan, zone: str) -> Entity:
    Entity.objects.filter(pk=loan.branch.entity_id).update(time_zone=zone)
    return Entity.objects.get(pk=loan.branch.entity_id)


def test_a_day_that_is_not_over_where_the_lender_is_cannot_be_ended(loan: Loan) -> None:
    kenyan = _moved_to(loan, "Africa/Nairobi")

    for act in (services.end_day, ending.require_endable):
        with pytest.raises(DayNotOver):
            act(actor=days.CLERK, entity=kenyan, day=DAY, now=MIDNIGHT)
    assert not DayEnd.objects.exists()

    indian = _moved_to(loan, "Asia/Kolkata")
    ended = services.end_day(actor=days.CLERK, entity=indian, day=DAY, now=MIDNIGHT, close=False)
    assert (ended.day, ended.status) == (DAY, "finished")


def test_what_is_missing_is_missing_by_the_clock_of_the_lender(loan: Loan) -> None:
    last = {}
    for zone in ("Africa/Nairobi", "Asia/Kolkata"):
        services.end_missing(actor=days.CLERK, entity=_moved_to(loan, zone), now=MIDNIGHT)
        last[zone] = DayEnd.objects.order_by("-day").values_list("day", flat=True)[0]

    assert last == {"Africa/Nairobi": DAY - timedelta(days=1), "Asia/Kolkata": DAY}


def test_the_beat_asks_for_every_lender_by_itself(
    loan: Loan, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    sent = []
    monkeypatch.setattr("apps.core.jobs._dispatch", lambda task, given: sent.append((task, given)))
    Entity.objects.create(
        code="umoja",
        name="Umoja SACCO",
        kind=Entity.Kind.SACCO,
        country="KE",
        currency="KES",
        time_zone="Africa/Nairobi",
    )

    with django_capture_on_commit_callbacks(execute=True):
        asked = tasks.end_missing()

    lenders = Entity.objects.order_by("code").values_list("pk", flat=True)
    assert asked == len(lenders) == 2
    assert sent == [("npa.end_day", {"entity_id": str(key)}) for key in lenders]
