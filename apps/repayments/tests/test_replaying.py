"""The account follows from the history: the same history, the same account."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.ledger.chart import Account as Chart
from apps.ledger.lines import problem
from apps.repayments import replaying
from apps.repayments.account import RECEIVABLE, Contract, Happened
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
    amount_of,
    from_row,
)
from apps.repayments.replaying import Account
from apps.schedules import building
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import Fee, FeeTiming, Terms

PAID_OUT = date(2026, 1, 10)
END = date(2027, 6, 30)
ZERO = Decimal(0)


def contract(**changes: Any) -> Contract:
    """Return a contract of 120,000 over 12 months at 12 %."""
    values: dict[str, Any] = {
        "principal": Decimal(120_000),
        "currency": "INR",
        "annual_rate": Decimal("0.12"),
        "instalments": 12,
        "disbursed_on": PAID_OUT,
        **changes,
    }
    terms = Terms(**values)
    return Contract(terms=terms, rows=building.build(terms).rows, paid_out_on=PAID_OUT)


def told(facts: Sequence[Fact]) -> list[Happened]:
    """Return facts as they are kept: each in its place of its day, in the order given."""
    places: dict[date, int] = {}
    found = []
    for number, fact in enumerate(facts):
        places[fact.day] = places.get(fact.day, 0) + 1
        found.append(Happened(f"e{number}", places[fact.day], fact))
    return found


def money(kind: type[Any], day: date, amount: object, **more: Any) -> Any:
    """Return money that changed hands."""
    return kind(
        day=day, amount=Decimal(str(amount)), channel="cash", external_reference="R", **more
    )


def balances(account: Account, *, lent: bool = True) -> dict[Chart, Decimal]:
    """Return what the entries make of the loan's accounts, with the pay-out."""
    found = {Chart.PRINCIPAL: account.contract.terms.lent if lent else ZERO}
    for bucket, amount in account.contract.upfront.items():
        found[RECEIVABLE[bucket]] = amount
    for booked in account.position.booked:
        for line in booked.lines:
            found[line.account] = found.get(line.account, ZERO) + line.signed
    return {chart: amount for chart, amount in found.items() if amount}


def require_sound(account: Account) -> None:
    """Assert what holds of every account, whatever happened."""
    position = account.position
    held = balances(account)
    for booked in position.booked:
        assert problem(booked.lines, account.contract.currency) is None
    assert len({(one.kind, one.day, one.key) for one in position.booked}) == len(position.booked)
    assert all(claim.total > 0 for claim in position.due)
    assert all(left >= 0 for claim in position.due for left in claim.left.values())
    assert position.advances >= 0
    assert position.unbilled >= 0
    assert held.get(Chart.PRINCIPAL, ZERO) == position.principal()
    assert -held.get(Chart.ADVANCES, ZERO) == position.advances
    owed = position.owed()
    ahead = [claim for claim in position.ahead if not claim.is_row]
    for bucket in (Bucket.PENAL, Bucket.TAX, Bucket.FEE):
        asked = sum((claim.left.get(bucket, ZERO) for claim in ahead), ZERO)
        assert held.get(RECEIVABLE[bucket], ZERO) == owed[bucket] + asked
    assert held.get(Chart.INTEREST_RECEIVABLE, ZERO) == owed[Bucket.INTEREST] + position.unbilled
    # Money ahead of its time waits only while nothing is due.
    assert not (position.advances and position.due)
    planned = sum((row.principal for row in account.in_force.owed()), ZERO)
    paid = sum(
        (
            part.amount
            for booked in position.booked
            for part in booked.parts
            if part.bucket == Bucket.PRINCIPAL and part.key[0] == account.in_force.number
        ),
        ZERO,
    )
    assert planned - paid == position.principal()


def standing(account: Account) -> Any:
    """Return how an account stands, without the names of what happened."""
    position = account.position
    return (
        position.owed(),
        position.advances,
        position.unbilled,
        position.standing,
        position.moved_on,
        balances(account),
        [(row.due_on, row.principal, row.interest) for row in account.in_force.owed()],
    )


def test_interest_of_a_row_is_earned_by_its_due_date_and_principal_paid_when_due() -> None:
    terms = contract()
    first = terms.rows[0]

    account = replaying.replay(
        terms, told([money(Receipt, first.due_on, first.instalment)]), upto=first.due_on
    )

    assert balances(account) == {
        Chart.PRINCIPAL: Decimal(120_000) - first.principal,
        Chart.INTEREST_INCOME: -first.interest,
        Chart.CASH: first.instalment,
    }


