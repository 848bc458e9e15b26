"""A loan's schedule to take along: table, paper and calendar; the original and the present one."""

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import icalendar
import pypdf
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.loans.models import Instalment, Loan
from apps.loans.tests import factories

Browser = Callable[[User], Client]
LATER, TODAY = factories.LATER, factories.TODAY


@pytest.fixture
def running(alice: User, bob: User, loan: Loan, monkeypatch: pytest.MonkeyPatch) -> Loan:
    """A loan paid out three days later than was planned, so that it has two schedules."""
    factories.paid(alice, bob, loan, on=TODAY + timedelta(days=3))
    monkeypatch.setattr(timezone, "now", lambda: LATER + timedelta(days=3))
    return Loan.objects.get(pk=loan.pk)


def _path(loan: Loan, form: str) -> str:
    return reverse("loans:schedule_file", args=[loan.pk, form])


def _rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_the_table_has_every_row_with_what_was_paid(
    signed_in: Browser, alice: User, running: Loan
) -> None:
    first = running.instalments.get(in_force=True, number=1)
    Instalment.objects.filter(pk=first.pk).update(paid_interest=first.interest)

    answer = signed_in(alice).get(_path(running, "csv"))

    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Content-Disposition"] == (
        f'attachment; filename="schedule-{running.number}-2.csv"'
    )
    rows = _rows(answer.content)
    assert len(rows) == 24
    assert (rows[0]["paid"], rows[0]["state"]) == (str(first.interest), "Partly paid")
    assert rows[0]["unpaid"] == str(first.due - first.interest)
    assert (rows[1]["state"], rows[-1]["closing"], rows[-1]["currency"]) == (
        "To come",
        "0.00",
        "INR",
    )


def test_the_original_stays_to_be_had(signed_in: Browser, alice: User, running: Loan) -> None:
    browser = signed_in(alice)

    agreed = _rows(browser.get(_path(running, "csv"), {"version": "1"}).content)

    original = running.instalments.filter(schedule__number=1).order_by("number")
    assert [row["instalment"] for row in agreed] == [str(one.due) for one in original]
    assert {row["state"] for row in agreed} == {""}
    present = _rows(browser.get(_path(running, "csv")).content)
    assert (agreed[0]["due_on"], present[0]["due_on"]) == ("2026-12-20", "2026-12-23")
    assert browser.get(_path(running, "csv"), {"version": "3"}).status_code == 404


def test_the_calendar_has_what_is_still_to_be_paid_and_moves_what_was_agreed(
    signed_in: Browser, alice: User, running: Loan
) -> None:
    first = running.instalments.get(in_force=True, number=1)
    Instalment.objects.filter(pk=first.pk).update(
        paid_interest=first.interest, paid_principal=first.principal
    )
    browser = signed_in(alice)

    present = icalendar.Calendar.from_ical(browser.get(_path(running, "ics")).content)
    agreed = icalendar.Calendar.from_ical(
        browser.get(_path(running, "ics"), {"version": "1"}).content
    )

    events, before = present.walk("VEVENT"), agreed.walk("VEVENT")
    assert (len(events), len(before)) == (23, 24)
    assert events[0]["uid"] == before[1]["uid"]
    assert (int(events[0]["sequence"]), int(before[1]["sequence"])) == (2, 1)
    assert isinstance(events[0].decoded("dtstart"), date)
    assert str(events[0]["summary"]).startswith(f"Instalment 2 of 24, loan {running.number}: ₹")


def test_no_instalment_of_the_calendar_is_beyond_their_number(
    signed_in: Browser, alice: User, running: Loan
) -> None:
    # What was paid before the schedule changed is no row of the present one.
    running.instalments.filter(in_force=True, number=1).update(in_force=False)

    answer = signed_in(alice).get(_path(running, "ics"))

    [*_others, last] = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    assert str(last["summary"]).startswith(f"Instalment 24 of 24, loan {running.number}: ₹")


def test_the_paper_names_the_loan_its_sums_and_every_row(
    signed_in: Browser, alice: User, running: Loan
) -> None:
    answer = signed_in(alice).get(_path(running, "pdf"))

    text = " ".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages
    )
    for said in (
        f"Schedule of loan {running.number}",
        "₹2,00,000.00",
        "Equal instalments",
        "Paid of this schedule",
        "Still to be paid",
        "Paid out on another day than planned",
        "24",
    ):
        assert said in text, said


def test_the_pages_offer_the_files_and_strangers_get_none(
    signed_in: Browser, alice: User, make_person: Any, nashik: Branch, running: Loan
) -> None:
    page = signed_in(alice).get(reverse("loans:detail", args=[running.pk])).text
    olga = make_person("Olga", "loan_officer", branch=nashik)
    versions = signed_in(alice).get(reverse("loans:schedules", args=[running.pk])).text

    for form in ("pdf", "csv", "ics"):
        assert _path(running, form) in page
        assert f"{_path(running, form)}?version=1" in versions
        assert signed_in(olga).get(_path(running, form)).status_code == 404
    assert signed_in(alice).get(_path(running, "xls")).status_code == 404
    assert (
        signed_in(alice).get(reverse("loans:schedule_file", args=[uuid4(), "csv"])).status_code
        == 404
    )


def test_the_api_sends_the_same(signed_in: Browser, alice: User, running: Loan) -> None:
    browser = signed_in(alice)

    for form in ("csv", "ics", "pdf"):
        by_api = browser.get(reverse("api:loan_schedule_file", args=[running.pk, form]))
        assert by_api.status_code == 200
        assert by_api["Content-Type"] == browser.get(_path(running, form))["Content-Type"]
    table = browser.get(reverse("api:loan_schedule_file", args=[running.pk, "csv"])).content
    assert table == browser.get(_path(running, "csv")).content
    assert (
        browser.get(reverse("api:loan_schedule_file", args=[running.pk, "txt"])).status_code == 404
    )
