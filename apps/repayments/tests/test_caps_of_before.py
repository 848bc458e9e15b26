"""What was booked below caps of before, which hid no schedule as agreed, stays as it was booked.

The figures of the pure histories are those that the rule of that time gave.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.loans.models import Loan
from apps.repayments import capping, replaying, services
from apps.repayments.account import ZERO
from apps.repayments.facts import Change
from apps.repayments.models import AccountEvent
from apps.repayments.replaying import Account
from apps.repayments.tests import factories
from apps.repayments.tests.test_capped_changes import CLERK, _accrue, _agree
from apps.repayments.tests.test_replaying import contract, require_sound, told

STOPPED, AGREED, AGAIN = date(2026, 3, 25), date(2026, 5, 2), date(2026, 7, 20)
KEPT = [("9461.85", "1200.00"), ("9556.47", "1105.38"), ("9652.03", "1004.91")]
# Of 120,000 at 12 %, stopped with room for 500: by the row principal and interest.
LIFTED = [
    *KEPT,
    *[("9748.55", "0.00"), ("9846.04", "0.00"), ("9944.50", "0.00"), ("10214.73", "0.00")],
    *[("10110.91", "0.00"), ("10212.02", "0.00"), ("10314.14", "0.00"), ("10417.28", "0.00")],
    ("10521.48", "0.00"),
]
# The same with 30 % agreed meanwhile.
CHANGED = [
    *KEPT,
    *[("10644.14", "0.00"), ("9235.86", "0.00"), ("9466.76", "0.00"), ("6072.69", "0.00")],
    *[("10636.74", "0.00"), ("10902.66", "0.00"), ("11175.23", "0.00"), ("11454.61", "0.00")],
    ("11740.96", "0.00"),
]


def _cap(*, is_marked: bool, room: str = "500.00", day: date = STOPPED) -> Change:
    mark = {"as_agreed": True} if is_marked else {}
    return Change(day=day, change=capping.CAPPED, parameters={"room": room, **mark})


def _account(*facts: Change) -> Account:
    found = replaying.replay(contract(), told(facts), upto=date(2031, 1, 1))
    require_sound(found)
    return found


def _rows(account: Account) -> list[tuple[str, str]]:
    return [(str(row.principal), str(row.interest)) for row in account.in_force.rows]


_DEARER = Change(
    day=AGREED, change="rate_change", parameters={"annual_rate": "0.30", "keeps": "term"}
)
_LIFT = Change(day=AGAIN, change=capping.LIFTED)


def test_a_history_of_before_comes_to_what_it_came_to_then() -> None:
    assert _rows(_account(_cap(is_marked=False), _LIFT)) == LIFTED
    assert _rows(_account(_cap(is_marked=False), _DEARER, _LIFT)) == CHANGED


def test_a_cap_that_says_so_gives_the_schedule_as_agreed_back_when_it_ends() -> None:
    free, found = _account(), _account(_cap(is_marked=True), _LIFT)

    # The rows that begin after the day: as the contract has them.
    assert _rows(found)[7:] == _rows(free)[7:]
    assert sum(row.interest for row in found.in_force.rows[7:]) > 0
    assert found.ceiling is None


def test_while_it_lasts_a_cap_of_before_stops_interest_at_the_same_sum() -> None:
    now, before = (_account(_cap(is_marked=marked)) for marked in (True, False))

    assert _rows(now) == _rows(before)
    assert now.position.owed() == before.position.owed()


# --- on a loan ----------------------------------------------------------------------------------
def _enter(loan: Loan, fact: Change) -> AccountEvent:
    return services.enter(
        actor=CLERK,
        loan=loan,
        fact=fact,
        reference=f"{fact.change}:{fact.day}",
        now=factories.NOW,
    )


def _of_before(loan: Loan) -> tuple[date, AccountEvent]:
    """Return the day interest stopped on, as it was entered before caps said of themselves."""
    since = loan.instalments.get(number=1).due_date + timedelta(days=91)
    _accrue(loan, since - timedelta(days=1))
    owed = factories.books(loan)["interest_receivable"]
    one_day = loan.principal * Decimal("0.36") / 360
    room = (loan.principal - owed - one_day).quantize(Decimal("0.01"))
    return since, _enter(loan, _cap(is_marked=False, room=str(room), day=since))


def _pay_all_due(loan: Loan, day: date) -> AccountEvent:
    rows = loan.instalments.filter(in_force=True, due_date__lt=day)
    values: Any = {"actor": CLERK, "loan": loan}
    fact = factories.receipt(day, sum(row.due for row in rows))
    return services.enter(**values, fact=fact, reference="cured", now=factories.NOW)


@pytest.mark.django_db
def test_a_loan_with_a_history_of_before_is_proved_and_restored_by_its_own_rule(
    dear: Loan,
) -> None:
    since, _capped = _of_before(dear)
    day = since + timedelta(days=1)
    _pay_all_due(dear, day)
    _enter(dear, Change(day=day, change=capping.LIFTED))
    rows = factories.state(dear)
    later = factories.pay(CLERK, dear, day + timedelta(days=40), 900, now=factories.NOW)

    services.take_back(actor=CLERK, event=later, reason="It bounced.", now=factories.NOW)

    after = factories.state(dear)
    for state in (rows, after):
        state["account"].pop("accrued_at", None)
    assert after["rows"] == rows["rows"]
    assert after["paid"] == rows["paid"]
    assert factories.offenders() == []


@pytest.mark.django_db
def test_a_night_leaves_a_cap_of_before_alone_that_let_nothing_more_run(dear: Loan) -> None:
    _accrue(dear, dear.instalments.get(number=1).due_date + timedelta(days=91))
    made = AccountEvent.objects.get()
    since, room = made.day, made.parameters["parameters"]["room"]
    assert made.parameters["parameters"]["as_agreed"] is True
    services.take_back(actor=CLERK, event=made, reason="Of before.", now=factories.NOW)
    before = _enter(dear, _cap(is_marked=False, room=room, day=since))

    _accrue(dear, since + timedelta(days=10))

    assert list(AccountEvent.objects.filter(status="live")) == [before]
    assert factories.offenders() == []


@pytest.mark.django_db
def test_rule_2_2_a_night_makes_a_cap_of_before_anew_that_let_more_run_than_the_law_does(
    dear: Loan,
) -> None:
    _accrue(dear, dear.instalments.get(number=1).due_date + timedelta(days=91))
    made = AccountEvent.objects.get()
    since, room = made.day, made.parameters["parameters"]["room"]
    services.take_back(actor=CLERK, event=made, reason="Of before.", now=factories.NOW)
    before = _enter(dear, _cap(is_marked=False, room=room, day=since))
    day = since + timedelta(days=10)
    _agree(dear, day, "restructure", instalments=120, annual_rate="0.48", difficulty=True)
    assert _planned(dear) > dear.principal

    _accrue(dear, day + timedelta(days=1))

    before.refresh_from_db()
    assert before.status == "reversed"
    [capped] = AccountEvent.objects.filter(status="live", parameters__change=capping.CAPPED)
    assert (capped.day, capped.parameters["parameters"]["as_agreed"]) == (since, True)
    assert _planned(dear) <= dear.principal
    _accrue(dear, date(2022, 1, 1))
    assert factories.books(dear)["interest_income"] == dear.principal
    assert factories.offenders() == []


def _capped_before(loan: Loan) -> AccountEvent:
    """Return the cap of a loan as it would have been entered before, in the place of today's."""
    _accrue(loan, loan.instalments.get(number=1).due_date + timedelta(days=91))
    made = AccountEvent.objects.get()
    room = made.parameters["parameters"]["room"]
    services.take_back(actor=CLERK, event=made, reason="Of before.", now=factories.NOW)
    return _enter(loan, _cap(is_marked=False, room=room, day=made.day))


