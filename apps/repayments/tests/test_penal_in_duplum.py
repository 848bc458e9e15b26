"""Penal charges stop with interest, run again after a cure, and stop again (decision 0022)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum

from apps.ledger.chart import Event as LedgerEvent
from apps.ledger.lines import Side
from apps.loans.models import Loan
from apps.repayments import lateness, reading, replaying, services
from apps.repayments.facts import Bucket
from apps.repayments.models import AccountEvent
from apps.repayments.services import owing
from apps.repayments.tests import factories
from apps.repayments.tests.test_capping import CLERK, _accrue, _sacco

ZERO = Decimal(0)
CHARGED = (LedgerEvent.INTEREST_ACCRUAL, LedgerEvent.PENAL_CHARGE)
# Days after the first due date: arrears are cleared, and the last night. The third instalment is
# never paid.
CURED, LAST = 35, 150


@pytest.fixture
def penal(dear: Loan, monkeypatch: pytest.MonkeyPatch) -> Loan:
    """The dear loan of a SACCO in Kenya, which asks for 36 % on what is late besides."""
    told = owing.agreed_of

    def agreed_of(loans: Iterable[Loan]) -> dict[Any, Any]:
        found = told(list(loans))
        return {key: replace(one, penal_rate=Decimal("0.36")) for key, one in found.items()}

    monkeypatch.setattr(owing, "agreed_of", agreed_of)
    return _sacco(dear)


def _play(loan: Loan, nights: Iterable[int], paid: Decimal, *, told: int = CURED) -> None:
    """Let an amount be paid on the day of the cure, with a day's end at these nights.

    It becomes known before the first night of the day `told` or later.
    """
    first = loan.instalments.order_by("number")[0].due_date
    cured = first + timedelta(days=CURED)
    is_left = True
    for number in sorted({*nights, LAST}):
        if is_left and number >= told:
            is_left = False
            values: dict[str, Any] = {"actor": CLERK, "loan": loan, "reference": "cured"}
            services.enter(**values, fact=factories.receipt(cured, paid), now=factories.NOW)
        _accrue(loan, first + timedelta(days=number))


def _owed(loan: Loan) -> Decimal:
    """Return what is due on the day of the cure, by a loan with a night each day before it."""
    first = loan.instalments.order_by("number")[0].due_date
    with transaction.atomic():
        for number in range(CURED):
            _accrue(loan, first + timedelta(days=number))
        account = replaying.replay(
            reading.contract(loan), reading.happened(loan), upto=first + timedelta(days=CURED)
        )
        transaction.set_rollback(True)
    loan.refresh_from_db()
    return sum(account.position.owed().values(), ZERO)


def _penal(loan: Loan, *, after: date = date.min, until: date = date.max) -> Decimal:
    live = AccountEvent.objects.filter(
        loan=loan,
        kind="charge",
        status="live",
        parameters__code=lateness.PENAL,
        day__gt=after,
        day__lte=until,
    )
    return live.aggregate(sum=Sum("amount", default=0))["sum"]


def _marks(loan: Loan) -> list[tuple[str, date]]:
    changes = AccountEvent.objects.filter(loan=loan, kind="change", status="live")
    return [(one.parameters["change"], one.day) for one in changes.order_by("day", "position")]


def _charged(loan: Loan, since: date, until: date) -> tuple[Decimal, Decimal]:
    """Return what interest and penal charges there was room for from a day on, and what came."""
    contract, history = reading.contract(loan), reading.happened(loan)
    then = replaying.replay(contract, history, upto=since, points=[since]).position
    owed = then.owed()
    room = then.principal() - owed[Bucket.INTEREST] - owed[Bucket.PENAL] - then.unbilled
    end = replaying.replay(contract, history, upto=until, points=[since, until]).position
    charged = sum(
        (
            line.amount
            for one in end.booked
            if one.kind in CHARGED and one.day > since
            for line in one.lines
            if line.side is Side.CREDIT
        ),
        ZERO,
    )
    return room, charged


@pytest.mark.django_db
def test_rule_2_2_penal_charges_run_again_after_a_cure_and_stop_in_the_second_stretch(
    penal: Loan,
) -> None:
    first, second, third = (row.due_date for row in penal.instalments.order_by("number")[:3])
    cured = first + timedelta(days=CURED)
    assert second < cured < third

    _play(penal, range(LAST), _owed(penal))

    since, again = first + timedelta(days=31), third + timedelta(days=31)
    assert _marks(penal) == [
        ("in_duplum", since),
        ("in_duplum_lifted", cured),
        ("in_duplum", again),
    ]
    # The schedule uses all the room of a stretch: nothing is left for penal charges within it.
    assert _penal(penal, until=since) > 0
    assert _penal(penal, after=since, until=cured) == 0
    assert _penal(penal, after=third, until=again) > 0
    assert _penal(penal, after=again) == 0
    for begun, ended in ((since, cured), (again, date(2018, 1, 1))):
        room, charged = _charged(penal, begun, ended)
        assert 0 < charged <= room
    # For years unpaid the second one comes to exactly the principal owed when it began.
    assert charged == room
    assert factories.offenders() == []


@pytest.mark.django_db
@pytest.mark.parametrize("nights", [(33, 36), (31, 35, 60, 93), tuple(range(0, 150, 11))])
def test_rule_2_2_whichever_nights_find_it_out_after_one_before_the_cure_penal_is_the_same(
    penal: Loan, nights: tuple[int, ...]
) -> None:
    """What is late is asked for by a night, so a payment meets what the nights before it charged.

    Were there none before the payment, it would pay less for being late and more of the loan, and
    what came after would differ by days of penal charges on that. Day-ends cannot leave it so: they
    are ended one by one, in their order (`npa.services.end_day` raises DaySkipped), and each
    charges on its own day. The next test has the payment known before all of them.
    """
    paid = _owed(penal)
    with transaction.atomic():
        _play(penal, range(LAST), paid)
        twin = (_marks(penal), _penal(penal), factories.books(penal))
        transaction.set_rollback(True)
    penal.refresh_from_db()

    _play(penal, nights, paid)

    assert (_marks(penal), _penal(penal), factories.books(penal)) == twin
    assert factories.offenders() == []


@pytest.mark.django_db
def test_rule_2_2_penal_charges_come_to_the_same_where_a_payment_is_known_before_its_nights(
    penal: Loan,
) -> None:
    paid = _owed(penal)
    with transaction.atomic():
        _play(penal, range(LAST), paid)
        twin = (_marks(penal), _penal(penal), factories.books(penal))
        transaction.set_rollback(True)
    penal.refresh_from_db()

    _play(penal, range(LAST), paid, told=0)

    assert (_marks(penal), _penal(penal), factories.books(penal)) == twin
    assert factories.offenders() == []
