"""A letter is read, proved and handed over; the list says which are not sent yet."""

import pytest
from playwright.sync_api import expect

from tests.journeys.accessibility import grave_violations
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import PHONE, Desk
from tests.journeys.stack import Stack

pytestmark = pytest.mark.browser

UNSENT = """
    SELECT letter.id::text FROM letters_letter letter
    JOIN letters_delivery delivery ON delivery.letter_id = letter.id
    WHERE delivery.channel = 'hand' AND delivery.status = 'queued' AND letter.kind = %s
    ORDER BY letter.issued_at LIMIT 1
"""
SENT = "SELECT channel, status FROM letters_delivery WHERE letter_id = %s ORDER BY created_at"


def _letter(stack: Stack, kind: str) -> str:
    found = stack.ask(UNSENT, kind)
    if not found:
        stack.world("sweep")
        found = stack.ask(UNSENT, kind)
    [[key]] = found
    return str(key)


def _look(seat: Desk) -> None:
    """Hold the page against axe in the light, in the dark and on a telephone."""
    assert grave_violations(seat.page) == []
    seat.page.emulate_media(color_scheme="dark")
    assert grave_violations(seat.page, only=("color-contrast",)) == []
    seat.page.emulate_media(color_scheme="light")
    size = seat.page.viewport_size
    seat.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert seat.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert size is not None
    seat.page.set_viewport_size(size)


def test_an_officer_hands_a_letter_over(desk: MakeDesk, stack: Stack) -> None:
    alice, key = desk("Alice"), _letter(stack, "approved")
    alice.page.goto("/letters/")
    expect(alice.page.get_by_role("heading", name="Letters", level=1)).to_be_visible()
    _look(alice)

    alice.page.goto(f"/letters/{key}/")
    expect(alice.page.get_by_text("Verified")).to_be_visible()
    _look(alice)
    alice.page.get_by_role("button", name="It was handed over").click()

    expect(alice.page.locator("#messages")).to_contain_text("The letter counts as sent")
    assert stack.ask(SENT, key)[-1] == ("hand", "sent")
    alice.page.goto("/letters/?view=sent")
    expect(alice.page.locator(f'a[href="/letters/{key}/"]').first).to_be_visible()


def test_a_reviewer_reads_it_and_delivers_nothing(desk: MakeDesk, stack: Stack) -> None:
    bob, key = desk("Bob"), _letter(stack, "declined")

    bob.page.goto(f"/letters/{key}/")

    expect(bob.page.get_by_role("heading", name="Why we decided this")).to_be_visible()
    expect(bob.page.get_by_role("button", name="It was handed over")).to_have_count(0)
    assert stack.ask(SENT, key) == [("hand", "queued")]


def test_an_applicant_is_told_what_is_missing(desk: MakeDesk, stack: Stack) -> None:
    draft = stack.made["draft_that_lacks_papers"]
    nadia = desk("Nadia")
    nadia.page.goto(f"/review/applications/{draft}/incomplete/")
    _look(nadia)

    nadia.page.get_by_label("Proof of your work and your income.").check()
    nadia.page.get_by_role("button", name="Issue the letter").click()

    expect(nadia.page.locator("#messages")).to_contain_text("The notice is issued")
    expect(nadia.page.locator("#letters")).to_contain_text(
        "Notice of what is missing", timeout=30_000
    )
