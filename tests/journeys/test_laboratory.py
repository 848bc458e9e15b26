"""An analyst tries a cut-off on past loans and lays what was found beside a draft policy."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys import accessibility
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import PHONE, Desk
from tests.journeys.stack import Stack
from tests.journeys.world import LOANS

pytestmark = pytest.mark.browser

LENDER = "Prairie Lending Exchange, Inc."
ASSUMPTIONS = {
    "Loss given default": "60",
    "Cost of funds a year": "4.5",
    "Fees": "1",
    "Operating cost of a loan": "120",
}


@pytest.fixture(scope="module")
def draft(stack: Stack) -> dict[str, str]:
    """A draft of the lender whose loans the tape brought, and a model that scores them."""
    return dict(stack.world("laboratory"))


def test_it_tries_a_cut_off_and_attaches_what_it_found(
    desk: MakeDesk, draft: dict[str, str]
) -> None:
    analyst = desk("Rita")

    _ask(analyst, title="Approve fewer")
    page = analyst.page

    expect(page.locator("#outcomes")).to_be_visible(timeout=60_000)
    outcomes = page.get_by_role("region", name="Outcomes").get_by_role("row", name="Approved")
    expect(outcomes.first).to_be_visible()
    counted = page.locator("#moves td.num").all_inner_texts()
    assert sum(int(text) for text in counted) == LOANS
    expect(page.locator("#moves .js-plotly-plot .main-svg").first).to_be_visible()
    page.get_by_label("Policy version").select_option(value=draft["pk"])
    page.get_by_role("button", name="Attach as evidence").click()
    expect(page.locator("#messages")).to_contain_text("lies beside")
    expect(page.locator("#evidence")).to_contain_text(draft["name"])

    page.goto(f"/laboratory/policies/{draft['pk']}/evidence/")
    expect(page.get_by_role("link", name="Approve fewer")).to_be_visible()


def test_it_chooses_a_cut_off_within_limits(desk: MakeDesk, draft: dict[str, str]) -> None:
    analyst = desk("Rita")
    _ask(analyst, title="For its cut-offs")
    page = analyst.page
    expect(page.locator("#outcomes")).to_be_visible(timeout=60_000)

    page.get_by_role("link", name="Cut-offs").click()
    expect(page.locator("[data-chart] .main-svg").first).to_be_visible()
    page.get_by_label("Least approval rate").fill("10")
    page.get_by_role("button", name="Find the cut-off").click()
    expect(page.locator("#best")).to_contain_text("Approval rate")
    page.get_by_text("The same numbers as a table").click()
    expect(page.locator("#numbers tbody tr").first).to_be_visible()

    with analyst.refused(422):
        page.get_by_label("Least approval rate").fill("101")
        page.get_by_role("button", name="Find the cut-off").click()
        expect(page.locator("[data-error-summary]")).to_be_visible()


def test_it_compares_the_groups_of_borrowers(desk: MakeDesk, draft: dict[str, str]) -> None:
    analyst = desk("Rita")
    _ask(analyst, title="For its groups")
    page = analyst.page
    expect(page.locator("#fairness")).to_be_visible(timeout=60_000)

    gender = page.get_by_role("region", name="Gender: candidate")
    rows = gender.locator("tbody tr")
    expect(rows.locator("th")).to_have_text(["Female", "Male", "Not stated"])
    expect(gender.get_by_text("reference")).to_have_count(1)
    counted = rows.locator("td:nth-of-type(1) .table__sub").all_inner_texts()
    assert sum(int(text.partition(" of ")[2]) for text in counted) == LOANS
    assert sum(int(text.partition(" of ")[0]) for text in counted) > 0
    ages = page.get_by_role("region", name="Age: candidate")
    expect(ages.locator("tbody th").last).to_have_text("Not stated")
    expect(ages.get_by_role("row", name="62 and over")).to_have_count(1)

    found = accessibility.grave_violations(page)
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {one}" for one in accessibility.grave_violations(page)]
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    found += [f"dark phone: {one}" for one in accessibility.grave_violations(page)]
    assert not found, "\n".join(found)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_it_gives_the_applications_as_a_file(desk: MakeDesk, draft: dict[str, str]) -> None:
    analyst = desk("Rita")
    _ask(analyst, title="For its file")
    page = analyst.page
    expect(page.locator("#outcomes")).to_be_visible(timeout=60_000)

    page.get_by_role("link", name="Applications", exact=True).last.click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download as CSV").click()

    lines = waiting.value.path().read_text().splitlines()
    assert lines[0].startswith("application,product,amount")
    assert len(lines) == LOANS + 1


def test_it_refuses_a_loan_officer(desk: MakeDesk) -> None:
    officer = desk("Alice")

    with officer.refused(403):
        for path in ("", "new/", "sandbox/", "sandbox/typed/"):
            answer = officer.page.goto(f"/laboratory/{path}")
            assert answer is not None
            assert answer.status == 403


def _ask(analyst: Desk, *, title: str) -> None:
    """Starts an experiment on all loans of the tape; its page is open then."""
    page = analyst.page
    page.goto("/laboratory/")
    page.get_by_role("link", name="New experiment").click()
    page.get_by_role("link", name=LENDER).click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Applications from").fill("2005-01-01")
    page.get_by_label("Applications before").fill("2020-01-01")
    for box in page.get_by_role("group", name="Products").get_by_role("checkbox").all():
        box.check()
    page.get_by_label("Approve below a PD of").fill("12")
    page.get_by_label("Decline from a PD of").fill("20")
    for label, value in ASSUMPTIONS.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Start").click()
    expect(page).to_have_url(re.compile(r"/laboratory/[0-9a-f-]{36}/$"))
