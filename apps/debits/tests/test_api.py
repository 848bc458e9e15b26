"""Direct debits over the API: from the mandate to the bank's answer."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.debits.models import Debit, DebitFile, Mandate
from apps.debits.tests import factories
from apps.loans.models import Loan
from apps.repayments.tests import factories as books
from conftest import MakePerson

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
at, row = factories.at, factories.row
MANDATE = {
    "holder": "Meera Joshi",
    "account_number": "50100123456789",
    "bank_code": "HDFC0000007",
    "maximum": "20000.00",
    "from_date": factories.TODAY.isoformat(),
    "consent_channel": "electronic",
    "consent_date": factories.TODAY.isoformat(),
    "evidence": "e-mandate 4711",
}


class Clock:
    """The moment the API reads."""

    now: datetime = at(factories.TODAY)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(timezone, "now", lambda: found.now)
    return found


def _post(client: Client, path: str, said: Any = None, *, status: int = 200) -> Any:
    answer = client.post(f"/api/v1/{path}", said or {}, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def _get(client: Client, path: str, **asked: Any) -> Any:
    answer = client.get(f"/api/v1/{path}", asked)
    assert answer.status_code == 200, answer.content
    return answer.json()


def _send(client: Client, sent: bytes, *, status: int = 201) -> Any:
    file = SimpleUploadedFile("answers.csv", sent, content_type="text/csv")
    answer = client.post("/api/v1/debit-answers", {"file": file})
    assert answer.status_code == status, answer.content
    return answer.json()


def test_money_is_collected_from_the_mandate_to_the_loan(
    alice: User, bob: User, lent: Loan, signed_in: Browser, clock: Clock
) -> None:
    mine = signed_in(alice)
    made = _post(mine, f"loans/{lent.pk}/mandates", MANDATE, status=201)
    assert (made["state"], made["account"]) == ("draft", "••••6789")
    _post(mine, f"mandates/{made['id']}/register")
    accepted = _post(mine, f"mandates/{made['id']}/activate", {"bank_reference": "N1"})
    assert accepted["state"] == "active"
    assert [one["id"] for one in _get(mine, f"loans/{lent.pk}/mandates")] == [made["id"]]

    clock.now = at(day := books.due_dates(lent)[0])
    mine, others = signed_in(alice), signed_in(bob)
    file = _post(mine, "debit-files", {"collect_on": day.isoformat()}, status=201)
    assert (file["state"], file["branch"], file["made_by"]) == ("prepared", "pune", alice.email)
    refused = _post(mine, f"debit-files/{file['id']}/release", status=403)
    assert refused["code"] == "permission_denied"
    released = _post(others, f"debit-files/{file['id']}/release")
    assert (released["state"], released["debits"]) == ("released", 1)
    content = others.get(f"/api/v1/debit-files/{file['id']}/content")
    assert content.content.startswith(b"H,creditrisk-debits-1")
    [debit] = _get(mine, f"debit-files/{file['id']}/debits")["results"]
    assert (debit["state"], debit["loan"]) == ("presented", str(lent.pk))

    sent = factories.content([row(Debit.objects.get()), row("nobody")])
    answers = _send(mine, sent)
    assert _send(mine, sent, status=200)["id"] == answers["id"]
    factories.run(_answers(answers), now=clock.now)
    after = _get(mine, f"debit-answers/{answers['id']}")
    assert (after["state"], after["rows"]) == ("finished", {"posted": 1, "refused": 1})
    [bad] = _get(mine, f"debit-answers/{answers['id']}/rows", state="refused")["results"]
    assert [one["column"] for one in bad["faults"]] == ["reference"]
    shut = _post(mine, f"debit-answer-rows/{bad['id']}/close", {"note": "Not ours."})
    assert shut["state"] == "closed"
    assert [one["state"] for one in _get(mine, "debit-files")["results"]] == ["settled"]
    assert [one["id"] for one in _get(mine, "debit-answers")["results"]] == [answers["id"]]


def test_what_failed_is_followed_up(
    alice: User, bob: User, lent: Loan, mandate: Mandate, signed_in: Browser, clock: Clock
) -> None:
    debit = factories.presented(alice, bob, books.due_dates(lent)[0])
    clock.now = at(debit.file.collect_on)
    factories.answered(
        alice, [row(debit, "failed", reason="payer_refused")], day=debit.file.collect_on
    )
    client = signed_in(alice)

    [failed] = _get(client, "debits/to-follow")["results"]
    assert (failed["reason"], failed["retry_on"]) == ("payer_refused", None)
    assert _get(client, f"mandates/{mandate.pk}")["state"] == "paused"
    assert _get(client, "debits/to-follow", view="again")["results"] == []
    seen = _post(client, f"debits/{debit.pk}/look", {"note": "Called."})
    assert not seen["needs_look"]
    assert (
        _post(client, f"debits/{debit.pk}/look", {"note": "x"}, status=409)["code"] == "looked_at"
    )


@pytest.mark.parametrize(
    ("path", "said", "status"),
    [
        ("loans/{loan}/mandates", {**MANDATE, "maximum": "0"}, 400),
        ("loans/{loan}/mandates", {**MANDATE, "colour": "red"}, 400),
        ("mandates/{mandate}/destroy", {}, 400),
        ("mandates/{mandate}/cancel", {}, 400),
        ("mandates/{mandate}/register", {}, 409),
        ("debit-files", {"collect_on": "2020-01-01"}, 400),
        ("debit-files", {"collect_on": "soon"}, 400),
        ("debit-files", {"collect_on": "2026-11-26", "branch": "nowhere"}, 400),
        ("debits/{mandate}/look", {"note": "x"}, 404),
    ],
)
def test_what_cannot_be_done_is_refused_in_the_one_shape(
    alice: User,
    lent: Loan,
    mandate: Mandate,
    signed_in: Browser,
    path: str,
    said: Any,
    status: int,
) -> None:
    address = path.format(loan=lent.pk, mandate=mandate.pk)

    found = _post(signed_in(alice), address, said, status=status)

    assert set(found) == {"code", "sentence", "fields"}
    assert (Mandate.objects.count(), DebitFile.objects.count()) == (1, 0)


def test_another_branch_finds_nothing(
    alice: User,
    bob: User,
    lent: Loan,
    mandate: Mandate,
    signed_in: Browser,
    make_person: MakePerson,
    nashik: Branch,
) -> None:
    debit = factories.presented(alice, bob, books.due_dates(lent)[0])
    client = signed_in(make_person("Nisha", "loan_officer", branch=nashik))

    for path in (f"mandates/{mandate.pk}", f"debit-files/{debit.file_id}"):
        assert client.get(f"/api/v1/{path}").status_code == 404
    assert client.get(f"/api/v1/debit-files/{debit.file_id}/content").status_code == 404
    assert _get(client, "debit-files")["results"] == []


def _answers(said: Any) -> Any:
    return factories.AnswerFile.objects.get(pk=said["id"])
