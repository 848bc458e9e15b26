"""Interest of a loan that does not perform stops where the law of Kenya says (rule book 2.2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum

from apps.accounts.models import Entity
from apps.ledger import services as ledger
from apps.ledger.chart import Event as LedgerEvent
from apps.ledger.lines import Side
from apps.ledger.models import Entry
from apps.loans.models import Loan
from apps.repayments import capping, in_duplum, reading, replaying, services
from apps.repayments.facts import Bucket
from apps.repayments.lateness import Late
from apps.repayments.models import AccountEvent, AccrualRun, LoanAccount
from apps.repayments.penal import Unpaid
from apps.repayments.replaying import Account
from apps.repayments.rescheduling import Standing
from apps.repayments.tests import factories
from apps.schedules import building
from apps.schedules.terms import Terms

CLERK = "system:tests"
DUE = date(2026, 1, 1)
TERMS = Terms(
    principal=Decimal(120_000),
    currency="KES",
    annual_rate=Decimal("0.12"),
    instalments=12,
    disbursed_on=date(2026, 1, 15),
)


def _late(number: int, due_on: date, settled: date | None) -> Late:
    steps = [Unpaid(due_on, Decimal(100))]
    if settled is not None:
        steps.append(Unpaid(settled, Decimal(0)))
    return Late(number=number, due_on=due_on, unpaid=tuple(steps))


def _since(*late: Late, day: int) -> date | None:
    on = DUE + timedelta(days=day)
    return in_duplum.non_performing_since(late, on, after=in_duplum.BANK_DAYS)


def test_a_loan_ceases_to_perform_on_the_ninety_first_day_and_until_nothing_is_overdue() -> None:
    alone = _late(1, DUE, None)
    crossed = DUE + timedelta(days=91)

    assert _since(alone, day=90) is None
    assert _since(alone, day=91) == crossed
    # The oldest was paid, the next one is overdue: it still does not perform.
    paid = _late(1, DUE, DUE + timedelta(days=100))
    following = _late(2, DUE + timedelta(days=31), None)
    assert _since(paid, following, day=101) == crossed
    # All was paid, and later something else fell due and was not.
    cleared = _late(2, DUE + timedelta(days=31), DUE + timedelta(days=100))
    again = _late(3, DUE + timedelta(days=120), None)
    assert _since(paid, cleared, day=100) is None
    assert _since(paid, cleared, again, day=150) is None
    assert _since(paid, cleared, again, day=211) == DUE + timedelta(days=211)


def test_a_capped_schedule_earns_what_there_is_room_for_and_keeps_its_principal() -> None:
    rows = building.build(TERMS).rows
    day = date(2026, 3, 25)
    # Of the third month 372.09 is earned on 25 March: ten of its thirty days.
    standing = Standing(day=day, terms=TERMS, rows=rows, earned=Decimal("336.51"))

    found = capping.capped(standing, Decimal(1000))

    assert capping.future(standing) == sum(row.interest for row in rows[2:]) - Decimal("336.51")
    assert [row.principal for row in found.rows] == [row.principal for row in rows]
    assert [row.due_on for row in found.rows] == [row.due_on for row in rows]
    assert sum(row.interest for row in found.new) == Decimal("1336.51")
    assert found.new[0].interest == rows[2].interest
    assert found.new[-1].interest == 0
    assert sum(span.interest for span in found.spans) == Decimal(1000)


def _accrue(loan: Loan, day: date) -> AccrualRun:
    found: Any = services.accrue_day(
        actor=CLERK, entity=loan.branch.entity, day=day, now=factories.NOW
    )
    assert found.problems == []
    return found


@pytest.mark.django_db
def test_rule_2_2_interest_stops_at_the_principal_owed_when_the_loan_ceased_to_perform(
    dear: Loan,
) -> None:
    loan = dear
    first = loan.instalments.get(number=1).due_date
    since = first + timedelta(days=91)

    _accrue(loan, since - timedelta(days=1))
    assert not AccountEvent.objects.exists()
    _accrue(loan, since)
    owed = factories.books(loan)["interest_receivable"]
    _accrue(loan, date(2018, 1, 1))

    event = AccountEvent.objects.get()
    assert (event.parameters["change"], event.day) == ("in_duplum", since)
    assert Decimal(event.parameters["parameters"]["room"]) == loan.principal - owed
    books = factories.books(loan)
    assert books["principal"] == loan.principal
    assert books["interest_receivable"] == loan.principal
    assert books["interest_income"] == loan.principal
    assert factories.offenders() == []


@pytest.mark.django_db
def test_rule_2_2_interest_runs_again_when_the_loan_performs_again(dear: Loan) -> None:
    loan = dear
    first = loan.instalments.get(number=1).due_date
    _accrue(loan, first + timedelta(days=91))
    owed = sum(
        row.due
        for row in loan.instalments.filter(in_force=True, due_date__lte=first + timedelta(days=92))
    )
    day = first + timedelta(days=92)
    services.enter(
        actor=CLERK,
        loan=loan,
        fact=factories.receipt(day, owed),
        reference="cured",
        now=factories.NOW,
    )

    _accrue(loan, day)

    changes = AccountEvent.objects.filter(kind="change").order_by("day")
    assert [one.parameters["change"] for one in changes] == ["in_duplum", "in_duplum_lifted"]
    ahead = loan.instalments.filter(in_force=True, due_date__gt=day)
    assert sum(row.interest for row in ahead) > loan.principal
    assert factories.offenders() == []


@pytest.mark.django_db
def test_rule_2_2_interest_stops_again_where_the_payment_that_ended_it_bounced(dear: Loan) -> None:
    loan = dear
    since = loan.instalments.get(number=1).due_date + timedelta(days=91)
    _accrue(loan, since)
    day = since + timedelta(days=1)
    _pay_all_due(loan, day)
    _accrue(loan, day)
    assert AccountEvent.objects.filter(parameters__change="in_duplum_lifted").count() == 1

    paid = AccountEvent.objects.get(kind="receipt")
    services.take_back(actor=CLERK, event=paid, reason="Bounced.", now=factories.NOW)
    _accrue(loan, day + timedelta(days=1))

    changes = AccountEvent.objects.filter(kind="change", status="live")
    assert [(one.parameters["change"], one.day) for one in changes] == [("in_duplum", since)]
    _accrue(loan, date(2018, 1, 1))
    books = factories.books(loan)
    assert books["interest_receivable"] == books["interest_income"] == loan.principal
    assert factories.offenders() == []


def _standing(loan: Loan) -> dict[str, Any]:
    """Return how a loan stands, with no keys in it."""
    found = factories.state(loan)
    changes = AccountEvent.objects.filter(kind="change", status="live")
    live = AccountEvent.objects.filter(kind="charge", status="live")
    account = found["account"]
    return {
        **{name: found[name] for name in ("books", "paid", "status", "rows")},
        "account": {name: account[name] for name in ("through", "unbilled", "advances")},
        "capped": list(
            changes.order_by("day", "position").values_list("day", "parameters__parameters__room")
        ),
        "asked": list(
            live.order_by().values_list("day", "parameters__code").annotate(sum=Sum("amount"))
        ),
    }


def _charged(loan: Loan) -> Decimal:
    """Return the interest that was charged on late instalments and stands."""
    live = AccountEvent.objects.filter(loan=loan, kind="charge", status="live")
    return live.aggregate(sum=Sum("amount", default=0))["sum"]


def _pay_all_due(loan: Loan, day: date) -> None:
    """Pay what fell due before a day, and what was charged."""
    rows = loan.instalments.filter(in_force=True, due_date__lt=day)
    due = sum(row.due for row in rows) + _charged(loan)
    values: Any = {"actor": CLERK, "loan": loan, "fact": factories.receipt(day, due)}
    services.enter(**values, reference=f"cured:{day}", now=factories.NOW)


@pytest.mark.django_db
def test_rule_2_2_what_the_cap_withheld_is_not_charged_once_arrears_are_cleared(
    dear: Loan,
) -> None:
    loan = dear
    first = loan.instalments.get(number=1).due_date
    since = first + timedelta(days=91)
    cleared = since + timedelta(days=20)
    _accrue(loan, first)
    LoanAccount.objects.filter(pk=loan.pk).update(overdue_interest=True)
    _accrue(loan, since)
    charged = _charged(loan)
    for day in (since + timedelta(days=1), cleared - timedelta(days=1)):
        _accrue(loan, day)
    assert charged > 0
    assert _charged(loan) == charged

    _pay_all_due(loan, cleared)
    _accrue(loan, cleared)
    before = factories.books(loan)["interest_income"]
    _accrue(loan, cleared + timedelta(days=1))

    assert _charged(loan) == charged
    # A day of 36 % on what is not due: no instalment falls due on it.
    ahead = loan.instalments.filter(in_force=True, due_date__gt=cleared)
    a_day = ahead.aggregate(sum=Sum("principal"))["sum"] * Decimal("0.36") / 360
    assert factories.books(loan)["interest_income"] - before == pytest.approx(a_day, abs=1)
    assert factories.offenders() == []


@pytest.mark.django_db
def test_rule_2_2_a_second_time_charges_nothing_that_the_first_withheld(dear: Loan) -> None:
    loan = dear
    first = loan.instalments.get(number=1).due_date
    cleared = first + timedelta(days=111)
    _accrue(loan, first)
    LoanAccount.objects.filter(pk=loan.pk).update(overdue_interest=True)
    for number in (91, 110):
        _accrue(loan, first + timedelta(days=number))
    _pay_all_due(loan, cleared)
    _accrue(loan, cleared)
    charged = _charged(loan)

    late = loan.instalments.filter(in_force=True, due_date__gte=cleared).earliest("due_date")
    again = late.due_date + timedelta(days=91)
    _accrue(loan, late.due_date)
    assert _charged(loan) == charged
    _accrue(loan, again)
    since = _charged(loan)
    _accrue(loan, again + timedelta(days=30))

    changes = AccountEvent.objects.filter(kind="change", status="live").order_by("day")
    assert [(one.parameters["change"], one.day) for one in changes] == [
        ("in_duplum", first + timedelta(days=91)),
        ("in_duplum_lifted", cleared),
        ("in_duplum", again),
    ]
    # Instalments of the contract were late in between: that is charged, and nothing of before.
    assert since > charged
    assert _charged(loan) == since
    assert factories.offenders() == []


@pytest.mark.django_db
def test_rule_2_2_interest_stops_on_a_closed_day_where_a_payment_bounced(dear: Loan) -> None:
    loan, entity = dear, dear.branch.entity
    first, second = list(loan.instalments.order_by("number")[:2])
    closed = date(2014, 12, 20)

    def nights(*, paid: bool) -> AccountEvent | None:
        fact = factories.receipt(first.due_date, first.due)
        values: Any = {"actor": CLERK, "loan": loan, "fact": fact, "reference": "paid"}
        event = services.enter(**values, now=factories.NOW) if paid else None
        for day in (second.due_date, second.due_date + timedelta(days=91), closed):
            _accrue(loan, day)
        ledger.close_day(actor=CLERK, entity=entity, day=closed, now=factories.NOW)
        return event

    with transaction.atomic():
        nights(paid=False)
        _accrue(loan, closed + timedelta(days=1))
        twin = _standing(loan)
        transaction.set_rollback(True)
    loan.refresh_from_db()
    event = nights(paid=True)
    assert event is not None

    services.take_back(actor=CLERK, event=event, reason="It bounced.", now=factories.NOW)
    _accrue(loan, closed + timedelta(days=1))

    since = first.due_date + timedelta(days=91)
    assert [day for day, _room in twin["capped"]] == [since]
    assert _standing(loan) == twin
    assert factories.books(loan)["interest_receivable"] == loan.principal
    assert not Entry.objects.filter(day__lte=closed, reverses__isnull=False).exists()
    assert factories.offenders() == []


def _replays_of_taking_back(loan: Loan, nights: int, monkeypatch: pytest.MonkeyPatch) -> list[date]:
    """Return up to which day histories are replayed while a payment before some nights goes."""
    first = loan.instalments.get(number=1)
    begin, last = first.due_date, first.due_date + timedelta(days=nights)
    upto: list[date] = []

    def counted(*args: Any, **values: Any) -> Account:
        upto.append(values["upto"])
        return replay(*args, **values)

    replay = replaying.replay
    with transaction.atomic(), monkeypatch.context() as patched:
        _accrue(loan, begin - timedelta(days=1))
        LoanAccount.objects.filter(pk=loan.pk).update(overdue_interest=True)
        paid = factories.receipt(begin, first.due)
        values: Any = {"actor": CLERK, "loan": loan, "fact": paid, "reference": "paid"}
        event = services.enter(**values, now=factories.NOW)
        AccrualRun.objects.bulk_create(
            AccrualRun(
                entity=loan.branch.entity,
                day=begin + timedelta(days=number),
                started_at=factories.NOW,
                finished_at=factories.NOW,
            )
            for number in range(nights)
        )
        _accrue(loan, last)
        patched.setattr(replaying, "replay", counted)
        services.take_back(actor=CLERK, event=event, reason="It bounced.", now=factories.NOW)
        live = AccountEvent.objects.filter(kind="charge", status="live")
        # Night by night until the cap and not any more; by 30/360 a 31st counts no day.
        charged = live.order_by("day").values_list("day", flat=True)
        assert (len(charged), charged.last()) == (90, begin + timedelta(days=91))
        transaction.set_rollback(True)
    loan.refresh_from_db()
    return upto


@pytest.mark.django_db
def test_taking_back_replays_no_history_for_each_night_anew(
    dear: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = dear.instalments.get(number=1).due_date + timedelta(days=91)

    short = _replays_of_taking_back(dear, 120, monkeypatch)
    long = _replays_of_taking_back(dear, 240, monkeypatch)

    # How it stood when it ceased to perform, and the account as it is then; however many nights.
    assert (short.count(since), len(short)) == (1, 2)
    assert (long.count(since), len(long)) == (1, 2)


@pytest.mark.django_db
def test_rule_2_2_a_cap_leaves_the_room_that_is_left_once_part_of_an_instalment_bounced(
    dear: Loan,
) -> None:
    loan = dear
    first = loan.instalments.get(number=1)
    since = first.due_date + timedelta(days=91)
    later = since + timedelta(days=20)

    def nights(*, paid: bool) -> AccountEvent | None:
        fact = factories.receipt(first.due_date + timedelta(days=5), Decimal(10))
        values: Any = {"actor": CLERK, "loan": loan, "fact": fact, "reference": "part"}
        event = services.enter(**values, now=factories.NOW) if paid else None
        _accrue(loan, since)
        _accrue(loan, later)
        return event

    with transaction.atomic():
        nights(paid=False)
        _accrue(loan, later + timedelta(days=1))
        twin = _standing(loan)
        transaction.set_rollback(True)
    loan.refresh_from_db()
    event = nights(paid=True)
    assert event is not None
    [(day, room)] = _standing(loan)["capped"]
    assert (day, Decimal(room)) == (since, Decimal(twin["capped"][0][1]) + 10)

    services.take_back(actor=CLERK, event=event, reason="It bounced.", now=factories.NOW)
    _accrue(loan, later + timedelta(days=1))

    assert _standing(loan) == twin
    assert factories.offenders() == []


def _sacco(loan: Loan) -> Loan:
    """Return a loan as a SACCO's: it ceases to perform on the 31st day."""
    Entity.objects.filter(pk=loan.branch.entity_id).update(kind=Entity.Kind.SACCO)
    return Loan.objects.get(pk=loan.pk)


