"""Closing a day on its page and over the API: who may, what is refused, and what is said."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Branch, Entity, User
from apps.core.errors import Conflict
from apps.ledger import hooks
from apps.ledger.models import Closing
from apps.ledger.tests import factories

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
PAGE = "/ledger/closing/"
API = "/api/v1/ledger/closings"
DAY = date(2026, 6, 12)


@pytest.fixture(autouse=True)
def _nothing_above(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "_may_close", [])


def _typed(branch: Branch, day: date = DAY) -> dict[str, str]:
    return {"entity": str(branch.entity_id), "day": day.isoformat()}


def _sent(browser: Client, values: dict[str, str]) -> Any:
    return browser.post(API, values, content_type="application/json")


def test_it_closes_a_day_by_its_page(pune: Branch, charlie: User, signed_in: SignedIn) -> None:
    factories.post(pune)
    browser = signed_in(charlie)

    answer = browser.post(PAGE, _typed(pune), follow=True)

    assert answer.redirect_chain == [(PAGE, 302)]
    closing = Closing.objects.get()
    assert (closing.entity, closing.day) == (pune.entity, DAY)
    assert closing.actor == charlie.audit_reference
    text = answer.content.decode()
    assert "The books of Sahyadri Finance Ltd are closed up to 12 Jun 2026." in text
    assert "No day is closed yet" not in text
    assert 'href="/ledger/closing/"' in browser.get("/ledger/").content.decode()


def test_it_says_beside_the_day_why_it_stays_open(
    pune: Branch, charlie: User, signed_in: SignedIn
) -> None:
    def not_yet(entity: Entity, day: date, _since: int | None) -> None:
        raise Conflict("not_accrued", f"Interest of {entity.code} is left for {day}.")

    hooks.before_closing(not_yet)
    browser = signed_in(charlie)
    today = timezone.now().date() + timedelta(days=1)

    left = browser.post(PAGE, _typed(pune))
    early = browser.post(PAGE, _typed(pune, today))
    empty = browser.post(PAGE, {"entity": str(uuid.uuid4()), "day": "never"})

    assert [one.status_code for one in (left, early, empty)] == [422, 422, 422]
    assert "Interest of sahyadri is left for 2026-06-12." in left.content.decode()
    assert "A day is closed when it is over." in early.content.decode()
    assert not Closing.objects.exists()


def test_it_closes_a_day_over_the_api_once(
    pune: Branch, charlie: User, signed_in: SignedIn
) -> None:
    browser = signed_in(charlie)

    first, again = _sent(browser, _typed(pune)), _sent(browser, _typed(pune))
    before = _sent(browser, _typed(pune, DAY - timedelta(days=1)))

    closing = Closing.objects.get()
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.json()["id"] == closing.pk
    assert (before.status_code, before.json()["code"]) == (409, "closed_already")
    listed = browser.get(API).json()
    assert [one["day"] for one in listed["results"]] == ["2026-06-12"]
    assert listed["after"] == ""


def test_it_refuses_over_the_api_what_an_app_above_has_left(
    pune: Branch, charlie: User, signed_in: SignedIn
) -> None:
    def not_yet(_entity: Entity, _day: date, _since: int | None) -> None:
        raise Conflict("not_accrued", "Interest is left.")

    hooks.before_closing(not_yet)

    answer = _sent(signed_in(charlie), _typed(pune))

    assert (answer.status_code, answer.json()["code"]) == (409, "not_accrued")
    assert not Closing.objects.exists()


def test_it_lets_nobody_else_close_days(
    pune: Branch, alice: User, bob: User, signed_in: SignedIn
) -> None:
    for person in (alice, bob):
        browser = signed_in(person)
        assert browser.get(PAGE).status_code == 403
        assert browser.post(PAGE, _typed(pune)).status_code == 403
        assert _sent(browser, _typed(pune)).status_code == 403
    assert not Closing.objects.exists()


def test_it_knows_no_other_lender(charlie: User, signed_in: SignedIn) -> None:
    answer = _sent(signed_in(charlie), {"entity": str(uuid.uuid4()), "day": DAY.isoformat()})

    assert answer.status_code == 404
