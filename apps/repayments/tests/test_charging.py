"""Fees and charges: told before or agreed to, taxed, paid in their place, taken back whole."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import User
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.ledger.models import Entry
from apps.loans.models import Loan
from apps.products.models import TaxRate
from apps.repayments import selectors, services
from apps.repayments.facts import Bucket
from apps.repayments.models import AccountEvent
from apps.repayments.services import Asked
from apps.repayments.tests import factories

pytestmark = pytest.mark.django_db
DAY = factories.later(5)


def _asked(**changes: Any) -> Asked:
    values: dict[str, Any] = {
        "code": "bounce",
        "amount": Decimal("500.00"),
        "day": DAY,
        "due_on": DAY,
        "reason": "The bank returned the debit",
    }
    return Asked(**{**values, **changes})


def _charge(actor: User, loan: Loan, *, reference: str = "c-1", **changes: Any) -> AccountEvent:
    return services.charge(
        actor=actor,
        loan=loan,
        asked=_asked(**changes),
        reference=reference,
        now=factories.at(DAY),
    )


def _taxed(loan: Loan, rate: str = "0.18") -> None:
    TaxRate.objects.create(
        entity=loan.branch.entity,
        code="gst",
        name="Goods and services tax",
        rate=Decimal(rate),
        effective_from=date(2017, 7, 1),
    )


def test_it_asks_for_a_fee_with_the_tax_on_it(charlie: User, lent: Loan) -> None:
    _taxed(lent)
    before = factories.books(lent)

    event = _charge(charlie, lent)

    books = factories.books(lent)
    assert books["fees_receivable"] == books["fee_income"] - before["fee_income"] == Decimal(500)
    taxes = books["tax_payable"] - before.get("tax_payable", Decimal(0))
    assert books["tax_receivable"] == taxes == Decimal(90)
    assert (event.parameters["basis"], event.reason) == ({}, "The bank returned the debit")
    tax = AccountEvent.objects.get(parameters__code="gst")
    assert tax.parameters["basis"] == {"on": str(event.pk), "rate": "0.180000"}
    assert factories.offenders() == []


def test_it_asks_once_under_one_reference(charlie: User, lent: Loan) -> None:
    _taxed(lent)

    assert _charge(charlie, lent) == _charge(charlie, lent)

    assert AccountEvent.objects.count() == 2
    with pytest.raises(Conflict):
        _charge(charlie, lent, amount=Decimal(400))


def test_rule_6_6_t2_a_fee_that_was_not_told_needs_explicit_consent(
    charlie: User, lent: Loan
) -> None:
    with pytest.raises(DomainError) as refusal:
        _charge(charlie, lent, code="documentation")
    assert refusal.value.code == "not_in_key_facts"
    with pytest.raises(DomainError) as above:
        _charge(charlie, lent, amount=Decimal("500.01"))
    assert above.value.code == "above_key_facts"
    assert not AccountEvent.objects.exists()
    assert not Entry.objects.filter(event="fee").exists()

    event = _charge(
        charlie, lent, code="documentation", consent="Signed request of 24 November 2026"
    )

    assert event.words["consent"] == "Signed request of 24 November 2026"


def test_rule_6_8_a_penal_charge_is_no_interest_and_bears_no_tax(charlie: User, lent: Loan) -> None:
    _taxed(lent)

    _charge(charlie, lent, bucket=Bucket.PENAL, code="insurance_lapsed", consent="Clause 12")

    books = factories.books(lent)
    assert books["penal_receivable"] == books["penal_income"] == Decimal(500)
    assert "tax_receivable" not in books
    assert books["principal"] == lent.principal


def test_a_charge_taken_back_takes_its_tax_along_and_frees_what_was_paid(
    alice: User, charlie: User, lent: Loan
) -> None:
    _taxed(lent)
    before = factories.books(lent)
    event = _charge(charlie, lent)
    factories.pay(alice, lent, DAY, 590)
    assert "fees_receivable" not in factories.books(lent)

    services.take_charge_back(
        actor=charlie, event=event, reason="The bank was wrong", now=factories.at(DAY)
    )

    books = factories.books(lent)
    assert books["advances"] == Decimal(590)
    assert {name: books[name] for name in before if name != "cash"} == {
        name: before[name] for name in before if name != "cash"
    }
    assert set(AccountEvent.objects.filter(kind="charge").values_list("status", flat=True)) == {
        "reversed"
    }
    assert factories.offenders() == []


def test_what_being_late_costs_and_a_tax_alone_are_not_taken_back(
    charlie: User, lent: Loan
) -> None:
    _taxed(lent)
    _charge(charlie, lent)
    due = factories.due_dates(lent)[0]
    late = due + (DAY - factories.TODAY)
    services.accrue_day(
        actor="system:tests", entity=lent.branch.entity, day=late, now=factories.at(late)
    )

    for code, refused in (("late_payment", "computed_charge"), ("gst", "tax_alone")):
        event = AccountEvent.objects.get(parameters__code=code)
        with pytest.raises(Conflict) as refusal:
            services.take_charge_back(
                actor=charlie, event=event, reason="Not right", now=factories.at(late)
            )
        assert refusal.value.code == refused
    assert not AccountEvent.objects.filter(status="reversed").exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"reason": "  "}, "reason", id="no-reason"),
        pytest.param({"reason": " debits.bounced:DD1"}, "reason", id="a-code-of-the-system"),
        pytest.param({"amount": Decimal(0)}, "amount", id="nothing"),
        pytest.param({"amount": Decimal("1.005"), "consent": "Yes"}, "amount", id="fractions"),
        pytest.param({"bucket": Bucket.PRINCIPAL}, "bucket", id="principal"),
        pytest.param({"code": "late_payment"}, "code", id="computed"),
        pytest.param({"due_on": factories.later(4)}, "due_on", id="owed-before"),
        pytest.param({"due_on": DAY + timedelta(days=367)}, "due_on", id="owed-in-years"),
        pytest.param({"day": factories.later(6), "due_on": factories.later(6)}, "day", id="ahead"),
    ],
)
def test_it_refuses_what_cannot_be_asked_for(
    changes: dict[str, Any], field: str, charlie: User, lent: Loan
) -> None:
    with pytest.raises(DomainError) as refusal:
        _charge(charlie, lent, **changes)

    assert field in refusal.value.fields
    assert not AccountEvent.objects.exists()


@pytest.mark.parametrize("typed", ["debits.returned:payer_refused", " debits.bounced:DD1 "])
def test_nobody_types_a_reason_of_the_system(charlie: User, lent: Loan, typed: str) -> None:
    event = _charge(charlie, lent, reason="debits: it bounced")

    with pytest.raises(DomainError) as refusal:
        services.take_charge_back(actor=charlie, event=event, reason=typed, now=factories.at(DAY))

    assert list(refusal.value.fields) == ["reason"]
    event.refresh_from_db()
    assert (event.status, event.reason) == ("live", "debits: it bounced")


def test_only_who_may_asks_for_charges(alice: User, bob: User, charlie: User, lent: Loan) -> None:
    for person in (alice, bob):
        with pytest.raises(NotPermitted):
            _charge(person, lent)
    event = _charge(charlie, lent)
    with pytest.raises(NotPermitted):
        services.take_charge_back(
            actor=alice, event=event, reason="Not right", now=factories.at(DAY)
        )

    assert AccountEvent.objects.get().status == "live"


def _accrued(loan: Loan, *days: int) -> None:
    for number in days:
        services.accrue_day(
            actor="system:tests",
            entity=loan.branch.entity,
            day=factories.later(number),
            now=factories.at(factories.later(number)),
        )


def test_a_day_on_which_a_fee_falls_due_keeps_its_interest_when_history_is_replayed(
    alice: User, charlie: User, lent: Loan
) -> None:
    _charge(charlie, lent, due_on=factories.later(8))
    _accrued(lent, *range(5, 11))
    assert factories.offenders() == []
    before = factories.books(lent)

    bounced = factories.pay(alice, lent, factories.later(9), 100, now=factories.at(_late()))
    services.take_back(
        actor=charlie, event=bounced, reason="It bounced.", now=factories.at(_late())
    )

    assert factories.books(lent) == before
    assert factories.offenders() == []


def test_a_fee_that_fell_due_before_it_became_known_is_paid_from_advances_on_its_day(
    alice: User, charlie: User, lent: Loan
) -> None:
    factories.pay(alice, lent, factories.later(1), 2_000)
    _accrued(lent, *range(1, 11))

    event = services.charge(
        actor=charlie,
        loan=lent,
        asked=_asked(due_on=factories.later(8)),
        reference="c-1",
        now=factories.at(_late()),
    )

    event.refresh_from_db()
    assert event.settled == 500
    entries = Entry.objects.filter(loan_id=lent.pk, event="repayment", day=factories.later(8))
    assert [entry.facts["key"] for entry in entries] == [f"due:{factories.later(8)}"]
    assert factories.offenders() == []
    # What becomes known of a day between is paid ahead: the fee was not due yet.
    between = factories.pay(alice, lent, factories.later(7), 100, now=factories.at(_late()))
    assert selectors.went([between])[between.pk].parts == {}
    assert factories.offenders() == []


def _late() -> date:
    return factories.later(10)
