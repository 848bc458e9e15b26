"""Recalls of files of debits on pages and over the API."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.debits.models import Debit, DebitFile, Mandate, Recall
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


@pytest.fixture
def debit(clock: Clock, alice: User, bob: User, lent: Loan, mandate: Mandate) -> Debit:
    """The first instalment, with the bank; it is the day before its collection."""
    day = books.due_dates(lent)[0]
    clock.now = at(day - timedelta(days=1))
    return factories.presented(alice, bob, day)


def _url(name: str, *args: Any) -> str:
    return reverse(f"debits:{name}", args=args)


def _text(client: Client, url: str, **given: Any) -> str:
    answer = client.get(url, given)
    assert answer.status_code == 200, answer.status_code
    return " ".join(answer.content.decode().split())


def _post(client: Client, path: str, said: Any = None, *, status: int = 200) -> Any:
    answer = client.post(f"/api/v1/{path}", said or {}, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_a_file_is_recalled_on_pages(
    alice: User, charlie: User, amir: User, debit: Debit, signed_in: Browser
) -> None:
    mine, others, page = signed_in(alice), signed_in(charlie), _url("file", debit.file_id)
    ask = _url("ask_recall", debit.file_id)
    assert ask in _text(mine, page)
    assert ask not in _text(signed_in(amir), page)
    assert "1 debit without an answer can be asked for again then." in _text(mine, ask)
    wrong = mine.post(ask, {"reason": ""})
    assert (wrong.status_code, Recall.objects.count()) == (422, 0)

    assert mine.post(ask, {"reason": "The bank refused it whole."}).url == page

    recall = Recall.objects.get()
    confirm, refuse = (_url(name, recall.pk) for name in ("confirm_recall", "refuse_recall"))
    own = _text(mine, page)
    assert "The bank refused it whole." in own
    assert (confirm in own, refuse in own, ask in own) == (False, True, False)
    assert mine.post(confirm).status_code == 403
    listed = _text(others, _url("recalls"))
    assert str(debit.file) in listed
    assert "The bank refused it whole." in listed
    assert others.get(_url("recalls_count")).content == b"1"
    other = _text(others, page)
    assert (confirm in other, refuse in other, _url("download", debit.file_id) in other) == (
        True,
        True,
        True,
    )

    assert others.post(confirm).url == page

    after = _text(others, page)
    assert "Recalled. The next file asks for its debits again." in after
    assert "1 debit was freed" in after
    assert (confirm in after, ask in after, _url("download", debit.file_id) in after) == (
        False,
        False,
        False,
    )
    assert others.get(_url("recalls_count")).content == b""
    assert "No recall waits" in _text(others, _url("recalls"))
    assert others.get(_url("download", debit.file_id)).status_code == 409
    others.post(confirm)
    assert "This request was answered already." in _text(others, page)


def test_who_may_confirm_is_not_counted_for_what_one_asked_oneself(
    charlie: User, bob: User, debit: Debit, signed_in: Browser
) -> None:
    recall = factories.asked(charlie, debit.file)

    assert signed_in(charlie).get(_url("recalls_count")).content == b""
    assert signed_in(bob).get(_url("recalls_count")).content == b"1"
    assert signed_in(charlie).post(_url("confirm_recall", recall.pk)).status_code == 403
    assert DebitFile.objects.get().status == "released"


def test_it_is_left_with_the_bank_on_pages(
    alice: User, bob: User, debit: Debit, signed_in: Browser
) -> None:
    recall, client = factories.asked(alice, debit.file), signed_in(bob)
    url = _url("refuse_recall", recall.pk)

    assert client.post(url, {"note": ""}).status_code == 422
    assert client.post(url, {"note": "The bank confirmed that it has it."}).status_code == 302

    page = _text(client, _url("file", debit.file_id))
    assert "A recall was asked for and refused" in page
    assert "The bank confirmed that it has it." in page
    assert client.post(url, {"note": "Again."}).status_code == 422


def test_a_recall_the_bank_was_faster_than_is_said_on_the_page(
    alice: User, bob: User, debit: Debit, signed_in: Browser
) -> None:
    recall = factories.asked(alice, debit.file)
    factories.answered(alice, [row(debit)], day=debit.file.collect_on)

    page = _text(signed_in(bob), _url("file", debit.file_id))

    assert "the bank answered every debit before anybody confirmed it" in page
    assert _url("confirm_recall", recall.pk) not in page


def test_an_answer_to_a_recalled_debit_is_found_on_both_lists(
    alice: User, bob: User, debit: Debit, signed_in: Browser, clock: Clock
) -> None:
    gone = factories.recalled(alice, bob, debit)
    clock.now = at(day := debit.file.collect_on)
    file = factories.answered(alice, [row(gone)], day=day)
    client, line = signed_in(alice), file.lines.get()

    assert client.get(_url("following_count")).content == b"1"
    assert "though its file was recalled" in _text(client, _url("following"))
    rows = _text(client, _url("following"), view="rows")
    assert "The file of this debit was recalled" in rows
    post = _url("post_row", line.pk)
    assert post in rows
    assert client.post(post, {"day": day.isoformat()}).status_code == 302
    assert client.get(_url("following_count")).content == b""


def test_a_file_is_recalled_over_the_api(
    alice: User, bob: User, debit: Debit, signed_in: Browser
) -> None:
    mine, others = signed_in(alice), signed_in(bob)
    path, sent = f"debit-files/{debit.file_id}/recall", DebitFile.objects.get().sha256
    assert _post(mine, path, status=400)["code"] == "invalid_input"

    made = _post(mine, path, {"reason": "It never arrived."}, status=201)

    assert (made["state"], made["asked_by"], made["name"], made["freed"]) == (
        "asked",
        alice.email,
        str(debit.file),
        None,
    )
    assert _post(mine, path, {"reason": "It never arrived."}, status=409)["code"] == "recall_waits"
    one = f"debit-recalls/{made['id']}"
    assert others.get("/api/v1/debit-recalls").json()["results"] == [made]
    assert _post(mine, f"{one}/confirm", status=403)["code"] == "permission_denied"
    done = _post(others, f"{one}/confirm")
    assert (done["state"], done["answered_by"], done["freed"]) == ("confirmed", bob.email, 1)
    assert _post(others, f"{one}/confirm", status=409)["code"] == "answered_already"
    assert _post(others, f"{one}/refuse", {"note": "No"}, status=409)["code"] == "answered_already"
    assert others.get(f"/api/v1/{one}").json() == done
    assert others.get("/api/v1/debit-recalls").json()["results"] == []
    file = others.get(f"/api/v1/debit-files/{debit.file_id}").json()
    assert (file["state"], file["sha256"]) == ("recalled", sent)
    content = others.get(f"/api/v1/debit-files/{debit.file_id}/content")
    assert (content.status_code, content.json()["code"]) == (409, "recalled")


def test_who_asked_does_not_confirm_over_the_api(
    charlie: User, debit: Debit, signed_in: Browser
) -> None:
    recall = factories.asked(charlie, debit.file)
    client = signed_in(charlie)

    said = _post(client, f"debit-recalls/{recall.pk}/confirm", status=403)

    assert said["code"] == "own_request"
    taken_back = _post(client, f"debit-recalls/{recall.pk}/refuse", {"note": "Another file."})
    assert (taken_back["state"], taken_back["note"]) == ("refused", "Another file.")


def test_another_branch_finds_no_recall(
    alice: User, debit: Debit, make_person: MakePerson, nashik: Branch, signed_in: Browser
) -> None:
    recall = factories.asked(alice, debit.file)
    client = signed_in(make_person("Nitin", "credit_reviewer", branch=nashik))

    assert "No recall waits" in _text(client, _url("recalls"))
    assert client.get(_url("recalls_count")).content == b""
    for url in (
        _url("ask_recall", debit.file_id),
        _url("refuse_recall", recall.pk),
        f"/api/v1/debit-recalls/{recall.pk}",
    ):
        assert client.get(url).status_code == 404, url
    assert client.post(_url("confirm_recall", recall.pk)).status_code == 404
    _post(client, f"debit-recalls/{recall.pk}/confirm", status=404)
    assert client.get("/api/v1/debit-recalls").json()["results"] == []


def test_the_list_takes_few_queries(
    alice: User, bob: User, charlie: User, debit: Debit, signed_in: Browser
) -> None:
    client = signed_in(charlie)
    factories.asked(alice, debit.file)

    def queries() -> int:
        client.get(_url("recalls"))
        with CaptureQueriesContext(connection) as caught:
            client.get(_url("recalls"))
        assert not any('"content"' in one["sql"] for one in caught.captured_queries)
        return len(caught)

    before = queries()
    loan = books.lent(alice, bob)
    factories.active(alice, loan)
    factories.asked(alice, factories.presented(alice, bob, debit.file.collect_on).file)

    assert queries() == before