def test_what_is_ahead_of_its_time_waits_and_is_applied_on_the_day() -> None:
    terms = contract()
    first = terms.rows[0]
    paid = told([money(Receipt, PAID_OUT + timedelta(days=3), first.instalment)])

    before = replaying.replay(terms, paid, upto=first.due_on - timedelta(days=1))
    after = replaying.replay(terms, paid, upto=first.due_on)

    assert (before.position.advances, before.position.owed()[Bucket.PRINCIPAL]) == (
        first.instalment,
        ZERO,
    )
    assert after.position.advances == ZERO
    assert after.position.principal() == Decimal(120_000) - first.principal


def test_booking_interest_in_between_changes_no_later_balance() -> None:
    terms = contract()
    days = [PAID_OUT + timedelta(days=number) for number in range(1, 200, 7)]

    plain = replaying.replay(terms, [], upto=END)
    often = replaying.replay(terms, [], upto=END, points=days)

    assert balances(plain) == balances(often)
    require_sound(replaying.replay(terms, [], upto=days[-1], points=days))


@pytest.mark.parametrize("option", list(Option))
def test_a_part_prepayment_makes_the_rest_smaller_and_every_day_after_adds_up(
    option: Option,
) -> None:
    terms = contract()
    second = terms.rows[1]
    day = second.due_on + timedelta(days=9)
    paid = told(
        [
            money(Receipt, terms.rows[0].due_on, terms.rows[0].instalment),
            money(PartPrepayment, day, 50_000, option=option),
        ]
    )

    account = replaying.replay(terms, paid, upto=day)

    require_sound(account)
    due = second.instalment
    assert account.position.principal() == Decimal(120_000) - (
        terms.rows[0].principal + second.principal + Decimal(50_000) - due
    )
    assert account.position.owed() == dict.fromkeys(Bucket, ZERO)
    assert len(account.generations) == 2
    end = replaying.replay(terms, paid, upto=END)
    require_sound(end)
    assert end.position.unbilled == ZERO


def test_a_payoff_ends_the_loan_with_the_interest_up_to_the_day() -> None:
    terms = contract()
    day = terms.rows[2].due_on + timedelta(days=14)
    before = replaying.replay(terms, [], upto=day, points=[day])
    owed = sum(before.position.owed().values(), ZERO) + before.position.unbilled
    owed += sum(claim.left[Bucket.PRINCIPAL] for claim in before.position.ahead)

    account = replaying.replay(terms, told([money(Payoff, day, owed)]), upto=END, new="e0")

    require_sound(account)
    assert account.position.is_settled
    assert set(balances(account)) == {Chart.CASH, Chart.INTEREST_INCOME}
    with pytest.raises(TermsRefused):
        replaying.replay(
            terms, told([money(Payoff, day, owed - Decimal("0.01"))]), upto=END, new="e0"
        )


def test_a_write_off_takes_all_off_the_books_and_what_comes_after_is_recovered() -> None:
    terms = contract()
    day = terms.rows[2].due_on + timedelta(days=14)
    lost = told([WriteOff(day=day, reason="Gone."), money(Receipt, day + timedelta(days=9), 5_000)])

    account = replaying.replay(terms, lost, upto=END)

    require_sound(account)
    held = balances(account)
    assert held[Chart.RECOVERY_INCOME] == Decimal(-5_000)
    assert Chart.PRINCIPAL not in held
    assert Chart.INTEREST_RECEIVABLE not in held
    assert account.position.written_off == held[Chart.WRITE_OFF_EXPENSE]
    assert account.position.standing == Standing.WRITTEN_OFF


@pytest.mark.parametrize("kind", [Receipt, PartPrepayment, Payoff])
def test_whatever_money_is_called_on_a_loan_that_was_written_off_it_is_recovered(kind: Any) -> None:
    terms = contract()
    day = terms.rows[2].due_on + timedelta(days=14)
    lost = told([WriteOff(day=day, reason="Gone."), money(kind, day + timedelta(days=9), 500_000)])

    account = replaying.replay(terms, lost, upto=END)

    require_sound(account)
    position = account.position
    assert position.recovered == position.written_off > 0
    assert position.advances == 500_000 - position.written_off


def test_fees_of_instalments_are_asked_for_when_they_fall_due() -> None:
    terms = contract(fees=(Fee("service", Decimal(50), FeeTiming.EACH_INSTALMENT),))
    first = terms.rows[0]

    account = replaying.replay(
        terms, told([money(Receipt, first.due_on, first.instalment)]), upto=first.due_on
    )

    require_sound(account)
    assert balances(account)[Chart.FEE_INCOME] == Decimal(-50)


def test_what_was_owed_beside_the_principal_is_paid_first() -> None:
    terms = replace(contract(), upfront={Bucket.FEE: Decimal(500), Bucket.TAX: Decimal(90)})

    account = replaying.replay(terms, told([money(Receipt, PAID_OUT, 550)]), upto=PAID_OUT)

    assert account.position.owed()[Bucket.TAX] == Decimal(40)
    assert account.position.owed()[Bucket.FEE] == ZERO


