"""Pages of statements and of money in suspense, as the right person sees them and others do not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.audit import services as audit
from apps.core import withheld
from apps.loans.models import Loan
from apps.repayments import services
from apps.repayments.models import AccountEvent, StatementFile, StatementLine
from apps.repayments.tests import statement_factories as factories
from conftest import MakePerson

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
row = factories.row


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: factories.NOW)


def _sent(content: bytes, **changes: Any) -> dict[str, Any]:
    return {
        "file": SimpleUploadedFile("november.csv", content, content_type="text/csv"),
        "layout": "bank",
        "branch": "pune",
        "decimal": "point",
        "dates": "day_first",
        "delimiter": "auto",
        "encoding": "utf-8",
        **changes,
    }


def _url(name: str, pk: Any = None) -> str:
    return reverse(f"repayments:{name}", args=[pk] if pk else [])


def _text(client: Client, url: str, **given: Any) -> str:
    answer = client.get(url, given)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize(("layout", "status"), [("bank", 200), ("mpesa", 200), ("other", 404)])
def test_the_upload_offers_a_sample_of_each_layout(
    signed_in: Browser, alice: User, layout: str, status: int
) -> None:
    client, address = signed_in(alice), reverse("repayments:statement_sample", args=[layout])

    offered = f'href="{address}" download' in client.get(_url("statement_upload")).text
    answer = client.get(address)

    assert (answer.status_code, offered) == (status, status == 200)
    if status == 200:
        assert b"SAMPLE-1" in b"".join(answer.streaming_content)


def test_a_statement_goes_from_upload_to_the_books(
    alice: User, lent: Loan, signed_in: Browser
) -> None:
    client = signed_in(alice)
    rows = [row("UTR1", text=f"EMI {lent.number}"), row("UTR2"), row("UTR3", "x")]

    answer = client.post(_url("statement_upload"), _sent(factories.content(rows)))

    file = StatementFile.objects.get()
    assert answer.url == _url("statement", file.pk)
    assert "Every line is being checked; nothing is posted." in _text(client, answer.url)
    services.check_statement(file_id=file.pk, now=factories.NOW)
    page = _text(client, answer.url)
    assert "1 line would go to a loan." in page
    assert "1 line names no loan and would wait in suspense." in page
    assert "1 row cannot be taken as it is." in page
    client.post(_url("statement_start", file.pk))
    factories.run(file)
    assert "Download the refused rows, mend them" in _text(client, answer.url)
    lines = _text(client, _url("statement_lines", file.pk))
    assert "The loan&#x27;s number stands in the text." in lines
    assert '<span class="strong">Deposit Amt.:</span> This is not a number' in lines
    assert lent.number not in _text(client, _url("statement_lines", file.pk), status="refused")


def test_a_file_that_is_no_statement_is_refused_beside_its_field(
    alice: User, signed_in: Browser
) -> None:
    answer = signed_in(alice).post(_url("statement_upload"), _sent(b"a,b\n1,2\n"))

    assert answer.status_code == 422
    assert "No line among the first ones names the day" in answer.content.decode()
    assert not StatementFile.objects.exists()


def test_columns_can_be_told_where_they_are_not_recognised(alice: User, signed_in: Browser) -> None:
    sent = _sent(b"Tag,Summe\n23.11.2026,500\n", told_day="Tag", told_amount="Summe")

    signed_in(alice).post(_url("statement_upload"), sent)

    assert StatementFile.objects.get().roles == {"day": 0, "amount": 1}


def test_it_refuses_a_far_too_large_file_before_reading_it(
    alice: User, signed_in: Browser, settings: LazySettings
) -> None:
    settings.BULK_MAX_BYTES = 1_048_576

    answer = signed_in(alice).post(
        _url("statement_upload"),
        data=b"x",
        content_type="multipart/form-data; boundary=b",
        CONTENT_LENGTH=str(200 * 1_048_576),
    )

    assert answer.status_code == 413


def test_the_refused_rows_hold_no_formula(alice: User, signed_in: Browser) -> None:
    file = factories.posted(alice, [row("=1+1", "x"), row("UTR2")])

    answer = signed_in(alice).get(_url("statement_refused", file.pk))

    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "'=1+1" in content
    assert ",=1+1" not in content
    assert "UTR2" not in content


def test_money_is_placed_from_the_worklist(
    alice: User, lent: Loan, signed_in: Browser, charlie: User
) -> None:
    text = f"PAID BY {lent.customer.full_name.upper()}"
    line = factories.in_suspense(alice, amount=str(lent.instalment), text=text)
    client = signed_in(alice)

    listed = _text(client, _url("suspense"))
    assert "UTR900" in listed
    assert lent.number in listed
    page = _text(client, _url("suspense_line", line.pk))
    assert lent.number in page
    assert "The amount is what falls due next." in page
    assert "The names agree." in page
    foreseen = _text(client, _url("suspense_line", line.pk), loan=lent.number, day="2026-11-23")
    assert "What placing it comes to" in foreseen
    assert "Paid ahead, for what falls due next" in foreseen
    assert not AccountEvent.objects.exists()
    answer = client.post(
        _url("suspense_place", line.pk), {"loan": lent.number, "day": "2026-11-23"}
    )

    assert answer.url == _url("suspense_line", line.pk)
    event = AccountEvent.objects.get()
    assert (event.loan, event.day, event.made_by) == (lent, factories.PAID_ON, alice)
    assert "UTR900" not in _text(client, _url("suspense"))
    assert "It is on the wrong loan" not in _text(client, answer.url)
    assert "It is on the wrong loan" in _text(signed_in(charlie), answer.url)


def test_a_statement_and_its_money_tell_their_history_to_who_may_see_them(
    alice: User, lent: Loan, make_person: MakePerson, nashik: Branch, signed_in: Browser
) -> None:
    line = factories.in_suspense(alice)
    services.place_money(actor=alice, line=line, loan=lent, now=factories.NOW)
    client, timeline = signed_in(alice), reverse("audit:timeline")
    stranger = signed_in(make_person("Nadia", "loan_officer", branch=nashik))

    pages = [
        _text(client, _url("statement", line.file_id)),
        _text(client, _url("suspense_line", line.pk)),
    ]
    subjects = [audit.reference(line.file), audit.reference(line)]
    told = [_text(client, timeline, subject=subject) for subject in subjects]

    for page, subject in zip(pages, subjects, strict=True):
        assert f"{timeline}?subject={quote(subject, safe='')}" in page
    assert "Alice" in told[0]
    assert lent.number in told[1]
    for subject in subjects:
        assert stranger.get(timeline, {"subject": subject}).status_code == 404


def test_it_says_why_money_cannot_be_placed_so(alice: User, lent: Loan, signed_in: Browser) -> None:
    line = factories.in_suspense(alice)
    url = _url("suspense_line", line.pk)

    for loan, day, said in (
        ("L-0", "2026-11-23", "There is no such loan"),
        (lent.number, "2026-11-22", "Choose a day from the value date to today."),
        (lent.number, "2026-11-25", "Choose a day from the value date to today."),
        (lent.number, "soon", "Enter a day of the calendar"),
    ):
        answer = signed_in(alice).get(url, {"loan": loan, "day": day})
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert "Place it on this loan" not in answer.content.decode()


def test_money_is_returned_by_another_person_than_who_asked(
    alice: User, charlie: User, signed_in: Browser
) -> None:
    line = factories.in_suspense(alice)
    officer, manager = signed_in(alice), signed_in(charlie)

    officer.post(_url("suspense_ask_return", line.pk), {"return-reason": "Not ours."})
    assert "Record the return" not in _text(officer, _url("suspense_line", line.pk))
    assert "Record the return" in _text(manager, _url("suspense_line", line.pk))
    manager.post(_url("suspense_give_back", line.pk), {"give-day": "2026-11-24"})

    line.refresh_from_db()
    assert (line.status, line.returned_by) == ("returned", charlie)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("suspense_place", {"loan": "L-0", "day": "2026-11-23"}, "There is no such loan"),
        ("suspense_place", {"loan": "", "day": "soon"}, "Enter a day of the calendar"),
        ("suspense_ask_return", {"return-reason": " "}, "This field is required."),
        ("suspense_note", {"note-text": "x" * 301}, "at most 300 characters"),
    ],
)
def test_what_is_missing_is_said_beside_the_form(
    alice: User, signed_in: Browser, name: str, given: dict[str, str], said: str
) -> None:
    line = factories.in_suspense(alice)

    answer = signed_in(alice).post(_url(name, line.pk), given)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    line.refresh_from_db()
    assert (line.status, line.return_asked_by) == ("suspense", None)


def test_a_note_is_kept_with_who_wrote_it(alice: User, signed_in: Browser) -> None:
    line = factories.in_suspense(alice)
    client = signed_in(alice)

    client.post(_url("suspense_note", line.pk), {"note-text": "Asked the bank."})

    assert "Asked the bank." in _text(client, _url("suspense_line", line.pk))
    assert line.notes.get().written_by == alice


def test_people_of_other_branches_see_nothing_of_it(
    alice: User, make_person: MakePerson, nashik: Branch, signed_in: Browser
) -> None:
    line = factories.in_suspense(alice)
    client = signed_in(make_person("Nadia", "loan_officer", branch=nashik))

    for name, pk in (
        ("statement", line.file_id),
        ("statement_lines", line.file_id),
        ("statement_refused", line.file_id),
        ("suspense_line", line.pk),
    ):
        assert client.get(_url(name, pk)).status_code == 404
    for name in ("suspense_place", "suspense_ask_return", "suspense_note"):
        assert client.post(_url(name, line.pk), {}).status_code == 404
    assert "UTR900" not in _text(client, _url("suspense"))
    assert "november.csv" not in _text(client, _url("statements"))
    assert client.get(_url("suspense_count")).content == b""


def test_a_loan_of_another_branch_is_not_named_nor_suggested(
    alice: User, lent: Loan, make_person: MakePerson, nashik: Branch, signed_in: Browser
) -> None:
    nadia = make_person("Nadia", "loan_officer", branch=nashik)
    posted = factories.posted(nadia, [row("UTR1", text=f"BY {lent.customer.number}")])
    held = factories.in_suspense(nadia, amount=str(lent.instalment), text=lent.customer.full_name)
    client = signed_in(nadia)

    assert posted.lines.get().loan == lent
    assert lent.number not in _text(client, _url("statement_lines", posted.pk))
    assert lent.number not in _text(client, _url("suspense_line", posted.lines.get().pk))
    assert lent.number not in _text(client, _url("suspense_line", held.pk))
    answer = client.post(
        _url("suspense_place", held.pk), {"loan": lent.number, "day": "2026-11-23"}
    )
    assert answer.status_code == 422
    assert AccountEvent.objects.count() == 1


def test_a_withheld_loan_is_not_suggested(
    alice: User, lent: Loan, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = factories.in_suspense(alice, amount=str(lent.instalment))
    monkeypatch.setattr(
        withheld,
        "without",
        lambda rows, actor, *, field: rows.exclude(**{field: lent.application_id}),
    )

    page = _text(signed_in(alice), _url("suspense_line", line.pk))

    assert lent.number not in page


def test_who_only_reads_sees_no_button(
    alice: User, bob: User, amir: User, signed_in: Browser
) -> None:
    line = factories.in_suspense(alice)

    assert signed_in(bob).get(_url("suspense")).status_code == 403
    assert signed_in(bob).get(_url("statement", line.file_id)).status_code == 403
    assert signed_in(amir).post(_url("suspense_place", line.pk), {}).status_code == 403


def test_lists_ask_as_often_for_many_as_for_few(alice: User, signed_in: Browser) -> None:
    file = factories.posted(alice, [row(f"UTR{n}") for n in range(30)])
    client = signed_in(alice)
    _text(client, _url("suspense"))

    def asked(url: str, **given: str) -> int:
        with CaptureQueriesContext(connection) as found:
            _text(client, url, **given)
        return len(found)

    few, many = asked(_url("suspense"), reference="UTR1"), asked(_url("suspense"))

    assert many == few
    assert many <= 16
    assert asked(_url("statement_lines", file.pk)) <= 12


def test_the_worklist_leads_on_page_by_page(alice: User, signed_in: Browser) -> None:
    factories.posted(alice, [row(f"UTR{n:02}") for n in range(30)])
    client = signed_in(alice)

    first = client.get(_url("suspense")).context
    second = client.get(_url("suspense"), {"after": first["page"].after}).context

    keys = [line["line"].pk for page in (first, second) for line in page["lines"]]
    assert len(set(keys)) == 30
    assert set(keys) == set(StatementLine.objects.values_list("pk", flat=True))


def test_the_progress_says_nothing_new_twice(alice: User, signed_in: Browser) -> None:
    file = factories.started(alice, [row("UTR1")])
    client = signed_in(alice)
    url = _url("statement_progress", file.pk)
    headers = {"HTTP_HX_REQUEST": "true"}

    first = client.get(url, **headers)
    again = client.get(url, {"seen": first.context["seen"]}, **headers)
    StatementFile.objects.filter(pk=file.pk).update(updated_at=factories.NOW - timedelta(hours=1))
    factories.run(file)

    assert (first.status_code, again.status_code) == (200, 204)
    assert client.get(url, **headers)["HX-Refresh"] == "true"
