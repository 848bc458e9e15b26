"""The bulk day: an officer uploads a file, tells its columns, checks, takes in, mends the rest."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from apps.bulk.tests import factories
from tests.journeys import accessibility
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import PHONE

pytestmark = pytest.mark.browser

# Every row is decided and lettered; the machine may be busy.
ARRIVES = 60_000.0
DAYS = ("consent_given_on", "income_as_of", "no_obligations_on", "bureau_pulled_on")


def _row(serial: int, **changes: str) -> dict[str, str]:
    yesterday = (date.today() - timedelta(days=1)).isoformat()  # noqa: DTZ011 - a day of the past anywhere
    own = {"product": "in-personal", "amount": "150000", **dict.fromkeys(DAYS, yesterday)}
    row = factories.row(serial, **{**own, **changes})
    # The dealer's own word for the amount.
    return {"Sanction sought" if name == "amount" else name: text for name, text in row.items()}


def _file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _upload(page: Page, path: Path) -> None:
    page.goto("/bulk/")
    page.get_by_role("link", name="Upload a file").click()
    page.get_by_label("File", exact=True).set_input_files(path)
    page.get_by_label("Whose file it is").fill("Dealer Kulkarni")
    page.get_by_role("button", name="Upload").click()


def test_it_takes_a_file_in_and_then_its_mended_rest(desk: MakeDesk, tmp_path: Path) -> None:
    alice = desk("Alice")
    page = alice.page
    rows = [_row(901), _row(902), _row(903, phone="12", date_of_birth="2020-01-01")]

    _upload(page, _file(tmp_path, "november.csv", factories.written(rows)))
    assert accessibility.grave_violations(page) == []
    page.get_by_label("Sanction sought").select_option("amount")
    page.get_by_role("button", name="Check every row").click()

    expect(page.get_by_text("Checked; nothing is taken in yet")).to_be_visible(timeout=ARRIVES)
    expect(page.get_by_text("2 rows can be taken in")).to_be_visible()
    reasons = page.get_by_role("region", name="Why rows are refused")
    expect(reasons).to_contain_text("The customer must be at least 18 years old.")
    expect(reasons).to_contain_text("This is not a telephone number.")
    assert accessibility.grave_violations(page) == []

    page.get_by_role("button", name="Take them in").click()
    expect(page.locator(".page-header")).to_contain_text("Finished", timeout=ARRIVES)
    expect(page.locator("#progress")).to_contain_text("Taken in")
    with page.expect_download() as download:
        page.get_by_role("link", name="Refused rows (CSV)").click()
    refused = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert [row["refused_row"] for row in refused] == ["4"]
    assert "18 years" in refused[0]["refused_because"]

    mended = {**refused[0], "phone": "+91 98500 00903", "date_of_birth": "1990-01-01"}
    _upload(page, _file(tmp_path, "mended.csv", factories.written([mended])))
    # The columns were told for the first file.
    page.get_by_role("button", name="Check every row").click()
    expect(page.get_by_text("1 row can be taken in")).to_be_visible(timeout=ARRIVES)
    page.get_by_role("button", name="Take them in").click()
    expect(page.get_by_text("Every row is taken in.")).to_be_visible(timeout=ARRIVES)

    page.get_by_role("link", name="Rows", exact=True).click()
    expect(page.get_by_role("region", name="Rows")).to_contain_text("A-")
    assert accessibility.grave_violations(page) == []


def test_the_same_file_again_shows_what_came_of_it(desk: MakeDesk, tmp_path: Path) -> None:
    alice = desk("Alice")
    path = _file(tmp_path, "twice.csv", factories.written([_row(911)]))
    _upload(alice.page, path)
    expect(alice.page.get_by_label("Sanction sought")).to_be_visible()

    _upload(alice.page, path)

    expect(alice.page.locator("#messages")).to_contain_text("This very file was uploaded before")


def test_pages_fit_a_phone(desk: MakeDesk) -> None:
    alice = desk("Alice")
    page = alice.page
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    for path in ("/bulk/", "/bulk/new/"):
        page.goto(path)
        assert accessibility.grave_violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_a_reviewer_uploads_nothing(desk: MakeDesk) -> None:
    bob = desk("Bob")
    with bob.refused(403):
        for path in ("/bulk/", "/bulk/new/"):
            answer = bob.page.goto(path)
            assert answer is not None
            assert answer.status == 403
