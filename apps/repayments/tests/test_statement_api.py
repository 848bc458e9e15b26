"""Statements and money in suspense over the API."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
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


def _url(name: str, pk: Any = None) -> str:
    return reverse(f"api:{name}", args=[pk] if pk else [])


def _post(client: Client, name: str, pk: Any, **body: Any) -> Any:
    return client.post(_url(name, pk), json.dumps(body), content_type="application/json")


def _send(client: Client, content: bytes, **changes: Any) -> Any:
    file = SimpleUploadedFile("november.csv", content, content_type="text/csv")
    return client.post(_url("statements"), {"file": file, "layout": "bank", **changes})


def test_a_statement_is_sent_checked_posted_and_read(
    alice: User, lent: Loan, signed_in: Browser
) -> None:
    client = signed_in(alice)
    sent = factories.content(
        [row("UTR1", text=f"EMI {lent.number}"), row("UTR2"), row("UTR3", "x")]
    )

    first, again = _send(client, sent), _send(client, sent)

    assert (first.status_code, again.status_code) == (201, 200)
    key = first.json()["id"]
    assert again.json()["id"] == key
    assert first.json()["columns"]["credit"] == "Deposit Amt."
    assert _post(client, "statement_start", key).status_code == 409
    services.check_statement(file_id=key, now=factories.NOW)
    found = client.get(_url("statement", key)).json()
    assert (found["state"], found["to_post"], found["to_hold"]) == ("checked", 1, 1)
    assert _post(client, "statement_start", key).json()["state"] == "running"
    factories.run(StatementFile.objects.get())
    page = client.get(_url("statement_lines", key), {"limit": 2}).json()
    assert [(one["row"], one["state"], one["loan_number"]) for one in page["results"]] == [
        (2, "posted", lent.number),
        (3, "suspense", ""),
    ]
    assert page["results"][0]["repayment"] == str(AccountEvent.objects.get().pk)
    rest = client.get(_url("statement_lines", key), {"after": page["after"]}).json()
    assert rest["results"][0]["faults"][0]["column"] == "Deposit Amt."
    refused = client.get(_url("statement_refused", key))
    assert b"UTR3" in b"".join(refused.streaming_content)


def test_columns_can_be_told(alice: User, signed_in: Browser) -> None:
    told = json.dumps({"day": "Tag", "amount": "Summe"})

    answer = _send(signed_in(alice), b"Tag,Summe\n23.11.2026,500\n", columns=told)

    assert answer.json()["columns"] == {"day": "Tag", "amount": "Summe"}


@pytest.mark.parametrize(
    ("content", "changes", "names"),
    [
        (b"a,b\n1,2\n", {}, "file"),
        (b"Date,Amount\n2026-11-23,5\n", {"layout": "swift"}, "layout"),
        (b"Date,Amount\n2026-11-23,5\n", {"columns": "["}, "columns"),
        (b"Date,Amount\n2026-11-23,5\n", {"columns": '{"day": 1}'}, "columns"),
        (b"Date,Amount\n2026-11-23,5\n", {"columns": '{"colour": "x"}'}, "colour"),
        (b"Date,Amount\n2026-11-23,5\n", {"branch": "nashik"}, "branch"),
    ],
)
def test_it_says_what_is_wrong_with_what_was_sent(
    alice: User, signed_in: Browser, content: bytes, changes: dict[str, str], names: str
) -> None:
    answer = _send(signed_in(alice), content, **changes)

    assert answer.status_code == 400
    assert names in json.dumps(answer.json())
    assert not StatementFile.objects.exists()


def test_money_is_placed_with_the_suggestions_at_hand(
    alice: User, lent: Loan, charlie: User, signed_in: Browser
) -> None:
    line = factories.in_suspense(alice, amount=str(lent.instalment))
    client = signed_in(alice)

    assert [one["id"] for one in client.get(_url("suspense")).json()["results"]] == [str(line.pk)]
    found = client.get(_url("suspense_line", line.pk)).json()
    assert found["suggestions"] == [
        {
            "loan": str(lent.pk),
            "loan_number": lent.number,
            "takes_money": True,
            "reasons": ["The amount is what falls due next."],
        }
    ]
    placed = _post(client, "suspense_place", line.pk, loan=str(lent.pk)).json()
    assert (placed["state"], placed["loan_number"]) == ("posted", lent.number)
    assert _post(client, "suspense_place", line.pk, loan=str(lent.pk)).status_code == 409
    back = _post(signed_in(charlie), "suspense_misplaced", line.pk, reason="Typed wrongly.")
    assert (back.status_code, back.json()["state"]) == (200, "suspense")


def test_money_goes_back_by_two(alice: User, charlie: User, signed_in: Browser) -> None:
    line = factories.in_suspense(alice)
    client = signed_in(charlie)

    asked = _post(client, "suspense_ask", line.pk, reason="Not ours.")
    own = _post(client, "suspense_return", line.pk, day="2026-11-24")
    services.refuse_return(actor=charlie, line=line)
    services.ask_return(actor=alice, line=line, reason="Not ours.")
    done = _post(client, "suspense_return", line.pk, day="2026-11-24")

    assert asked.json()["return_asked_by"] == str(charlie.pk)
    assert own.status_code == 403
    assert done.json()["state"] == "returned"


def test_other_branches_see_nothing(
    alice: User, lent: Loan, make_person: MakePerson, nashik: Branch, signed_in: Browser
) -> None:
    line = factories.in_suspense(alice)
    client = signed_in(make_person("Nadia", "loan_officer", branch=nashik))

    assert client.get(_url("statements")).json()["results"] == []
    assert client.get(_url("suspense")).json()["results"] == []
    assert client.get(_url("statement", line.file_id)).status_code == 404
    assert client.get(_url("suspense_line", line.pk)).status_code == 404
    assert _post(client, "suspense_place", line.pk, loan=str(lent.pk)).status_code == 404
    own = factories.in_suspense(User.objects.get(name="Nadia"), "UTR901")
    assert _post(client, "suspense_place", own.pk, loan=str(lent.pk)).status_code == 404
    assert not AccountEvent.objects.exists()
    assert StatementLine.objects.filter(status="suspense").count() == 2
