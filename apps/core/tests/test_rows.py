"""Rows written by one statement are the rows that Django's own way writes."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.transaction import TransactionManagementError

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.audit.models import Event
from apps.core import rows
from apps.core.fields import Ciphertext
from apps.letters.models import Letter

pytestmark = pytest.mark.django_db


def _event(**changes: Any) -> Event:
    values: dict[str, Any] = {
        "occurred_at": datetime(2026, 11, 20, tzinfo=UTC),
        "actor": "system:test",
        "verb": "audit.verified",
        "subject": "audit.chain",
        "origin": "shell",
        "facts": {"a": [1, None, "€"]},
    }
    return Event(**{**values, **changes})


def _letter(branch: Branch, **changes: Any) -> Letter:
    values: dict[str, Any] = {
        "branch": branch,
        "kind": "approved",
        "subject": "decisions.decision:1",
        "case": "applications.application:1",
        "language": "en",
        "template_version": "2026-11",
        "facts": {"name": "Ravi"},
        "facts_sha256": "0" * 64,
        "issued_at": datetime(2026, 11, 20, tzinfo=UTC),
    }
    return Letter(**{**values, **changes})


def test_it_writes_what_it_is_given_and_learns_the_key(
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    event = _event()

    with django_assert_num_queries(1):
        assert rows.insert(event)

    stored = Event.objects.get()
    assert (event.pk, event._state.adding) == (stored.pk, False)
    columns = [one.attname for one in Event._meta.concrete_fields]
    assert [getattr(stored, one) for one in columns] == [getattr(event, one) for one in columns]


def test_it_seals_what_is_encrypted_and_stamps_the_time(pune: Branch) -> None:
    letter = _letter(pune)

    assert rows.insert(letter)

    stored = Letter.objects.get()
    assert isinstance(stored.__dict__["facts"], Ciphertext)
    assert stored.facts == {"name": "Ravi"}
    assert stored.created_at == letter.created_at
    assert stored.html is None


def test_it_passes_over_a_row_that_is_there_only_when_asked_to(pune: Branch) -> None:
    rows.insert(_letter(pune))

    assert not rows.insert(_letter(pune, facts={"name": "Somebody else"}), if_new=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.insert(_letter(pune))

    assert Letter.objects.get().facts == {"name": "Ravi"}


def test_it_changes_columns_while_others_hold(
    alice: User, pune: Branch, django_assert_num_queries: Callable[[int], Any]
) -> None:
    application = applications.application(alice, applications.borrower(pune))
    before = application.updated_at

    with django_assert_num_queries(1):
        changed = rows.change(
            application,
            {"amount": Decimal("70000.5"), "submitted_by": alice, "purpose_note": "Ink"},
            while_={"status": "draft"},
        )

    stored = Application.objects.get()
    assert changed
    assert (stored.amount, stored.submitted_by, stored.purpose_note) == (
        Decimal("70000.50"),
        alice,
        "Ink",
    )
    assert stored.updated_at == application.updated_at > before
    # The instance holds what is stored: the amount with its two digits.
    assert str(application.amount) == "70000.50"
    assert application.submitted_by is alice


def test_it_changes_nothing_where_they_do_not_hold(alice: User, pune: Branch) -> None:
    application = applications.application(alice, applications.borrower(pune))
    before = Application.objects.values().get()

    changed = rows.change(application, {"purpose_note": "Ink"}, while_={"status": "approved"})

    assert not changed
    assert Application.objects.values().get() == before
    assert application.purpose_note != "Ink"


def test_it_changes_many_rows_each_while_its_own_columns_hold(
    alice: User, pune: Branch, django_assert_num_queries: Callable[[int], Any]
) -> None:
    one, two, late = (
        applications.application(alice, applications.borrower(pune)) for _number in range(3)
    )
    Application.objects.filter(pk=late.pk).update(submitted_by=alice)
    changes = {
        one.pk: {"amount": Decimal("70000.5"), "purpose_note": "Ink"},
        two.pk: {"amount": Decimal(80_000), "purpose_note": "It's paper"},
        late.pk: {"amount": Decimal(90_000), "purpose_note": "Pens"},
    }

    with django_assert_num_queries(1):
        written = rows.change_each(Application, changes, while_={"submitted_by": None})

    assert written == {one.pk, two.pk}
    stored = {row.pk: row for row in Application.objects.all()}
    assert [(stored[row.pk].amount, stored[row.pk].purpose_note) for row in (one, two)] == [
        (Decimal("70000.50"), "Ink"),
        (Decimal("80000.00"), "It's paper"),
    ]
    assert stored[one.pk].updated_at > one.updated_at
    assert stored[late.pk].amount == late.amount
    assert rows.change_each(Application, {}, while_={}) == set()


def test_it_writes_many_new_rows_but_for_those_that_are_there(pune: Branch) -> None:
    rows.insert(_letter(pune))
    new = _letter(pune, subject="decisions.decision:new")

    written = rows.insert_all([_letter(pune), new], if_new=True)

    assert written == {new.pk}
    assert not new._state.adding
    assert Letter.objects.count() == 2


def test_it_takes_what_only_the_database_can_say(alice: User, pune: Branch) -> None:
    application = applications.application(alice, applications.borrower(pune))
    asked, before = application.amount, application.updated_at

    changed = rows.change(application, {"amount": F("amount") + 500}, while_={"status": "draft"})
    refused = rows.change(application, {"amount": F("amount") * 2}, while_={"status": "approved"})

    assert (changed, refused) == (True, False)
    assert application.amount == Application.objects.get().amount == asked + 500
    assert application.updated_at > before


def test_a_fault_spoils_the_transaction_as_any_other(pune: Branch) -> None:
    rows.insert(_letter(pune))

    with transaction.atomic():
        with pytest.raises(IntegrityError):
            rows.insert(_letter(pune))
        with pytest.raises(TransactionManagementError):
            Letter.objects.count()
        transaction.set_rollback(True)
