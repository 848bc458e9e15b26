"""Decline well: the link, the request on a phone, another person, the answer in writing."""

import pytest
from playwright.sync_api import Locator, Page, expect

from creditrisk.local import processes
from tests.journeys import accessibility, counter
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import PHONE, Desk
from tests.journeys.stack import Stack

pytestmark = pytest.mark.browser
ARRIVES = 45_000.0
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def test_an_applicant_asks_by_phone_and_another_person_changes_the_outcome(
    desk: MakeDesk, stack: Stack
) -> None:
    alice, bob = desk("Alice"), desk("Bob")
    counter.take_application(alice, stack.made["customers"]["appealing"], amount="1,20,000")
    alice.page.get_by_role("button", name="Submit").click()
    expect(alice.page.locator("#decision")).to_contain_text("Declined", timeout=ARRIVES)
    number = alice.page.get_by_role("heading", level=1).inner_text()
    link = _link(alice)

    phone = _phone(alice, link)
    _read_and_ask(phone)
    name = _answer(bob, number)

    # No script runs on the phone: the applicant opens the link again until a worker set the letter.
    answer = phone.locator("#letters").get_by_text("review")
    processes.wait_until(lambda: _opened(phone, link, answer), seconds=ARRIVES / 1_000)
    expect(phone.locator("#letters")).to_contain_text("review")
    expect(phone.locator("#standing")).to_contain_text("Approved")
    expect(phone.locator("#appeal")).to_contain_text("Decision changed")
    _look(phone)
    assert name.startswith(number)
    _wrong_people_and_links(alice, phone, link)


def _link(officer: Desk) -> str:
    panel = officer.page.locator("#portal-links")
    panel.get_by_role("button", name="Make a link").click()
    found = panel.get_by_role("link", name="Open it as the applicant sees it")
    expect(found).to_be_visible()
    return found.get_attribute("href") or ""


def _phone(officer: Desk, link: str) -> Page:
    """Open the link on a phone of a stranger: nobody is signed in, and no script runs."""
    browser = officer.context.browser
    assert browser is not None
    context = browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]},
        java_script_enabled=False,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(link)
    return page


def _look(phone: Page) -> None:
    """Hold the page against axe, which needs scripts; it must be no wider than the phone."""
    assert phone.context.browser is not None
    context = phone.context.browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(phone.url)
    assert accessibility.grave_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    context.close()


def _opened(phone: Page, link: str, wanted: Locator) -> bool:
    """Open the link anew and say whether what is wanted is there."""
    phone.goto(link)
    return wanted.count() > 0


def _read_and_ask(phone: Page) -> None:
    expect(phone.locator("#standing")).to_contain_text("Declined")
    expect(phone.locator("#reasons")).to_contain_text("Your fixed obligations")
    phone.get_by_role("link", name="Ask for a review").click()
    _look(phone)
    phone.get_by_role("button", name="Send").click()
    expect(phone.locator("main")).to_contain_text("Choose at least one.")
    phone.get_by_label("Something you know about me is wrong").check()
    phone.get_by_label("In your own words").fill("My salary was raised in September.")
    phone.get_by_label("Net income a month").fill("95000")
    phone.get_by_label("Gross income a year").fill("1500000")
    phone.get_by_label("Payments to others a month").fill("0")
    phone.locator("#id_file_1").set_input_files(
        {"name": "payslip.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    phone.get_by_role("button", name="Send").click()
    expect(phone.locator("#appeal")).to_contain_text("Waits for a person")
    width = phone.locator("main").bounding_box()
    assert width is not None
    assert width["width"] <= PHONE[0]


def _answer(reviewer: Desk, number: str) -> str:
    reviewer.page.goto("/appeals/")
    reviewer.page.get_by_role("link", name=number).click()
    title = reviewer.page.get_by_role("heading", level=1).inner_text()
    reviewer.page.get_by_role("button", name="Take it up").click()
    expect(reviewer.page.locator("#messages")).to_contain_text("The appeal is with you.")
    asked = reviewer.page.locator("#corrections tbody tr").filter(
        has=reviewer.page.get_by_role("button", name="Accept")
    )
    expect(asked).to_have_count(3)
    for left in (2, 1, 0):
        asked.first.get_by_label("Shown by").select_option(label="payslip.pdf")
        asked.first.get_by_role("button", name="Accept").click()
        expect(asked).to_have_count(left)
    reviewer.page.get_by_role("button", name="Judge anew on the facts of today").click()
    expect(reviewer.page.locator("#comparison")).to_contain_text("95,000.00")
    assert not accessibility.grave_violations(reviewer.page)
    form = reviewer.page.locator("#answer")
    form.get_by_label("Change the decision").check()
    form.get_by_role("checkbox", name="income", exact=False).first.check()
    form.get_by_label("Note for the file").fill("The payslip shows it.")
    form.get_by_label("Answer to the applicant").fill("We have corrected your income.")
    form.get_by_role("button", name="Answer").click()
    expect(reviewer.page.locator(".page-header")).to_contain_text("Decision changed")
    return title.removeprefix("Appeal ")


def _wrong_people_and_links(officer: Desk, phone: Page, link: str) -> None:
    officer.page.goto("/appeals/?show=answered")
    officer.page.get_by_role("row").nth(1).get_by_role("link").click()
    expect(officer.page.get_by_role("button", name="Take it up")).to_have_count(0)
    cut = link.rstrip("/")[:-2] + "/"
    phone.goto(cut)
    expect(phone.locator("main")).to_contain_text("This link does not work")
    phone.context.close()
