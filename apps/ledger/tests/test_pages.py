"""Pages of the ledger: who may read what, and that figures stand where they belong."""

import csv
import io
import uuid
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pypdf
import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Branch, User
from apps.audit.models import Event as AuditEvent
from apps.core import jobs
from apps.ledger import hooks, journal, services
from apps.ledger.chart import Account, Event
from apps.ledger.hooks import Shown
from apps.ledger.lines import credit, debit
from apps.ledger.models import Entry
from apps.ledger.tests import factories
from apps.ledger.tests.factories import LOAN, NOW, OTHER, TODAY

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]
DAY = {"as_of": "2026-06-12"}


@pytest.fixture(autouse=True)
def _loans_above(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app above that lets everybody but administrators see one loan."""

    def visible(actor: Any, loan_id: uuid.UUID) -> bool:
        return loan_id == LOAN and "administrator" not in actor.role_codes

    def named(loan_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Shown]:
        return {key: Shown("L-7", "/loans/7/") for key in loan_ids if key == LOAN}

    monkeypatch.setattr(hooks, "_visible", [visible])
    monkeypatch.setattr(hooks, "_named", [named])
    monkeypatch.setattr(hooks, "_withheld", [])


@pytest.fixture
def book(pune: Branch, nashik: Branch) -> Entry:
    """A loan of Pune with a repayment, and another of Nashik; the repayment is returned."""
    factories.post(pune)
    factories.post(nashik, "d-2", loan_id=OTHER, amount=Decimal("50.00"))
    return factories.repayment(
        pune,
        lines=(
            debit(Account.CASH, Decimal("312.50")),
            credit(Account.INTEREST_RECEIVABLE, Decimal("12.50")),
            credit(Account.PRINCIPAL, Decimal("300.00")),
        ),
    )


def _text(browser: Client, address: str, **query: str) -> str:
    response = browser.get(address, query)
    assert response.status_code == 200, response.content
    return response.content.decode()


def test_it_shows_the_trial_balance_of_a_past_day(
    book: Entry, charlie: User, signed_in: SignedIn, pune: Branch
) -> None:
    browser = signed_in(charlie)

    whole = _text(browser, "/ledger/", **DAY)
    before = _text(browser, "/ledger/", as_of="2026-06-09")
    one = _text(browser, "/ledger/", **DAY, branch=str(pune.pk))

    assert "balanced" in whole
    assert "750.00" in whole
    assert "1,050.00" in before
    assert "700.00" in one
    assert "Nothing was posted" in _text(browser, "/ledger/", as_of="2026-01-01")
    assert "Nothing was posted" in _text(browser, "/ledger/", currency="KES", **DAY)


def test_it_hands_the_trial_balance_of_a_past_day_over(
    book: Entry, charlie: User, signed_in: SignedIn, pune: Branch
) -> None:
    browser = signed_in(charlie)
    asked = {"as_of": "2026-06-09", "branch": str(pune.pk), "currency": "INR"}

    page = _text(browser, "/ledger/", **asked)
    answer = browser.get(reverse("ledger:trial_csv"), asked)
    paper = browser.get(reverse("ledger:trial_pdf"), asked)

    for name in ("trial_csv", "trial_pdf"):
        address = reverse(f"ledger:{name}")
        assert f'href="{address}?{urlencode(asked)}" download'.replace("&", "&amp;") in page
    assert answer["Content-Disposition"] == 'attachment; filename="trial-balance-2026-06-09.csv"'
    *rows, last = csv.DictReader(io.StringIO(answer.content.decode()))
    assert [(row["account"], row["debit"], row["credit"]) for row in rows] == [
        ("cash", "0.00", "1000.00"),
        ("principal", "1000.00", "0.00"),
    ]
    assert (last["account"], last["debit"], last["credit"]) == ("total", "1000.00", "1000.00")
    said = " ".join(pypdf.PdfReader(io.BytesIO(paper.content)).pages[0].extract_text().split())
    assert f"{pune.name} · 9 Jun 2026" in said
    assert "Total, balanced 1,000.00 1,000.00" in said


def test_a_trial_balance_that_was_asked_for_wrongly_is_explained_on_the_page(
    book: Entry, charlie: User, signed_in: SignedIn
) -> None:
    browser = signed_in(charlie)
    for name in ("trial_csv", "trial_pdf"):
        answer = browser.get(reverse(f"ledger:{name}"), {"as_of": "soon"})
        assert (answer.status_code, answer.headers["Location"]) == (302, "/ledger/?as_of=soon")


def test_it_leads_from_an_account_to_entries(
    book: Entry, charlie: User, signed_in: SignedIn, pune: Branch
) -> None:
    browser = signed_in(charlie)
    entity = str(pune.entity_id)

    page = browser.get("/ledger/accounts/principal/", {**DAY, "currency": "INR"})
    older = browser.get("/ledger/accounts/principal/", {"as_of": "2026-06-09"})

    assert next(row["line"].credit for row in page.context["rows"]) == Decimal("300.00")
    assert len(page.context["rows"]) == 3
    assert len(older.context["rows"]) == 2
    assert "L-7" in page.content.decode()
    of_branch = browser.get("/ledger/accounts/principal/", {**DAY, "branch": str(pune.pk)})
    assert len(of_branch.context["rows"]) == 2
    of_none = browser.get("/ledger/accounts/principal/", {**DAY, "branch": f"entity:{entity}"})
    assert of_none.status_code == 200
    assert browser.get("/ledger/accounts/petty_cash/").status_code == 404


def test_it_lists_and_shows_entries(book: Entry, charlie: User, signed_in: SignedIn) -> None:
    browser = signed_in(charlie)
    back = services.reverse(actor=charlie, entry=book, day=TODAY, reason="Cheque bounced", now=NOW)

    listed = browser.get("/ledger/entries/").context["rows"]
    repayments = browser.get("/ledger/entries/", {"event": "repayment"}).context["rows"]
    of_loan = browser.get("/ledger/entries/", {"loan": str(OTHER)}).context["rows"]
    original = _text(browser, f"/ledger/entries/{book.pk}/")
    reversal = _text(browser, f"/ledger/entries/{back.pk}/")

    assert [row["entry"].event for row in listed] == [
        "reversal",
        "repayment",
        "disbursement",
        "disbursement",
    ]
    assert [row["entry"] for row in repayments] == [book]
    assert [row["entry"].loan_id for row in of_loan] == [OTHER]
    assert f'href="/ledger/entries/{back.pk}/"' in original
    assert "This entry was reversed" in original
    assert f'href="/ledger/entries/{book.pk}/"' in reversal
    assert "Cheque bounced" in reversal
    assert "Charlie" in reversal
    assert browser.get("/ledger/entries/999999999999999999999/").status_code == 404


def test_it_pages_entries_with_the_same_number_of_queries(
    pune: Branch,
    charlie: User,
    signed_in: SignedIn,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    postings = [factories.posting(pune, f"m-{n}") for n in range(60)]
    services.post_many(actor=charlie, postings=postings, now=NOW)
    browser = signed_in(charlie)
    browser.get("/ledger/entries/")

    seen: list[int] = []
    after: str | None = ""
    while after is not None:
        with django_assert_max_num_queries(12):
            page = browser.get("/ledger/entries/", {"after": after} if after else {})
        seen += [row["entry"].pk for row in page.context["rows"]]
        after = page.context["page"].after or None
    lines = browser.get("/ledger/accounts/cash/", {"currency": "INR"})
    more = browser.get("/ledger/accounts/cash/", {"after": lines.context["page"].after})

    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 60
    numbers = [row["line"].entry_id for page in (lines, more) for row in page.context["rows"]]
    assert numbers == seen[:50]


@pytest.mark.parametrize(
    "address",
    [
        "/ledger/",
        "/ledger/accounts/cash/",
        "/ledger/entries/",
        "/ledger/proofs/",
        f"/ledger/loans/{LOAN}/",
        f"/ledger/loans/{LOAN}/statement.csv",
    ],
)
@pytest.mark.parametrize(
    "query",
    [
        "as_of=yesterday&branch=x&currency=XYZ",
        "after=nonsense",
        "from_date=2026-07-01&to_date=2026-06-01&event=gift&loan=7",
        "as_of=9999-12-31&to_date=9999-12-31&reference=%00",
        "as_of=0001-01-01&from_date=0001-01-01",
    ],
    ids=["values", "position", "span", "last-day", "first-day"],
)
def test_it_takes_any_query_without_breaking(
    book: Entry, charlie: User, signed_in: SignedIn, address: str, query: str
) -> None:
    assert signed_in(charlie).get(f"{address}?{query}").status_code in {200, 400}


def test_it_opens_the_books_to_managers_and_auditors_only(
    book: Entry, alice: User, bob: User, charlie: User, amir: User, diana: User, signed_in: SignedIn
) -> None:
    for name in ("trial_balance", "trial_csv", "trial_pdf", "entries", "proofs", "journal"):
        found = {
            person.name: signed_in(person).get(reverse(f"ledger:{name}")).status_code
            for person in (alice, bob, charlie, amir, diana)
        }
        assert found == {"Alice": 403, "Bob": 403, "Charlie": 200, "Amir": 200, "Diana": 403}


def test_it_withholds_entries_that_an_app_above_withholds(
    book: Entry, charlie: User, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = Entry.objects.filter(pk=book.pk).values("loan_id")
    monkeypatch.setattr(hooks, "_withheld", [lambda _actor: [theirs]])
    browser = signed_in(charlie)

    rows = browser.get("/ledger/entries/").context["rows"]
    lines = browser.get("/ledger/accounts/principal/", DAY).context["rows"]

    assert [row["entry"].loan_id for row in rows] == [OTHER]
    assert [row["line"].loan_id for row in lines] == [OTHER]
    assert browser.get(f"/ledger/entries/{book.pk}/").status_code == 404


def _rows(response: Any) -> list[list[str]]:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return list(csv.reader(io.StringIO(content.decode())))


def test_it_exports_the_journal_line_by_line_with_totals(
    book: Entry, amir: User, signed_in: SignedIn, pune: Branch
) -> None:
    asked = {"from_date": "2026-06-02", "to_date": "2026-06-30", "branch": str(pune.pk)}

    response = signed_in(amir).get("/ledger/journal/", asked)

    rows = _rows(response)
    assert response["Content-Disposition"] == (
        'attachment; filename="journal-2026-06-02-2026-06-30.csv"'
    )
    assert tuple(rows[0]) == journal.COLUMNS
    known = [str(book.pk), "1", "2026-06-10", "2026-06-15T09:30:00+00:00", "repayment", "r-1"]
    assert rows[1] == [
        *known,
        *("sahyadri", "pune", "1000", "cash", "INR", "312.50", "0.00", str(LOAN), "", ""),
        *("system:tests", ""),
    ]
    assert [row[9:13] for row in rows[2:4]] == [
        ["interest_receivable", "INR", "0.00", "12.50"],
        ["principal", "INR", "0.00", "300.00"],
    ]
    assert rows[4][0] == "total"
    assert rows[4][10:13] == ["INR", "312.50", "312.50"]
    assert len(rows) == 5
    assert AuditEvent.objects.get(verb="ledger.journal_exported").facts == {
        "start": "2026-06-02",
        "end": "2026-06-30",
        "branches": ["pune"],
    }


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        ("2026-06-02", "2026-06-01", "before the first one"),
        ("2025-01-01", "2026-06-01", "at most one year"),
        ("", "2026-06-01", "Enter the day."),
        ("soon", "2026-06-01", "Enter a day of the calendar"),
    ],
    ids=["backwards", "too-long", "missing", "no-date"],
)
def test_it_exports_nothing_for_a_span_that_is_refused(
    book: Entry, amir: User, signed_in: SignedIn, start: str, end: str, sentence: str
) -> None:
    response = signed_in(amir).get("/ledger/journal/", {"from_date": start, "to_date": end})

    assert response.status_code == 400
    assert sentence in response.content.decode()
    assert not AuditEvent.objects.filter(verb="ledger.journal_exported").exists()


def test_it_has_the_worker_prove_the_ledger(
    amir: User, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(jobs, "enqueue", lambda task, **given: sent.append((task, given)))

    response = signed_in(amir).post("/ledger/proofs/run/")

    assert response["Location"] == "/ledger/proofs/"
    assert sent == [("ledger.prove", {"actor": amir.audit_reference})]


def test_it_shows_a_statement_to_whoever_may_see_the_loan(
    book: Entry, alice: User, diana: User, signed_in: SignedIn
) -> None:
    browser = signed_in(alice)
    for part in ("", "panel/", "statement.csv", "statement.pdf"):
        address = f"/ledger/loans/{LOAN}/{part}"
        assert browser.get(address).status_code == 200
        assert signed_in(diana).get(address).status_code == 404
        assert browser.get(f"/ledger/loans/{OTHER}/{part}").status_code == 404

    page = _text(browser, f"/ledger/loans/{LOAN}/")

    assert "Loan L-7" in page
    assert page.count("687.50") == 2
    # The books behind it are not an officer's.
    assert "/ledger/entries/" not in page


def test_it_gives_a_statement_as_csv_and_pdf(book: Entry, alice: User, signed_in: SignedIn) -> None:
    browser = signed_in(alice)
    asked = {"from_date": "2026-06-02", "to_date": "2026-06-12"}

    rows = _rows(browser.get(f"/ledger/loans/{LOAN}/statement.csv", asked))
    pdf = browser.get(f"/ledger/loans/{LOAN}/statement.pdf", asked)

    assert [row[:8] for row in rows[1:]] == [
        ["2026-06-02", "", "opening", "", "", "", "1000.00", "INR"],
        ["2026-06-10", "2026-06-10", "repayment", "r-1", "0", "312.50", "687.50", "INR"],
        ["2026-06-12", "", "closing", "", "0", "312.50", "687.50", "INR"],
    ]
    assert rows[0][8:10] == ["principal", "interest_receivable"]
    assert rows[2][8:10] == ["-300.00", "-12.50"]
    assert pdf.content.startswith(b"%PDF")
    assert pdf["Content-Disposition"] == 'attachment; filename="statement-L-7.pdf"'


@pytest.mark.parametrize("name", ["Hindi", "Swahili"])
def test_it_sets_a_statement_in_every_language(
    book: Entry, alice: User, signed_in: SignedIn, name: str
) -> None:
    alice.language = {"Hindi": "hi", "Swahili": "sw"}[name]
    alice.save()

    response = signed_in(alice).get(f"/ledger/loans/{LOAN}/statement.pdf")

    assert response.content.startswith(b"%PDF")


def test_it_shows_corrections_on_a_statement_where_asked(
    book: Entry, alice: User, signed_in: SignedIn, pune: Branch
) -> None:
    fee = factories.post(
        pune,
        "f-1",
        event=Event.FEE,
        day=date(2026, 6, 11),
        lines=(
            debit(Account.FEES_RECEIVABLE, Decimal("9.99")),
            credit(Account.FEE_INCOME, Decimal("9.99")),
        ),
    )
    services.reverse(actor=alice, entry=fee, day=fee.day, reason="Wrong", now=NOW)
    browser = signed_in(alice)

    plain = _text(browser, f"/ledger/loans/{LOAN}/")
    every = _text(browser, f"/ledger/loans/{LOAN}/", corrections="on")

    assert "9.99" not in plain
    assert "Fee (reversed later)" in every
