"""Many entries at once by COPY: what one at a time would have made, or nothing."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Branch, User
from apps.ledger import refusals, services
from apps.ledger.chart import Account, Event
from apps.ledger.lines import credit, debit
from apps.ledger.models import Entry, Line
from apps.ledger.services import posting_many
from apps.ledger.tests import factories
from apps.ledger.tests.factories import NOW, OTHER

pytestmark = pytest.mark.django_db
FIELDS = ("event", "day", "posted_at", "branch", "currency", "loan_id", "customer_id", "facts")


def _said(entry: Entry) -> list[Any]:
    return [*(getattr(entry, name) for name in FIELDS), entry.content()]


def test_it_posts_what_one_at_a_time_would(pune: Branch, nashik: Branch, alice: User) -> None:
    changes: list[dict[str, Any]] = [
        {"facts": {"says": 'a "quoted", odd\nfact\t\\N'}},
        {"loan_id": None, "customer_id": OTHER},
        {"branch_id": nashik.pk, "loan_id": OTHER, "amount": Decimal("0.01")},
    ]
    postings = [factories.posting(pune, f"m-{n}", **one) for n, one in enumerate(changes)]

    numbers = services.post_many(actor=alice, postings=postings, now=NOW)

    for number, posting in zip(numbers, postings, strict=True):
        found = Entry.objects.get(pk=number)
        assert (found.reference, found.actor) == (posting.reference, alice.audit_reference)
        branch = nashik if posting.branch_id == nashik.pk else pune
        single = factories.post(
            branch,
            f"one-{number}",
            actor=alice,
            lines=posting.lines,
            loan_id=posting.loan_id,
            customer_id=posting.customer_id,
            facts=posting.facts,
        )
        assert _said(found) == _said(single)


def test_it_posts_in_chunks_and_the_same_again_once(
    pune: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting_many, "CHUNK", 3)
    postings = [factories.posting(pune, f"m-{n}") for n in range(8)]
    first = services.post_many(actor="system:tests", postings=postings[:5], now=NOW)

    again = services.post_many(actor="system:tests", postings=postings, now=NOW)

    assert again[:5] == first
    assert len(set(again)) == 8
    assert (Entry.objects.count(), Line.objects.count()) == (8, 16)


def test_it_posts_nothing_of_nothing(pune: Branch) -> None:
    assert services.post_many(actor="system:tests", postings=[], now=NOW) == []


_UNBALANCED = (debit(Account.CASH, Decimal(5)), credit(Account.ADVANCES, Decimal(4)))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"lines": _UNBALANCED}, "Debits and credits differ by 1"),
        ({"day": date(2026, 6, 16)}, "ahead of its day"),
        ({"currency": "KES"}, "kept in another currency"),
        ({"reference": "m-0"}, "Something else was posted under the reference m-0"),
        ({"branch_id": OTHER}, "no such branch"),
        ({"day": date(2026, 5, 31)}, "Sahyadri Finance Ltd are closed up to 31 May 2026"),
    ],
    ids=["unbalanced", "future", "currency", "twice", "branch", "closed"],
)
def test_it_posts_all_or_nothing(pune: Branch, changes: dict[str, Any], sentence: str) -> None:
    services.close_day(actor="system:tests", entity=pune.entity, day=date(2026, 5, 31), now=NOW)
    postings = [
        factories.posting(pune, "m-0"),
        factories.posting(pune, **({"reference": "m-1"} | changes)),
    ]

    with pytest.raises((refusals.LedgerRefused, refusals.Conflict), match=sentence):
        services.post_many(actor="system:tests", postings=postings, now=NOW)

    assert not Entry.objects.exists()


def test_it_refuses_other_content_under_a_known_reference(pune: Branch) -> None:
    factories.post(pune, "m-0")
    postings = [
        factories.posting(pune, "m-1"),
        factories.posting(pune, "m-0", amount=Decimal("5.00")),
    ]

    with pytest.raises(refusals.ReferenceTaken):
        services.post_many(actor="system:tests", postings=postings, now=NOW)

    assert Entry.objects.count() == 1


def test_it_keeps_a_loan_in_its_currency_on_days_before_and_after(pune: Branch) -> None:
    factories.post(pune, day=date(2026, 6, 1))
    around = [date(2026, 5, 1), date(2026, 6, 2)]

    with pytest.raises(refusals.LedgerRefused, match="kept in another currency"):
        services.post_many(
            actor="system:tests",
            postings=[
                factories.posting(pune, f"m-{day}", currency="KES", day=day) for day in around
            ],
            now=NOW,
        )

    assert Entry.objects.count() == 1


def test_it_makes_no_reversals(pune: Branch) -> None:
    with pytest.raises(ValueError, match="made from the entry"):
        services.post_many(
            actor="system:tests",
            postings=[factories.posting(pune, "m-0", event=Event.REVERSAL)],
            now=NOW,
        )