@pytest.mark.django_db
def test_a_night_leaves_a_cap_of_before_alone_where_a_lower_rate_was_agreed(dear: Loan) -> None:
    before = _capped_before(dear)
    day = before.day + timedelta(days=10)
    agreed = _agree(dear, day, "rate_change", annual_rate="0.06", keeps="term")
    assert _planned(dear) < dear.principal
    rows = factories.state(dear)["rows"]

    _accrue(dear, day + timedelta(days=1))

    live = AccountEvent.objects.filter(status="live", kind="change").order_by("day")
    assert list(live) == [before, agreed]
    assert factories.state(dear)["rows"] == rows
    assert factories.offenders() == []


@pytest.mark.django_db
def test_a_night_leaves_a_cap_of_before_alone_of_a_time_that_is_over(dear: Loan) -> None:
    before = _capped_before(dear)
    day = before.day + timedelta(days=10)
    agreed = _agree(dear, day, "restructure", instalments=120, annual_rate="0.48", difficulty=True)
    # By its end it would have charged more than there was room for; it is cured the day after.
    assert _planned(dear) > dear.principal
    _pay_all_due(dear, day + timedelta(days=1))

    _accrue(dear, day + timedelta(days=20))

    live = AccountEvent.objects.filter(status="live", kind="change").order_by("day")
    assert list(live)[:2] == [before, agreed]
    assert [one.parameters["change"] for one in live][2:] == [capping.LIFTED]
    assert factories.offenders() == []


def _planned(loan: Loan) -> Decimal:
    """Return the interest that was asked for and is to be, by the schedule in force."""
    rows = loan.instalments.filter(in_force=True)
    return sum((row.interest for row in rows), ZERO)
