"""Whatever happens to an account, in whatever order it becomes known, what must hold holds."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from apps.repayments import replaying
from apps.repayments.account import Contract, Happened
from apps.repayments.allocation import Across, Order, Standing
from apps.repayments.facts import (
    Bucket,
    Change,
    Charge,
    Fact,
    Option,
    PartPrepayment,
    Payoff,
    Receipt,
    Refund,
    Waiver,
    WriteOff,
)
from apps.repayments.replaying import Account
from apps.repayments.tests.test_replaying import (
    END,
    PAID_OUT,
    balances,
    contract,
    money,
    require_sound,
    standing,
)
from apps.repayments.walking import Position
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import Method

cents = st.decimals("0.01", "30000", places=2)
days = st.integers(0, 420).map(lambda number: PAID_OUT + timedelta(days=number))
PLAIN = (Receipt, Charge, Waiver, Refund)


class AnyHistory(RuleBasedStateMachine):
    """An account that is paid, charged, changed and taken back on any day, in any order."""

    contract: Contract
    events: list[Happened]
    points: set[Any]
    number: int

    @initialize(
        method=st.sampled_from([Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL]),
        across=st.sampled_from(Across),
        upfront=st.sampled_from([Decimal(0), Decimal(750)]),
    )
    def lend(self, method: Method, across: Across, upfront: Decimal) -> None:
        orders = {Standing.STANDARD: Order(across=across)}
        self.contract = replace(
            contract(method=method), orders=orders, upfront={Bucket.FEE: upfront}
        )
        self.events, self.points, self.number = [], set(), 0

    def account(self, events: list[Happened] | None = None, **more: Any) -> Account:
        history = self.events if events is None else events
        return replaying.replay(self.contract, history, upto=END, points=self.points, **more)

    def enter(self, fact: Fact) -> None:
        """Enter a fact; what does not fit, or makes the rest impossible, is left out whole."""
        place = max((one.position for one in self.events if one.fact.day == fact.day), default=0)
        self.number += 1
        new = Happened(f"e{self.number}", place + 1, fact)
        try:
            after = self.account([*self.events, new], new=new.key)
        except TermsRefused:
            return
        before = standing(self.account())
        self.events.append(new)
        assert standing(self.account()) == standing(after)
        without = [one for one in self.events if one.key != new.key]
        assert standing(self.account(without)) == before

    @rule(day=days, amount=cents)
    def pay(self, day: Any, amount: Decimal) -> None:
        self.enter(money(Receipt, day, amount))

    @rule(
        day=days,
        amount=cents,
        bucket=st.sampled_from([Bucket.PENAL, Bucket.FEE, Bucket.TAX]),
        ahead=st.sampled_from([0, 12]),
    )
    def charge(self, day: Any, amount: Decimal, bucket: Bucket, ahead: int) -> None:
        due_on = day + timedelta(days=ahead)
        self.enter(Charge(day=day, amount=amount, bucket=bucket, code="x", due_on=due_on))

    @rule(day=days, amount=cents, bucket=st.sampled_from(Bucket))
    def waive(self, day: Any, amount: Decimal, bucket: Bucket) -> None:
        self.enter(Waiver(day=day, amount=amount, bucket=bucket, reason="Kind."))

    @rule(day=days, amount=cents)
    def give_back(self, day: Any, amount: Decimal) -> None:
        self.enter(money(Refund, day, amount))

    @rule(day=days, amount=cents, option=st.sampled_from(Option))
    def prepay(self, day: Any, amount: Decimal, option: Option) -> None:
        self.enter(money(PartPrepayment, day, amount + 10_000, option=option))

    @rule(day=days)
    def pay_off(self, day: Any) -> None:
        self.enter(money(Payoff, day, 140_000))

    @rule(day=days)
    def write_off(self, day: Any) -> None:
        self.enter(WriteOff(day=day, reason="Gone."))

    @rule(
        day=days,
        change=st.sampled_from(
            [
                ("rate_change", {"annual_rate": "0.15", "keeps": "term"}),
                ("rate_change", {"annual_rate": "0.10", "keeps": "instalment"}),
                ("moratorium", {"principal_free": 2, "extends": True}),
                ("moratorium", {"principal_free": 1, "interest_free": 1, "extends": False}),
                ("reschedule", {"instalments": 15}),
            ]
        ),
    )
    def change(self, day: Any, change: tuple[str, dict[str, Any]]) -> None:
        name, parameters = change
        self.enter(Change(day=day, change=name, parameters=parameters))

    @rule(day=days)
    def accrue(self, day: Any) -> None:
        before = balances(self.account())
        self.points.add(day)
        assert balances(self.account()) == before

    @precondition(lambda self: self.events)
    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        gone = data.draw(st.sampled_from(self.events))
        rest = [one for one in self.events if one.key != gone.key]
        try:
            self.account(rest)
        except TermsRefused:
            return
        self.events = rest

    @invariant()
    def holds(self) -> None:
        account = self.account()
        require_sound(account)
        for day in (PAID_OUT + timedelta(days=45), PAID_OUT + timedelta(days=200)):
            require_sound(
                replaying.replay(self.contract, self.events, upto=day, points=self.points)
            )

    @invariant()
    def going_on_is_the_same_as_from_the_start(self) -> None:
        """What only adds may be added to the position, as the quick way does."""
        ordered = sorted(self.events, key=lambda one: one.order)
        if not ordered or not isinstance(ordered[-1].fact, PLAIN):
            return
        last = ordered[-1]
        position = self._before(last)
        position.bring(last.fact.day, points=self.points)
        position.enter(last)
        position.bring(END, points=self.points)
        assert position.booked == self.account().position.booked

    def _before(self, last: Happened) -> Position:
        rest = [one for one in self.events if one.key != last.key]
        upto = max((one.fact.day for one in rest), default=PAID_OUT)
        return replaying.replay(self.contract, rest, upto=upto, points=self.points).position


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(max_examples=25, stateful_step_count=14, deadline=None)
