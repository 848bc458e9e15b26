"""An officer compares what two loans would cost, and takes the better one along as files."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys import accessibility
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import PHONE, WIDE
from tests.journeys.stack import Stack

pytestmark = pytest.mark.browser

FILES = {"PDF": b"%PDF-", "CSV": b"number,due_on", "Calendar": b"BEGIN:VCALENDAR"}


def test_it_compares_two_offers_and_takes_one_along(desk: MakeDesk) -> None:
    officer = desk("Alice")
    page = officer.page
    page.get_by_role("link", name="Quotes").click()

    with officer.refused(422):
        page.get_by_role("button", name="Compute").click()
        expect(page.locator("[data-error-summary]")).to_contain_text("Amount")
    _fill(page)
    page.get_by_role("button", name="Compare with another offer").click()
    expect(page.get_by_role("group", name="Offer B")).to_be_visible()
    page.locator("#id_b-annual_rate").fill("14")
    page.locator("#id_b-instalments").fill("36")
    page.get_by_role("button", name="Compute").click()

    rates = page.locator("#comparison tr", has_text="Annual percentage rate").locator("td")
    expect(rates.nth(0)).to_contain_text("17.07")
    expect(rates.nth(1)).to_contain_text("lowest")
    expect(page.locator("[data-chart] .main-svg").first).to_be_visible()
    for name, beginning in FILES.items():
        with page.expect_download() as waiting:
            page.get_by_role("link", name=f"{name} Offer A").click()
        assert Path(waiting.value.path()).read_bytes().startswith(beginning)
    _look(page)


def test_it_quotes_without_javascript(desk: MakeDesk, browser: Browser, stack: Stack) -> None:
    officer = desk("Alice")
    plain = browser.new_context(
        base_url=stack.url,
        java_script_enabled=False,
        storage_state=officer.context.storage_state(),
    )
    page = plain.new_page()
    page.goto("/quotes/")

    _fill(page)
    page.get_by_role("button", name="Compare with another offer").click()
    page.get_by_role("button", name="Remove Offer B").click()

    expect(page.locator("#comparison")).to_contain_text("₹3,673.58")
    expect(page.locator("[data-chart]")).to_be_hidden()
    page.get_by_text("Every instalment").click()
    expect(page.get_by_role("region", name="Instalments of Offer A")).to_contain_text("19,280.27")
    plain.close()


def _fill(page: Page) -> None:
    """Types in the rule book's loan and has it computed."""
    loan = {
        "principal": "20000",
        "annual_rate": "15",
        "instalments": "24",
        "disbursed_on": "2026-04-01",
        "fee_upfront": "400",
    }
    for name, value in loan.items():
        page.locator(f"#id_{name}").fill(value)
    page.locator("#id_currency").select_option("INR")
    page.get_by_role("button", name="Compute").click()
    expect(page.locator("#comparison")).to_be_visible()


def _look(page: Page) -> None:
    """Looks at the page as on a desk and on a telephone, in light and in dark."""
    for scheme, (width, height) in (("light", WIDE), ("dark", WIDE), ("dark", PHONE)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": height})
        assert accessibility.grave_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
