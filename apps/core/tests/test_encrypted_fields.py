"""Encrypted columns: ciphertext in the table, plain on the instance, bound to row and column."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.conf import LazySettings
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import connection, transaction

from apps.accounts.models import Branch
from apps.core.crypto import CannotOpen
from apps.core.fields import Ciphertext, EncryptedDateField
from apps.letters.models import Letter

FACTS = {"name": "Asha Kulkarni", "amount": "500000.00"}


@pytest.fixture
def make_letter(pune: Branch) -> Callable[[str], Letter]:
    def make(subject: str) -> Letter:
        return Letter.objects.create(
            branch=pune,
            kind="declined",
            subject=subject,
            case=subject,
            language="en",
            template_version="1",
            facts=FACTS,
            facts_sha256="0" * 64,
            issued_at=datetime(2026, 11, 21, tzinfo=UTC),
        )

    return make


MakeLetter = Callable[[str], Letter]


def _column(letter: Letter) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT facts FROM letters_letter WHERE id = %s", [letter.pk])
        return bytes(cursor.fetchone()[0])


def test_it_stores_ciphertext_and_reads_plain(make_letter: MakeLetter) -> None:
    letter = make_letter("test.case:1")

    assert _column(letter).startswith(b"v1|t2|")
    assert b"Kulkarni" not in _column(letter)
    assert letter.facts == FACTS
    assert Letter.objects.get(pk=letter.pk).facts == FACTS


def test_it_does_not_open_a_value_copied_from_another_row(make_letter: MakeLetter) -> None:
    first, second = make_letter("test.case:1"), make_letter("test.case:2")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE letters_letter SET facts = %s WHERE id = %s", [_column(first), second.pk]
        )

    with pytest.raises(CannotOpen):
        _ = Letter.objects.get(pk=second.pk).facts


def test_it_reads_old_values_under_a_new_key_and_rewrites_them(
    make_letter: MakeLetter, settings: LazySettings
) -> None:
    letter = make_letter("test.case:1")
    settings.FIELD_ENCRYPTION_KEYS = {"t3": bytes(range(32)), **settings.FIELD_ENCRYPTION_KEYS}

    found = Letter.objects.get(pk=letter.pk)
    assert found.facts == FACTS
    found.save(update_fields=["facts"])

    assert _column(letter).startswith(b"v1|t3|")
    assert Letter.objects.get(pk=letter.pk).facts == FACTS


def test_it_leaves_unread_ciphertext_as_it_is_on_saving(make_letter: MakeLetter) -> None:
    letter = make_letter("test.case:1")
    before = _column(letter)

    Letter.objects.get(pk=letter.pk).save(update_fields=["facts"])

    assert _column(letter) == before


def test_it_writes_nothing_plain_by_bulk_update(make_letter: MakeLetter) -> None:
    letter = make_letter("test.case:1")
    before = _column(letter)

    with pytest.raises(TypeError, match="encrypted"), transaction.atomic():
        Letter.objects.filter(pk=letter.pk).update(facts={"name": "plain"})

    assert _column(letter) == before


def test_it_refuses_to_search_by_ciphertext(make_letter: MakeLetter) -> None:
    with pytest.raises((FieldError, TypeError)):
        list(Letter.objects.filter(facts="x"))

    make_letter("test.case:1")
    assert Letter.objects.filter(html__isnull=True).count() == 1


def test_it_is_not_serialised(make_letter: MakeLetter) -> None:
    letter = make_letter("test.case:1")

    with pytest.raises((TypeError, serializers.base.SerializationError)):
        serializers.serialize("json", [letter], fields=["facts"])


def test_it_reads_a_deferred_column_when_asked(make_letter: MakeLetter) -> None:
    letter = make_letter("test.case:1")

    assert Letter.objects.defer("facts").get(pk=letter.pk).facts == FACTS


def test_it_refuses_what_is_not_a_date() -> None:
    field = EncryptedDateField()
    field.name = "born"

    with pytest.raises(TypeError, match="must be a date"):
        field.to_bytes("1990-01-01")


def test_it_seals_for_bulk_copy_so_that_the_row_opens(make_letter: MakeLetter) -> None:
    letter, key = make_letter("test.case:1"), uuid.uuid4()
    field = Letter._meta.get_field("facts")

    sealed = field.seal(FACTS, key)

    assert isinstance(sealed, Ciphertext)
    letter.pk = key
    assert field.unseal(sealed, letter) == FACTS
