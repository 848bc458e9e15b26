"""What was decided binds: a counter-offer taken up, and a decline that two people depart from."""

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys import counter
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import Desk
from tests.journeys.stack import Stack

pytestmark = pytest.mark.browser

# A worker decides in tenths of a second, a page asks every two or three; the machine may be busy.
ARRIVES = 45_000.0


def test_it_takes_up_a_counter_offer(desk: MakeDesk, stack: Stack) -> None:
    alice, bob = desk("Alice"), desk("Bob")
    number = counter.take_application(alice, stack.made["customers"]["referred"], amount="2,50,000")
    counter.submit(alice)
    expect(_decision(alice)).to_contain_text("Sent to review", timeout=ARRIVES)
    bob.open_case(number)
    expect(bob.page.locator("#offers")).to_contain_text("Largest amount")
    bob.page.get_by_role("button", name="Claim").click()
    bob.page.locator("#review summary", has_text="Approve").click()
    form = bob.page.locator("#review form:has(input[name=outcome][value=approve])")
    form.get_by_role("textbox", name="Amount").fill("3,00,000")
    form.get_by_role("checkbox").first.check()
    form.get_by_role("textbox", name="Note").fill("Payslips seen.")
    with bob.refused(422):
        form.get_by_role("button", name="Approve the application").click()
        expect(form).to_contain_text("that were asked for")
    form.get_by_role("textbox", name="Amount").fill("2,00,000")
    form.get_by_role("button", name="Approve the application").click()
    expect(bob.page.locator("#messages")).to_contain_text("The decision stands")

    alice.open_case(number)
    expect(_decision(alice)).to_contain_text("₹2,00,000.00")
    expect(_decision(alice)).to_contain_text("Binds until")
    _change(alice, amount="2,00,000")
    expect(alice.page.locator("#messages")).to_contain_text("its decision goes on to bind")
    _change(alice, amount="2,40,000")
    expect(_decision(alice)).to_contain_text("Sent to review", timeout=ARRIVES)


def test_two_people_depart_from_a_decline(desk: MakeDesk, stack: Stack) -> None:
    alice, charlie = desk("Alice"), desk("Charlie")
    number = counter.take_application(alice, stack.made["customers"]["declined"], amount="1,20,000")
    counter.submit(alice)
    expect(_decision(alice)).to_contain_text("Declined", timeout=ARRIVES)
    alice.page.locator("#override summary").click()
    alice.page.locator("#override").get_by_label("Reason").select_option("security_offered")
    with alice.refused(422):
        alice.page.locator("#override").get_by_role("button", name="Ask").click()
        expect(alice.page.locator("#override")).to_contain_text("Say why an exception is right.")
    alice.page.get_by_label("Why an exception is right").fill("Gold is pledged.")
    alice.page.locator("#override").get_by_role("button", name="Ask").click()
    expect(alice.page.locator("#messages")).to_contain_text("Another person with authority")
    expect(alice.page.get_by_role("button", name="Authorise")).to_have_count(0)

    charlie.open_case(number)
    charlie.page.get_by_role("button", name="Authorise").click()
    charlie.page.locator("#confirm-dialog [data-confirm-yes]").click()

    expect(charlie.page.locator("#messages")).to_contain_text("Authorised")
    expect(_decision(charlie)).to_contain_text("Approved")
    expect(_decision(charlie)).to_contain_text("asked for by Alice")


def _change(officer: Desk, *, amount: str) -> None:
    card = officer.page.locator("#change-request")
    card.locator("summary").click()
    card.get_by_label("Amount").fill(amount)
    card.get_by_role("button", name="Change the request").click()


def _decision(person: Desk) -> Locator:
    return person.page.locator("#decision")
