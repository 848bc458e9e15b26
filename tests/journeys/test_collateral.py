"""What secures a loan: taken up from what was declared, pledged, and given back by two people."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.journeys import accessibility
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import PHONE, WIDE, Desk
from tests.journeys.stack import Stack

pytestmark = pytest.mark.browser
PLATE = "MH 12 QX 4711"


def test_a_vehicle_is_taken_up_pledged_and_released(desk: MakeDesk, stack: Stack) -> None:
    made = stack.world("secured")
    alice, charlie = desk("Alice"), desk("Charlie")
    alice.page.goto(f"/applications/{made['pk']}/")
    register = alice.page.locator("#register")
    expect(register).to_contain_text("Nothing in the collateral register secures")
    register.get_by_role("link", name="Take Hatchback").click()
    _fill_in(alice)
    with alice.refused(422):
        alice.page.get_by_label("The lien secures").fill("3,00,000.01")
        alice.page.get_by_role("button", name="Record").click()
        expect(alice.page.locator("main form")).to_contain_text("secures no more than that")
    alice.page.get_by_label("The lien secures").fill("1,50,000")
    assert accessibility.grave_violations(alice.page) == []
    alice.page.get_by_role("button", name="Record").click()
    expect(alice.page.locator("#messages")).to_contain_text("once it is pledged")
    item = alice.page.url

    _insure(alice)
    alice.page.get_by_role("link", name="Record the pledge").click()
    alice.page.get_by_label("Reference").fill("Deed 17")
    alice.page.get_by_role("button", name="Record").click()
    expect(alice.page.locator("#messages")).to_contain_text("The item is pledged.")
    _look(alice)
    alice.page.goto(f"/applications/{made['pk']}/")
    expect(register).to_contain_text("The security is as it must be")

    alice.page.goto(item)
    alice.page.get_by_role("link", name="Ask to release the item").click()
    alice.page.get_by_label("Reason").fill("The customer bought another car.")
    alice.page.get_by_role("button", name="Record").click()
    expect(alice.page.locator("#next")).to_contain_text("another person must answer it")
    charlie.page.goto(item)
    charlie.page.get_by_role("button", name="Release", exact=True).click()
    expect(charlie.page.locator("#next")).to_contain_text("The customer bought another car.")
    expect(charlie.page.get_by_role("link", name="Record a valuation")).to_have_count(0)


def _fill_in(officer: Desk) -> None:
    page = officer.page
    expect(page.get_by_label("Kind")).to_have_value("vehicle")
    page.get_by_label("Registration number").fill(PLATE)
    page.get_by_label("Valuer", exact=True).fill("Deccan Valuers")
    page.get_by_label("How the value was found").select_option("Comparison with the market")


def _insure(officer: Desk) -> None:
    page, today = officer.page, datetime.now(UTC).date()
    page.get_by_role("link", name="Record an insurance").click()
    page.get_by_label("Insurer").fill("Sahyadri General")
    page.get_by_label("Policy number").fill("SG-1")
    page.get_by_label("Sum insured").fill("3,00,000")
    page.get_by_label("From").fill(today.replace(day=1).isoformat())
    page.get_by_label("Valid until").fill(today.replace(year=today.year + 1, day=1).isoformat())
    page.get_by_role("button", name="Record").click()
    expect(page.locator("#insurance")).to_contain_text("Sahyadri General")


def _look(officer: Desk) -> None:
    page = officer.page
    page.locator("#facts").get_by_role("button", name="Show").click()
    expect(page.locator("#facts")).to_contain_text("MH12QX4711")
    assert accessibility.grave_violations(page) == []
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert accessibility.grave_violations(page) == []
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
