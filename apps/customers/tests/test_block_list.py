"""Whom the lender does not lend to: entered by one person, lifted by another, never erased."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import structlog
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from structlog.testing import capture_logs

from apps.accounts.models import Branch, Entity, User
from apps.audit.models import Event
from apps.core import dates
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible, StaleRecord
from apps.customers import checks, selectors, services
from apps.customers.entries import ChangeEntry
from apps.customers.findings import Refused
from apps.customers.models import BlockListEntry, Customer
from apps.customers.tests import factories

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NOW = factories.NOW
TODAY = date(2026, 11, 20)
PAN = "ABCPK1234L"
C1 = {"customer_number": "C-1"}
LIFTED_BY_LISTER = """
    UPDATE customers_blocklistentry SET status = 'lifted', lifted_by_id = listed_by_id,
    lifted_at = now(), lifting_reason = 'mine'
"""


@pytest.fixture
def ravi(pune: Branch) -> Customer:
    """A customer of Pune whose PAN is ours."""
    return factories.customer(pune, identities={"pan": PAN})


@pytest.fixture
def carol(make_person: Callable[..., User]) -> User:
    """A second credit manager."""
    return make_person("Carol", "credit_manager")


def _block(actor: User, entity: Entity, **changes: Any) -> BlockListEntry:
    entry = factories.block_entry(**changes)
    return services.block(actor=actor, entity=entity, entry=entry, now=NOW)


def _lift(actor: User, entry: BlockListEntry, reason: str = "Mistaken identity") -> BlockListEntry:
    return services.lift(actor=actor, entry=entry, reason=reason, now=NOW)


def _untouched(entry: BlockListEntry) -> bool:
    kept = BlockListEntry.objects.get(pk=entry.pk)
    lifted = Event.objects.filter(verb="customers.block_lifted")
    return kept.status == "standing" and kept.lifted_by_id is None and not lifted


def test_an_official_number_blocks_at_once(charlie: User, india: Entity, ravi: Customer) -> None:
    before = selectors.is_blocked(ravi, TODAY)

    listed = _block(charlie, india, kind="pan", number=" abcpk1234l ")

    assert not before
    assert selectors.is_blocked(ravi, TODAY)
    assert (listed.customer, listed.number, listed.listed_by) == (None, PAN, charlie)
    assert listed.subject == "PAN ABCPK••••L"
    event = Event.objects.get(verb="customers.block_listed")
    assert event.subject == f"customers.blocklistentry:{listed.pk}"
    assert event.facts["about"] == "pan"


def test_it_blocks_who_registers_later(charlie: User, india: Entity, pune: Branch) -> None:
    _block(charlie, india, kind="pan", number=PAN)

    late = factories.customer(pune, identities={"pan": PAN})
    other = factories.customer(pune)

    assert selectors.is_blocked(late, TODAY)
    assert not selectors.is_blocked(other, TODAY)


def test_a_customer_blocks_without_a_number(charlie: User, india: Entity, ravi: Customer) -> None:
    listed = _block(charlie, india, customer_number=ravi.number.lower())

    assert (listed.customer, listed.kind, listed.index) == (ravi, "", "")
    assert listed.subject == ravi.number
    assert selectors.is_blocked(ravi, TODAY)


def test_it_blocks_to_its_last_day_and_who_asked_before(
    charlie: User, india: Entity, ravi: Customer
) -> None:
    until = TODAY + timedelta(days=10)
    _block(charlie, india, kind="pan", number=PAN, from_date=TODAY, until_date=until)

    found = [selectors.is_blocked(ravi, TODAY + timedelta(days=days)) for days in (-9, 0, 10, 11)]

    # Whoever asked nine days ago and still waits is blocked, too.
    assert found == [True, True, True, False]


def test_another_lender_is_not_bound(charlie: User, ravi: Customer) -> None:
    umoja = Entity.objects.create(
        code="umoja",
        name="Umoja",
        kind="sacco",
        country="KE",
        currency="KES",
        time_zone="Africa/Nairobi",
    )

    _block(charlie, umoja, kind="pan", number=PAN)

    assert not selectors.is_blocked(ravi, TODAY)
    with pytest.raises(DomainError) as refusal:
        _block(charlie, umoja, customer_number=ravi.number)
    assert list(refusal.value.fields) == ["customer_number"]


def test_another_person_lifts_it(charlie: User, carol: User, india: Entity, ravi: Customer) -> None:
    listed = _block(charlie, india, kind="pan", number=PAN)

    lifted = _lift(carol, listed, "The  number was mistyped")

    assert (lifted.status, lifted.lifted_by, lifted.lifted_at) == ("lifted", carol, NOW)
    assert lifted.lifting_reason == "The number was mistyped"
    assert not selectors.is_blocked(ravi, TODAY)
    event = Event.objects.get(verb="customers.block_lifted")
    assert event.actor == carol.audit_reference
    again = _block(charlie, india, kind="pan", number=PAN)
    assert again != listed


def test_nobody_lifts_what_they_listed(charlie: User, india: Entity, ravi: Customer) -> None:
    listed = _block(charlie, india, customer_number=ravi.number)

    with pytest.raises(NotPermitted) as refusal:
        _lift(charlie, listed)

    assert refusal.value.code == "own_entry"
    assert _untouched(listed)
    assert selectors.is_blocked(ravi, TODAY)


def test_who_does_not_keep_the_list_neither_enters_nor_lifts(
    alice: User, bob: User, amir: User, charlie: User, india: Entity
) -> None:
    listed = _block(charlie, india, kind="pan", number=PAN)

    for person in (alice, bob, amir):
        with pytest.raises(NotPermitted):
            _block(person, india, kind="pan", number="ABCPK9999L")
        with pytest.raises(NotPermitted):
            _lift(person, listed)

    assert _untouched(listed)
    assert BlockListEntry.objects.count() == 1


def test_it_is_lifted_once(charlie: User, carol: User, india: Entity) -> None:
    listed = _block(charlie, india, kind="pan", number=PAN)
    seen = BlockListEntry.objects.get(pk=listed.pk)
    _lift(carol, listed)

    with pytest.raises(Conflict):
        _lift(carol, seen, "Twice")
    with pytest.raises(StaleRecord):
        seen.move("lift", lifted_by=carol, lifted_at=NOW, lifting_reason="Faster")

    assert BlockListEntry.objects.get().lifting_reason == "Mistaken identity"
    assert Event.objects.filter(verb="customers.block_lifted").count() == 1


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301, "a\x00b"])
def test_it_is_lifted_with_a_reason(charlie: User, carol: User, india: Entity, reason: str) -> None:
    listed = _block(charlie, india, kind="pan", number=PAN)

    with pytest.raises(DomainError) as refusal:
        _lift(carol, listed, reason)

    assert list(refusal.value.fields) == ["reason"]
    assert _untouched(listed)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, {"customer_number": "block_nobody"}),
        (
            {"customer_number": "C-1", "kind": "pan", "number": PAN},
            {"customer_number": "block_twice"},
        ),
        ({"kind": "pan"}, {"number": "required"}),
        ({"number": PAN}, {"kind": "required"}),
        ({"kind": "passport", "number": "X1"}, {"kind": "not_a_choice"}),
        ({"kind": "pan", "number": "ABCCK1234L"}, {"number": "pan_not_of_a_person"}),
        ({"kind": "aadhaar", "number": "2345"}, {"number": "aadhaar_invalid"}),
        ({"customer_number": "a\x00b"}, {"customer_number": "control_characters"}),
        ({**C1, "ground": ""}, {"ground": "required"}),
        ({**C1, "ground": "dislike"}, {"ground": "not_a_choice"}),
        ({**C1, "source": " "}, {"source": "required"}),
        (
            {"customer_number": "C-1", "from_date": date(2027, 11, 21)},
            {"from_date": "date_too_late"},
        ),
        (
            {"customer_number": "C-1", "until_date": date(2026, 11, 19)},
            {"until_date": "date_too_early"},
        ),
    ],
)
def test_it_refuses_an_entry_that_says_nothing_clear(
    changes: dict[str, Any], codes: dict[str, str]
) -> None:
    entry = factories.block_entry(**changes)

    with pytest.raises(Refused) as refusal:
        checks.block(entry, today=TODAY, grounds=set(BlockListEntry.Ground.values))

    assert {name: one.code for name, one in refusal.value.findings.items()} == codes


def test_it_is_entered_once(charlie: User, carol: User, india: Entity) -> None:
    entry = factories.block_entry(kind="pan", number=PAN)
    first, second = (
        services.block(actor=charlie, entity=india, entry=entry, now=NOW) for _ in range(2)
    )
    assert first == second

    with pytest.raises(Conflict) as same_key:
        services.block(actor=carol, entity=india, entry=entry, now=NOW)
    with pytest.raises(Conflict) as same_number:
        _block(carol, india, kind="pan", number=PAN)

    assert same_key.value.code == "key_in_use"
    assert same_number.value.code == "blocked_already"
    assert BlockListEntry.objects.count() == 1
    assert Event.objects.filter(verb="customers.block_listed").count() == 1


def test_it_can_be_entered_again_once_it_has_run_out(charlie: User, india: Entity) -> None:
    _block(charlie, india, kind="pan", number=PAN, until_date=TODAY)
    later = factories.block_entry(kind="pan", number=PAN, from_date=TODAY)

    services.block(actor=charlie, entity=india, entry=later, now=NOW + timedelta(days=1))

    assert BlockListEntry.objects.filter(status="standing").count() == 2


def test_a_manager_of_one_lender_does_not_reach_another(
    charlie: User, india: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = _block(charlie, india, kind="pan", number=PAN)
    umoja = Entity.objects.create(
        code="umoja",
        name="Umoja",
        kind="sacco",
        country="KE",
        currency="KES",
        time_zone="Africa/Nairobi",
    )
    nairobi = Branch.objects.create(entity=umoja, code="nairobi", name="Nairobi")
    monkeypatch.setattr(User, "works_everywhere", False)
    charlie.branch = nairobi

    with pytest.raises(NotPermitted):
        _block(charlie, india, kind="pan", number="ABCPK9999L")
    with pytest.raises(NotVisible):
        _lift(charlie, listed)

    assert _untouched(listed)


def test_the_number_is_nowhere_in_clear(
    charlie: User, carol: User, india: Entity, ravi: Customer
) -> None:
    structlog.contextvars.clear_contextvars()
    with capture_logs() as logs:
        listed = _block(charlie, india, kind="pan", number=PAN)
        _lift(carol, listed)

    with connection.cursor() as cursor:
        cursor.execute("SELECT number, index FROM customers_blocklistentry")
        [sealed, index] = cursor.fetchone()
        cursor.execute("SELECT * FROM auditlog_logentry")
        history = str(cursor.fetchall())
    assert PAN.encode() not in bytes(sealed)
    assert PAN not in index
    assert "customers.blocklistentry" in str([event.subject for event in Event.objects.all()])
    assert PAN not in str([event.facts for event in Event.objects.all()])
    # The identity of the customer is masked there as well.
    assert PAN not in history
    assert PAN not in str(logs)


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("UPDATE customers_blocklistentry SET ground = 'other'", "Cannot update"),
        ("UPDATE customers_blocklistentry SET until_date = '2026-11-07'", "Cannot update"),
        ("UPDATE customers_blocklistentry SET index = 'x'", "Cannot update"),
        ("UPDATE customers_blocklistentry SET listed_by_id = {carol}", "Cannot update"),
        ("DELETE FROM customers_blocklistentry", "Cannot delete"),
        ("UPDATE customers_blocklistentry SET status = 'lifted'", "lifted_by_somebody"),
        ("UPDATE customers_blocklistentry SET status = 'gone'", "customers_block_list"),
        (LIFTED_BY_LISTER, "lifted_by_another"),
    ],
)
def test_the_database_refuses_what_the_service_would_not_do(
    charlie: User, carol: User, india: Entity, sql: str, named: str
) -> None:
    listed = _block(charlie, india, kind="pan", number=PAN)

    with (
        pytest.raises(DatabaseError, match=named),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql.format(carol=f"'{carol.pk}'"))

    assert _untouched(listed)


def test_the_list_is_never_emptied(charlie: User, india: Entity) -> None:
    listed = _block(charlie, india, kind="pan", number=PAN)

    with connection.cursor() as cursor:
        # Else the refusal would be about what the test itself has not committed.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="is kept for good"), transaction.atomic():
            cursor.execute("TRUNCATE customers_blocklistentry CASCADE")

    assert _untouched(listed)


def test_a_blocked_number_is_not_corrected_away(
    alice: User, charlie: User, carol: User, india: Entity, ravi: Customer
) -> None:
    listed = _block(charlie, india, kind="pan", number=PAN)
    other = ChangeEntry(
        full_name=ravi.full_name,
        language="en",
        city="Pune",
        region="Maharashtra",
        postal_code="411030",
        identities={"pan": "ABCPK1234M"},
    )

    def change() -> Customer:
        return services.change(
            actor=alice, customer=ravi, entry=other, shown=ravi.updated_at, now=NOW
        )

    with pytest.raises(Conflict) as refusal:
        change()

    assert refusal.value.code == "number_blocked"
    assert selectors.is_blocked(ravi, TODAY)
    assert not Event.objects.filter(verb="customers.changed").exists()
    # Whoever may lift the entry has looked at it; then the number can be corrected.
    _lift(carol, listed)
    assert change().identities.get().value == "ABCPK1234M"


def test_the_database_keeps_a_lifting_as_it_was(charlie: User, carol: User, india: Entity) -> None:
    listed = _block(charlie, india, kind="pan", number=PAN)
    _lift(carol, listed)
    back: dict[str, Any] = {
        "status": "standing",
        "lifted_by": None,
        "lifted_at": None,
        "lifting_reason": "",
    }

    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        BlockListEntry.objects.filter(pk=listed.pk).update(**back)

    assert BlockListEntry.objects.get().status == "lifted"


@pytest.mark.parametrize(
    "changes",
    [
        {"customer": None},
        {"kind": "pan"},
        {"until_date": date(2026, 11, 5)},
    ],
)
def test_the_database_wants_one_subject_and_days_in_order(
    charlie: User, india: Entity, ravi: Customer, changes: dict[str, Any]
) -> None:
    values = {
        "entity": india,
        "customer": ravi,
        "ground": "fraud",
        "source": "Desk",
        "from_date": date(2026, 11, 6),
        "listed_by": charlie,
    }

    with pytest.raises(IntegrityError), transaction.atomic():
        BlockListEntry.objects.create(**{**values, **changes})

    assert not BlockListEntry.objects.exists()


def test_the_page_lists_adds_and_lifts(
    charlie: User, carol: User, india: Entity, signed_in: SignIn
) -> None:
    first, second = signed_in(charlie), signed_in(carol)
    home, new = reverse("customers:block_list"), reverse("customers:block")
    empty = first.get(home).content.decode()
    typed = {
        "key": first.get(new).context["form"]["key"].value(),
        "entity": str(india.pk),
        "kind": "pan",
        "number": PAN,
        "source": "Police report 7/2026",
        "from_date": "2025-10-01",
    }
    unpicked = first.post(new, typed)
    added = first.post(new, {**typed, "ground": "fraud"})
    listed = BlockListEntry.objects.get()
    lift = reverse("customers:lift", args=[listed.pk])

    assert "Nobody is on the block list" in empty
    assert unpicked.status_code == 422
    assert unpicked.context["form"].errors == {"ground": ["This field is required."]}
    assert added.status_code == 302
    own, others = first.get(home).content.decode(), second.get(home).content.decode()
    assert PAN not in own
    assert "PAN ABCPK••••L" in own
    assert (lift in own, lift in others) == (False, True)
    assert first.post(lift, {"reason": "Mine"}).status_code == 403
    assert "another person must lift it" in first.get(lift).content.decode()
    assert second.post(lift, {"reason": ""}).status_code == 422
    assert _untouched(listed)
    assert second.post(lift, {"reason": "Wrong person"}).status_code == 302
    shown = second.get(home).content.decode()
    assert "Wrong person" in shown
    assert "Lifted" in shown
    assert second.post(lift, {"reason": "Again"}).status_code == 422


def test_it_shows_what_an_entry_does_today(charlie: User, india: Entity, signed_in: SignIn) -> None:
    now, day = timezone.now(), timedelta(days=1)
    today = dates.local_date(now, india.time_zone)
    days = [(today - 9 * day, None), (today - 9 * day, today - day)]
    for number, (begins, ends) in enumerate(days, start=1):
        entry = factories.block_entry(
            kind="pan", number=f"ABCPK000{number}L", from_date=begins, until_date=ends
        )
        services.block(actor=charlie, entity=india, entry=entry, now=now - 8 * day)

    page = signed_in(charlie).get(reverse("customers:block_list"))

    words = [row["state"]["word"] for row in page.context["rows"]]
    assert words == ["Run out", "Blocks"]


def test_the_pages_are_for_who_keeps_or_examines_the_list(
    alice: User, bob: User, amir: User, charlie: User, india: Entity, signed_in: SignIn
) -> None:
    listed = _block(charlie, india, kind="pan", number=PAN)
    addresses = [
        reverse("customers:block_list"),
        reverse("customers:block"),
        reverse("customers:lift", args=[listed.pk]),
    ]

    found = {
        person.name: [signed_in(person).get(address).status_code for address in addresses]
        for person in (alice, bob, amir, charlie)
    }

    assert found == {
        "Alice": [403, 403, 403],
        "Bob": [403, 403, 403],
        "Amir": [200, 403, 403],
        "Charlie": [200, 200, 200],
    }
    assert "Block list" in signed_in(charlie).get("/").content.decode()
    assert "Block list" not in signed_in(alice).get("/").content.decode()


def test_the_list_asks_the_database_as_often_for_many_as_for_one(
    charlie: User,
    india: Entity,
    signed_in: SignIn,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    browser, address = signed_in(charlie), reverse("customers:block_list")
    for number in range(1, 13):
        _block(charlie, india, kind="pan", number=f"ABCPK00{number:02d}L")
    browser.get(address)

    with django_assert_max_num_queries(12):
        page = browser.get(address)

    assert len(page.context["rows"]) == 12