def test_a_class_of_its_own_has_an_order_of_its_own() -> None:
    order = Order(
        (Bucket.PRINCIPAL, Bucket.INTEREST, Bucket.FEE, Bucket.TAX, Bucket.PENAL), Across.VERTICAL
    )
    terms = replace(contract(), orders={Standing.NPA: order})
    day = terms.rows[2].due_on
    history = told(
        [
            Change(day=day, change="classified", parameters={"to": "npa"}),
            money(Receipt, day, 1_000),
        ]
    )

    account = replaying.replay(terms, history, upto=day)

    [booked] = [one for one in account.position.booked if one.event == "e1"]
    assert [part.bucket for part in booked.parts] == [Bucket.PRINCIPAL]


# --- properties ---------------------------------------------------------------------------------
cents = st.decimals("0.01", "30000", places=2)
days = st.integers(0, 400).map(lambda number: PAID_OUT + timedelta(days=number))


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    """What may happen on an account whose schedule stays."""
    day, amount = draw(days), draw(cents)
    kind = draw(st.sampled_from(["receipt", "receipt", "receipt", "charge", "waiver"]))
    if kind == "receipt":
        return money(Receipt, day, amount)
    if kind == "charge":
        later = day + timedelta(days=draw(st.integers(0, 20)))
        bucket = draw(st.sampled_from([Bucket.PENAL, Bucket.FEE, Bucket.TAX]))
        return Charge(day=day, amount=amount, bucket=bucket, code="x", due_on=later)
    bucket = draw(st.sampled_from(list(Bucket)))
    return Waiver(day=day, amount=amount, bucket=bucket, reason="Kind.")


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """A history, sometimes with what changes the schedule."""
    found = draw(st.lists(facts(), max_size=10))
    day = draw(days)
    more = draw(
        st.sampled_from(
            [
                None,
                WriteOff(day=day, reason="Gone."),
                money(PartPrepayment, day, 20_000, option=Option.SHORTER_TERM),
                money(PartPrepayment, day, 20_000, option=Option.SMALLER_INSTALMENT),
                money(Payoff, day, 130_000),
            ]
        )
    )
    return found if more is None else [*found, more]


def attempt(history: list[Happened], **more: Any) -> Account | None:
    """Return the account of a history; None where something of it is not possible."""
    try:
        return replaying.replay(CONTRACT, history, upto=END, **more)
    except TermsRefused:
        return None


CONTRACT = contract()


@settings(max_examples=150, deadline=None)
@given(histories())
def test_every_history_leaves_the_account_sound(history: list[Fact]) -> None:
    account = attempt(told(history))

    if account is not None:
        require_sound(account)


@settings(max_examples=100, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_in_which_it_became_known_makes_no_difference(
    history: list[Fact], dice: random.Random
) -> None:
    events = told(history)
    mixed = list(events)
    dice.shuffle(mixed)

    one, other = attempt(events), attempt(mixed)

    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.position.booked == other.position.booked
        assert standing(one) == standing(other)


@settings(max_examples=100, deadline=None)
@given(histories(), facts())
def test_what_is_taken_back_is_as_if_it_had_not_happened(history: list[Fact], more: Fact) -> None:
    events = told([*history, more])
    without = attempt(events[:-1])

    again = attempt([one for one in events if one.key != events[-1].key])

    assert (without is None) == (again is None)
    if without is not None and again is not None:
        assert standing(without) == standing(again)


@settings(max_examples=100, deadline=None)
@given(histories(), st.lists(days, max_size=8))
def test_days_on_which_interest_was_booked_change_no_balance_at_the_end(
    history: list[Fact], points: list[date]
) -> None:
    plain, often = attempt(told(history)), attempt(told(history), points=points)

    assert (plain is None) == (often is None)
    if plain is not None and often is not None:
        assert balances(plain) == balances(often)


@given(facts())
def test_a_fact_is_kept_and_read_back_the_same(fact: Fact) -> None:
    parameters = fact.to_parameters()

    assert from_row(fact.kind.value, fact.day, amount_of(fact), parameters) == fact


def test_more_is_not_given_back_than_was_paid_ahead() -> None:
    day = PAID_OUT + timedelta(days=5)
    ahead = [money(Receipt, day, 100), money(Refund, day, 60)]

    account = replaying.replay(CONTRACT, told(ahead), upto=day)

    assert account.position.advances == Decimal(40)
    with pytest.raises(TermsRefused):
        replaying.replay(CONTRACT, told([*ahead, money(Refund, day, 41)]), upto=day)
