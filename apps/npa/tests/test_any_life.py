"""Whatever happens to a loan in its real books, what must hold holds; taken back, it never was."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F, Sum
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.accounts.models import User
from apps.core.errors import DomainError
from apps.ledger import services as ledger
from apps.ledger.models import Line
from apps.loans import services as loans
from apps.loans.models import Allocation, Disbursement, Instalment, Loan
from apps.loans.tests import factories as lending
from apps.npa.tests import day_factories as days
from apps.offers.tests import factories as offering
from apps.products.models import TaxRate
from apps.repayments import prepayment_charge, reading
from apps.repayments import services as repayments
from apps.repayments.account import Happened
from apps.repayments.facts import MONEY_IN, Bucket, Option
from apps.repayments.models import AccountEvent, ChargeAllocation, LoanAccount
from apps.repayments.replaying import CLASSIFIED
from apps.repayments.services import entering
from apps.repayments.tests import factories as repaying
from apps.servicing import selectors, services
from apps.servicing.tests import factories as servicing
from tests.kept import kept

pytestmark = pytest.mark.django_db
D, ZERO, TODAY, DAY = Decimal, Decimal(0), repaying.TODAY, timedelta(days=1)
CLERK = days.CLERK
WHY = "Entered by mistake"
# The day on which the rest of a loan is to be paid out; a night that sees it late puts it off.
REST_ON = TODAY + timedelta(days=30)

cents = st.decimals("0.01", "30000", places=2)
amounts = cents | st.sampled_from([D("9793.00"), D("29379.00"), D("60000.00"), D("190000.00")])
ago = st.sampled_from([0, 0, 0, 1, 4, 20, 45])
CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("reschedule", {"instalments": 30, "difficulty": True}),
    ("restructure", {"instalments": 18, "difficulty": True, "principal_free": 2}),
    ("rate_change", {"annual_rate": "0.11", "keeps": "shorter_term"}),
    ("rate_change", {"annual_rate": "0.21", "keeps": "smaller_instalment"}),
    ("moratorium", {"principal_free": 2, "interest_free": 1, "extends": True}),
]


@dataclass(frozen=True)
class Scene:
    """A loan of which nothing was paid out yet, and who works on it."""

    loan: Loan
    alice: User
    bob: User
    charlie: User


@pytest.fixture
@kept
def opened(stage: None, alice: User, bob: User) -> Loan:
    """A loan of 200,000 over 24 months at 16 %, that may be paid out in parts."""
    application = offering.approved(
        alice, conditions={"is_staged": True, "staged_clause": "Clause 4"}
    )
    agreed = lending.agreed(alice, application)
    return loans.open_loan(actor=alice, application=agreed, now=repaying.NOW)


class AnyLife(RuleBasedStateMachine):
    """A loan that is paid out, paid, charged, changed and taken back, night after night.

    What people enter is refused whole or leaves sound books. Nights, pay-outs and closed days are
    put down in `frame`: in the end all else is taken back, and the loan stands as where nothing but
    those had ever happened.
    """

    def __init__(self, scene: Scene) -> None:
        super().__init__()
        self.scene, self.key = scene, scene.loan.pk
        self.today, self.number = TODAY, 0
        self.has_ended = False
        self.frame: list[Callable[[], object]] = []
        self.is_broken = False
        self.whole = transaction.atomic()
        self.whole.__enter__()

    # --- helpers ----------------------------------------------------------------------------------
    @property
    def loan(self) -> Loan:
        """The loan as it is now."""
        return Loan.objects.select_related("branch__entity").get(pk=self.key)

    @property
    def now(self) -> Any:
        """The moment at which things are done today."""
        return repaying.at(self.today)

    def reference(self) -> str:
        """Return a reference that was never used."""
        self.number += 1
        return f"UTR{self.number:04}"

    def back(self, ago: int) -> date:
        """Return the day so many days ago, not before the loan."""
        return max(self.today - timedelta(days=ago), self.loan.disbursed_date or TODAY)

    def attempt(self, act: Callable[[], object], *, is_frame: bool = False) -> None:
        """Do something; where it is refused nothing has changed."""
        before, self.is_broken = servicing.state(), True
        try:
            with transaction.atomic():
                act()
        except DomainError:
            assert servicing.state() == before
        else:
            if is_frame:
                self.frame.append(act)
        self.is_broken = False

    def live(self) -> list[AccountEvent]:
        """Return what people entered that stands and goes back by itself, the first first."""
        rows = AccountEvent.objects.filter(loan=self.key, status="live", made_by__isnull=False)
        return [
            one
            for one in rows.order_by("day", "position").select_related("loan")
            if one.parameters.get("bucket") != Bucket.TAX or one.kind != "charge"
            if one.parameters.get("code") != prepayment_charge.CODE
        ]

    def undo(self, event: AccountEvent) -> None:
        """Take something back, each in the way it is taken back."""
        said: dict[str, Any] = {"event": event, "reason": WHY, "now": self.now}
        if event.kind == "charge":
            repayments.take_charge_back(actor=self.scene.charlie, **said)
        elif event.kind in selectors.CHANGES:
            services.undo(actor=self.scene.charlie, **said)
        else:
            repayments.take_back(actor=self.scene.charlie, **said)

    # --- money out --------------------------------------------------------------------------------
    @initialize(part=st.sampled_from([None, None, D(80_000), D(120_000)]))
    def disburse(self, part: Decimal | None) -> None:
        """Pay the loan out, whole or a part of it."""
        self.attempt(self._paying(part), is_frame=True)
        assert self.loan.status == "active"

    @precondition(lambda self: self.loan.status in ("active", "opened"))
    @rule()
    def pay_rest(self) -> None:
        """Pay out what was not: all of it where it came back."""
        self.attempt(self._paying(None), is_frame=True)

    @precondition(lambda self: self.loan.status == "active")
    @rule()
    def give_up_rest(self) -> None:
        """Give up what was not paid out: nobody takes that back."""
        now = self.now

        def act() -> None:
            loans.give_up_rest(
                actor=self.scene.bob, loan=self.loan, reason="He needs no more.", now=now
            )

        self.attempt(act, is_frame=True)

    @precondition(lambda self: self.loan.status == "active")
    @rule()
    def come_back(self) -> None:
        """Let the last payment come back from the bank."""
        day, now = self.today, self.now

        def act() -> None:
            paid = Disbursement.objects.filter(loan=self.key, status="paid")
            loans.reverse(
                actor=self.scene.charlie,
                disbursement=paid.order_by("tranche").last(),
                day=day,
                reason="The account is closed.",
                now=now,
            )

        self.attempt(act, is_frame=True)

    def _paying(self, part: Decimal | None) -> Callable[[], object]:
        day, now, reference = self.today, self.now, self.reference()

        def act() -> None:
            planned = {"planned_date": day, "amount": part, "reference": reference}
            if part is not None:
                planned["rest_planned_date"] = REST_ON
            loan = self.loan
            found = loans.request(
                actor=self.scene.alice, loan=loan, payment=lending.payment(loan, **planned), now=now
            )
            loans.approve(actor=self.scene.bob, disbursement=found, now=now)
            loans.confirm(
                actor=self.scene.bob,
                disbursement=found,
                paid_date=day,
                bank_reference=reference,
                now=now,
            )

        return act

    # --- money in ---------------------------------------------------------------------------------
    @rule(ago=ago, amount=amounts)
    def pay(self, ago: int, amount: Decimal) -> None:
        """Take money over the desk."""
        money = repayments.Money(
            number=self.loan.number,
            amount=amount,
            channel="cash",
            external_reference=self.reference(),
            day=self.back(ago),
        )
        self.attempt(lambda: repayments.take(actor=self.scene.alice, money=money, now=self.now))

    @rule(ago=ago, amount=amounts, option=st.sampled_from(Option))
    def prepay(self, ago: int, amount: Decimal, option: Option) -> None:
        """Take principal before its time."""
        money = servicing.money(
            self.back(ago), amount + 20_000, external_reference=self.reference()
        )
        self.attempt(
            lambda: services.prepay(
                actor=self.scene.alice, loan=self.loan, money=money, option=option, now=self.now
            )
        )

    @precondition(lambda self: self.loan.status == "active")
    @rule(ago=ago, more=st.sampled_from([D(0), D("12.34")]))
    def pay_off(self, ago: int, more: Decimal) -> None:
        """Take what ends the loan, or a little more."""
        day = self.back(ago)
        total = selectors.payoff_amount(self.loan, day) or D("80000.00")
        money = servicing.money(day, total + more, external_reference=self.reference())
        self.attempt(
            lambda: services.pay_off(
                actor=self.scene.alice, loan=self.loan, money=money, now=self.now
            )
        )

    @precondition(lambda self: self.loan.status == "written_off")
    @rule(ago=ago, amount=amounts)
    def recover(self, ago: int, amount: Decimal) -> None:
        """Take money on what was written off."""
        money = servicing.money(self.back(ago), amount, external_reference=self.reference())
        self.attempt(
            lambda: services.recover(
                actor=self.scene.alice, loan=self.loan, money=money, now=self.now
            )
        )

    # --- claims -----------------------------------------------------------------------------------
    @rule(
        ago=ago,
        amount=cents,
        bucket=st.sampled_from(["fee", "penal"]),
        notice=st.sampled_from([0, 9]),
    )
    def charge(self, ago: int, amount: Decimal, bucket: str, notice: int) -> None:
        """Ask for a fee, with the tax on it, or for a penal charge."""
        day = self.back(ago)
        asked = repayments.Asked(
            bucket=Bucket(bucket),
            code="visit",
            amount=amount / 10 if amount > 1 else amount,
            day=day,
            due_on=day + timedelta(days=notice),
            reason="A visit",
            consent="Signed on paper",
        )
        reference = f"charge:{self.loan.number}:{self.reference()}"
        self.attempt(
            lambda: repayments.charge(
                actor=self.scene.bob,
                loan=self.loan,
                asked=asked,
                reference=reference,
                now=self.now,
            )
        )

    @rule(
        amount=cents,
        what=st.sampled_from(
            ["interest", "principal", "penal", "fee", "tax", "refund", "write_off"]
        ),
    )
    def relieve(self, amount: Decimal, what: str) -> None:
        """Give up what is owed, or pay money back, by two people."""
        is_waiver = what not in ("refund", "write_off")
        relief = servicing.waiver(
            kind="waiver" if is_waiver else what,
            bucket=what if is_waiver else "",
            amount=amount,
            reference=self.reference(),
        )
        if what == "write_off":
            relief = replace(relief, amount=None)

        def act() -> None:
            proposal = services.propose(
                actor=self.scene.alice, loan=self.loan, relief=relief, now=self.now
            )
            services.approve(actor=self.scene.bob, proposal=proposal, now=self.now)

        self.attempt(act)

    @rule(change=st.sampled_from(CHANGES))
    def change(self, change: tuple[str, dict[str, Any]]) -> None:
        """Put another schedule in force."""
        kind, parameters = change
        self.attempt(
            lambda: services.change(
                actor=self.scene.charlie,
                loan=self.loan,
                kind=kind,
                parameters=parameters,
                reason="Lost his job",
                now=self.now,
            )
        )

    @precondition(lambda self: self.live())
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        """Take back anything that was entered."""
        events = self.live()
        event = events[data.draw(st.integers(0, len(events) - 1))]
        self.attempt(lambda: self.undo(event))

    # --- nights -----------------------------------------------------------------------------------
    @precondition(lambda self: not self.has_ended)
    @rule(nights=st.sampled_from([1, 3, 17, 31, 45]), closes=st.booleans())
    def accrue(self, nights: int, closes: bool) -> None:
        """Let time pass: the last night accrues it, and may close the books."""
        self.today += timedelta(days=nights)
        last, now = self.today - DAY, self.now

        def act() -> None:
            entity = self.loan.branch.entity
            repayments.accrue_day(actor=CLERK, entity=entity, day=last, now=now)
            if closes:
                ledger.close_day(actor=CLERK, entity=entity, day=last, now=now)

        self.attempt(act, is_frame=True)

    @precondition(lambda self: self.has_ended or self.loan.status == "active")
    @rule(nights=st.sampled_from([1, 1, 2]), closes=st.booleans())
    def end_days(self, nights: int, closes: bool) -> None:
        """Let days end: accrual, classes, provisions, suspense; their books may stay open."""
        for _night in range(nights):
            self.today += DAY
            self.attempt(self._ending(closes=closes), is_frame=True)
        self.has_ended = True

    def _ending(self, *, closes: bool) -> Callable[[], object]:
        day = self.today - DAY
        return lambda: days.end(self.loan, day, close=closes)

    # --- what holds -------------------------------------------------------------------------------
    @invariant()
    def holds(self) -> None:
        """The proofs are clean, and the account, the schedule and the ledger say the same."""
        self.is_broken = True
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        assert repaying.offenders() == []
        held = balances(self.key)
        assert held.get("principal", ZERO) >= 0
        for account, side in HELD.items():
            assert held.get(account, ZERO) * side >= 0, account
        went = allocated(Allocation.objects.filter(instalment__loan=self.key), "instalment")
        for row in Instalment.objects.filter(loan=self.key):
            for name in ("principal", "interest", "fee"):
                paid = getattr(row, f"paid_{name}")
                assert went.get((row.pk, name), ZERO) == paid
                assert 0 <= paid <= getattr(row, name)
        went = allocated(ChargeAllocation.objects.filter(loan=self.key), "charge")
        for one in AccountEvent.objects.filter(loan=self.key, kind="charge"):
            bucket = one.parameters["bucket"]
            assert went.get((one.pk, bucket), ZERO) == one.settled <= (one.amount or ZERO)
        self._account(held)
        self.is_broken = False

    def _account(self, held: dict[str, Decimal]) -> None:
        account = LoanAccount.objects.filter(pk=self.key).first()
        if account is None:
            return
        assert -held.get("advances", ZERO) == account.advances
        if self.loan.status == "active":
            owed = Instalment.objects.filter(loan=self.key, in_force=True).aggregate(
                left=Sum(F("principal") - F("paid_principal"))
            )
            paid_out = Disbursement.objects.filter(loan=self.key, status="paid")
            out = paid_out.aggregate(sum=Sum("amount"))["sum"]
            # The schedule has what is still to be paid out, too.
            assert owed["left"] == held.get("principal", ZERO) + self.loan.lent - out

    # --- the end ----------------------------------------------------------------------------------
    def teardown(self) -> None:
        """Take all back: the loan stands as if nothing but nights and pay-outs had been."""
        try:
            if not self.is_broken:
                self._end()
        finally:
            transaction.set_rollback(True)
            self.whole.__exit__(None, None, None)

    def _end(self) -> None:
        while events := self.live():
            self.undo(events[-1])
            self.holds()
        assert not AccountEvent.objects.filter(
            loan=self.key, status="live", kind__in=[one.value for one in MONEY_IN]
        )
        last = self._last_night()
        last()
        found = self._standing()
        assert repaying.offenders() == []
        assert found == self._twin(last)

    def _last_night(self) -> Callable[[], object]:
        self.today += DAY
        if self.has_ended:
            return self._ending(closes=False)
        day, now = self.today - DAY, self.now
        return lambda: repayments.accrue_day(
            actor=CLERK, entity=self.loan.branch.entity, day=day, now=now
        )

    def _twin(self, last: Callable[[], object]) -> dict[str, Any]:
        """Return how the loan stands where only time passed and money went out."""
        transaction.set_rollback(True)
        self.whole.__exit__(None, None, None)
        self.whole = transaction.atomic()
        self.whole.__enter__()
        for act in [*self.frame, last]:
            act()
        return self._standing()

    def _standing(self) -> dict[str, Any]:
        """Return how the loan stands, and when it last moved on but for the classes nights gave it.

        A class that a night gave stays in the history when what led to it is taken back: the
        account moved on that day, and must say so. Whoever reads `moved_on` asks whether something
        happened after a day, to replay up to it, or before the last that did, to replay from there:
        with the class left out the order of allocation would be another than the night found.
        """
        found = repaying.standing(self.loan)
        history = reading.happened(self.loan)
        assert found["account"].pop("moved_on", None) == self._moved_on(history)
        others = [one for one in history if getattr(one.fact, "change", "") != CLASSIFIED]
        return {**found, "moved_on": self._moved_on(others), "lent": self.loan.lent}

    def _moved_on(self, history: list[Happened]) -> date | None:
        account = LoanAccount.objects.filter(pk=self.key).first()
        if account is None:
            return None
        return entering.replay(self.loan, account, history).position.moved_on


# What a loan holds on each account is on this side of it.
HELD = {
    "principal": 1,
    "interest_receivable": 1,
    "fees_receivable": 1,
    "penal_receivable": 1,
    "tax_receivable": 1,
    "advances": -1,
    "interest_suspense": -1,
    "provisions": -1,
}


def balances(key: Any) -> dict[str, Decimal]:
    """Return what a loan's lines come to, account by account."""
    rows = Line.objects.filter(loan_id=key).order_by().values_list("account")
    return {name: sum_ for name, sum_ in rows.annotate(sum=Sum(F("debit") - F("credit"))) if sum_}


def allocated(rows: Any, what: str) -> dict[tuple[Any, str], Decimal]:
    """Return what was allocated to each thing, by its key and bucket."""
    sums = rows.order_by().values_list(what, "bucket").annotate(sum=Sum("amount"))
    return {(key, bucket): amount for key, bucket, amount in sums}


def test_any_life_of_a_loan_keeps_its_books_and_is_taken_back_whole(
    opened: Loan, alice: User, bob: User, charlie: User
) -> None:
    days.rules()
    TaxRate.objects.create(
        entity=opened.branch.entity,
        code="gst",
        name="GST",
        rate=D("0.18"),
        effective_from=TODAY - DAY,
    )
    scene = Scene(opened, alice, bob, charlie)
    is_long = settings.get_current_profile_name() == "long"
    # What this finds is told as it was found; the long one makes it small.
    short = settings(
        max_examples=4,
        stateful_step_count=10,
        deadline=None,
        phases=[Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(
        lambda: AnyLife(scene), settings=settings.default if is_long else short
    )
