"""Encryption at rest: opens only in its place, survives key rotation, shows every alteration."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.crypto import CannotOpen, Keyring

OLD, NEW, INDEX = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
PLACE = "customers.customer.phone:1"
RING = Keyring({"k2": NEW, "k1": OLD}, index_key=INDEX)


@given(st.binary(max_size=200), st.text(max_size=40))
def test_it_opens_what_it_sealed(plain: bytes, place: str) -> None:
    assert RING.open(RING.seal(plain, place=place), place=place) == plain


@given(st.binary(min_size=1, max_size=60), st.data())
def test_it_shows_every_altered_byte(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(RING.seal(plain, place=PLACE))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))

    with pytest.raises(CannotOpen):
        RING.open(bytes(sealed), place=PLACE)


@given(st.binary(min_size=1, max_size=60), st.data())
def test_it_opens_no_truncated_value(plain: bytes, data: st.DataObject) -> None:
    sealed = RING.seal(plain, place=PLACE)
    length = data.draw(st.integers(0, len(sealed) - 1))

    with pytest.raises(CannotOpen):
        RING.open(sealed[:length], place=PLACE)


@pytest.mark.parametrize(
    "place",
    ["customers.customer.phone:2", "customers.customer.email:1", "customers.customer.phone:"],
)
def test_it_does_not_open_in_another_row_or_column(place: str) -> None:
    sealed = RING.seal(b"+919812345678", place=PLACE)

    with pytest.raises(CannotOpen):
        RING.open(sealed, place=place)


@given(st.binary(max_size=60), st.data())
def test_it_knows_its_own_signature_and_no_altered_one(message: bytes, data: st.DataObject) -> None:
    key_id, signature = RING.sign(message, place=PLACE)
    forged = bytearray(signature)
    forged[data.draw(st.integers(0, 15))] ^= data.draw(st.integers(1, 255))

    assert RING.is_signed(message, signature, key_id=key_id, place=PLACE)
    assert not RING.is_signed(message, bytes(forged), key_id=key_id, place=PLACE)
    assert not RING.is_signed(message + b"x", signature, key_id=key_id, place=PLACE)
    assert not RING.is_signed(message, signature, key_id=key_id, place="elsewhere")
    assert not RING.is_signed(message, signature, key_id="k1", place=PLACE)
    assert not RING.is_signed(message, signature, key_id="none", place=PLACE)


def test_it_knows_what_a_former_key_signed() -> None:
    key_id, signature = Keyring({"k1": OLD}, index_key=INDEX).sign(b"letter", place=PLACE)

    assert RING.is_signed(b"letter", signature, key_id=key_id, place=PLACE)
    assert RING.sign(b"letter", place=PLACE)[0] == "k2"


def test_it_opens_old_values_after_rotation_and_seals_with_the_new_key() -> None:
    before = Keyring({"k1": OLD}, index_key=INDEX)
    sealed = before.seal(b"secret", place=PLACE)

    assert RING.open(sealed, place=PLACE) == b"secret"
    assert not RING.is_current(sealed)
    assert RING.is_current(RING.seal(b"secret", place=PLACE))
    assert RING.seal(b"secret", place=PLACE).startswith(b"v1|k2|")


def test_it_opens_nothing_without_the_key() -> None:
    sealed = RING.seal(b"secret", place=PLACE)
    stranger = Keyring({"k2": os.urandom(32)}, index_key=INDEX)
    without = Keyring({"k1": OLD}, index_key=INDEX)

    for ring in (stranger, without):
        with pytest.raises(CannotOpen):
            ring.open(sealed, place=PLACE)


def test_it_seals_the_same_value_differently_each_time() -> None:
    sealed = {RING.seal(b"same", place=PLACE) for _ in range(50)}

    assert len(sealed) == 50


def test_it_finds_equal_values_of_one_place_only() -> None:
    phone = RING.blind_index("+919812345678", place="customers.customer.phone")

    assert RING.blind_index("+919812345678", place="customers.customer.phone") == phone
    assert RING.blind_index("+919812345679", place="customers.customer.phone") != phone
    assert RING.blind_index("+919812345678", place="customers.guarantor.phone") != phone
    assert len(phone) == 32


def test_it_keeps_the_index_apart_from_the_encryption_keys() -> None:
    rotated = Keyring({"k3": os.urandom(32)}, index_key=INDEX)
    other = Keyring({"k2": NEW}, index_key=OLD)

    place = "customers.customer.phone"
    assert rotated.blind_index("x", place=place) == RING.blind_index("x", place=place)
    assert other.blind_index("x", place=place) != RING.blind_index("x", place=place)


def test_it_needs_a_key() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        Keyring({}, index_key=INDEX)
