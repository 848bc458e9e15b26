"""An analyst drafts a policy from the one in force; another person sends it back, then approves."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.journeys import accessibility
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import PHONE, WIDE, Desk

pytestmark = pytest.mark.browser

LENDER = "Sahyadri Finance Ltd"
WHY = "Obligations above half of net income lose money."


def test_a_policy_is_drafted_by_one_person_and_approved_by_another(desk: MakeDesk) -> None:
    rita, mark = desk("Rita"), desk("Mark")

    address = _draft(rita)
    _propose(rita)
    _send_back(mark, address)
    rita.page.goto(address)
    expect(rita.page.locator("main")).to_contain_text("Say it in the name as well.")
    _propose(rita)
    _approve(mark, address)

    rita.page.goto("/review/policies/")
    expect(_rows(rita.page)).to_contain_text([re.compile("From later"), re.compile("In force")])


def _draft(analyst: Desk) -> str:
    page = analyst.page
    page.get_by_role("link", name="Credit policy").click()
    assert _looks_right(page) == []
    page.locator("section.card", has_text=LENDER).get_by_role("button", name="Draft from").click()
    expect(analyst.heading("Edit the policy")).to_be_visible()

    rule = page.locator("details", has_text="take at most").filter(has_text="net income").first
    rule.locator("summary").click()
    rule.get_by_label("Threshold").fill("plenty")
    page.get_by_role("button", name="Save and check").first.click()
    expect(page.locator("#checks")).to_contain_text("The threshold 'plenty' is malformed.")
    assert _looks_right(page) == []
    # What has to be mended is open already.
    page.locator("details[open]").get_by_label("Threshold").fill("0.52")
    page.get_by_role("button", name="Add a band").first.click()
    expect(page.locator("#checks")).to_contain_text("it is empty", ignore_case=True)
    page.locator("details[open]").get_by_role("button", name="Remove this band").click()
    expect(page.locator("#checks")).to_contain_text("No gap, no overlap, no contradiction")
    page.get_by_role("button", name="Save and close").first.click()
    expect(page.locator("#differences")).to_contain_text("The cap on obligations as a share of")
    assert _looks_right(page) == []
    # A browser keeps the place of the page before; with it, going there again loads nothing.
    return page.url.partition("#")[0]


def _propose(analyst: Desk) -> None:
    page = analyst.page
    day = timezone.now().date() + timedelta(days=30)
    page.get_by_label("In force from").fill(day.isoformat())
    page.get_by_label("What changes, and why").fill(WHY)
    page.get_by_role("button", name="Propose").click()
    expect(page.locator("#messages")).to_contain_text("another person decides on it")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)


def _send_back(approver: Desk, address: str) -> None:
    page = approver.page
    page.goto(address)
    expect(page.locator("main")).to_contain_text(WHY)
    assert _looks_right(page) == []
    page.get_by_label("Note").fill("Say it in the name as well.")
    page.get_by_role("button", name="Send back").click()
    expect(page.locator("#messages")).to_contain_text("The policy is a draft again.")


def _approve(approver: Desk, address: str) -> None:
    page = approver.page
    page.goto(address)
    page.get_by_role("button", name="Approve").click()
    page.locator("#confirm-dialog [data-confirm-yes]").click()
    expect(page.locator("#messages")).to_contain_text("decides from its day on")
    assert _looks_right(page) == []
    for name in ("Approve", "Send back", "Edit", "Withdraw"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


def _rows(page: Page) -> object:
    return page.locator("section.card", has_text=LENDER).locator("tbody tr")


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
