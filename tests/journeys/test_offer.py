"""Offer a loan: made by one button, read and accepted on a phone, once and by the right link."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import accessibility, counter
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import PHONE, Desk
from tests.journeys.stack import Stack

pytestmark = pytest.mark.browser
ARRIVES = 45_000.0


def test_an_offer_is_made_read_on_a_phone_and_accepted(desk: MakeDesk, stack: Stack) -> None:
    alice = desk("Alice")
    counter.take_application(alice, stack.made["customers"]["approved"], amount="1,00,000")
    counter.submit(alice)
    expect(alice.page.locator("#decision")).to_contain_text("Approved", timeout=ARRIVES)
    case = alice.page.url
    number = alice.page.get_by_role("heading", level=1).inner_text()
    alice.page.locator("#offer").get_by_role("button", name="Make the offer").click()
    expect(alice.heading(f"Offer {number}-O1")).to_be_visible()
    page = alice.page.url
    _look_at_the_offer(alice)

    alice.page.goto(case)
    phone = _phone(alice, _link(alice))
    phone.get_by_role("link", name="Read and answer the offer").click()
    expect(phone.locator("#statement")).to_contain_text("Key Facts Statement")
    expect(phone.locator("#statement")).to_contain_text("Vidya Bhave")
    _look(phone)
    phone.get_by_role("button", name="Accept the offer").click()
    expect(phone.locator("#answer")).to_contain_text("Confirm that you have received")
    phone.get_by_label("I have received, read and understood this statement.").check()
    phone.get_by_role("button", name="Accept the offer").click()
    expect(phone.locator("#short")).to_contain_text("You have accepted this offer.")
    expect(phone.get_by_role("button", name="Accept the offer")).to_have_count(0)
    phone.context.close()

    alice.page.goto(page)
    expect(alice.page.locator("#standing")).to_contain_text("By the applicant's link")
    expect(alice.page.get_by_role("button", name="Record the acceptance")).to_have_count(0)
    alice.page.goto("/offers/?show=accepted")
    expect(alice.page.get_by_role("link", name=f"{number}-O1")).to_be_visible()
    assert accessibility.grave_violations(alice.page) == []


def _look_at_the_offer(officer: Desk) -> None:
    page = officer.page
    expect(page.get_by_role("navigation").get_by_role("link", name="Offers")).to_have_text(
        re.compile(r"Offers\s+[1-9]")
    )
    page.locator("#statement summary").click()
    expect(page.locator("#statement .statement")).to_contain_text("Key Facts Statement")
    assert accessibility.grave_violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Statement as PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")


def _link(officer: Desk) -> str:
    panel = officer.page.locator("#portal-links")
    panel.get_by_label("What the link opens").select_option(
        label="All that, and answering the offer"
    )
    panel.get_by_role("button", name="Make a link").click()
    found = panel.get_by_role("link", name="Open it as the applicant sees it")
    expect(found).to_be_visible()
    return found.get_attribute("href") or ""


def _phone(officer: Desk, link: str) -> Page:
    """Open the link on a phone of a stranger: nobody is signed in, and no script runs."""
    browser = officer.context.browser
    assert browser is not None
    context = browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]},
        java_script_enabled=False,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(link)
    return page


def _look(phone: Page) -> None:
    """Hold the page against axe, which needs scripts; it must be no wider than the phone."""
    assert phone.context.browser is not None
    context = phone.context.browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(phone.url)
    assert accessibility.grave_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    context.close()
