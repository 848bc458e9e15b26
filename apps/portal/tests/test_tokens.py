"""A token says what it was made for; no altered, cut or made-up one is ours."""

import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.crypto import Keyring
from apps.portal import tokens

OLD, NEW, INDEX = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
RING = Keyring({"k2": NEW, "k1": OLD}, index_key=INDEX)
LINK = tokens.Link(
    "letter", uuid.UUID(int=7), datetime(2026, 12, 20, 18, 29, 59, tzinfo=UTC), series=3
)


@given(
    st.sampled_from(tokens.PURPOSES),
    st.uuids(),
    st.integers(0, 4_000_000_000),
    st.integers(0, 65_535),
)
def test_it_reads_what_it_wrote(
    purpose: str, application: uuid.UUID, expires: int, series: int
) -> None:
    whole = datetime.fromtimestamp(expires, UTC)
    link = tokens.Link(purpose, application, whole, series)

    assert tokens.read(tokens.write(link, RING), RING) == link


def test_the_same_link_gives_the_same_token_and_names_nobody() -> None:
    token = tokens.write(LINK, RING)

    assert token == tokens.write(LINK, RING)
    assert len(token) < 80
    assert str(LINK.application) not in token


@given(st.data())
def test_no_altered_token_is_ours(data: st.DataObject) -> None:
    token = tokens.write(LINK, RING)
    at = data.draw(st.integers(0, len(token) - 1))
    sign = data.draw(st.sampled_from("ABCxyz019-_.k"))
    altered = token[:at] + sign + token[at + 1 :]
    if altered == token:
        return

    with pytest.raises(tokens.NotOurs):
        tokens.read(altered, RING)


@given(st.text(max_size=120))
def test_no_made_up_text_is_ours(text: str) -> None:
    with pytest.raises(tokens.NotOurs):
        tokens.read(text, RING)


def test_no_cut_or_lengthened_token_is_ours() -> None:
    token = tokens.write(LINK, RING)

    for wrong in (token[:-1], token + "A", token + "=", token * 5, "..", token.replace(".", "")):
        with pytest.raises(tokens.NotOurs):
            tokens.read(wrong, RING)


def test_a_token_outlives_the_rotation_of_keys_and_not_the_loss_of_its_own() -> None:
    before = tokens.write(LINK, Keyring({"k1": OLD}, index_key=INDEX))

    assert tokens.read(before, RING) == LINK
    with pytest.raises(tokens.NotOurs):
        tokens.read(before, Keyring({"k2": NEW}, index_key=INDEX))


def test_each_purpose_serves_for_those_before_it() -> None:
    assert [LINK.may(purpose) for purpose in tokens.PURPOSES] == [True, True, False, False]
