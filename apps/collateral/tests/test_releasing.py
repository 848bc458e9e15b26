"""Pledge and release: by a deed, and back by two people once nothing is owed."""

import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.audit.models import Event
from apps.collateral import hooks, services
from apps.collateral.models import Item, Lien, Release
from apps.collateral.tests import factories
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible

pytestmark = pytest.mark.django_db
NOW, TODAY, LATER = factories.NOW, factories.TODAY, factories.LATER


@pytest.fixture(autouse=True)
def lent(monkeypatch: pytest.MonkeyPatch) -> set[uuid.UUID]:
    """The applications under which money is owed, as an app above would say it."""
    owed: set[uuid.UUID] = set()

    def live(applications: Collection[uuid.UUID]) -> set[uuid.UUID]:
        return owed & set(applications)

    monkeypatch.setattr(hooks, "_live", [live])
    return owed


@pytest.fixture
def application(alice: User) -> Application:
    return factories.secured(alice)


def _asked(alice: User, item: Item, **changes: Any) -> Release:
    return services.ask_release(actor=alice, item=item, reason="Repaid", now=NOW, **changes)


def test_it_is_pledged_for_a_loan_only(alice: User) -> None:
    item = factories.item(alice)
    factories.others(alice, item, 1_000)

    with pytest.raises(Conflict) as refusal:
        services.pledge(actor=alice, item=item, deed=services.Deed(TODAY, "D"), now=NOW)

    assert refusal.value.code == "no_lien"
    item.refresh_from_db()
    assert item.status == "proposed"


@pytest.mark.parametrize(
    ("deed", "field"),
    [
        (services.Deed(TODAY + timedelta(days=1), "D"), "day"),
        (services.Deed(TODAY.replace(year=1950), "D"), "day"),
        (services.Deed(TODAY, " "), "reference"),
        (services.Deed(TODAY, "x" * 81), "reference"),
    ],
    ids=["tomorrow", "long ago", "no reference", "long reference"],
)
def test_it_refuses_a_deed_that_makes_no_sense(
    alice: User, application: Application, deed: services.Deed, field: str
) -> None:
    item = factories.item(alice)
    factories.charged(alice, item, application)

    with pytest.raises(DomainError) as refusal:
        services.pledge(actor=alice, item=item, deed=deed, now=NOW)

    assert list(refusal.value.fields) == [field]
    item.refresh_from_db()
    assert item.status == "proposed"


def test_a_charge_is_not_entered_before_the_deed(alice: User, application: Application) -> None:
    item = factories.pledged(alice, application)

    with pytest.raises(DomainError) as refusal:
        services.perfect(
            actor=alice, item=item, deed=services.Deed(TODAY - timedelta(days=1), "R"), now=NOW
        )

    assert list(refusal.value.fields) == ["day"]


def test_another_person_releases_item_and_liens(
    alice: User, charlie: User, application: Application
) -> None:
    item = factories.pledged(alice, application)
    asked = _asked(alice, item)

    services.grant_release(actor=charlie, release=asked, now=LATER)

    item.refresh_from_db()
    asked.refresh_from_db()
    assert (item.status, item.ended_by, item.ended_date) == ("released", charlie, TODAY)
    assert (asked.status, asked.answered_by) == ("granted", charlie)
    assert Lien.objects.get().status == "released"
    assert Event.objects.filter(verb="collateral.released").count() == 1


def test_nobody_releases_what_they_asked_for(
    alice: User, charlie: User, application: Application, make_person: Any
) -> None:
    item = factories.pledged(alice, application)
    both = make_person("Dora", "loan_officer")
    both.user_permissions.set(charlie.groups.get().permissions.all())
    both = User.objects.get(pk=both.pk)
    asked = _asked(both, item)

    with pytest.raises(NotPermitted) as refusal:
        services.grant_release(actor=both, release=asked, now=LATER)

    assert refusal.value.code == "own_request"
    asked.refresh_from_db()
    assert asked.status == "asked"
    with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
        Release.objects.filter(pk=asked.pk).update(
            status="granted", answered_by=both, answered_at=LATER
        )


def test_an_officer_cannot_grant(alice: User, application: Application, make_person: Any) -> None:
    asked = _asked(alice, factories.pledged(alice, application))

    with pytest.raises(NotPermitted):
        services.grant_release(actor=make_person("Dora", "loan_officer"), release=asked, now=LATER)

    assert Release.objects.get().status == "asked"


