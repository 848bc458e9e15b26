"""Each change of a loan's life: one page action, one API action, audited, and taken back."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories as repaid
from apps.servicing.models import Proposal
from apps.servicing.tests import factories
from apps.servicing.tests.factories import at

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
WHY = "Agreed with the borrower"

# What is typed on the page, and what is sent to the API, for each kind of change.
CHANGES: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "rate_change": (
        {"rate": "14", "keeps": "term"},
        {"annual_rate": "0.14", "keeps": "term"},
    ),
    "moratorium": (
        {"principal_free": "2", "on": "all", "extends": "on", "difficulty": "yes"},
        {"principal_free": 2, "interest_free": 2, "extends": True, "difficulty": True},
    ),
    "reschedule": (
        {"instalments": "36", "difficulty": "no"},
        {"instalments": 36, "difficulty": False},
    ),
    "restructure": (
        {"instalments": "30", "rate": "12", "difficulty": "yes"},
        {"instalments": 30, "annual_rate": "0.12", "difficulty": True},
    ),
    "due_date_change": ({"first_due_on": "2026-12-28"}, {"first_due_on": "2026-12-28"}),
}
# Of each relief what is given up; both ways say it the same.
RELIEFS: dict[str, dict[str, str]] = {
    "interest": {"kind": "waiver", "bucket": "interest", "amount": "250.00"},
    "principal": {"kind": "waiver", "bucket": "principal", "amount": "99.99"},
    "write_off": {"kind": "write_off"},
}


def _undo(event: AccountEvent, client: Client, by: str) -> None:
    if by == "page":
        client.post(reverse("servicing:undo", args=[event.pk]), {"reason": WHY})
    else:
        path = f"/api/v1/servicing/events/{event.pk}/take-back"
        client.post(path, {"reason": WHY}, content_type="application/json")


def _told(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return parameters with the rate as a number: 0.14 is 0.140000."""
    rate = parameters.get("annual_rate")
    return parameters if rate is None else {**parameters, "annual_rate": Decimal(rate)}


def _verbs() -> list[str]:
    found = Event.objects.filter(verb__startswith="servicing.").order_by("pk")
    return list(found.values_list("verb", flat=True))


@pytest.mark.parametrize("by", ["page", "api"])
@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_is_made_and_taken_back(
    lent: Loan,
    charlie: User,
    signed_in: Browser,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    by: str,
) -> None:
    day = factories.TODAY
    monkeypatch.setattr(timezone, "now", lambda: at(day))
    client, (typed, sent) = signed_in(charlie), CHANGES[kind]
    before = repaid.state(lent)

    if by == "page":
        address = reverse("servicing:change", args=[lent.pk, kind.replace("_", "-")])
        asked = {**typed, "reason": WHY}
        shown = client.post(address, {**asked, "preview": "1"})
        client.post(address, {**asked, "confirm": "1", "seen": shown.context["seen"]})
    else:
        path = f"/api/v1/loans/{lent.pk}/changes"
        client.post(path, {"kind": kind, **sent, "reason": WHY}, content_type="application/json")

    event = AccountEvent.objects.get()
    assert (event.kind, event.parameters["change"], event.made_by) == ("change", kind, charlie)
    assert _told(event.parameters["parameters"]) == _told(sent)
    assert repaid.state(lent)["rows"] != before["rows"]
    assert [one.reason for one in lent.schedules.order_by("number")] == ["opened", kind]
    assert repaid.offenders() == []

    _undo(event, client, by)

    event.refresh_from_db()
    assert (event.status, event.reversed_by) == ("reversed", charlie)
    assert repaid.state(lent)["rows"] == before["rows"]
    assert repaid.books(lent) == before["books"]
    assert _verbs() == ["servicing.schedule_changed", "servicing.change_taken_back"]
    assert repaid.offenders() == []


@pytest.mark.parametrize("by", ["page", "api"])
@pytest.mark.parametrize("what", RELIEFS)
def test_what_two_people_give_up_is_taken_back_by_a_third(
    lent: Loan,
    alice: User,
    bob: User,
    charlie: User,
    signed_in: Browser,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    by: str,
) -> None:
    day = factories.late(lent, 5)
    monkeypatch.setattr(timezone, "now", lambda: at(day))
    repaid.pay(alice, lent, day, 100)
    # What is written off takes the interest of the day along.
    repayments.accrue_day(actor="system:test", entity=lent.branch.entity, day=day, now=at(day))
    before = repaid.standing(lent)
    officer, reviewer = signed_in(alice), signed_in(bob)

    if by == "page":
        officer.post(reverse("servicing:relief", args=[lent.pk]), {**RELIEFS[what], "reason": WHY})
        reviewer.post(reverse("servicing:approve", args=[Proposal.objects.get().pk]))
    else:
        sent = {"content_type": "application/json"}
        path = f"/api/v1/loans/{lent.pk}/proposals"
        made = officer.post(path, {**RELIEFS[what], "reason": WHY}, **sent).json()
        reviewer.post(f"/api/v1/servicing/proposals/{made['id']}/approve", {}, **sent)

    event = AccountEvent.objects.get(kind=RELIEFS[what]["kind"])
    assert (event.made_by, event.approved_by) == (alice, bob)
    assert repaid.standing(lent) != before
    assert repaid.offenders() == []

    _undo(event, signed_in(charlie), by)

    event.refresh_from_db()
    assert (event.status, event.reversed_by) == ("reversed", charlie)
    assert repaid.standing(lent) == before
    assert _verbs() == [
        "servicing.relief_proposed",
        "servicing.relief_approved",
        "servicing.change_taken_back",
    ]
    assert repaid.offenders() == []
