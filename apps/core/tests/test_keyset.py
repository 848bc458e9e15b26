"""Positions in a list come back from the browser: what is none gets a sentence, never a 500."""

import base64
from collections.abc import Callable

import pytest
from django.test import Client

from apps.accounts.models import User

SignedIn = Callable[[User], Client]
NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 2900,
        '["\\ud800"]',
        '["\\u0000"]',
        "[null]",
        "[[1]]",
        '{"a": 1}',
        '["a", "b", "c"]',
        "[" + "1" * 2800 + "",
        "\udcff",
    ],
)
@pytest.mark.parametrize("sort", ["number", "-number"])
def test_it_refuses_a_position_that_is_none(
    alice: User, signed_in: SignedIn, text: str, sort: str
) -> None:
    position = base64.urlsafe_b64encode(text.encode(errors="surrogateescape")).decode()

    response = signed_in(alice).get("/customers/", {"sort": sort, "after": position})

    assert response.status_code == 400
    assert "This page of the list is not there." in response.content.decode()


@pytest.mark.parametrize(
    "text", [f'["\\ud800", "{NOWHERE}"]', f'["2026-01-01", "{NOWHERE}\\udfff"]', '[1e999, "x"]']
)
def test_it_refuses_half_a_character_among_dates_too(
    alice: User, signed_in: SignedIn, text: str
) -> None:
    position = base64.urlsafe_b64encode(text.encode()).decode()

    response = signed_in(alice).get("/customers/", {"after": position})

    assert response.status_code == 400


@pytest.mark.parametrize("text", ["[Infinity]", "[-1e999]", "[NaN]"])
def test_it_refuses_a_number_that_is_none(charlie: User, signed_in: SignedIn, text: str) -> None:
    position = base64.urlsafe_b64encode(text.encode()).decode()

    response = signed_in(charlie).get("/ledger/entries/", {"after": position})

    assert response.status_code == 400
    assert "This page of the list is not there." in response.content.decode()