@dataclass(frozen=True)
class _Story:
    """Days after the first due date on which all that is due by then is paid, and the last one."""

    cures: tuple[int, ...]
    last: int

    def play(self, loan: Loan, nights: Iterable[int]) -> dict[str, Any]:
        """Let it happen with a day's end at these nights; return how the loan stands then."""
        first = loan.instalments.order_by("number")[0].due_date
        left = list(self.cures)
        for number in sorted({*nights, self.last}):
            while left and left[0] <= number:
                _pay_contract(loan, first + timedelta(days=left.pop(0)))
            _accrue(loan, first + timedelta(days=number))
        return _standing(loan)


def _pay_contract(loan: Loan, day: date) -> None:
    """Pay what is due by a day as the loan is known to stand: more than that is paid ahead."""
    account = replaying.replay(reading.contract(loan), reading.happened(loan), upto=day)
    due = sum(account.position.owed().values(), Decimal(0))
    values: Any = {"actor": CLERK, "loan": loan, "fact": factories.receipt(day, due)}
    services.enter(**values, reference=f"paid:{day}", now=factories.NOW)


_STORIES = [
    pytest.param(_Story(cures=(35,), last=97), id="a-cure-and-a-second-stretch"),
    pytest.param(_Story(cures=(31, 95), last=96), id="cured-on-the-day-and-before-the-last"),
    pytest.param(_Story(cures=(), last=70), id="never-cured"),
]


