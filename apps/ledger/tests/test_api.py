"""The ledger over the API."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Branch, User
from apps.core import jobs
from apps.ledger import hooks, proofs, services
from apps.ledger.models import Entry
from apps.ledger.tests import factories
from apps.ledger.tests.factories import LOAN, NOW, OTHER

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _loans_above(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "_visible", [lambda _actor, loan_id: loan_id == LOAN])
    monkeypatch.setattr(hooks, "_withheld", [])
    monkeypatch.setattr(proofs, "_registered", {})


@pytest.fixture
def book(pune: Branch, nashik: Branch) -> Entry:
    """A loan of Pune with a repayment, and another of Nashik; the repayment is returned."""
    factories.post(pune, now=NOW - timedelta(days=10))
    factories.post(nashik, "d-2", loan_id=OTHER, amount=Decimal("50.00"))
    return factories.repayment(pune)


def _got(browser: Client, address: str, **query: str) -> Any:
    response = browser.get(f"/api/v1/ledger/{address}", query)
    assert response.status_code == 200, response.content
    return response.json()


def test_it_lists_entries_page_by_page(
    book: Entry, charlie: User, pune: Branch, signed_in: SignedIn
) -> None:
    services.post_many(
        actor=charlie,
        postings=[factories.posting(pune, f"m-{n}") for n in range(25)],
        now=NOW,
    )
    browser = signed_in(charlie)

    first = _got(browser, "entries")
    second = _got(browser, "entries", after=first["after"])

    assert [len(page["results"]) for page in (first, second)] == [25, 3]
    assert second["after"] == ""
    assert second["results"][0] == {
        "id": book.pk,
        "event": "repayment",
        "day": "2026-06-10",
        "posted_at": "2026-06-15T09:30:00Z",
        "reference": "r-1",
        "branch": str(pune.pk),
        "currency": "INR",
        "loan": str(LOAN),
        "customer": None,
        "reverses": None,
        "actor": "system:tests",
        "facts": {},
        "lines": [
            {"account": "cash", "debit": "300.00", "credit": "0.00"},
            {"account": "principal", "debit": "0.00", "credit": "300.00"},
        ],
    }


def test_it_narrows_entries(
    book: Entry, charlie: User, nashik: Branch, signed_in: SignedIn
) -> None:
    browser = signed_in(charlie)

    def found(**query: str) -> list[str]:
        return [one["reference"] for one in _got(browser, "entries", **query)["results"]]

    assert found(event="repayment") == ["r-1"]
    assert found(loan=str(OTHER)) == ["d-2"]
    assert found(branch=str(nashik.pk)) == ["d-2"]
    assert found(reference="d-1") == ["d-1"]
    assert found(from_date="2026-06-02", to_date="2026-06-10") == ["r-1"]
    assert _got(browser, f"entries/{book.pk}")["reference"] == "r-1"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("entries?event=gift", 400),
        ("entries?loan=7", 400),
        ("entries?after=nonsense", 400),
        (f"entries?branch={uuid.UUID(int=7)}", 404),
        ("entries/0", 404),
        ("trial-balance?as_of=soon", 400),
        (f"trial-balance?branch={uuid.UUID(int=7)}", 404),
        (f"loans/{OTHER}/balances", 404),
        (f"loans/{OTHER}/statement", 404),
        (f"loans/{LOAN}/balances?known_at=soon", 400),
        (f"loans/{LOAN}/statement?from_date=0", 400),
        (f"loans/{LOAN}/statement?from_date=2026-06-02&to_date=2026-06-01", 400),
        ("entries?from_date=2026-06-02&to_date=2026-06-01", 400),
    ],
)
def test_it_refuses_with_a_sentence(
    book: Entry, charlie: User, signed_in: SignedIn, address: str, status: int
) -> None:
    response = signed_in(charlie).get(f"/api/v1/ledger/{address}")

    assert response.status_code == status
    assert response.json()["sentence"]


def test_it_gives_the_trial_balance_of_a_day(
    book: Entry, charlie: User, pune: Branch, signed_in: SignedIn
) -> None:
    browser = signed_in(charlie)

    found = _got(browser, "trial-balance", as_of="2026-06-10")
    one = _got(browser, "trial-balance", as_of="2026-06-09", branch=str(pune.pk))

    assert found == {
        "as_of": "2026-06-10",
        "currencies": [
            {
                "currency": "INR",
                "accounts": [
                    {"account": "cash", "number": 1000, "debit": "0.00", "credit": "750.00"},
                    {"account": "principal", "number": 1100, "debit": "750.00", "credit": "0.00"},
                ],
                "debit": "750.00",
                "credit": "750.00",
            }
        ],
    }
    assert one["currencies"][0]["debit"] == "1000.00"


def test_it_gives_a_loans_balances_of_a_day_and_as_known(
    book: Entry, alice: User, signed_in: SignedIn
) -> None:
    browser = signed_in(alice)

    now = _got(browser, f"loans/{LOAN}/balances")
    then = _got(browser, f"loans/{LOAN}/balances", as_of="2026-06-09")
    known = _got(browser, f"loans/{LOAN}/balances", known_at="2026-06-14T00:00:00Z")

    assert (now["owed"], now["accounts"]["principal"], now["currency"]) == (
        "700.00",
        "700.00",
        "INR",
    )
    assert then["owed"] == known["owed"] == "1000.00"


def test_it_gives_a_loans_statement(book: Entry, alice: User, signed_in: SignedIn) -> None:
    found = _got(signed_in(alice), f"loans/{LOAN}/statement", from_date="2026-06-02")

    assert [found[name] for name in ("opening", "charged", "paid", "closing")] == [
        "1000.00",
        "0.00",
        "300.00",
        "700.00",
    ]
    assert [row["event"] for row in found["rows"]] == ["repayment"]
    assert found["rows"][0]["parts"] == {"principal": "-300.00"}


def test_it_gives_and_starts_proofs(
    book: Entry, amir: User, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, sent = signed_in(amir), []
    monkeypatch.setattr(jobs, "enqueue", lambda task, **given: sent.append((task, given)))
    assert browser.get("/api/v1/ledger/proofs").status_code == 204

    asked = browser.post("/api/v1/ledger/proofs")
    services.prove(actor=amir, now=NOW)

    assert (asked.status_code, sent) == (202, [("ledger.prove", {"actor": amir.audit_reference})])
    found = _got(browser, "proofs")
    assert found["holds"] is True
    assert found["results"][0] == {"code": "currency", "holds": True, "offender": None}


def test_it_keeps_the_books_from_officers(book: Entry, alice: User, signed_in: SignedIn) -> None:
    browser = signed_in(alice)

    for address in ("entries", f"entries/{book.pk}", "trial-balance", "proofs"):
        assert browser.get(f"/api/v1/ledger/{address}").status_code == 403
    assert browser.post("/api/v1/ledger/proofs").status_code == 403
