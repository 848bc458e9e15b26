"""From the accepted offer to the money: two people pay a loan out, and the books balance."""

import pytest
from playwright.sync_api import expect

from tests.journeys import accessibility
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import PHONE, WIDE, Desk
from tests.journeys.stack import Stack

pytestmark = pytest.mark.browser


def test_two_people_pay_a_loan_out(desk: MakeDesk, stack: Stack) -> None:
    made = stack.world("agreed")
    alice, bob = desk("Alice"), desk("Bob")
    alice.page.goto("/loans/disbursements/?stage=open")
    alice.page.get_by_role("link", name=made["number"]).click()
    alice.page.get_by_role("button", name="Open the loan").click()
    expect(alice.heading(f"L-{made['number']}")).to_be_visible()
    expect(alice.page.locator("#stands")).to_contain_text("nothing was paid out yet")
    loan = alice.page.url

    alice.page.get_by_role("link", name="Ask for the payment").first.click()
    form = alice.page.locator("main form")
    form.get_by_label("Account holder").fill("Somebody Else")
    form.get_by_label("Account number").fill("5010 0123 4567 89")
    form.get_by_label("Bank code").fill("HDFC0000007")
    with alice.refused(422):
        form.get_by_role("button", name="Ask for the payment").click()
        expect(form).to_contain_text("this name is not the borrower's")
    form.get_by_label("Account holder").fill(made["borrower"])
    assert accessibility.grave_violations(alice.page) == []
    form.get_by_role("button", name="Ask for the payment").click()
    expect(alice.page.locator("#messages")).to_contain_text("Another person approves it")
    expect(alice.page.locator("#payments")).to_contain_text("••••6789")
    expect(alice.page.get_by_role("button", name="Approve")).to_have_count(0)

    bob.page.goto("/loans/disbursements/")
    bob.page.get_by_role("link", name=f"L-{made['number']}").click()
    bob.page.get_by_role("button", name="Approve").click()
    bob.page.get_by_role("button", name="Make the payment file").click()
    expect(bob.page.locator("#messages")).to_contain_text("Hand it to the bank")
    with bob.page.expect_download() as download:
        bob.page.locator("main table").get_by_role("link").first.click()
    assert b"50100123456789" in download.value.path().read_bytes()
    bob.page.goto(loan)
    bob.page.get_by_role("link", name="The bank paid").click()
    bob.page.get_by_label("The bank's reference").fill("UTR0001")
    bob.page.get_by_role("button", name="Record").click()
    expect(bob.page.locator("#messages")).to_contain_text("on the books")

    _look_at_the_loan(alice, loan)
    _is_balanced(stack, made["pk"])


def _look_at_the_loan(officer: Desk, loan: str) -> None:
    page = officer.page
    page.goto(loan)
    expect(page.locator("#stands")).to_contain_text("Wait for the next instalment")
    expect(page.locator("#stands")).to_contain_text("₹1,20,000.00")
    expect(page.locator("#schedule tbody tr")).to_have_count(24)
    expect(page.locator("#history")).to_contain_text("recorded that the bank paid a loan")
    assert accessibility.grave_violations(page) == []
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    expect(page.locator("#stands")).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE[0]
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})


def _is_balanced(stack: Stack, application: str) -> None:
    rows = stack.ask(
        "SELECT account, sum(debit - credit) FROM ledger_line l JOIN loans_loan o"
        " ON o.id = l.loan_id WHERE o.application_id = %s GROUP BY account",
        application,
    )
    held = dict(rows)
    assert sum(held.values()) == 0
    assert held["principal"] == 120_000
    # 1.5 % and 500 are kept back.
    assert (held["cash"], held["fee_income"]) == (-117_700, -2_300)
