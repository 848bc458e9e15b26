"""What a quote says is, to the smallest unit, what then closes the loan."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from apps.ledger.chart import Account
from apps.repayments import payoff, replaying
from apps.repayments.account import Contract, Happened
from apps.repayments.facts import Bucket, Change, Charge, Fact, PartPrepayment, Payoff, Receipt
from apps.repayments.payoff import Quote
from apps.schedules import building
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import DayCount, Fee, FeeTiming, Grace, Method, Terms

D = Decimal
START = date(2026, 1, 15)


def _contract(**changes: Any) -> Contract:
    values: dict[str, Any] = {
        "principal": D(120_000),
        "currency": "INR",
        "annual_rate": D("0.12"),
        "instalments": 12,
        "disbursed_on": START,
        **changes,
    }
    terms = Terms(**values)
    return Contract(terms=terms, rows=building.build(terms).rows, paid_out_on=terms.disbursed_on)


def _history(*facts: Fact) -> list[Happened]:
    return [Happened(f"e{place}", place, fact) for place, fact in enumerate(facts)]


def _receipt(day: date, amount: Decimal) -> Receipt:
    return Receipt(day=day, amount=amount, channel="bank", external_reference="r")


def _quote(contract: Contract, history: list[Happened], day: date) -> Quote:
    account = replaying.replay(contract, history, upto=day)
    return payoff.quote(account.position, day)


def _paid_off(
    contract: Contract, history: list[Happened], quote: Quote, amount: Decimal, charge: Decimal
) -> replaying.Account:
    day = quote.day
    facts: list[Fact] = []
    if charge:
        facts.append(
            Charge(day=day, amount=charge, bucket=Bucket.FEE, code="prepayment", due_on=day)
        )
    facts.append(Payoff(day=day, amount=amount, channel="bank", external_reference="p"))
    place = len(history)
    added = [Happened(f"p{number}", place + number, one) for number, one in enumerate(facts)]
    return replaying.replay(contract, [*history, *added], upto=day, new=added[-1].key)


def test_on_a_due_date_it_is_the_instalment_and_the_principal_after_it() -> None:
    contract = _contract()
    row = contract.rows[3]

    quote = _quote(contract, _history(), row.due_on)

    assert quote.early_principal == row.closing
    assert quote.earned == 0
    assert quote.due[Bucket.INTEREST] == sum(one.interest for one in contract.rows[:4])
    assert quote.total == sum(one.instalment for one in contract.rows[:4]) + row.closing


def test_within_a_period_the_interest_to_the_day_is_asked_for() -> None:
    contract = _contract()
    paid = sum((row.instalment for row in contract.rows[:3]), D(0))
    history = _history(_receipt(date(2026, 4, 15), paid))

    quote = _quote(contract, history, date(2026, 4, 25))

    assert (quote.early_principal, quote.earned) == (D("91329.65"), D("304.43"))
    assert quote.total == D("91634.08")
    assert (quote.principal, quote.interest, quote.charges) == (
        D("91329.65"),
        D("304.43"),
        0,
    )


def test_what_was_paid_ahead_counts_and_a_charge_comes_on_top() -> None:
    contract = _contract()
    paid = sum((row.instalment for row in contract.rows[:3]), D(1_000))
    history = _history(_receipt(date(2026, 4, 15), paid))

    quote = _quote(contract, history, date(2026, 4, 25))
    with_charge = replace(quote, charge=D("1826.59"))

    assert quote.advances == 1_000
    assert quote.total == D("90634.08")
    assert with_charge.total == D("92460.67")
    after = _paid_off(contract, history, quote, with_charge.total, D("1826.59"))
    assert after.position.is_settled
    assert after.position.advances == 0


def test_less_than_the_quote_does_not_close_the_loan() -> None:
    contract = _contract()
    quote = _quote(contract, _history(), date(2026, 4, 25))

    with pytest.raises(TermsRefused) as refusal:
        _paid_off(contract, _history(), quote, quote.total - D("0.01"), D(0))

    assert refusal.value.code == "less_than_payoff"


def test_it_asks_for_the_account_of_its_day() -> None:
    account = replaying.replay(_contract(), [], upto=date(2026, 4, 25))

    with pytest.raises(ValueError, match="stands at"):
        payoff.quote(account.position, date(2026, 4, 26))


def test_a_contract_whose_interest_joins_the_principal_has_no_account() -> None:
    contract = _contract(grace=Grace(principal=3, interest=3, capitalised=True))

    with pytest.raises(ValueError, match="joins its principal"):
        replaying.replay(contract, [], upto=START)


@st.composite
def _changes(draw: st.DrawFn, day: date) -> Change:
    code = draw(st.sampled_from(["rate_change", "moratorium", "reschedule", "due_date_change"]))
    parameters: dict[str, dict[str, Any]] = {
        "rate_change": {"annual_rate": str(D(draw(st.integers(1, 40))) / 100)},
        "moratorium": {
            "principal_free": 2,
            "interest_free": draw(st.sampled_from([0, 2])),
            "extends": True,
        },
        "reschedule": {"instalments": draw(st.integers(2, 36))},
        "due_date_change": {"first_due_on": (day + timedelta(days=20)).isoformat()},
    }
    return Change(day=day, change=code, parameters=parameters[code], reason="Agreed")


@st.composite
def _loans(draw: st.DrawFn) -> tuple[Contract, list[Happened], date]:
    method = draw(
        st.sampled_from(
            [Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL, Method.FLAT, Method.INTEREST_ONLY]
        )
    )
    fee = Fee("service", D(draw(st.integers(0, 5_000))) / 100, FeeTiming.EACH_INSTALMENT)
    try:
        contract = _contract(
            principal=D(draw(st.integers(1_000_000, 90_000_000))) / 100,
            annual_rate=D(draw(st.integers(0, 40))) / 100,
            instalments=draw(st.integers(3, 24)),
            method=method,
            day_count=draw(st.sampled_from(list(DayCount))),
            fees=(fee,) if fee.amount else (),
        )
    except TermsRefused:
        reject()
    facts: list[Fact] = []
    day = START
    for _number in range(draw(st.integers(0, 5))):
        day += timedelta(days=draw(st.integers(0, 45)))
        amount = D(draw(st.integers(1, 3_000_000))) / 100
        kind = draw(st.sampled_from(["receipt", "receipt", "prepayment", "charge", "change"]))
        if kind == "receipt":
            facts.append(_receipt(day, amount))
        elif kind == "prepayment":
            facts.append(
                PartPrepayment(day=day, amount=amount, channel="bank", external_reference="q")
            )
        elif kind == "change":
            facts.append(draw(_changes(day)))
        else:
            facts.append(
                Charge(
                    day=day,
                    amount=amount,
                    bucket=draw(st.sampled_from([Bucket.PENAL, Bucket.FEE])),
                    code="bounce",
                    due_on=day + timedelta(days=draw(st.integers(0, 20))),
                )
            )
    return contract, _history(*facts), day + timedelta(days=draw(st.integers(0, 60)))


def _interest(account: replaying.Account) -> Decimal:
    """Return the interest that was booked as earned."""
    lines = [line for entry in account.position.booked for line in entry.lines]
    return -sum((one.signed for one in lines if one.account == Account.INTEREST_INCOME), D(0))


def _interest_settled(account: replaying.Account) -> Decimal:
    """Return the interest that payments went to."""
    parts = [part for entry in account.position.booked for part in entry.parts]
    return sum((part.amount for part in parts if part.bucket == Bucket.INTEREST), D(0))


@settings(max_examples=200, deadline=None)
@given(loan=_loans(), charge=st.integers(0, 100_000))
def test_the_quote_is_what_closes_the_loan(
    loan: tuple[Contract, list[Happened], date], charge: int
) -> None:
    contract, history, day = loan
    try:
        quote = replace(_quote(contract, history, day), charge=D(charge) / 100)
    except TermsRefused:
        reject()
    if not quote.total:
        reject()

    after = _paid_off(contract, history, quote, quote.total, quote.charge)

    assert after.position.is_settled
    assert after.position.advances == 0
    assert after.position.principal() == 0
    for entry in after.position.booked:
        assert sum((line.signed for line in entry.lines), D(0)) == 0
    income, expected = _interest(after), _interest_settled(after)
    assert income == expected
