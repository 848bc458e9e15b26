"""The link that ends reminders says whose they are; no altered one is ours."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.crypto import Keyring
from apps.repayments import stop_links

OLD, NEW, INDEX = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
RING = Keyring({"k2": NEW, "k1": OLD}, index_key=INDEX)
ASHA = uuid.UUID(int=7)


@given(st.uuids())
def test_it_reads_what_it_wrote(customer: uuid.UUID) -> None:
    assert stop_links.read(stop_links.write(customer, RING), RING) == customer


def test_a_link_of_an_earlier_key_still_holds() -> None:
    before = stop_links.write(ASHA, Keyring({"k1": OLD}, index_key=INDEX))

    assert stop_links.read(before, RING) == ASHA


@given(st.integers(0, 68), st.sampled_from("0123456789abcdefXYZ.-"))
def test_no_altered_link_is_ours(place: int, sign: str) -> None:
    token = stop_links.write(ASHA, RING)
    altered = token[:place] + sign + token[place + 1 :]
    if altered == token:
        return

    with pytest.raises(stop_links.NotOurs):
        stop_links.read(altered, RING)


@pytest.mark.parametrize("text", ["", ".", "a.b.c", "é" * 40, "0" * 100_000, "0" * 32 + ".k2."])
def test_what_was_never_a_link_is_not_ours(text: str) -> None:
    with pytest.raises(stop_links.NotOurs):
        stop_links.read(text, RING)