def test_nothing_is_released_while_money_is_owed(
    alice: User, charlie: User, application: Application, lent: set[uuid.UUID]
) -> None:
    item = factories.pledged(alice, application)
    lent.add(application.pk)

    with pytest.raises(Conflict) as refusal:
        _asked(alice, item)
    assert application.number in str(refusal.value)
    lent.clear()
    asked = _asked(alice, item)
    lent.add(application.pk)
    with pytest.raises(Conflict) as refusal:
        services.grant_release(actor=charlie, release=asked, now=LATER)

    assert refusal.value.code == "loan_is_live"
    item.refresh_from_db()
    assert item.status == "pledged"
    assert Lien.objects.get().status == "standing"
    assert Release.objects.get().status == "asked"


def test_one_lien_is_released_and_the_other_stays(
    alice: User, charlie: User, application: Application, lent: set[uuid.UUID]
) -> None:
    item = factories.pledged(alice, application, 100_000)
    second = factories.charged(alice, item, factories.secured(alice), 50_000)
    lent.add(application.pk)

    asked = _asked(alice, item, lien=second)
    services.grant_release(actor=charlie, release=asked, now=LATER)

    item.refresh_from_db()
    second.refresh_from_db()
    assert (item.status, second.status) == ("pledged", "released")
    assert Lien.objects.filter(status="standing").get().application == application


def test_a_refusal_says_why_and_changes_nothing(
    alice: User, charlie: User, application: Application
) -> None:
    item = factories.pledged(alice, application)
    asked = _asked(alice, item)
    with pytest.raises(DomainError) as refusal:
        services.refuse_release(actor=charlie, release=asked, note=" ", now=LATER)
    assert list(refusal.value.fields) == ["note"]

    services.refuse_release(actor=charlie, release=asked, note="A fee is open", now=LATER)

    item.refresh_from_db()
    assert item.status == "pledged"
    assert Release.objects.get().answer_note == "A fee is open"
    with pytest.raises(Conflict):
        services.grant_release(actor=charlie, release=asked, now=LATER)


def test_one_request_waits_at_a_time(alice: User, application: Application) -> None:
    item = factories.pledged(alice, application)
    _asked(alice, item)

    with pytest.raises(Conflict) as refusal:
        _asked(alice, item)

    assert refusal.value.code == "release_waits"
    assert Release.objects.count() == 1


def test_what_was_asked_to_release_is_not_invoked(
    alice: User, charlie: User, application: Application
) -> None:
    item = factories.pledged(alice, application)
    _asked(alice, item)

    with pytest.raises(Conflict):
        services.invoke(actor=charlie, item=item, reason="Sold", now=LATER)

    item.refresh_from_db()
    assert item.status == "pledged"


def test_a_lien_is_dropped_only_before_the_pledge(alice: User, application: Application) -> None:
    item = factories.item(alice)
    theirs = factories.others(alice, item, 1_000)
    mine = factories.charged(alice, item, application, 1_000)
    services.pledge(actor=alice, item=item, deed=services.Deed(TODAY, "D"), now=NOW)

    with pytest.raises(Conflict):
        services.drop(actor=alice, lien=mine, now=LATER)
    services.drop(actor=alice, lien=theirs, now=LATER)

    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.status, theirs.status) == ("standing", "dropped")
    with pytest.raises(NotVisible):
        services.drop(actor=alice, lien=theirs, now=LATER)


def test_withdrawing_drops_the_liens(alice: User, application: Application) -> None:
    item = factories.item(alice)
    factories.charged(alice, item, application)

    services.withdraw(actor=alice, item=item, reason="Another car", now=LATER)

    assert Lien.objects.get().status == "dropped"


def test_the_number_is_read_in_clear_on_record(alice: User, amir: User) -> None:
    item = factories.item(alice, registration="MH 12 AB 1234")

    assert services.read_registration(actor=alice, item=item) == "MH12AB1234"
    with pytest.raises(NotPermitted):
        services.read_registration(actor=amir, item=item)

    [event] = Event.objects.filter(verb="collateral.registration_read")
    assert "1234" not in str(event.facts)


def test_a_refusal_does_not_name_what_the_person_may_not_see(
    alice: User, application: Application, lent: set[uuid.UUID], nashik: Branch
) -> None:
    item = factories.pledged(alice, application)
    lent.add(application.pk)
    said = []
    for branch in (application.branch, nashik):
        Application.objects.filter(pk=application.pk).update(branch=branch)
        with pytest.raises(Conflict) as refusal:
            _asked(alice, item)
        said.append(str(refusal.value))

    assert f"owed under {application.number};" in said[0]
    assert "owed under an application you may not see;" in said[1]
    assert not Release.objects.exists()