@pytest.mark.django_db
@pytest.mark.parametrize("story", _STORIES)
def test_rule_2_2_what_one_night_finds_out_is_what_a_night_each_day_would_have(
    dear: Loan, story: _Story
) -> None:
    loan = _sacco(dear)
    with transaction.atomic():
        twin = story.play(loan, range(story.last))
        transaction.set_rollback(True)
    loan.refresh_from_db()

    found = story.play(loan, [])

    assert found == twin
    _check_rule(loan)
    assert factories.offenders() == []


@pytest.mark.django_db
@pytest.mark.parametrize("nights", [(), (33,), (34, 36, 60), (50, 90)])
def test_rule_2_2_payments_that_become_known_late_leave_the_same_stops(
    dear: Loan, nights: tuple[int, ...]
) -> None:
    loan, story = _sacco(dear), _Story(cures=(35, 80), last=125)
    first = loan.instalments.order_by("number")[0].due_date
    with transaction.atomic():
        twin = story.play(loan, [*nights, 31, 35, 80])
        transaction.set_rollback(True)
    loan.refresh_from_db()
    for number in (*nights, 124):
        _accrue(loan, first + timedelta(days=number))
    assert AccountEvent.objects.filter(status="live").count() == 1
    for cured in story.cures:
        _pay_contract(loan, first + timedelta(days=cured))

    _accrue(loan, first + timedelta(days=story.last))

    assert _standing(loan) == twin
    assert len(twin["capped"]) > 2
    _check_rule(loan)
    assert factories.offenders() == []


