"""Personal data: ciphertext at rest, dots on screen, in clear only for a reason, on the record."""

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.crypto import CannotOpen, Keyring
from apps.core.errors import DomainError, NotPermitted, NotVisible
from apps.customers import services
from apps.customers.models import Customer
from apps.customers.tests import factories

SECRETS = ("Kulkarni", "9823012345", "ravi@example.com", "Tilak", "ACUPA7085R", "1988-04-12")
RING = Keyring({"new": b"n" * 32, "old": b"o" * 32}, index_key=b"i" * 32)


@pytest.fixture
def ravi(alice: User, pune: Branch) -> Customer:
    """A customer whose values the tests look for."""
    return factories.customer(
        pune,
        actor=alice,
        identities={"pan": "ACUPA7085R"},
        phone="+919823012345",
        email="ravi@example.com",
    )


def test_it_writes_no_personal_value_in_clear_anywhere(ravi: Customer) -> None:
    with connection.cursor() as cursor:
        tables = [
            name
            for name in connection.introspection.table_names(cursor)
            if name.startswith(("customers_", "audit_", "auditlog_"))
        ]
        for table in tables:
            quoted = connection.ops.quote_name(table)
            cursor.execute(f"SELECT {quoted}::text FROM {quoted}")  # noqa: S608
            text = "\n".join(row for (row,) in cursor.fetchall())
            for secret in SECRETS:
                assert secret not in text, table
                # bytea is shown in hexadecimal.
                assert secret.encode().hex() not in text, table

    assert {"customers_customer", "audit_event", "auditlog_logentry"} <= set(tables)


def test_it_keeps_a_history_that_shows_dots(alice: User, ravi: Customer) -> None:
    ravi.full_name = "Ravi Patil"
    ravi.save()

    entry = LogEntry.objects.get_for_object(ravi).filter(action=LogEntry.Action.UPDATE).get()

    assert entry.changes["full_name"] == ["••••", "••••"]
    assert "phone_index" not in entry.changes


def test_it_reveals_a_value_for_a_reason_and_notes_it(bob: User, ravi: Customer) -> None:
    value = services.reveal(actor=bob, customer=ravi, field="identity:pan", reason="verify")

    assert value == "ACUPA7085R"
    event = Event.objects.get(verb="customers.pii_read")
    assert (event.actor, event.subject) == (
        bob.audit_reference,
        f"customers.customer:{ravi.pk}",
    )
    assert event.facts == {"field": "identity:pan", "reason": "verify"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "+919823012345"),
        ("email", "ravi@example.com"),
        ("date_of_birth", "1988-04-12"),
        ("street", "14 Tilak Road"),
    ],
)
def test_it_reveals_each_field(bob: User, ravi: Customer, field: str, value: str) -> None:
    assert services.reveal(actor=bob, customer=ravi, field=field, reason="contact") == value


@pytest.mark.parametrize("reason", ["", "because", "x" * 10_000])
def test_it_reveals_nothing_without_a_reason(bob: User, ravi: Customer, reason: str) -> None:
    with pytest.raises(DomainError) as refusal:
        services.reveal(actor=bob, customer=ravi, field="phone", reason=reason)

    assert list(refusal.value.fields) == ["reason"]
    assert not Event.objects.filter(verb="customers.pii_read").exists()


@pytest.mark.parametrize(
    "field", ["", "identity:aadhaar", "identity:", "identity:\0", "password", "pk"]
)
def test_it_reveals_nothing_that_is_not_there(bob: User, ravi: Customer, field: str) -> None:
    with pytest.raises(NotVisible):
        services.reveal(actor=bob, customer=ravi, field=field, reason="verify")

    assert not Event.objects.filter(verb="customers.pii_read").exists()


def test_it_reveals_nothing_to_those_who_only_read(amir: User, ravi: Customer) -> None:
    with pytest.raises(NotPermitted):
        services.reveal(actor=amir, customer=ravi, field="phone", reason="verify")

    assert not Event.objects.filter(verb="customers.pii_read").exists()


def test_it_shows_dots_on_the_page_until_a_reason_is_given(
    bob: User, ravi: Customer, client: Client
) -> None:
    client.force_login(bob, backend="django.contrib.auth.backends.ModelBackend")
    address = reverse("customers:reveal", args=[ravi.pk, "phone"])

    page = client.get(reverse("customers:detail", args=[ravi.pk])).content.decode()
    asked = client.post(address).content.decode()
    refused = client.post(address, {"reason": "none"})
    shown = client.post(address, {"reason": "contact"}).content.decode()

    for secret in SECRETS[1:]:
        assert secret not in page
    assert "••••2345" in page
    assert "+919823012345" not in asked
    assert 'name="reason"' in asked
    assert refused.status_code == 422
    assert "+919823012345" in shown
    assert Event.objects.filter(verb="customers.pii_read").count() == 1


@given(plain=st.binary(max_size=2_000), place=st.text(max_size=60))
def test_it_opens_what_it_sealed_in_its_place(plain: bytes, place: str) -> None:
    sealed = RING.seal(plain, place=place)

    assert RING.open(sealed, place=place) == plain
    assert RING.is_current(sealed)
    assert plain not in sealed or len(plain) < 4


@given(plain=st.binary(max_size=200), place=st.text(max_size=20), moved=st.text(max_size=20))
def test_it_opens_nothing_that_was_moved(plain: bytes, place: str, moved: str) -> None:
    sealed = RING.seal(plain, place=place)

    if place == moved:
        assert RING.open(sealed, place=moved) == plain
        return
    with pytest.raises(CannotOpen):
        RING.open(sealed, place=moved)


@given(plain=st.binary(max_size=100), where=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_it_notices_every_flipped_bit(plain: bytes, where: int, bit: int) -> None:
    sealed = bytearray(RING.seal(plain, place="here"))
    sealed[where % len(sealed)] ^= 1 << bit

    with pytest.raises(CannotOpen):
        RING.open(bytes(sealed), place="here")


@given(one=st.text(max_size=40), other=st.text(max_size=40))
def test_it_matches_equal_values_of_one_place_only(one: str, other: str) -> None:
    index = RING.blind_index(one, place="a.b.c")

    assert (index == RING.blind_index(other, place="a.b.c")) == (one == other)
    assert index != RING.blind_index(one, place="a.b.d")
    assert len(index) <= 40
