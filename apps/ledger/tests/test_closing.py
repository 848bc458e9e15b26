"""Closed days: nothing is posted there, the way to proceed is said, and totals are kept."""

from datetime import date
from decimal import Decimal

import pytest

from apps.accounts.models import Branch, User
from apps.audit.models import Event as AuditEvent
from apps.core.errors import Conflict
from apps.ledger import refusals, selectors, services
from apps.ledger.models import Closing, ClosingTotal, Entry
from apps.ledger.services import closing as closing_service
from apps.ledger.tests import factories
from apps.ledger.tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db


def _close(branch: Branch, day: date) -> Closing:
    return services.close_day(actor="system:tests", entity=branch.entity, day=day, now=NOW)


def test_it_closes_a_day_and_says_who_and_when(pune: Branch, charlie: User) -> None:
    closing = services.close_day(actor=charlie, entity=pune.entity, day=date(2026, 6, 14), now=NOW)

    assert selectors.closed_up_to(pune.entity_id) == closing
    assert (closing.actor, closing.closed_at) == (charlie.audit_reference, NOW)
    assert AuditEvent.objects.get(verb="ledger.day_closed").facts == {
        "entity": "sahyadri",
        "day": "2026-06-14",
    }


def test_it_refuses_to_post_into_a_closed_day_and_says_how_to_proceed(pune: Branch) -> None:
    standing = factories.post(pune)
    _close(pune, date(2026, 6, 10))

    for attempt in (
        lambda: factories.post(pune, "late"),
        lambda: factories.repayment(pune, "later", day=date(2026, 6, 10)),
        lambda: services.reverse(
            actor="system:tests", entry=standing, day=standing.day, reason="Late", now=NOW
        ),
    ):
        with pytest.raises(refusals.DayClosed) as refused:
            attempt()
        assert str(refused.value) == (
            "The books of Sahyadri Finance Ltd are closed up to 10 Jun 2026, so nothing is"
            " posted there. Post it on 11 Jun 2026 or later, and name the day it belongs to in"
            " the reason."
        )
        assert "day" in refused.value.fields
    assert Entry.objects.count() == 1
    assert factories.repayment(pune, "on-time", day=date(2026, 6, 11)).pk


def test_it_answers_again_what_was_posted_before_the_day_was_closed(pune: Branch) -> None:
    first = factories.post(pune)
    _close(pune, date(2026, 6, 10))

    assert factories.post(pune) == first


def test_it_closes_a_day_once_and_none_before(pune: Branch) -> None:
    first = _close(pune, date(2026, 6, 10))

    assert _close(pune, date(2026, 6, 10)) == first
    with pytest.raises(Conflict, match="closed up to 10 Jun 2026 already"):
        _close(pune, date(2026, 6, 9))
    assert Closing.objects.count() == 1


def test_it_closes_no_day_that_is_not_over(pune: Branch) -> None:
    with pytest.raises(Conflict, match="when it is over"):
        _close(pune, TODAY)

    assert not Closing.objects.exists()


def test_it_keeps_totals_from_closing_to_closing(pune: Branch, nashik: Branch) -> None:
    factories.post(pune)
    _close(pune, date(2026, 6, 5))
    factories.repayment(pune)
    factories.post(nashik, "d-2", day=date(2026, 6, 7), loan_id=factories.OTHER)
    closing = _close(pune, date(2026, 6, 12))

    rows = ClosingTotal.objects.filter(closing=closing).order_by("branch__name", "account")
    assert list(rows.values_list("branch__name", "account", "debit", "credit")) == [
        ("Nashik", "cash", Decimal(0), Decimal(1000)),
        ("Nashik", "principal", Decimal(1000), Decimal(0)),
        ("Pune", "cash", Decimal(300), Decimal(1000)),
        ("Pune", "principal", Decimal(1000), Decimal(300)),
    ]


def test_it_keeps_totals_that_an_interruption_left_out(
    pune: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.post(pune)
    monkeypatch.setattr(closing_service, "keep_totals", lambda _closing: None)
    _close(pune, date(2026, 6, 5))
    monkeypatch.undo()

    closing = _close(pune, date(2026, 6, 5))

    assert closing.totals.count() == 2
