"""Posting: one balanced entry, once, or a sentence and nothing."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Branch, User
from apps.core.errors import Conflict
from apps.ledger import refusals, services
from apps.ledger.chart import Account, Event, Side
from apps.ledger.lines import Line, credit, debit
from apps.ledger.models import Entry
from apps.ledger.models import Line as Row
from apps.ledger.tests import factories
from apps.ledger.tests.factories import LOAN, NOW, TODAY

pytestmark = pytest.mark.django_db


def test_it_posts_an_entry_with_its_lines(pune: Branch, alice: User) -> None:
    entry = factories.post(pune, actor=alice, facts={"tranche": 1})

    found = Entry.objects.get()
    assert found == entry
    assert (found.event, found.day, found.posted_at) == ("disbursement", date(2026, 6, 1), NOW)
    assert (found.branch, found.currency, found.loan_id) == (pune, "INR", LOAN)
    assert (found.actor, found.facts) == (alice.audit_reference, {"tranche": 1})
    rows = Row.objects.order_by("number").values_list(
        "entry_id", "number", "account", "debit", "credit", "day", "branch", "currency", "loan_id"
    )
    same = (found.day, pune.pk, "INR", LOAN)
    assert list(rows) == [
        (entry.pk, 1, "principal", Decimal("1000.00"), Decimal(0), *same),
        (entry.pk, 2, "cash", Decimal(0), Decimal("1000.00"), *same),
    ]


def test_it_posts_more_than_two_lines_and_without_a_loan(pune: Branch) -> None:
    lines = (
        debit(Account.CASH, Decimal("10.00")),
        credit(Account.UNIDENTIFIED, Decimal("7.50")),
        credit(Account.UNIDENTIFIED, Decimal("2.50")),
    )

    entry = factories.post(pune, event=Event.REPAYMENT, lines=lines, loan_id=None)

    assert Entry.objects.get().loan_id is None
    assert entry.content() == lines


def test_it_posts_the_same_reference_once(pune: Branch, alice: User) -> None:
    first = factories.post(pune, facts={"rate": Decimal("0.10")})

    again = factories.post(pune, actor=alice, facts={"rate": Decimal("0.10")})

    assert again == first
    assert (Entry.objects.count(), Row.objects.count()) == (1, 2)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": Decimal("1000.01")},
        {"day": date(2026, 6, 2)},
        {"event": Event.REFUND},
        {"loan_id": None},
        {"facts": {"tranche": 2}},
    ],
    ids=["amount", "day", "event", "loan", "facts"],
)
def test_it_refuses_other_content_under_a_known_reference(
    pune: Branch, changes: dict[str, Any]
) -> None:
    factories.post(pune)

    with pytest.raises(refusals.ReferenceTaken) as refused:
        factories.post(pune, **changes)

    assert refused.value.status == 409
    assert str(refused.value) == "Something else was posted under the reference d-1."
    assert (Entry.objects.count(), Row.objects.count()) == (1, 2)


_TEN = Decimal("10.00")


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        (
            {"lines": (debit(Account.PRINCIPAL, _TEN), credit(Account.CASH, Decimal("9.99")))},
            "unbalanced",
            "Debits and credits differ by 0.01; they must be equal.",
        ),
        (
            {"lines": (debit(Account.PRINCIPAL, _TEN),)},
            "too_few_lines",
            "An entry has at least two lines: a debit and a credit.",
        ),
        ({"lines": ()}, "too_few_lines", "An entry has at least two lines: a debit and a credit."),
        (
            {"lines": (debit(Account.PRINCIPAL, _TEN), credit(Account.CASH, _TEN)) * 501},
            "too_many_lines",
            "An entry has at most 1000 lines.",
        ),
        (
            {"amount": Decimal("-5.00")},
            "amount_refused",
            "-5.00 cannot be posted: an amount is positive, and the side says which way it goes.",
        ),
        (
            {"amount": Decimal(0)},
            "amount_refused",
            "0 cannot be posted: an amount is positive, and the side says which way it goes.",
        ),
        (
            {"amount": Decimal("NaN")},
            "amount_refused",
            "NaN cannot be posted: an amount is positive, and the side says which way it goes.",
        ),
        (
            {"amount": Decimal("1e17")},
            "amount_refused",
            "1E+17 cannot be posted: an amount is positive, and the side says which way it goes.",
        ),
        (
            {"amount": 10.5},
            "amount_refused",
            "10.5 cannot be posted: an amount is positive, and the side says which way it goes.",
        ),
        (
            {"amount": Decimal("0.001")},
            "fraction_of_unit",
            "0.001 has fractions of the currency's smallest unit.",
        ),
        (
            {"lines": (Line("petty_cash", Side.DEBIT, _TEN), credit(Account.CASH, _TEN))},
            "account_unknown",
            "The chart has no account petty_cash.",
        ),
        (
            {"lines": (Line(Account.CASH, "left", _TEN), credit(Account.CASH, _TEN))},
            "side_unknown",
            "A line is a debit or a credit, not left.",
        ),
        ({"currency": "XYZ"}, "currency_unknown", "XYZ is no currency of this lender."),
        (
            {"day": TODAY + timedelta(days=1)},
            "day_refused",
            "Nothing is posted ahead of its day, nor before 1970.",
        ),
        (
            {"day": date(1969, 12, 31)},
            "day_refused",
            "Nothing is posted ahead of its day, nor before 1970.",
        ),
        ({"day": NOW}, "day_refused", "Nothing is posted ahead of its day, nor before 1970."),
        ({"reference": ""}, "reference_refused", "A reference has 1 to 120 letters."),
        ({"reference": "r" * 121}, "reference_refused", "A reference has 1 to 120 letters."),
        ({"reference": "r\x00"}, "reference_refused", "A reference has 1 to 120 letters."),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_it_refuses_what_is_no_entry(
    pune: Branch, changes: dict[str, Any], code: str, sentence: str
) -> None:
    with pytest.raises(refusals.LedgerRefused) as refused:
        factories.post(pune, **({"reference": "d-1"} | changes))

    assert (refused.value.code, str(refused.value)) == (code, sentence)
    assert not Entry.objects.exists()


def test_it_posts_on_the_entitys_own_day(pune: Branch) -> None:
    """At 20:00 in Greenwich it is tomorrow in Pune."""
    late = NOW.replace(hour=20)

    entry = factories.post(pune, day=TODAY + timedelta(days=1), now=late)

    assert entry.day == date(2026, 6, 16)


@pytest.mark.parametrize(
    "day", [date(2026, 5, 1), date(2026, 6, 1), date(2026, 6, 2)], ids=["before", "on", "after"]
)
def test_it_keeps_a_loan_in_its_currency(pune: Branch, day: date) -> None:
    factories.post(pune)

    with pytest.raises(refusals.LedgerRefused) as refused:
        factories.post(pune, "d-2", currency="KES", day=day)

    assert str(refused.value) == "This loan is kept in another currency."
    assert Entry.objects.count() == 1


def test_it_takes_an_entry_back_by_its_mirror(pune: Branch, alice: User) -> None:
    entry = factories.post(pune)

    back = services.reverse(
        actor=alice, entry=entry, day=date(2026, 6, 3), reason="Paid twice", now=NOW
    )

    assert (back.event, back.reverses, back.day) == ("reversal", entry, date(2026, 6, 3))
    assert back.facts == {"reason": "Paid twice"}
    assert back.content() == (
        credit(Account.PRINCIPAL, Decimal("1000.00")),
        debit(Account.CASH, Decimal("1000.00")),
    )


def test_it_takes_an_entry_back_once(pune: Branch, alice: User) -> None:
    entry = factories.post(pune)
    said: dict[str, Any] = {"actor": alice, "entry": entry, "day": TODAY, "now": NOW}
    first = services.reverse(**said, reason="Paid twice")

    assert services.reverse(**said, reason="Paid twice") == first
    with pytest.raises(refusals.AlreadyReversed, match="reversed already"):
        services.reverse(**said, reason="Another reason")
    with pytest.raises(refusals.AlreadyReversed, match="reversed already"):
        services.reverse(**said, reason="Paid twice", reference="my-own")

    assert Entry.objects.count() == 2


def test_it_takes_nothing_back_under_a_reference_of_something_else(
    pune: Branch, alice: User
) -> None:
    entry = factories.post(pune, "d-1")

    with pytest.raises(refusals.ReferenceTaken, match="under the reference d-1"):
        services.reverse(
            actor=alice, entry=entry, day=TODAY, reason="Wrong", now=NOW, reference="d-1"
        )

    assert Entry.objects.count() == 1


@pytest.mark.parametrize("reason", ["", "  ", "r" * 501], ids=["none", "blank", "long"])
def test_it_takes_nothing_back_without_a_reason(pune: Branch, alice: User, reason: str) -> None:
    entry = factories.post(pune)

    with pytest.raises(refusals.LedgerRefused, match="Say why"):
        services.reverse(actor=alice, entry=entry, day=TODAY, reason=reason, now=NOW)

    assert Entry.objects.count() == 1


def test_it_reverses_no_reversal_and_nothing_before_its_day(pune: Branch, alice: User) -> None:
    entry = factories.post(pune)
    with pytest.raises(Conflict, match="not dated before it"):
        services.reverse(actor=alice, entry=entry, day=date(2026, 5, 31), reason="Wrong", now=NOW)
    back = services.reverse(actor=alice, entry=entry, day=TODAY, reason="Wrong", now=NOW)

    with pytest.raises(Conflict, match="a reversal is itself not reversed"):
        services.reverse(actor=alice, entry=back, day=TODAY, reason="Wrong", now=NOW)

    assert Entry.objects.count() == 2


def test_it_posts_and_reverses_with_one_statement_each(
    pune: Branch, django_assert_num_queries: Callable[..., Any]
) -> None:
    factories.post(pune, "warm")

    # A savepoint, the statement, and the savepoint's end.
    with django_assert_num_queries(3):
        factories.post(pune)
