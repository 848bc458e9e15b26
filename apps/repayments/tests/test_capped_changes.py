"""What is agreed while the law stops interest never charges more than it lets (rule book 2.2)."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import Entity
from apps.ledger.chart import Event
from apps.ledger.lines import Side
from apps.loans import services as loans
from apps.loans.models import Loan
from apps.loans.tests.factories import us_platform
from apps.loans.tests.test_import_tape import run, write
from apps.loans.tests.test_mapping import line
from apps.repayments import capping, replaying, services
from apps.repayments.altering import Alteration
from apps.repayments.facts import Bucket, Change, Charge, Fact, Option, PartPrepayment, WriteOff
from apps.repayments.models import AccountEvent, LoanAccount
from apps.repayments.replaying import Account
from apps.repayments.tests import factories
from apps.repayments.tests.test_replaying import contract, money, require_sound, told
from apps.schedules.terms import Method

CLERK = "system:tests"
# Of a loan of 120,000 at 12 %, paid out on 10 January: the third period has run half.
CAPPED = date(2026, 3, 25)
AGREED = date(2026, 5, 2)
END = date(2031, 1, 1)
ZERO = Decimal(0)

_CHANGES = [
    pytest.param("rate_change", {"annual_rate": "0.30", "keeps": "term"}, id="rate"),
    pytest.param("reschedule", {"instalments": 30}, id="more-instalments"),
    pytest.param(
        "restructure",
        {"instalments": 24, "annual_rate": "0.24", "difficulty": True},
        id="restructured",
    ),
    pytest.param("moratorium", {"principal_free": 3, "extends": True}, id="pause"),
    pytest.param("moratorium", {"principal_free": 3, "interest_free": 3}, id="interest-later"),
    pytest.param("due_date_change", {"first_due_on": "2026-05-25"}, id="another-day"),
]


def _cap(room: object, day: date = CAPPED) -> Change:
    return Change(day=day, change=capping.CAPPED, parameters={"as_agreed": True, "room": str(room)})


def _lift(day: date) -> Change:
    return Change(day=day, change=capping.LIFTED)


def _account(*facts: Fact, upto: date = END, **terms: Any) -> Account:
    found = replaying.replay(contract(**terms), told(facts), upto=upto)
    require_sound(found)
    return found


def _charged(account: Account, *, after: date, until: date = END) -> Decimal:
    """Return the interest that was booked in a time, the days it is bounded by left out before."""
    return sum(
        (
            line_.amount if line_.side is Side.CREDIT else -line_.amount
            for one in account.position.booked
            if one.kind is Event.INTEREST_ACCRUAL and after < one.day <= until
            for line_ in one.lines
            if line_.account.value == "interest_income"
        ),
        ZERO,
    )


@pytest.mark.parametrize(("change", "parameters"), _CHANGES)
def test_rule_2_2_no_change_below_a_cap_charges_more_than_there_is_room_for(
    change: str, parameters: dict[str, Any]
) -> None:
    fact = Change(day=AGREED, change=change, parameters=parameters)

    found = _account(_cap(1500), fact)
    free = _account(fact)

    # By the contract it would be more; the law leaves exactly so much, before and after.
    assert _charged(free, after=CAPPED) > 1500
    assert _charged(found, after=CAPPED) == 1500
    ahead = [row for row in found.in_force.rows if row.due_on > AGREED]
    assert [(row.due_on, row.starts_on) for row in ahead] == [
        (row.due_on, row.starts_on) for row in free.in_force.rows if row.due_on > AGREED
    ]
    assert sum(row.principal for row in found.in_force.rows) == 120_000


def test_rule_2_2_one_change_after_another_leaves_no_new_room() -> None:
    rates = ("0.20", "0.35", "0.50")
    facts = [
        Change(
            day=AGREED + timedelta(days=40 * place),
            change="rate_change",
            parameters={"annual_rate": rate},
        )
        for place, rate in enumerate(rates)
    ]

    found = _account(_cap(900), *facts)

    assert _charged(found, after=CAPPED) == 900
    assert found.in_force.terms.annual_rate == Decimal("0.50")


def test_rule_2_2_a_part_paid_early_leaves_the_cap_where_it_is() -> None:
    paid = money(PartPrepayment, AGREED, 60_000, option=Option.SMALLER_INSTALMENT)

    found = _account(_cap(700), paid)

    assert _charged(found, after=CAPPED) == 700
    assert found.ceiling is not None


def test_rule_2_2_interest_charged_beside_the_schedule_leaves_less_room_for_a_new_one() -> None:
    beside = Charge(
        day=date(2026, 4, 20),
        amount=Decimal(400),
        bucket=Bucket.INTEREST,
        code="overdue_interest",
        due_on=date(2026, 4, 20),
    )
    dearer = Change(day=AGREED, change="rate_change", parameters={"annual_rate": "0.40"})

    found = _account(_cap(8000), beside, dearer)

    assert _charged(found, after=CAPPED) == 8000


@pytest.mark.parametrize("method", [Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL, Method.FLAT])
@pytest.mark.parametrize("room", [0, 1500])
def test_rule_2_2_the_schedule_as_agreed_is_in_force_again_when_the_cap_ends(
    method: Method, room: int
) -> None:
    lifted = date(2026, 6, 25)
    free = _account(upto=lifted, method=method)

    found = _account(_cap(room), _lift(lifted), method=method)

    rows = [row for row in found.in_force.rows if row.due_on > lifted]
    as_agreed = [row for row in free.in_force.rows if row.due_on > lifted]
    assert [row.principal for row in rows] == [row.principal for row in as_agreed]
    assert rows[1:] == as_agreed[1:]
    assert _charged(found, after=CAPPED, until=lifted) <= room
    # Of the period that had begun only what is left of it is asked for, and what was earned of it.
    still = as_agreed[0].interest - free.position.earning(lifted)  # type: ignore[misc]
    assert _charged(found, after=lifted) == still + sum(row.interest for row in as_agreed[1:])


def test_rule_2_2_a_change_that_was_agreed_below_a_cap_is_in_force_when_it_ends() -> None:
    dearer = Change(day=AGREED, change="rate_change", parameters={"annual_rate": "0.30"})
    lifted = date(2026, 6, 10)

    found = _account(_cap(0), dearer, _lift(lifted))

    # It is lifted on a due date: of the rows ahead nothing had run.
    assert _charged(found, after=CAPPED, until=lifted) == 0
    ahead = [row for row in found.in_force.rows if row.due_on > lifted]
    assert [row.interest for row in ahead] == [
        (row.opening * Decimal("0.025")).quantize(Decimal("0.01"), ROUND_HALF_UP) for row in ahead
    ]
    assert found.ceiling is None


def test_a_loan_that_is_lost_below_a_cap_owes_what_was_charged() -> None:
    found = _account(_cap(100), WriteOff(day=AGREED))

    assert found.ceiling is None
    assert _charged(found, after=CAPPED) <= 100


def test_what_is_foreseen_of_a_change_is_what_comes_of_it() -> None:
    fact = Change(day=AGREED, change="rate_change", parameters={"annual_rate": "0.30"})
    before = _account(_cap(1500), upto=AGREED)

    after, _ceiling = before.changed(AGREED, Alteration(annual_rate=Decimal("0.30")))

    assert after.rows == _account(_cap(1500), fact, upto=AGREED).in_force.rows


# --- on a loan ----------------------------------------------------------------------------------
@pytest.fixture
def fair(tmp_path: Path) -> Loan:
    """A loan in Kenya whose interest is less than its principal: 7,500 at 12 % for five years."""
    branch = us_platform()
    Entity.objects.filter(pk=branch.entity_id).update(country="KE", kind=Entity.Kind.BANK)
    row = line(
        loan_no="1",
        issue_d="2010-01-01",
        loan_status="Fully Paid",
        term="60",
        int_rate="0.12",
        installment="166.83",
    )
    run(write(tmp_path, row), tmp_path / "rejects.csv")
    loans.take_on(actor="system:test", loans=Loan.objects.all(), now=factories.NOW)
    return Loan.objects.get()


def _accrue(loan: Loan, day: date) -> None:
    found = services.accrue_day(actor=CLERK, entity=loan.branch.entity, day=day, now=factories.NOW)
    assert found.problems == []


def _agree(loan: Loan, day: date, change: str, **parameters: Any) -> AccountEvent:
    return services.enter(
        actor=CLERK,
        loan=loan,
        fact=Change(day=day, change=change, parameters=parameters, reason="Agreed"),
        reference=f"agreed:{change}:{day}",
        now=factories.NOW,
    )


@pytest.mark.django_db
def test_rule_2_2_a_change_after_interest_stopped_lets_none_run(dear: Loan) -> None:
    loan = dear
    since = loan.instalments.get(number=1).due_date + timedelta(days=91)
    _accrue(loan, since)
    _accrue(loan, since + timedelta(days=10))

    _agree(loan, since + timedelta(days=10), "reschedule", instalments=90)
    _accrue(loan, date(2019, 1, 1))

    books = factories.books(loan)
    assert books["interest_receivable"] == books["interest_income"] == loan.principal
    assert books["principal"] == loan.principal
    kept = AccountEvent.objects.filter(kind="change", status="live").order_by("day")
    assert [one.parameters["change"] for one in kept] == ["in_duplum", "reschedule"]
    assert factories.offenders() == []


@pytest.mark.django_db
def test_rule_2_2_a_dearer_schedule_is_capped_where_the_one_before_needed_no_cap(
    fair: Loan,
) -> None:
    loan = fair
    first = loan.instalments.get(number=1).due_date
    since = first + timedelta(days=91)
    _accrue(loan, first)
    LoanAccount.objects.filter(pk=loan.pk).update(overdue_interest=True)
    for number in (91, 120):
        _accrue(loan, first + timedelta(days=number))
    assert not AccountEvent.objects.filter(kind="change").exists()
    day = first + timedelta(days=120)

    _agree(loan, day, "restructure", instalments=120, annual_rate="0.36", difficulty=True)
    _accrue(loan, day + timedelta(days=1))
    [capped] = AccountEvent.objects.filter(parameters__change=capping.CAPPED, status="live")
    assert capped.day == since
    _accrue(loan, date(2022, 1, 1))

    # All interest, that on late instalments too: nothing was paid, so it is what was ever charged.
    assert factories.books(loan)["interest_income"] == loan.principal
    assert AccountEvent.objects.filter(parameters__code="overdue_interest").exists()
    assert factories.offenders() == []


@pytest.mark.django_db
def test_rule_2_2_penal_charges_stop_with_interest_at_the_principal(lent: Loan) -> None:
    loan = lent
    Entity.objects.filter(pk=loan.branch.entity_id).update(country="KE", kind=Entity.Kind.BANK)
    loan = Loan.objects.get(pk=loan.pk)
    first = loan.instalments.get(number=1).due_date
    for day in (first + timedelta(days=91), date(2040, 1, 1), date(2041, 1, 1)):
        now = factories.at(day)
        found = services.accrue_day(actor=CLERK, entity=loan.branch.entity, day=day, now=now)
        assert found.problems == []
        books = factories.books(loan)

    assert books["penal_receivable"] > 0
    # Nothing was paid, so that all the principal was owed when the loan ceased to perform.
    assert books["interest_receivable"] + books["penal_receivable"] == loan.principal
    assert factories.offenders() == []
