"""Pages of direct debits, as the right person sees them and others do not."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.debits import selectors, services
from apps.debits.models import AnswerFile, Debit, DebitFile, DebitRule, Mandate
from apps.debits.tests import factories
from apps.loans.models import Loan
from apps.repayments.tests import factories as books
from conftest import MakePerson

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
at, row = factories.at, factories.row


class Clock:
    """The moment pages read."""

    now: datetime = at(factories.TODAY)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The day it is; a test moves it on."""
    found = Clock()
    monkeypatch.setattr(timezone, "now", lambda: found.now)
    return found


def _url(name: str, *args: Any) -> str:
    return reverse(f"debits:{name}", args=args)


def _text(client: Client, url: str, **given: Any) -> str:
    answer = client.get(url, given)
    assert answer.status_code == 200, answer.status_code
    return " ".join(answer.content.decode().split())


def _posted(client: Client, url: str, **given: Any) -> Any:
    answer = client.post(url, given)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return answer


def test_a_mandate_is_recorded_told_accepted_and_ended(
    alice: User, lent: Loan, signed_in: Browser
) -> None:
    client = signed_in(alice)
    assert "Record a mandate" in _text(client, _url("panel", lent.pk))
    form = _text(client, _url("record_mandate", lent.pk))
    assert str(lent.customer.full_name) in form
    given = {
        "holder": "Meera Joshi",
        "account_number": "50100123456789",
        "bank_code": "HDFC0000007",
        "maximum": "20,000.00",
        "from_date": "2026-11-01",
        "consent_channel": "paper",
        "consent_date": "2026-11-01",
        "evidence": "Form 17",
    }

    wrong = client.post(_url("record_mandate", lent.pk), {**given, "bank_code": "?"})
    assert wrong.status_code == 422
    assert "This is no code of a bank." in wrong.content.decode()
    _posted(client, _url("record_mandate", lent.pk), **given)

    mandate = Mandate.objects.get()
    page = _text(client, _url("mandate", mandate.pk))
    assert "••••6789" in page
    assert "50100123456789" not in page
    _posted(client, _url("move_mandate", mandate.pk, "register"))
    _posted(client, _url("move_mandate", mandate.pk, "activate"), bank_reference="N1")
    assert "In force" in _text(client, _url("panel", lent.pk))
    assert "Record a mandate" not in _text(client, _url("panel", lent.pk))
    _posted(client, _url("move_mandate", mandate.pk, "cancel"), reason="At the counter")
    mandate.refresh_from_db()
    assert mandate.status == "cancelled"
    assert client.get(_url("move_mandate", mandate.pk, "destroy")).status_code == 404


def test_a_file_goes_from_one_person_through_another_to_the_bank(
    alice: User, bob: User, lent: Loan, mandate: Mandate, signed_in: Browser, clock: Clock
) -> None:
    day = books.due_dates(lent)[0]
    clock.now = at(day - timedelta(days=1))
    mine, others = signed_in(alice), signed_in(bob)

    nothing = mine.post(_url("prepare"), {"branch": "pune", "collect_on": clock.now.date()})
    assert nothing.status_code == 422
    assert "No loan with a mandate has anything to ask for" in nothing.content.decode()
    made = _posted(mine, _url("prepare"), branch="pune", collect_on=day)

    file = DebitFile.objects.get()
    assert made.url == _url("file", file.pk)
    page = _text(mine, made.url)
    assert lent.number in page
    assert "Release for the bank" not in page
    assert mine.get(_url("download", file.pk)).status_code == 409
    assert "Release for the bank" in _text(others, made.url)
    _posted(others, _url("release", file.pk))
    sent = others.get(_url("download", file.pk))
    assert sent["Content-Disposition"] == 'attachment; filename="sahyadri-DD000001.csv"'
    assert sent.content.startswith(b"H,creditrisk-debits-1,sahyadri,")
    assert "With the bank" in _text(mine, _url("files"))


