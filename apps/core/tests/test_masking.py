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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"/my/{'Ab_-9' * 8}.k1.{'x' * 43}/letters/", "/my/••••/letters/"),
        (f"GET /my/{'a' * 60} HTTP/1.1", "GET /my/•••• HTTP/1.1"),
        (f"/sign-in/set/MQ/c1x2y3-{'0' * 32}/?next=/", "/sign-in/set/MQ/••••/?next=/"),
        (
            "/applications/0190b7a2-6a1e-7c3d-9e0f-2b4c6d8e0f1a/",
            "/applications/0190b7a2-6a1e-7c3d-9e0f-2b4c6d8e0f1a/",
        ),
        ("letter_not_sent", "letter_not_sent"),
    ],
    ids=["link", "request line", "password", "key", "event"],
)
def test_it_hides_what_opens_something_by_itself(text: str, shown: str) -> None:
    assert masking.hide_tokens(text) == shown
