"""The review queue in a browser: its order, notes, information, escalation, cases given away."""

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys import accessibility, counter
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import PHONE, WIDE, Desk
from tests.journeys.stack import Stack

pytestmark = pytest.mark.browser
ARRIVES = 45_000.0


def test_it_takes_a_case_through_the_desk(desk: MakeDesk, stack: Stack) -> None:
    alice, bob, charlie, beth = (desk(name) for name in ("Alice", "Bob", "Charlie", "Beth"))
    number = _referred(alice, stack.made["customers"]["referred"])

    _open(bob, number)
    expect(_desk(bob)).to_contain_text("Service level 24 hours, for every case.")
    _act(bob, "Write a note", {"Note": "Called the employer."}, "Write it down")
    expect(bob.page.locator("#diary")).to_contain_text("Called the employer.")
    by = (date.today() + timedelta(days=5)).isoformat()  # noqa: DTZ011 - what a person would choose
    _desk(bob).get_by_text("Ask for information").click()
    ask = bob.page.locator("form[action$='/ask/']")
    ask.get_by_label("What is needed").select_option(label="Bank statement")
    ask.get_by_label("In words").fill("Statements of six months.")
    ask.get_by_label("From whom").select_option(label="The applicant")
    ask.get_by_label("By", exact=True).fill(by)
    ask.get_by_role("button", name="Ask").click()
    expect(_desk(bob)).to_contain_text("Waits for information")
    bob.page.goto("/review/?show=information")
    expect(_row(bob, number)).to_contain_text("Clock stands still")

    _receive_and_escalate(bob, number)

    charlie.page.goto("/review/?show=to_me")
    expect(charlie.page.locator("tbody tr").first).to_contain_text(number)
    charlie.page.get_by_role("link", name=number).click()
    expect(_desk(charlie)).to_contain_text("May the bonus count?")
    _act(charlie, "Answer the escalation", {"What came of it": "No."}, "Answer")
    _desk(charlie).get_by_text("Give the case to somebody").click()
    form = charlie.page.locator("form[action$='/assign/']")
    form.get_by_label("To").select_option(label="Beth · Pune")
    form.get_by_label("Why").fill("Bob is away.")
    form.get_by_role("button", name="Give the case").click()
    expect(charlie.page.locator("#messages")).to_contain_text("The case is given")

    beth.page.goto("/review/?show=mine")
    expect(_row(beth, number)).to_contain_text("Beth")


def test_it_refuses_the_wrong_person(desk: MakeDesk, stack: Stack) -> None:
    alice, beth, amir = desk("Alice"), desk("Beth"), desk("Amir")
    number = _referred(alice, stack.made["customers"]["referred_above_limit"])

    expect(alice.page.locator("#case-desk")).to_have_count(0)
    with alice.refused(403):
        alice.page.goto("/review/")
        expect(alice.page.locator("main")).to_contain_text("Your role does not allow this.")
    _open(amir, number)
    expect(amir.page.locator("#case-desk form")).to_have_count(0)

    beth.page.goto("/review/interests/declare/")
    beth.page.get_by_label("What connects you").select_option(label="Relative")
    customer = stack.made["customers"]["referred_above_limit"]
    beth.page.get_by_label("Customer number").fill(customer)
    beth.page.get_by_label("In a few words").fill("My brother-in-law.")
    beth.page.get_by_role("button", name="Save").click()
    expect(beth.page.locator("main")).to_contain_text(customer)
    _open(beth, number)
    expect(beth.page.get_by_role("button", name=re.compile("^Claim"))).to_have_count(0)
    expect(beth.page.locator("#case-desk form")).to_have_count(0)


def test_it_keeps_a_view_and_refreshes_its_counts(desk: MakeDesk, stack: Stack) -> None:
    alice, beth = desk("Alice"), desk("Beth")
    beth.page.goto("/review/?show=unclaimed&sort=-amount")
    beth.page.locator("summary", has_text="Views").click()
    beth.page.get_by_label("Name", exact=True).fill("Large and free")
    beth.page.get_by_label("Open the queue with it").check()
    beth.page.get_by_role("button", name="Keep what is shown").click()
    expect(beth.page.locator("#messages")).to_contain_text("The view is kept.")
    beth.page.goto("/review/")
    expect(beth.page).to_have_url(re.compile(r"\?show=unclaimed&sort=-amount$"))
    everything = beth.page.locator("#queue-counts").get_by_role("link", name="Everything")
    before = int(everything.locator(".count").inner_text())

    _referred(alice, stack.made["customers"]["referred_above_limit"])

    # The page asks every half minute; nothing is reloaded by hand.
    expect(everything.locator(".count")).to_have_text(str(before + 1), timeout=60_000)
    beth.page.locator("summary", has_text="Views").click()
    beth.page.get_by_role("button", name="Throw away Large and free").click()
    expect(beth.page.locator("#messages")).to_contain_text("The view is gone.")


@pytest.mark.parametrize("name", ["Bob", "Charlie"])
def test_its_pages_are_accessible(desk: MakeDesk, name: str) -> None:
    page = desk(name).page
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for address in ("/review/?show=", "/review/service-levels/", "/review/interests/"):
            for width, height in (WIDE, PHONE):
                page.set_viewport_size({"width": width, "height": height})
                page.goto(address)
                assert accessibility.grave_violations(page) == [], (address, scheme, width)
                wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
                assert not wide, (address, scheme, width)


def _referred(officer: Desk, customer: str) -> str:
    number = counter.take_application(officer, customer, amount="2,00,000")
    counter.submit(officer)
    expect(officer.page.locator("#decision")).to_contain_text("Sent to review", timeout=ARRIVES)
    return number


def _open(person: Desk, number: str) -> None:
    person.page.goto("/review/?show=")
    person.page.locator("main").get_by_role("link", name=number).click()
    # The panel comes after the page, by a request of its own.
    expect(_desk(person)).to_be_visible(timeout=ARRIVES)


def _desk(person: Desk) -> Locator:
    return person.page.locator("#desk")


def _row(person: Desk, number: str) -> Locator:
    return person.page.locator("tbody tr", has_text=number)


def _act(person: Desk, summary: str, fields: dict[str, str], button: str) -> None:
    """Opens one form of the desk, fills it and sends it."""
    opened = _desk(person).locator("details.disclosure", has=person.page.get_by_text(summary))
    opened.locator("summary").click()
    for label, value in fields.items():
        opened.get_by_label(label, exact=True).fill(value)
    opened.get_by_role("button", name=button, exact=True).click()
    expect(person.page.locator("#messages")).to_be_visible()


def _receive_and_escalate(bob: Desk, number: str) -> None:
    _open(bob, number)
    _desk(bob).get_by_text("It has come, or is waited for no more").click()
    _desk(bob).get_by_label("What came of it").fill("All six are there.")
    _desk(bob).get_by_role("button", name="It has come").click()
    expect(bob.page.locator("#messages")).to_contain_text("The clock runs on.")
    _desk(bob).get_by_text("Escalate to a manager").click()
    form = bob.page.locator("form[action$='/escalate/']")
    form.get_by_label("To").select_option(label="Charlie · Pune")
    form.get_by_label("Why").fill("May the bonus count?")
    form.get_by_role("button", name="Escalate").click()
    expect(_desk(bob)).to_contain_text("Escalated to Charlie")
