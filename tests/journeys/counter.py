"""What an officer does at the counter, step by step on the pages."""

import re

from playwright.sync_api import expect

from tests.journeys.desk import Desk

CONSENTS = (
    "Use of my data to assess credit",
    "Enquiry at a credit bureau",
    "Automated decision with a right to review",
)


def register(officer: Desk, *, name: str, pan: str, phone: str) -> str:
    """Registers a customer, whose page is open then, and returns the customer number."""
    fill_in_person(officer, name=name, pan=pan, phone=phone)
    officer.page.get_by_role("button", name="Register").click()
    expect(officer.heading(name)).to_be_visible()
    found = re.match(r"(\S+) is registered", officer.page.locator("#messages").inner_text().strip())
    assert found
    return found[1]


def fill_in_person(officer: Desk, *, name: str, pan: str, phone: str) -> None:
    """Fills in the form of a new customer."""
    page = officer.page
    page.goto("/customers/")
    page.get_by_role("link", name="Register a customer").click()
    page.get_by_label("Full name").fill(name)
    page.get_by_label("Date of birth").fill("1990-02-17")
    page.get_by_label("PAN").fill(pan)
    page.get_by_label("Telephone").fill(phone)
    page.get_by_label("Street address").fill("7 Fergusson College Road")
    page.get_by_label("Town or city").fill("Pune")
    page.get_by_label("State or county").fill("Maharashtra")
    page.get_by_label("Postal code").fill("411004")


def record_facts(officer: Desk) -> None:
    """Records what an application needs of the customer whose page is open, who owes nothing."""
    page = officer.page
    _open_form(officer, "employment")
    page.get_by_label("Type of work").select_option("Salaried")
    page.get_by_label("Employer or business").fill("Deccan Textiles")
    page.get_by_label("Months in this work").fill("84")
    page.get_by_label("Gross income a year").fill("15,00,000")
    page.get_by_label("Net income a month", exact=True).fill("1,00,000")
    page.get_by_label("Income verified").select_option("Verified by documents")
    page.get_by_label("Net income a month by documents").fill("98,500")
    page.get_by_label("Shown by").select_option("Payslip")
    _save(officer, "Employment and income are recorded.")
    _open_form(officer, "household")
    page.get_by_label("Home").select_option("Owned")
    _save(officer, "The household is recorded.")
    page.get_by_role("link", name="The customer pays nothing elsewhere").click()
    page.get_by_label("How it is declared").select_option("Signed on paper")
    _save(officer, "The declaration is recorded.")
    for purpose in CONSENTS:
        _open_form(officer, "consents")
        page.get_by_label("Purpose").select_option(purpose)
        _save(officer, "The consent is recorded.")
    _open_form(officer, "bureau")
    page.get_by_label("Bureau", exact=True).fill("CIBIL")
    page.get_by_label("Bureau score").fill("810")
    page.get_by_label("Oldest account opened").fill("2012-06-01")
    for count in ("Times 30 or more days late in two years", "Accounts late now", "Bankruptcies"):
        page.get_by_label(count).fill("0")
    page.get_by_label("Revolving balance").fill("24000")
    page.get_by_label("Share of revolving limits used").fill("18")
    _save(officer, "The bureau report is recorded.")


def take_application(officer: Desk, customer: str, *, amount: str) -> str:
    """Takes an application of the customer with this number; returns the application's number."""
    page = officer.page
    page.goto("/applications/new/")
    page.get_by_label("Customer", exact=True).fill(customer)
    page.get_by_role("button", name="Find").click()
    page.locator("main table").get_by_role("link").click()
    fill_in_terms(officer, amount=amount)
    page.get_by_role("button", name="Take application").click()
    expect(page.locator("#messages")).to_contain_text("is taken")
    return page.locator("h1").inner_text().strip()


def fill_in_terms(officer: Desk, *, amount: str) -> None:
    """Asks for a personal loan over two years on the form that is open."""
    page = officer.page
    form = page.locator("#application-form")
    form.get_by_label("Product").select_option("Personal loan")
    # Another product brings its own bounds and purposes; the form is shown anew.
    expect(page.locator("#slider_amount")).to_have_attribute("max", "1500000.00")
    form.get_by_label("Amount").fill(amount)
    form.get_by_label("Term").fill("24")
    form.get_by_label("Purpose", exact=True).select_option("Medical")


def submit(officer: Desk) -> None:
    """Submits the application whose page is open, and ends on the page of a submitted one."""
    officer.page.get_by_role("button", name="Submit").click()
    expect(officer.page.locator("#decision")).to_be_visible()


def _open_form(officer: Desk, section: str) -> None:
    officer.page.locator(f"#{section} .card__header").get_by_role("link").click()


def _save(officer: Desk, message: str) -> None:
    officer.page.get_by_role("button", name="Save").click()
    expect(officer.page.locator("#messages")).to_contain_text(message)
