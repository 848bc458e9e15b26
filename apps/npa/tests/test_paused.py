"""A borrower in hardship is left alone; what the regulator asks for counts on all the same."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.loans.models import Loan
from apps.npa.models import LoanDay
from apps.npa.tests import day_factories as days
from apps.repayments.tests import factories as repaying
from apps.servicing import services as servicing
from apps.servicing.models import Pause

pytestmark = pytest.mark.django_db
# What a night leaves of a loan for the regulator and the books.
_TOLD = ("day", "dpd_rbi", "dpd_ifrs", "asset_class", "bucket", "npa_date", "oldest_due", "missed")
_SUMS = ("principal", "interest_due", "charges_due", "interest_suspended", "provision")
Agree = Callable[[date, date], object]


def _nights(loan: Loan, nights: list[date]) -> list[tuple[Any, ...]]:
    days.end_until(loan, nights[0], nights[-1])
    return list(LoanDay.objects.filter(loan=loan).order_by("day").values_list(*_TOLD, *_SUMS))


@pytest.fixture
def agree(
    request: pytest.FixtureRequest,
    lent: Loan,
    bob: User,
    signed_in: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> Agree:
    """Agree on a pause on its first day: by the service, on the page, or over the API."""

    def by_service(first: date, last: date) -> object:
        return servicing.pause(
            actor=bob,
            loan=lent,
            starts_on=first,
            ends_on=last,
            reason="Flood in the village",
            now=repaying.at(first),
        )

    def by_request(first: date, last: date) -> object:
        monkeypatch.setattr(timezone, "now", lambda: repaying.at(first))
        sent = {"starts_on": str(first), "ends_on": str(last), "reason": "Flood in the village"}
        if request.param == "page":
            return signed_in(bob).post(reverse("servicing:pause", args=[lent.pk]), sent)
        path = f"/api/v1/loans/{lent.pk}/pauses"
        return signed_in(bob).post(path, sent, content_type="application/json")

    return by_service if request.param == "service" else by_request


@pytest.mark.parametrize("agree", ["service", "page", "api"], indirect=True)
def test_days_past_due_and_class_count_on_through_a_pause_1_1(
    lent: Loan, bob: User, agree: Agree
) -> None:
    """The pause covers the night on which the loan ceases to perform: day 91, rule 1.1."""
    days.rules()
    due = repaying.due_dates(lent)[0]
    first = due + timedelta(days=88)
    nights = [first + timedelta(days=one) for one in range(4)]
    with transaction.atomic():
        without = _nights(lent, nights)
        transaction.set_rollback(True)

    agree(first, first + timedelta(days=60))

    pause = Pause.objects.get()
    assert (pause.status, pause.starts_on) == ("agreed", first)
    assert _nights(lent, nights) == without
    assert [(one.dpd_rbi, one.asset_class) for one in LoanDay.objects.order_by("day")] == [
        (89, "standard"),
        (90, "standard"),
        (91, "substandard"),
        (92, "substandard"),
    ]
    assert "Flood" not in str(Event.objects.get(verb="servicing.pause_agreed").facts)
    assert repaying.offenders() == []

    servicing.end_pause(
        actor=bob, pause=pause, reason="He earns again", now=repaying.at(nights[-1])
    )

    assert list(LoanDay.objects.order_by("day").values_list(*_TOLD, *_SUMS)) == without