def test_answers_go_from_the_upload_to_the_loan(
    alice: User, bob: User, lent: Loan, mandate: Mandate, signed_in: Browser, clock: Clock
) -> None:
    debit = factories.presented(alice, bob, books.due_dates(lent)[0])
    clock.now = at(debit.file.collect_on)
    client = signed_in(alice)

    def send(sent: bytes) -> Any:
        file = SimpleUploadedFile("answers.csv", sent, content_type="text/csv")
        return client.post(_url("upload"), {"file": file, "branch": "pune"})

    cut_off = send(factories.content([row(debit)])[:-20])
    assert cut_off.status_code == 422
    assert "The trailer is missing" in cut_off.content.decode()
    made = send(factories.content([row(debit), row("sahyadri-DD000009-00001")]))

    file = AnswerFile.objects.get()
    assert made.url == _url("answer", file.pk)
    assert "The rows are being posted." in _text(client, made.url)
    factories.run(file, now=clock.now)
    page = _text(client, made.url)
    assert "The money is on the loan." in page
    assert '<span class="strong">reference:</span> No debit of this lender' in page
    assert lent.number not in _text(client, made.url, status="refused")
    [refused] = file.lines.filter(status="refused")
    _posted(client, _url("close_row", refused.pk), note="Another lender's.")
    assert "Another lender&#x27;s." in _text(client, made.url, status="closed")
    again = send(factories.content([row(debit), row("sahyadri-DD000009-00001")]))
    assert again.url == made.url


def test_a_return_that_came_too_early_is_run_again(
    alice: User, bob: User, lent: Loan, mandate: Mandate, signed_in: Browser, clock: Clock
) -> None:
    debit = factories.presented(alice, bob, books.due_dates(lent)[0])
    day = debit.file.collect_on
    clock.now = at(day)
    early = factories.answered(alice, [row(debit, "returned", reason="other")], day=day)
    [line] = early.lines.all()
    client, url = signed_in(alice), _url("run_row", line.pk)
    assert url not in _text(client, _url("answer", early.pk))
    _posted(client, url)
    assert "nothing can be returned" in _text(client, _url("answer", early.pk))

    factories.answered(alice, [row(debit)], day=day, name="ACH-2")
    assert url in _text(client, _url("answer", early.pk))
    assert url not in _text(signed_in(bob), _url("answer", early.pk))
    assert signed_in(bob).post(url).status_code == 403
    _posted(client, url)

    assert "The money is taken back from the loan." in _text(client, _url("answer", early.pk))
    debit.refresh_from_db()
    assert debit.status == "returned"
    api = f"/api/v1/debit-answer-rows/{line.pk}/run"
    assert client.post(api).status_code == 409


def test_what_failed_is_followed_up(
    alice: User, bob: User, lent: Loan, mandate: Mandate, signed_in: Browser, clock: Clock
) -> None:
    debit = factories.presented(alice, bob, books.due_dates(lent)[0])
    clock.now = at(debit.file.collect_on)
    factories.answered(
        alice, [row(debit, "failed", reason="account_closed"), row("x")], day=clock.now.date()
    )
    client = signed_in(alice)

    assert client.get(_url("following_count")).content == b"1"
    page = _text(client, _url("following"))
    assert "The account is closed." in page
    assert "No debit of this lender has this reference." in _text(
        client, _url("following"), view="rows"
    )
    assert "Nothing waits for anybody." in _text(client, _url("following"), view="again")
    _posted(client, _url("look_at", debit.pk), note="Called; a new mandate follows.")
    assert client.get(_url("following_count")).content == b""


def test_a_manager_sets_how_debits_are_presented(
    charlie: User, lent: Loan, signed_in: Browser
) -> None:
    client = signed_in(charlie)
    given = {"days_ahead": 1, "most_tries": 3, "days_between": 2, "takes_overdue": "on"}

    wrong = client.post(_url("rules"), {**given, "most_tries": 9})
    assert wrong.status_code == 422
    _posted(client, _url("rules"), **given)

    rule = DebitRule.objects.get()
    assert (rule.takes_overdue, rule.most_tries, rule.prepares_itself) == (True, 3, False)


def test_another_branch_sees_nothing_and_other_roles_no_buttons(
    alice: User,
    bob: User,
    amir: User,
    rita: User,
    lent: Loan,
    mandate: Mandate,
    signed_in: Browser,
    make_person: MakePerson,
    nashik: Branch,
) -> None:
    debit = factories.presented(alice, bob, books.due_dates(lent)[0])
    elsewhere = signed_in(make_person("Nisha", "loan_officer", branch=nashik))

    for url in (
        _url("file", debit.file_id),
        _url("download", debit.file_id),
        _url("mandate", mandate.pk),
        _url("panel", lent.pk),
        _url("look_at", debit.pk),
    ):
        assert elsewhere.get(url).status_code == 404, url
    assert str(debit.file) not in _text(elsewhere, _url("files"))
    assert signed_in(rita).get(_url("files")).status_code == 403
    page = _text(signed_in(amir), _url("file", debit.file_id))
    assert "download" not in page.split("main")[1][:2000]
    assert signed_in(amir).get(_url("download", debit.file_id)).status_code == 403


