"""Masked values show enough to recognise and too little to use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import masking


@pytest.mark.parametrize(
    ("value", "shown"),
    [("+919823012345", "••••2345"), ("12345678", "••••5678"), ("1234567", "••••"), ("", ""),
     (None, "")],
)  # fmt: skip
def test_it_shows_the_end_of_long_values_only(value: str | None, shown: str) -> None:
    assert masking.tail(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [("ravi@example.com", "r••••@example.com"), ("", ""), (None, "")]
)
def test_it_shows_first_letter_and_domain_of_an_e_mail(value: str | None, shown: str) -> None:
    assert masking.email(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [("Ravi S Kulkarni", "R•••• S•••• K••••"), ("", ""), (None, "")]
)
def test_it_shows_the_initials_of_a_name(value: str | None, shown: str) -> None:
    assert masking.name(value) == shown


@pytest.mark.parametrize(("value", "shown"), [("Ravi", "••••"), ("None", "None"), ("", "")])
def test_it_hides_whole_values_but_not_that_there_was_none(value: str, shown: str) -> None:
    assert masking.hidden(value) == shown


@given(value=st.text(alphabet="0123456789", min_size=1, max_size=30), keep=st.integers(1, 6))
def test_it_never_shows_more_than_half_of_a_value(value: str, keep: int) -> None:
    shown = masking.tail(value, keep=keep).removeprefix(masking.DOTS)

    assert len(shown) * 2 <= len(value)
    assert value.endswith(shown)
