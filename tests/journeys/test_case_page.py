"""The case page: everything about a case at once, by keyboard, and a memo that freezes."""

import pytest
from playwright.sync_api import expect

from tests.journeys import accessibility, counter
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import PHONE, Desk
from tests.journeys.stack import Stack

pytestmark = pytest.mark.browser

ARRIVES = 45_000.0
PARTS = ("#factors", "#trace", "#documents", "#exposure", "#similar", "#memo", "#history")


def test_a_reviewer_decides_by_keyboard_on_one_page(desk: MakeDesk, stack: Stack) -> None:
    alice, bob = desk("Alice"), desk("Bob")
    number = _referred(alice, stack.made["customers"]["referred"])
    bob.open_case(number)
    page = bob.page

    for part in PARTS:
        expect(page.locator(part)).to_be_visible()
    expect(page.locator("[data-chart=waterfall-figure] .main-svg").first).to_be_visible()
    page.get_by_text("As a table").click()
    expect(page.locator("#factors table")).to_be_visible()
    assert not accessibility.grave_violations(page)

    page.locator("body").press("?")
    expect(page.locator("#shortcuts-dialog")).to_contain_text("Previous case")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.locator("#review")).to_contain_text("You hold this case")
    _write_words(bob)
    page.locator("h1").click()
    page.keyboard.press("d")
    declining = page.locator("#review form:has(input[name=outcome][value=decline])")
    expect(declining).to_be_visible()
    # The focus is in the form: the keys write, and decide nothing.
    page.keyboard.press("a")
    page.keyboard.press("s")
    expect(page.locator("#review")).to_contain_text("You hold this case")
    expect(page.locator("#decision")).to_contain_text("Sent to review")


def test_the_memo_freezes_with_the_decision(desk: MakeDesk, stack: Stack) -> None:
    alice, bob = desk("Alice"), desk("Bob")
    number = _referred(alice, stack.made["customers"]["wanted_by_two"])
    bob.open_case(number)
    page = bob.page
    page.get_by_role("button", name="Claim").click()
    expect(page.locator("#review")).to_contain_text("You hold this case")
    _write_words(bob)
    page.locator("#review summary", has_text="Approve").click()
    form = page.locator("#review form:has(input[name=outcome][value=approve])")
    form.get_by_role("checkbox", name="Income confirmed by documents seen").check()
    form.get_by_role("button", name="Approve the application").click()
    expect(page.locator("#messages")).to_contain_text("The decision stands")

    memo = page.locator("#memo")
    expect(memo).to_contain_text("Frozen with the decision")
    expect(memo).to_contain_text("The brother owns the shop.")
    expect(memo.locator("textarea")).to_have_count(0)
    memo.get_by_role("link", name="To print").click()
    expect(bob.heading("Credit memo")).to_be_visible()
    assert not accessibility.grave_violations(page)


def test_who_took_the_application_reads_and_decides_nothing(desk: MakeDesk, stack: Stack) -> None:
    alice, nadia = desk("Alice"), desk("Nadia")
    number = _referred(alice, stack.made["customers"]["referred_above_limit"])
    address = alice.page.url

    expect(alice.page.locator("#memo")).to_contain_text("Recommendation")
    expect(alice.page.locator("#memo textarea")).to_have_count(0)
    expect(alice.page.locator("#review form")).to_have_count(0)
    assert number
    with nadia.refused(404):
        nadia.page.goto(address)
        expect(nadia.page.locator("main")).not_to_contain_text(number)


def test_it_holds_on_a_phone(desk: MakeDesk, stack: Stack) -> None:
    alice, bob = desk("Alice"), desk("Bob")
    number = _referred(alice, stack.made["customers"]["referred"])
    bob.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    bob.open_case(number)

    for part in PARTS:
        expect(bob.page.locator(part)).to_be_visible()

    wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not bob.page.evaluate(wider)


def _referred(officer: Desk, customer: str) -> str:
    number = counter.take_application(officer, customer, amount="2,00,000")
    counter.submit(officer)
    expect(officer.page.locator("#decision")).to_contain_text("Sent to review", timeout=ARRIVES)
    return number


def _write_words(reviewer: Desk) -> None:
    """Adds own words to the section on mitigants and waits until they are kept."""
    memo = reviewer.page.locator("#memo")
    section = memo.locator("section[aria-labelledby=memo-mitigants]")
    section.locator("summary").click()
    section.locator("textarea").fill("The brother owns the shop.")
    section.get_by_role("button", name="Keep").click()
    expect(memo).to_contain_text("Who wrote when")
