"""What would have turned a decline, and sliders that answer at once: by keyboard and as a form."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import counter
from tests.journeys.accessibility import grave_violations
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import PHONE, Desk
from tests.journeys.stack import Stack

pytestmark = pytest.mark.browser

ARRIVES = 60_000.0
OUTCOME = "#what-if-answer .status"


@pytest.fixture
def declined(desk: MakeDesk, stack: Stack) -> Desk:
    """The officer on the page of an application that was declined: too much for the income."""
    alice = desk("Alice")
    counter.take_application(alice, stack.made["customers"]["approved"], amount="14,00,000")
    counter.submit(alice)
    expect(alice.page.locator("#decision")).to_contain_text("Declined", timeout=ARRIVES)
    return alice


def _open(officer: Desk) -> Page:
    officer.page.locator("#recourse").get_by_role("link", name="Try changes").click()
    expect(officer.heading("Try changes")).to_be_visible()
    return officer.page


def _look(page: Page) -> None:
    """Hold the page against axe in the light, in the dark and on a telephone."""
    size = page.viewport_size
    assert size is not None
    assert grave_violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert grave_violations(page, only=("color-contrast",)) == []
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    page.set_viewport_size(size)


def test_an_officer_sees_what_would_have_turned_a_decline_and_tries_it(declined: Desk) -> None:
    expect(declined.page.locator("#recourse")).to_contain_text("would have been approved")

    page = _open(declined)
    expect(page.locator(OUTCOME)).to_have_text("Decline")
    _look(page)
    amount = page.get_by_label("Amount", exact=True)
    amount.focus()
    page.keyboard.press("Home")

    expect(page.locator("#amount-shown")).to_have_text("₹25,000.00")
    expect(page.locator(OUTCOME)).to_have_text("Approve")
    expect(amount).to_be_focused()
    _look(page)
    page.get_by_role("link", name="As asked for").click()
    expect(page.locator(OUTCOME)).to_have_text("Decline")


def test_the_form_works_without_a_script(declined: Desk, stack: Stack) -> None:
    address = _open(declined).url
    browser = declined.context.browser
    assert browser is not None
    bare = browser.new_context(
        base_url=stack.url,
        java_script_enabled=False,
        storage_state=declined.context.storage_state(),
        locale="en-GB",
    )
    page = bare.new_page()
    page.goto(address)
    page.get_by_label("Amount", exact=True).press("Home")

    page.get_by_role("button", name="Try", exact=True).click()

    expect(page.locator(OUTCOME)).to_have_text("Approve")
    # What is tried of a person stays out of the address, and so of the browser's history.
    expect(page).to_have_url(address)
    expect(page.get_by_label("Amount", exact=True)).to_have_value("25000")
    bare.close()


def test_the_letter_says_the_same(declined: Desk, stack: Stack) -> None:
    # The worker searches behind the decision: what it found arrives on the open page.
    expect(declined.page.locator("#recourse")).to_contain_text("would have been approved")
    told = declined.page.locator("#recourse li").all_inner_texts()
    assert told
    stack.world("sweep")
    declined.page.locator("#letters").get_by_role("link").first.click(timeout=ARRIVES)
    expect(declined.page.get_by_role("heading", name="Why we decided this")).to_be_visible()

    for sentence in told:
        expect(declined.page.locator("main")).to_contain_text(sentence)
    _look(declined.page)


def test_another_branch_tries_nothing(declined: Desk, desk: MakeDesk) -> None:
    number = declined.page.locator("h1").inner_text().strip()
    address = _open(declined).url
    nadia = desk("Nadia")

    with nadia.refused(404):
        nadia.page.goto(address)
        expect(nadia.page.locator("main")).not_to_contain_text(number)
        expect(nadia.page.locator("#what-if-answer")).to_have_count(0)