@pytest.mark.django_db
def test_rule_2_2_interest_runs_again_from_the_day_arrears_were_cleared(dear: Loan) -> None:
    loan = _sacco(dear)
    first = loan.instalments.order_by("number")[0].due_date
    cleared, closed = first + timedelta(days=40), first + timedelta(days=38)
    _accrue(loan, closed)
    ledger.close_day(actor=CLERK, entity=loan.branch.entity, day=closed, now=factories.NOW)
    reported = Entry.objects.filter(day__lte=closed).count()
    _pay_contract(loan, cleared)

    _accrue(loan, first + timedelta(days=50))

    lifted = AccountEvent.objects.get(parameters__change="in_duplum_lifted")
    assert lifted.day == cleared
    assert Entry.objects.filter(day__lte=closed).count() == reported
    assert factories.offenders() == []


def _check_rule(loan: Loan) -> None:
    """Check the rule as it is written: in a stretch interest stops at the principal owed then."""
    changes = AccountEvent.objects.filter(kind="change", status="live").order_by("day")
    marks = [(one.parameters["change"], one.day) for one in changes]
    assert {name for name, _day in marks[::2]} == {"in_duplum"}
    assert {name for name, _day in marks[1::2]} <= {"in_duplum_lifted"}
    contract, history = reading.contract(loan), reading.happened(loan)
    ever = date(2018, 1, 1)
    for place in range(0, len(marks), 2):
        since = marks[place][1]
        until = marks[place + 1][1] if place + 1 < len(marks) else ever
        then = replaying.replay(contract, history, upto=since, points=[since]).position
        room = then.principal() - then.owed()[Bucket.INTEREST] - then.unbilled
        end = replaying.replay(contract, history, upto=until, points=[since, until]).position
        earned = sum(
            (
                line.amount
                for one in end.booked
                if one.kind is LedgerEvent.INTEREST_ACCRUAL and one.day > since
                for line in one.lines
                if line.side is Side.CREDIT
            ),
            Decimal(0),
        )
        assert earned <= room
        if until == ever:
            # By the contract it would have run for years.
            assert earned == room


@pytest.mark.django_db
def test_elsewhere_interest_goes_on(dear: Loan) -> None:
    loan = dear
    Entity.objects.update(country="US")
    loan = Loan.objects.get(pk=loan.pk)

    _accrue(loan, date(2018, 1, 1))

    assert not AccountEvent.objects.exists()
    total = sum(row.interest for row in loan.instalments.all())
    assert factories.books(loan)["interest_receivable"] == total > loan.principal
