"""What a debit that came back costs is charged once: by hand first, or by the bank's file first."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from apps.accounts.models import User
from apps.core.errors import Conflict
from apps.debits.models import Debit, Mandate
from apps.debits.tests import factories
from apps.loans.models import Loan
from apps.repayments import services as repayments
from apps.repayments.models import AccountEvent
from apps.repayments.services import charging
from apps.repayments.tests import factories as books

pytestmark = pytest.mark.django_db
at, refused, row, answered = factories.at, factories.refused, factories.row, factories.answered


@pytest.fixture
def debit(alice: User, bob: User, lent: Loan, mandate: Mandate) -> Debit:
    """The first instalment, with the bank."""
    factories.rule(lent, takes_overdue=True)
    return factories.presented(alice, bob, books.due_dates(lent)[0])


def _by_hand(actor: User, loan: Loan, day: date, number: int = 1, **changes: Any) -> AccountEvent:
    values: dict[str, Any] = {
        "code": "bounce",
        "amount": charging.told(loan)["bounce"],
        "day": day,
        "due_on": day,
        "reason": "The bank returned the debit",
        **changes,
    }
    return repayments.charge(
        actor=actor,
        loan=loan,
        asked=repayments.Asked(**values),
        reference=f"charge:{loan.number}:{number}",
        now=at(day),
    )


def _charges(loan: Loan) -> list[AccountEvent]:
    rows = AccountEvent.objects.filter(loan=loan, kind="charge", parameters__code="bounce")
    return list(rows.filter(status="live").order_by("day", "position"))


def _collected(actor: User, debit: Debit) -> date:
    day = debit.file.collect_on
    answered(actor, [row(debit)], day=day)
    return day


@pytest.mark.parametrize("days", [0, 1, 2])
def test_a_file_that_says_a_debit_failed_finds_what_was_charged_by_hand(
    alice: User, charlie: User, lent: Loan, debit: Debit, days: int
) -> None:
    day = debit.file.collect_on
    mine = _by_hand(charlie, lent, day + timedelta(days=days))

    failed = row(debit, "failed", reason="insufficient_funds")
    answered(alice, [failed], day=day + timedelta(days=2))

    debit.refresh_from_db()
    assert (debit.status, debit.charge) == ("failed", mine)
    assert _charges(lent) == [mine]
    assert books.offenders() == []


def test_a_return_weeks_later_finds_a_charge_that_names_its_debit(
    alice: User, charlie: User, lent: Loan, debit: Debit
) -> None:
    day = _collected(alice, debit)
    before = day + timedelta(days=5)
    mine = _by_hand(charlie, lent, before, reason=f"The bank called about {debit.reference}.")
    late = day + timedelta(days=20)

    answered(
        alice, [row(debit, "returned", day=late, reason="insufficient_funds")], day=late, name="A-2"
    )

    debit.refresh_from_db()
    assert (debit.status, debit.charge) == ("returned", mine)
    assert _charges(lent) == [mine]
    assert books.offenders() == []


def test_a_return_of_money_taken_back_before_finds_what_was_charged_with_that(
    alice: User, charlie: User, lent: Loan, debit: Debit
) -> None:
    day = _collected(alice, debit)
    event = AccountEvent.objects.get(kind="receipt")
    repayments.take_back(actor=charlie, event=event, reason="The bank called.", now=at(day))
    mine = _by_hand(charlie, lent, day)
    late = day + timedelta(days=3)

    answered(
        alice, [row(debit, "returned", day=late, reason="insufficient_funds")], day=late, name="A-2"
    )

    debit.refresh_from_db()
    assert (debit.charge, debit.needs_look) == (mine, True)
    assert _charges(lent) == [mine]


@pytest.mark.parametrize("how", ["too-early", "taken-back", "another-fee", "longer-reference"])
def test_a_charge_for_something_else_is_not_taken_for_it(
    alice: User, charlie: User, lent: Loan, debit: Debit, how: str
) -> None:
    day = debit.file.collect_on
    early = day - timedelta(days=1)
    if how == "another-fee":
        _by_hand(charlie, lent, day, code="desk_fee", consent="Signed request")
    elif how == "taken-back":
        mine = _by_hand(charlie, lent, day)
        repayments.take_charge_back(actor=charlie, event=mine, reason="Not right", now=at(day))
    else:
        words = f"Returned: {debit.reference}7" if how == "longer-reference" else "The cheque"
        _by_hand(charlie, lent, early, reason=words)
    before = _charges(lent)

    answered(alice, [row(debit, "failed", reason="insufficient_funds")], day=day)

    debit.refresh_from_db()
    assert debit.charge is not None
    assert debit.charge.made_by is None
    assert [*before, debit.charge] == _charges(lent)


def test_one_charge_by_hand_stands_for_one_debit(
    alice: User, bob: User, charlie: User, lent: Loan, debit: Debit
) -> None:
    day = debit.file.collect_on
    mine = _by_hand(charlie, lent, day)
    answered(alice, [row(debit, "failed", reason="insufficient_funds")], day=day)
    again = day + timedelta(days=3)
    second = factories.presented(alice, bob, again)

    answered(alice, [row(second, "failed", reason="insufficient_funds")], day=again, name="A-2")

    second.refresh_from_db()
    assert second.charge is not None
    assert second.charge != mine
    assert _charges(lent) == [mine, second.charge]


def test_by_hand_after_the_file_is_refused_and_says_why(
    alice: User, charlie: User, lent: Loan, debit: Debit
) -> None:
    day = debit.file.collect_on
    known = day + timedelta(days=2)
    answered(alice, [row(debit, "failed", reason="insufficient_funds")], day=known)

    # On the day it was collected, on the day the file said so, and whenever it names the debit.
    on_days = [
        refused(lambda: _by_hand(charlie, lent, day)),
        refused(lambda: _by_hand(charlie, lent, known)),
    ]
    later = known + timedelta(days=9)
    named = refused(
        lambda: _by_hand(
            charlie, lent, later, reason=f"Debit {debit.reference.upper()}", is_another=True
        )
    )

    for refusal in (*on_days, named):
        assert isinstance(refusal, Conflict)
        assert (refusal.code, list(refusal.fields)) == ("bounce_charged", ["code"])
    assert "If another payment came back, say so." in str(on_days[0])
    assert debit.reference in str(named)
    debit.refresh_from_db()
    assert _charges(lent) == [debit.charge]

    # A cheque came back on the same day, too.
    cheque = _by_hand(charlie, lent, known, reason="The cheque came back", is_another=True)
    assert _by_hand(charlie, lent, known, reason="The cheque came back") == cheque
    assert _charges(lent) == [debit.charge, cheque]
    assert cheque.amount == Decimal(500)
    assert books.offenders() == []


@pytest.mark.parametrize("days", [1, 5, 14])
def test_by_hand_some_days_after_the_file_is_refused_too(
    alice: User, charlie: User, lent: Loan, debit: Debit, days: int
) -> None:
    day = debit.file.collect_on
    answered(alice, [row(debit, "failed", reason="insufficient_funds")], day=day)
    debit.refresh_from_db()

    late = day + timedelta(days=days)
    assert refused(lambda: _by_hand(charlie, lent, late)).code == "bounce_charged"

    assert _charges(lent) == [debit.charge]
    # Nobody hears of it later than that: this is for another one.
    assert debit.charge is not None
    assert _by_hand(charlie, lent, day + timedelta(days=15), 2).status == "live"


def test_a_return_finds_what_was_charged_by_hand_before_its_value_date(
    alice: User, charlie: User, lent: Loan, debit: Debit
) -> None:
    day = _collected(alice, debit)
    mine = _by_hand(charlie, lent, day + timedelta(days=1))
    value = day + timedelta(days=3)

    answered(
        alice,
        [row(debit, "returned", day=value, reason="insufficient_funds")],
        day=value,
        name="A-2",
    )

    debit.refresh_from_db()
    assert (debit.status, debit.charge) == ("returned", mine)
    assert _charges(lent) == [mine]
    assert books.offenders() == []


def test_a_charge_long_before_a_return_is_not_taken_for_it(
    alice: User, charlie: User, lent: Loan, debit: Debit
) -> None:
    day = _collected(alice, debit)
    before = _by_hand(charlie, lent, day + timedelta(days=1))
    value = day + timedelta(days=16)

    answered(
        alice,
        [row(debit, "returned", day=value, reason="insufficient_funds")],
        day=value,
        name="A-2",
    )

    debit.refresh_from_db()
    assert debit.charge is not None
    assert _charges(lent) == [before, debit.charge]


def _cheque_back(actor: User, loan: Loan, day: date, number: str = "004521") -> AccountEvent:
    """Return a cheque of a day that came back on it."""
    cheque = repayments.enter(
        actor=actor,
        loan=loan,
        fact=books.receipt(day, 500, channel="cheque", external_reference=number),
        reference=f"sahyadri:{number}",
        now=at(day),
    )
    return repayments.take_back(actor=actor, event=cheque, reason="The cheque bounced", now=at(day))


@pytest.mark.parametrize("words", ["The cheque came back", "Cheque 004521 came back", "An error"])
def test_the_charge_of_a_cheque_that_came_back_is_not_taken_for_a_debits(
    alice: User, charlie: User, lent: Loan, debit: Debit, words: str
) -> None:
    day = debit.file.collect_on
    _cheque_back(charlie, lent, day)
    of_cheque = _by_hand(charlie, lent, day, reason=words)

    answered(alice, [row(debit, "failed", reason="insufficient_funds")], day=day)

    debit.refresh_from_db()
    assert debit.charge is not None
    assert debit.charge.made_by is None
    assert _charges(lent) == [of_cheque, debit.charge]
    assert books.offenders() == []


@pytest.mark.parametrize("is_named", [True, False])
def test_a_debits_charge_by_hand_is_found_beside_a_cheques(
    alice: User, charlie: User, lent: Loan, debit: Debit, is_named: bool
) -> None:
    day = debit.file.collect_on
    _cheque_back(charlie, lent, day)
    words = "Cheque 004521 came back" if is_named else "The cheque came back"
    of_cheque = _by_hand(charlie, lent, day, reason=words)
    of_debit = _by_hand(charlie, lent, day, 2, is_another=True)

    answered(alice, [row(debit, "failed", reason="insufficient_funds")], day=day)

    debit.refresh_from_db()
    assert debit.charge == of_debit
    assert _charges(lent) == [of_cheque, of_debit]


def _cheque(
    actor: User, loan: Loan, day: date, number: str, *, amount: int, on: date | None = None
) -> AccountEvent:
    return repayments.enter(
        actor=actor,
        loan=loan,
        fact=books.receipt(day, amount, channel="cheque", external_reference=number),
        reference=f"sahyadri:{number}",
        now=at(on or day),
    )


MISTYPED = [
    pytest.param("004521A", 5000, 0, id="amount"),
    pytest.param("004512", 500, 0, id="reference"),
    pytest.param("004521A", 500, 1, id="day"),
]


@pytest.mark.parametrize(("number", "amount", "days"), MISTYPED)
def test_a_cheque_that_was_mistyped_uses_up_no_charge_by_hand(
    alice: User, charlie: User, lent: Loan, debit: Debit, number: str, amount: int, days: int
) -> None:
    day = debit.file.collect_on
    before = day - timedelta(days=4)
    wrong = _cheque(charlie, lent, before, "004521", amount=500)
    repayments.take_back(actor=charlie, event=wrong, reason="Mistyped", now=at(before))
    value = before - timedelta(days=days)
    _cheque(charlie, lent, value, number, amount=amount, on=before)
    mine = _by_hand(charlie, lent, day)

    late = day + timedelta(days=2)
    answered(alice, [row(debit, "failed", reason="insufficient_funds")], day=late)

    debit.refresh_from_db()
    assert debit.charge == mine
    assert _charges(lent) == [mine]
    assert books.offenders() == []


def test_a_cheque_on_a_wrong_loan_uses_up_no_charge_by_hand(
    alice: User, charlie: User, lent: Loan, debit: Debit
) -> None:
    day = debit.file.collect_on
    money = repayments.Unidentified(
        amount=Decimal(500), channel="cheque", external_reference="004521", day=day
    )
    line = repayments.take_unidentified(actor=alice, branch=alice.branch, money=money, now=at(day))
    repayments.place_money(actor=alice, line=line, loan=lent, now=at(day))
    repayments.misplace_money(actor=charlie, line=line, reason="Wrong loan", now=at(day))
    mine = _by_hand(charlie, lent, day)

    answered(alice, [row(debit, "failed", reason="insufficient_funds")], day=day)

    debit.refresh_from_db()
    assert debit.charge == mine
    assert _charges(lent) == [mine]


def test_a_cheque_uses_up_no_charge_of_before_it_was_taken_back(
    alice: User, charlie: User, lent: Loan, debit: Debit
) -> None:
    day = debit.file.collect_on
    mine = _by_hand(charlie, lent, day)
    _cheque_back(charlie, lent, day + timedelta(days=1))

    late = day + timedelta(days=2)
    answered(alice, [row(debit, "failed", reason="insufficient_funds")], day=late)

    debit.refresh_from_db()
    assert debit.charge == mine
    assert _charges(lent) == [mine]


def test_a_payment_that_stands_is_no_other_one_that_came_back(
    alice: User, charlie: User, lent: Loan, debit: Debit
) -> None:
    day = debit.file.collect_on
    _cheque(charlie, lent, day, "004521", amount=500)
    answered(alice, [row(debit, "failed", reason="insufficient_funds")], day=day)
    debit.refresh_from_db()

    words = "Returned, though cheque 004521 was paid in."
    assert refused(lambda: _by_hand(charlie, lent, day, reason=words)).code == "bounce_charged"

    assert _charges(lent) == [debit.charge]


def test_a_charge_by_hand_that_names_a_payment_that_stands_is_found(
    alice: User, charlie: User, lent: Loan, debit: Debit
) -> None:
    day = debit.file.collect_on
    _cheque(charlie, lent, day, "004521", amount=500)
    mine = _by_hand(charlie, lent, day, reason="Returned, though cheque 004521 was paid in.")

    answered(alice, [row(debit, "failed", reason="insufficient_funds")], day=day)

    debit.refresh_from_db()
    assert debit.charge == mine
    assert _charges(lent) == [mine]


def test_by_hand_for_a_cheque_it_names_needs_no_more_than_that(
    alice: User, charlie: User, lent: Loan, debit: Debit
) -> None:
    day = debit.file.collect_on
    answered(alice, [row(debit, "failed", reason="insufficient_funds")], day=day)
    debit.refresh_from_db()
    _cheque_back(charlie, lent, day)

    of_cheque = _by_hand(charlie, lent, day, reason="Cheque 004521 came back")
    again = refused(
        lambda: _by_hand(charlie, lent, day + timedelta(days=40), 2, reason="Cheque 004521")
    )

    assert again.code == "bounce_charged"
    assert _charges(lent) == [debit.charge, of_cheque]


def test_two_people_do_not_charge_one_return_twice(charlie: User, lent: Loan, debit: Debit) -> None:
    day = debit.file.collect_on
    mine = _by_hand(charlie, lent, day)

    for days in (-14, -1, 0, 1, 14):
        again = partial(_by_hand, charlie, lent, day + timedelta(days=days), 2)
        assert refused(again).code == "bounce_charged"

    assert _charges(lent) == [mine]
    assert _by_hand(charlie, lent, day + timedelta(days=1), 3, is_another=True).status == "live"
    assert _by_hand(charlie, lent, day + timedelta(days=16), 4).status == "live"
