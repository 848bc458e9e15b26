"""A blind second opinion: the facts without the outcome, a verdict, and the manager's answer."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys import accessibility
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import PHONE, Desk
from tests.journeys.stack import Stack

pytestmark = pytest.mark.browser


def test_a_reviewer_judges_blindly_and_a_manager_answers_the_disagreement(
    desk: MakeDesk, stack: Stack
) -> None:
    made = stack.world("blind")
    bob, charlie, alice = desk("Bob"), desk("Charlie"), desk("Alice")

    _outcome_is_withheld(bob, made["pk"])
    _judge(bob, made["number"])
    bob.open_case(made["number"])
    expect(bob.page.locator("#decision")).to_contain_text("Approved")
    _answer(charlie, made["number"])
    _analytics(charlie, bob)
    _wrong_people(alice)


def _outcome_is_withheld(bob: Desk, key: str) -> None:
    with bob.refused(404):
        bob.page.goto(f"/applications/{key}/")
        bob.page.goto(f"/review/applications/{key}/")
    bob.page.goto("/review/blind/")
    assert not accessibility.grave_violations(bob.page)


def _judge(bob: Desk, number: str) -> None:
    page = bob.page
    page.get_by_role("button", name="Take the next sample").click()
    expect(bob.heading(number)).to_be_visible()
    main = page.locator("main")
    expect(main).to_contain_text("Affordability")
    expect(main).not_to_contain_text(re.compile("Approved|Probability of default|Principal reason"))
    assert not accessibility.grave_violations(page)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert not accessibility.grave_violations(page)
    page.set_viewport_size({"width": 1280, "height": 900})

    page.get_by_text("I would decline").click()
    with bob.refused(422):
        page.get_by_role("button", name="Give this verdict: decline").click()
        expect(page.locator("main")).to_contain_text("Choose at least one reason.")
    page.get_by_label("Purpose").first.check()
    page.get_by_role("button", name="Give this verdict: decline").click()
    expect(page.locator("main")).to_contain_text("They disagree")


def _answer(charlie: Desk, number: str) -> None:
    page = charlie.page
    page.goto("/review/blind/")
    assert not accessibility.grave_violations(page)
    page.get_by_role("link", name=number).click()
    page.get_by_label("No action").check()
    page.get_by_label("Why").fill("Both are defensible.")
    page.get_by_role("button", name="Answer the disagreement").click()
    expect(page.locator("main")).to_contain_text("every disagreement has been looked at")


def _analytics(charlie: Desk, bob: Desk) -> None:
    for person, path in (
        (charlie, "/review/analytics/"),
        (charlie, "/review/analytics/groups/"),
        (charlie, "/review/blind/shares/"),
        (bob, "/review/analytics/"),
    ):
        person.page.goto(path)
        assert not accessibility.grave_violations(person.page), path
    with bob.refused(403):
        bob.page.goto("/review/analytics/groups/")


def _wrong_people(alice: Desk) -> None:
    with alice.refused(403):
        alice.page.goto("/review/blind/")
        alice.page.goto("/review/analytics/")
