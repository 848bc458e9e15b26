"""From the counter to the letter: approved, declined, and referred to people."""

from io import BytesIO
from pathlib import Path

import pypdf
import pytest
from playwright.sync_api import Locator, expect

from tests.journeys import counter
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import Desk
from tests.journeys.stack import Stack

pytestmark = pytest.mark.browser

# A worker decides in tenths of a second, a page asks every two or three; the machine may be busy.
ARRIVES = 45_000.0


def test_it_takes_a_new_customer_from_the_counter_to_an_approval_letter(
    desk: MakeDesk, stack: Stack
) -> None:
    alice = desk("Alice")
    customer = counter.register(
        alice, name="Sunita Deshpande", pan="ZYXPD4321K", phone="+91 97654 32109"
    )
    counter.record_facts(alice)

    counter.take_application(alice, customer, amount="1,50,000")
    with stack.paused("worker"):
        counter.submit(alice)
        expect(alice.page.locator("#messages")).to_contain_text("submitted and is being assessed")
        expect(_decision(alice)).to_contain_text("The application is being assessed.")

    expect(_decision(alice)).to_contain_text("Approved", timeout=ARRIVES)
    expect(alice.page.locator(".page-header")).to_contain_text("Approved")
    text = _letter(alice, "Approval")
    assert "Sunita Deshpande" in text
    assert "1,50,000.00" in text


def test_it_declines_with_reasons_on_the_page_and_in_the_letter(
    desk: MakeDesk, stack: Stack
) -> None:
    alice = desk("Alice")

    counter.take_application(alice, stack.made["customers"]["declined"], amount="1,20,000")
    counter.submit(alice)

    expect(_decision(alice)).to_contain_text("Declined", timeout=ARRIVES)
    burden = "Your fixed obligations with the new instalment would take"
    expect(_decision(alice)).to_contain_text(burden)
    text = _letter(alice, "Decline with reasons")
    assert "Vikram Rao" in text
    assert burden in text


def test_it_lets_a_reviewer_decide_a_referred_case(desk: MakeDesk, stack: Stack) -> None:
    alice, bob = desk("Alice"), desk("Bob")
    number = _referred(alice, stack.made["customers"]["referred"], amount="2,50,000")

    _claim_from_queue(bob, number)
    form = _verdict(bob, "approve")
    form.get_by_role("textbox", name="Note").fill("Payslips of six months seen at the branch.")
    with bob.refused(422):
        form.get_by_role("button", name="Approve the application").click()
        expect(form).to_contain_text("Choose at least one reason.")
    expect(form.get_by_role("textbox", name="Note")).to_have_value(
        "Payslips of six months seen at the branch."
    )
    form.get_by_role("checkbox").first.check()
    form.get_by_role("button", name="Approve the application").click()

    expect(bob.page.locator("#messages")).to_contain_text("The decision stands")
    assert "Farah Khan" in _letter(bob, "Approval")
    alice.open_case(number)
    expect(_decision(alice)).to_contain_text("Decided by")
    expect(_decision(alice)).to_contain_text("Bob")


def test_it_needs_a_second_signature_above_the_reviewers_limit(
    desk: MakeDesk, stack: Stack
) -> None:
    alice, bob, charlie = desk("Alice"), desk("Bob"), desk("Charlie")
    customer = stack.made["customers"]["referred_above_limit"]
    number = _referred(alice, customer, amount="4,00,000")
    _claim_from_queue(bob, number)
    form = _verdict(bob, "decline")
    form.get_by_role("checkbox", name="Income could not be confirmed").check()
    against = "Facts against it that policy and model do not see"
    form.get_by_role("checkbox", name=against).check()
    form.get_by_role("textbox", name="Note").fill("The employer could not be reached.")

    form.get_by_role("button", name="Decline the application").click()

    expect(bob.page.locator("#messages")).to_contain_text("waits for a second signature")
    expect(bob.page.get_by_role("button", name="Counter-sign")).to_have_count(0)
    _open_from_queue(charlie, number)
    charlie.page.get_by_role("button", name="Counter-sign").click()
    charlie.page.locator("#confirm-dialog [data-confirm-yes]").click()
    expect(charlie.page.locator("#messages")).to_contain_text("You have signed")
    expect(_decision(charlie)).to_contain_text("Counter-signed by")
    assert "Lakshmi Nair" in _letter(charlie, "Decline with reasons")


def test_it_gives_a_case_to_one_of_two_reviewers(desk: MakeDesk, stack: Stack) -> None:
    alice, bob, beth = desk("Alice"), desk("Bob"), desk("Beth")
    number = _referred(alice, stack.made["customers"]["wanted_by_two"], amount="2,00,000")
    _open_from_queue(bob, number)
    _open_from_queue(beth, number)

    bob.page.get_by_role("button", name="Claim").click()
    expect(bob.page.locator("#messages")).to_contain_text("You hold this case")
    beth.page.get_by_role("button", name="Claim").click()

    expect(beth.page.locator("#messages")).to_contain_text("Bob is working on this case.")
    expect(beth.page.locator("#review")).to_contain_text("Bob holds this case")
    expect(beth.page.locator("#review form")).to_have_count(0)


def _referred(officer: Desk, customer: str, *, amount: str) -> str:
    number = counter.take_application(officer, customer, amount=amount)
    counter.submit(officer)
    expect(_decision(officer)).to_contain_text("Sent to review", timeout=ARRIVES)
    expect(officer.page.locator("#review form")).to_have_count(0)
    return number


def _open_from_queue(reviewer: Desk, number: str) -> None:
    reviewer.page.get_by_role("link", name="Review queue").click()
    reviewer.page.locator("main").get_by_role("link", name=number).click()
    expect(reviewer.page.locator("#review")).to_be_visible()


def _claim_from_queue(reviewer: Desk, number: str) -> None:
    _open_from_queue(reviewer, number)
    reviewer.page.get_by_role("button", name="Claim").click()
    expect(reviewer.page.locator("#review")).to_contain_text("You hold this case")


def _verdict(reviewer: Desk, outcome: str) -> Locator:
    """Opens the form of one verdict and returns it."""
    form = reviewer.page.locator(f"#review form:has(input[name=outcome][value={outcome}])")
    reviewer.page.locator("#review summary", has_text=outcome.capitalize()).click()
    expect(form).to_be_visible()
    return form


def _decision(person: Desk) -> Locator:
    return person.page.locator("#decision")


def _letter(person: Desk, kind: str) -> str:
    """Opens the letter from the case page once it is there; returns the text of its PDF.

    Nothing is reloaded by hand: the page has to bring the letter by itself.
    """
    page = person.page
    page.locator("aside").get_by_role("link", name=kind, exact=True).click(timeout=ARRIVES)
    expect(person.heading(kind)).to_be_visible()
    expect(page.locator("main")).to_contain_text("the same, byte for byte")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PDF").click()
    content = Path(download.value.path()).read_bytes()
    assert content.startswith(b"%PDF-")
    pdf = " ".join(sheet.extract_text() for sheet in pypdf.PdfReader(BytesIO(content)).pages)
    words = " ".join(pdf.split())
    assert words.split()[:3] == " ".join(page.locator(".paper").inner_text().split()).split()[:3]
    page.go_back()
    return words
