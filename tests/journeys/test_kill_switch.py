"""A manager stops automated decisions; a case goes to people; two people start them again."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import accessibility, counter
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import PHONE, WIDE, Desk
from tests.journeys.stack import Stack

pytestmark = pytest.mark.browser

ARRIVES = 45_000.0
WHY = "Approvals have doubled since ten o'clock; the bureau feed is being looked at."
FOUND = "The feed sent zeros for an hour. It is mended; the cases of that hour were looked at."
NOTICE = "Automated decisions are stopped: All lenders"
SWITCH = "/review/automation/"


@pytest.fixture
def running_again(stack: Stack) -> Iterator[None]:
    """Leaves automated decisions running for the journeys after this one."""
    yield
    stack.world("start_again")


def test_it_stops_at_once_loses_no_case_and_takes_two_to_start_again(
    desk: MakeDesk, stack: Stack, running_again: None
) -> None:
    alice, bob, charlie, mark = (desk(name) for name in ("Alice", "Bob", "Charlie", "Mark"))
    customer = stack.made["customers"]["approved"]

    _stop(charlie)
    number = _judged(alice, customer, says="Sent to review")
    _see_why(bob, number)
    _ask(charlie)
    _confirm(mark)

    alice.page.goto("/")
    expect(alice.page.locator("#notices")).to_have_count(0)
    _judged(alice, customer, says="Approved")
    # What went to people meanwhile waits for them.
    bob.page.goto(f"/review/?q={number}")
    expect(bob.page.locator("main").get_by_role("link", name=number)).to_be_visible()


def _stop(manager: Desk) -> None:
    page = manager.page
    page.get_by_role("link", name="Automated decisions").click()
    expect(manager.heading("Automated decisions")).to_be_visible()
    page.get_by_label("Whose decisions").select_option("All lenders")
    with manager.refused(422):
        page.get_by_role("button", name="Stop now").click()
        expect(page.locator("#stop")).to_contain_text("Say why automated decisions are stopped.")
    expect(page.get_by_label("Whose decisions")).to_have_value("all")
    page.get_by_label("Why").fill(WHY)
    page.get_by_role("button", name="Stop now").click()
    expect(page.locator("#messages")).to_contain_text("Automated decisions are stopped.")
    expect(page.locator("#notices")).to_contain_text(NOTICE)
    assert _looks_right(page) == []


def _judged(officer: Desk, customer: str, *, says: str) -> str:
    number = counter.take_application(officer, customer, amount="1,00,000")
    counter.submit(officer)
    expect(officer.page.locator("#decision")).to_contain_text(says, timeout=ARRIVES)
    return number


def _see_why(reviewer: Desk, number: str) -> None:
    page = reviewer.page
    page.goto("/review/?cause=automation_stopped")
    row = page.locator("tbody tr", has_text=number)
    expect(row).to_contain_text("Automated decisions were stopped.")
    expect(row).to_contain_text(WHY)
    row.get_by_role("link", name=number).click()
    panel = page.locator("#decision")
    expect(panel).to_contain_text(WHY)
    expect(panel).to_contain_text("The policy by itself says: Approve")
    expect(page.locator("#notices")).to_contain_text(NOTICE)
    assert _looks_right(page) == []


def _ask(manager: Desk) -> None:
    page = manager.page
    page.goto(SWITCH)
    page.locator("summary", has_text="Ask that they start again").click()
    page.get_by_label("What was found and done").fill(FOUND)
    page.get_by_role("button", name="Ask for the restart").click()
    expect(page.locator("#messages")).to_contain_text("when another person confirms")
    expect(page.get_by_role("button", name="Confirm the restart")).to_have_count(0)
    expect(page.locator("#notices")).to_contain_text(NOTICE)


def _confirm(approver: Desk) -> None:
    page = approver.page
    page.goto(SWITCH)
    expect(page.locator("main")).to_contain_text(FOUND)
    assert _looks_right(page) == []
    page.get_by_role("button", name="Confirm the restart").click()
    page.locator("#confirm-dialog [data-confirm-yes]").click()
    expect(page.locator("#messages")).to_contain_text("Automated decisions run again")
    expect(page.locator("#notices")).to_have_count(0)
    expect(page.locator("#history")).to_contain_text("Mark")


def _looks_right(page: Page) -> list[str]:
    """Says what axe finds on the page in light and dark, on a desk and on a phone."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width, height in (WIDE, PHONE):
            page.set_viewport_size({"width": width, "height": height})
            found += [f"{scheme} {width}: {one}" for one in accessibility.grave_violations(page)]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    return found