def test_the_lists_take_few_queries(
    alice: User, bob: User, lent: Loan, mandate: Mandate, signed_in: Browser, clock: Clock
) -> None:
    debit = factories.presented(alice, bob, books.due_dates(lent)[0])
    clock.now = at(debit.file.collect_on)
    file = factories.answered(alice, [row(debit), row("a"), row("b")], day=clock.now.date())
    client = signed_in(alice)

    def queries(url: str, **given: Any) -> int:
        client.get(url, given)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            client.get(url, given)
        return len(caught)

    def counting(url: str) -> list[str]:
        with CaptureQueriesContext(connection) as caught:
            client.get(url)
        said = [one["sql"] for one in caught.captured_queries]
        return [one for one in said if 'SUM("debits_debit"."amount")' in one]

    before = queries(_url("answer", file.pk)), queries(_url("following"), view="rows")
    assert Debit.objects.count() == services.asked_for(debit.file)[0]
    listed = queries(_url("files"))
    newer = factories.prepared(alice, books.due_dates(lent)[1])
    assert queries(_url("files")) == listed
    [counted] = counting(_url("files"))
    assert "JOIN" not in counted
    assert selectors.standing_of([debit.file, newer]) == {
        debit.file.pk: (1, debit.amount),
        newer.pk: (1, newer.debits.get().amount),
    }
    factories.answered(
        alice, [row(f"n{one}") for one in range(9)], day=clock.now.date(), name="ACH-2"
    )
    assert queries(_url("following"), view="rows") == before[1]
    assert max(before) <= 22


def test_money_that_no_loan_takes_is_found_beside_that_of_statements(
    alice: User, bob: User, lent: Loan, mandate: Mandate, signed_in: Browser, clock: Clock
) -> None:
    debit = factories.presented(alice, bob, books.due_dates(lent)[0])
    Loan.objects.filter(pk=lent.pk).update(status="closed")
    clock.now = at(debit.file.collect_on)
    answers = factories.answered(alice, [row(debit)], day=debit.file.collect_on)
    debit.refresh_from_db()
    kept, client = debit.kept, signed_in(alice)
    assert kept is not None

    pages = {
        _url("answer", answers.pk): "it waits as unidentified",
        reverse("repayments:suspense"): debit.reference,
        reverse("repayments:suspense_line", args=[kept.pk]): lent.number,
        reverse("repayments:statements"): "Direct debit",
        reverse("repayments:statement", args=[kept.file_id]): "Direct debit",
        reverse("repayments:statement_lines", args=[kept.file_id]): debit.reference,
    }

    assert {
        url: said in _text(client, url) for url, said in pages.items() if said
    } == dict.fromkeys(pages, True)
    # It is no layout that a statement is sent in.
    assert '"debits"' not in _text(client, reverse("repayments:statement_upload"))


def test_more_than_was_asked_for_can_be_settled_and_not_posted(
    alice: User, bob: User, lent: Loan, mandate: Mandate, signed_in: Browser, clock: Clock
) -> None:
    debit = factories.presented(alice, bob, books.due_dates(lent)[0])
    day = debit.file.collect_on
    clock.now = at(day)
    sent = {
        "ACH-1": row(debit, amount=debit.amount + 1),
        "ACH-2": row(debit, day=day - timedelta(days=1)),
    }
    files = [factories.answered(alice, [one], day=day, name=name) for name, one in sent.items()]
    client = signed_in(alice)

    offered = [_row_steps(client, file) for file in files]

    assert offered == [["close_row"], ["post_row", "close_row"]]


def _row_steps(client: Client, file: AnswerFile) -> list[str]:
    """Return what is offered for the one row of a file."""
    page, line = _text(client, _url("answer", file.pk)), file.lines.get()
    return [name for name in ("post_row", "close_row") if _url(name, line.pk) in page]
