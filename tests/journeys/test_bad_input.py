"""Double clicks, old tabs, hostile and oversized values: a clear word, and nothing half done."""

import pytest
from playwright.sync_api import Dialog, expect

from tests.journeys import counter
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import Desk
from tests.journeys.stack import Stack

pytestmark = pytest.mark.browser

HOSTILE = """<script>document.title='stolen'</script><img src=x onerror="alert(1)">'; DROP--"""
OF_CUSTOMER = """
    SELECT application.status, application.amount::text
    FROM applications_application application JOIN customers_customer customer
    ON customer.id = application.customer_id WHERE customer.number = %s ORDER BY application.number
"""


def test_it_takes_and_submits_once_however_often_one_clicks(desk: MakeDesk, stack: Stack) -> None:
    alice = desk("Alice")
    customer = _new_customer(alice, "ZYXPD0001A", "+91 97654 00001", facts=True)
    _fill_in(alice, amount="60,000")

    alice.page.get_by_role("button", name="Take application").dblclick()
    expect(alice.page.locator("#messages")).to_contain_text("is taken")
    alice.page.get_by_role("button", name="Submit").dblclick()

    expect(alice.page.locator("#decision")).to_contain_text("Approved", timeout=45_000)
    assert stack.ask(OF_CUSTOMER, customer) == [("approved", "60000.00")]


def test_it_takes_an_application_once_though_the_browser_sends_it_twice(
    desk: MakeDesk, stack: Stack
) -> None:
    alice = desk("Alice")
    customer = _new_customer(alice, "ZYXPD0002A", "+91 97654 00002")
    _fill_in(alice, amount="60,000")
    form = alice.page.locator("#application-form")
    sent = dict(form.evaluate("form => [...new FormData(form).entries()]"))
    headers = {"Referer": alice.page.url}

    answers = [
        alice.context.request.post(alice.page.url, form=sent, headers=headers) for _ in range(2)
    ]

    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].url == answers[1].url
    assert stack.ask(OF_CUSTOMER, customer) == [("draft", "60000.00")]


def test_it_refuses_what_an_old_tab_sends(desk: MakeDesk, stack: Stack) -> None:
    alice = desk("Alice")
    customer = _new_customer(alice, "ZYXPD0003A", "+91 97654 00003", facts=True)
    _fill_in(alice, amount="60,000")
    alice.page.get_by_role("button", name="Take application").click()
    expect(alice.page.locator("#messages")).to_contain_text("is taken")
    case = alice.page.url
    old_case, old_form = alice.tab(), alice.tab()
    old_case.goto(case)
    old_form.goto(f"{case}change/")
    alice.page.get_by_role("link", name="Change", exact=True).click()
    alice.page.locator("#application-form").get_by_label("Amount").fill("70,000")
    alice.page.get_by_role("button", name="Save changes").click()
    expect(alice.page.locator("#messages")).to_contain_text("The application is changed.")

    old_case.get_by_role("button", name="Submit").click()
    expect(old_case.locator("#messages")).to_contain_text("has changed this application since")
    old_form.locator("#application-form").get_by_label("Amount").fill("80,000")
    with alice.refused(409):
        old_form.get_by_role("button", name="Save changes").click()
        expect(old_form.locator("[data-error-summary]")).to_contain_text(
            "has changed this application since"
        )

    expect(old_form.locator("#application-form").get_by_label("Amount")).to_have_value("80,000")
    assert stack.ask(OF_CUSTOMER, customer) == [("draft", "70000.00")]


def test_it_shows_hostile_words_as_words(desk: MakeDesk, stack: Stack) -> None:
    alice = desk("Alice")
    opened: list[str] = []

    def note(dialog: Dialog) -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    alice.page.on("dialog", note)
    customer = _new_customer(alice, "ZYXPD0004A", "+91 97654 00004")
    _fill_in(alice, amount="60,000")
    alice.page.get_by_label("Purpose in words").fill(HOSTILE)

    alice.page.get_by_role("button", name="Take application").click()

    expect(alice.page.locator("#messages")).to_contain_text("is taken")
    expect(alice.page.locator("main")).to_contain_text(HOSTILE)
    assert "stolen" not in alice.page.title()
    assert opened == []
    assert stack.ask(OF_CUSTOMER, customer) == [("draft", "60000.00")]


def test_it_refuses_oversized_values_beside_the_field_and_keeps_the_rest(
    desk: MakeDesk, stack: Stack
) -> None:
    alice = desk("Alice")
    customer = _new_customer(alice, "ZYXPD0005A", "+91 97654 00005")
    _fill_in(alice, amount="9" * 30)
    note = alice.page.get_by_label("Purpose in words")
    note.evaluate("field => field.removeAttribute('maxlength')")
    note.fill("x" * 5_000)

    with alice.refused(422):
        alice.page.get_by_role("button", name="Take application").click()
        expect(alice.page.locator("[data-error-summary]")).to_be_focused()

    form = alice.page.locator("#application-form")
    expect(form.locator(".field--invalid:has([name=amount]) .field__error")).to_be_visible()
    expect(form.locator(".field--invalid:has([name=purpose_note]) .field__error")).to_be_visible()
    expect(form.locator(".field--invalid")).to_have_count(2)
    expect(form.get_by_label("Amount")).to_have_value("9" * 30)
    expect(note).to_have_value("x" * 5_000)
    expect(form.get_by_label("Purpose", exact=True)).to_have_value("medical")
    assert stack.ask(OF_CUSTOMER, customer) == []


def test_it_offers_the_customer_who_is_there_already(desk: MakeDesk, stack: Stack) -> None:
    alice = desk("Alice")
    first = _new_customer(alice, "ZYXPD0006A", "+91 97654 00006")

    with alice.refused(409, 422):
        counter.fill_in_person(alice, name="Somebody Else", pan="ZYXPD0006A", phone="+919765400016")
        alice.page.get_by_role("button", name="Register").click()
        expect(alice.page.locator("#candidates")).to_contain_text(first)

    expect(alice.page.get_by_label("Full name")).to_have_value("Somebody Else")


def _new_customer(officer: Desk, pan: str, phone: str, *, facts: bool = False) -> str:
    number = counter.register(officer, name="Asha Bhosale", pan=pan, phone=phone)
    if facts:
        counter.record_facts(officer)
    return number


def _fill_in(officer: Desk, *, amount: str) -> None:
    """Opens a new application for the customer whose page is open and fills it in."""
    officer.page.get_by_role("link", name="New application").click()
    counter.fill_in_terms(officer, amount=amount)
