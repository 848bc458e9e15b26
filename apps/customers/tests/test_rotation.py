"""Keys rotate: everything ends under the current key, whatever happens on the way."""

import base64
import io
from itertools import islice

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from apps.accounts.models import Branch
from apps.core import rotation
from apps.core.keyring import keyring
from apps.customers.models import Customer, Document
from apps.customers.tests import factories

OLD, NEW = b"1" * 32, b"2" * 32


@pytest.fixture
def _before(settings: Settings) -> None:
    """Start where only the old key is known."""
    settings.FIELD_ENCRYPTION_KEYS = {"old": OLD}


def _column(name: str) -> rotation.Column:
    return next(column for column in rotation.columns() if str(column) == name)


def _rotate() -> str:
    out = io.StringIO()
    call_command("rotate_keys", stdout=out, stderr=out)
    return out.getvalue()


def test_it_knows_every_encrypted_column() -> None:
    names = {str(column) for column in rotation.columns()}

    assert {
        "customers.Customer.full_name",
        "customers.IdentityNumber.value",
        "customers.ProtectedAttributes.values",
        "customers.Document.content",
        "letters.Letter.facts",
        "letters.Letter.pdf",
    } <= names
    assert _column("customers.Document.content").chunk == rotation.CHUNK_OF_FILES


@pytest.mark.usefixtures("_before")
def test_it_seals_everything_anew_so_that_the_old_key_can_go(
    pune: Branch, settings: Settings
) -> None:
    customer = factories.customer(pune)
    settings.FIELD_ENCRYPTION_KEYS = {"new": NEW, "old": OLD}
    with pytest.raises(CommandError, match=r"customers\.Customer\.full_name: 1"):
        call_command("rotate_keys", "--check")

    said = _rotate()
    settings.FIELD_ENCRYPTION_KEYS = {"new": NEW}

    assert "customers.Customer.full_name: 1 values sealed again" in said
    call_command("rotate_keys", "--check", stdout=io.StringIO())
    found = Customer.objects.get(pk=customer.pk)
    assert (found.full_name, found.phone) == ("Ravi Kulkarni", customer.phone)
    assert found.address.street == "14 Tilak Road"


@pytest.mark.usefixtures("_before")
def test_it_goes_on_where_it_was_broken_off(
    pune: Branch, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        factories.customer(pune)
    settings.FIELD_ENCRYPTION_KEYS = {"new": NEW, "old": OLD}
    monkeypatch.setattr(rotation, "CHUNK", 2)
    column = _column("customers.Customer.phone")

    first_chunk = list(islice(rotation.rotate(column), 1))
    left = rotation.waiting(column)
    again = _column("customers.Customer.phone")
    later_chunks = list(rotation.rotate(again))

    assert (first_chunk, left) == ([2], 3)
    assert later_chunks == [2, 3]
    assert rotation.waiting(column) == 0


@pytest.mark.usefixtures("_before")
def test_it_leaves_current_values_untouched(pune: Branch, settings: Settings) -> None:
    factories.customer(pune)
    settings.FIELD_ENCRYPTION_KEYS = {"new": NEW, "old": OLD}
    _rotate()
    before = _raw("full_name")

    assert _rotate().startswith("Every value")
    assert _raw("full_name") == before
    assert keyring().is_current(before)


@pytest.mark.usefixtures("_before")
def test_it_names_values_that_do_not_open_and_goes_on(pune: Branch, settings: Settings) -> None:
    broken, whole = factories.customer(pune), factories.customer(pune)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE customers_customer SET phone = (SELECT phone FROM customers_customer "
            "WHERE id = %s) WHERE id = %s",
            [whole.pk, broken.pk],
        )
    settings.FIELD_ENCRYPTION_KEYS = {"new": NEW, "old": OLD}
    said = io.StringIO()

    with pytest.raises(CommandError, match=r"customers\.Customer\.phone: 1"):
        call_command("rotate_keys", stdout=said, stderr=said)

    assert (
        f"customers.Customer.phone: the value of row {broken.pk} does not open" in said.getvalue()
    )
    assert Customer.objects.get(pk=whole.pk).phone == whole.phone


@pytest.mark.usefixtures("_before")
def test_it_seals_files_anew(pune: Branch, settings: Settings) -> None:
    customer = factories.customer(pune)
    content = b"%PDF-1.7\n" + base64.b64encode(bytes(range(256)) * 40)
    Document.objects.create(
        customer=customer,
        kind="other",
        filename="a.pdf",
        content_type="application/pdf",
        size=len(content),
        sha256="0" * 64,
        content=content,
        uploaded_by=factories.officer(pune),
    )
    settings.FIELD_ENCRYPTION_KEYS = {"new": NEW, "old": OLD}

    _rotate()
    settings.FIELD_ENCRYPTION_KEYS = {"new": NEW}

    assert Document.objects.get().content == content


def _raw(column: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM customers_customer")  # noqa: S608
        return bytes(cursor.fetchone()[0])
