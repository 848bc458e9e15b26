"""Everybody gets in with their own password, and nobody without."""

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import MakeDesk

pytestmark = pytest.mark.browser


def test_it_signs_in_and_out(desk: MakeDesk) -> None:
    alice = desk("Alice")

    alice.page.locator(".user-menu__button").click()
    alice.page.get_by_role("button", name="Sign out").click()

    expect(alice.heading("Sign in")).to_be_visible()
    alice.page.goto("/customers/")
    expect(alice.heading("Sign in")).to_be_visible()
