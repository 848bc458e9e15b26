"""A new loan pays off the one that runs: judged without it, netted when paid out, undone whole."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.applications import hooks as applying
from apps.applications import selectors as applications
from apps.applications import services as requests
from apps.applications.entries import Terms
from apps.applications.models import Application
from apps.audit.models import Event
from apps.decisions import books
from apps.decisions import services as decisions
from apps.ledger.chart import Account
from apps.loans import services as lending
from apps.loans.models import Disbursement, Loan
from apps.loans.tests import factories as loans
from apps.offers import services as offering
from apps.offers.tests import factories as offers
from apps.repayments import services as repayments
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories as repaid
from apps.servicing import selectors, services
from apps.servicing.models import Closure
from apps.servicing.services import topping_up
from apps.servicing.tests import factories
from apps.servicing.tests.factories import TODAY, at

D = Decimal
Browser = Callable[[User], Client]
# When the borrower asks for more.
DAY = TODAY + timedelta(days=14)


def _terms(lent: Loan, **changes: Any) -> Terms:
    values = {
        "product": lent.product,
        "amount": D(300_000),
        "term_months": 24,
        "purpose": lent.application.purpose,
        **changes,
    }
    return Terms(**values)


def _asked(lent: Loan, alice: User, **changes: Any) -> Application:
    return services.start_top_up(
        actor=alice, loan=lent, terms=_terms(lent), now=at(DAY), reference="T-1", **changes
    )


def _approved(lent: Loan, alice: User) -> Application:
    made = requests.submit(actor=alice, application=_asked(lent, alice), now=at(DAY))
    decisions.assess(application_id=made.pk, actor="system:test", now=at(DAY))
    return Application.objects.get(pk=made.pk)


def _opened(lent: Loan, alice: User) -> Loan:
    application = _approved(lent, alice)
    offer = offering.make(actor=alice, application=application, now=at(DAY))
    offering.accept_by_officer(actor=alice, offer=offer, consent=offers.consent(), now=at(DAY))
    return lending.open_loan(actor=alice, application=application, now=at(DAY))


def _requested(loan: Loan, alice: User, *, on: date = DAY) -> Disbursement:
    return lending.request(
        actor=alice, loan=loan, payment=loans.payment(loan, planned_date=on), now=at(DAY)
    )


def _paid(loan: Loan, alice: User, bob: User, *, on: date = DAY) -> Disbursement:
    asked = _requested(loan, alice)
    found = lending.approve(actor=bob, disbursement=asked, now=at(DAY))
    return lending.confirm(
        actor=bob, disbursement=found, paid_date=on, bank_reference="UTR-NEW", now=at(on)
    )


# --- the request --------------------------------------------------------------------------------
def test_the_new_request_is_judged_without_the_loan_it_pays_off(lent: Loan, alice: User) -> None:
    borrower = lent.customer_id
    assert applying.own_debts([borrower], on=DAY)[borrower]

    made = _asked(lent, alice)
    frozen = requests.submit(actor=alice, application=made, now=at(DAY))

    assert made.settles_id == lent.application_id
    assert frozen.own_obligations_monthly == 0
    assert books.read(frozen).approved == 0
    assert applications.exposure(frozen, alice) == []


def test_an_ordinary_request_counts_the_loan(lent: Loan, alice: User) -> None:
    other = _asked(lent, alice)
    Application.objects.filter(pk=other.pk).update(settles=None)
    other.refresh_from_db()

    frozen = requests.submit(actor=alice, application=other, now=at(DAY))

    assert frozen.own_obligations_monthly == lent.instalment
    assert books.read(frozen).approved == lent.principal


def test_it_is_asked_once(lent: Loan, alice: User) -> None:
    made = _asked(lent, alice)

    assert _asked(lent, alice) == made
    other = factories.refused(
        lambda: services.start_top_up(
            actor=alice, loan=lent, terms=_terms(lent), now=at(DAY), reference="T-2"
        )
    )
    content = factories.refused(
        lambda: services.start_top_up(
            actor=alice,
            loan=lent,
            terms=_terms(lent, amount=D(310_000)),
            now=at(DAY),
            reference="T-1",
        )
    )
    assert (other.code, content.code) == ("top_up_under_way", "idempotency_conflict")
    assert Application.objects.exclude(settles=None).count() == 1
    with pytest.raises(IntegrityError, match="settled_once"), transaction.atomic():
        Application.objects.create(
            **{
                field.attname: getattr(made, field.attname)
                for field in Application._meta.concrete_fields
                if field.name not in ("id", "number", "idempotency_key")
            },
            number="A-TWICE",
        )
    assert Event.objects.filter(verb="servicing.top_up_started").count() == 1


def test_what_was_asked_before_is_returned_whatever_paying_off_came_to_since(
    lent: Loan, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _asked(lent, alice)
    monkeypatch.setattr(topping_up, "_check", lambda *_args: pytest.fail("It was judged anew."))

    assert _asked(lent, alice) == made


def test_a_request_that_ended_does_not_come_back_beside_another(lent: Loan, alice: User) -> None:
    first = requests.submit(actor=alice, application=_asked(lent, alice), now=at(DAY))
    Application.objects.filter(pk=first.pk).update(status="declined")
    first.refresh_from_db()
    services.start_top_up(actor=alice, loan=lent, terms=_terms(lent), now=at(DAY), reference="T-2")

    refusal = factories.refused(lambda: first.move("override"))

    assert refusal.code == "top_up_under_way"
    assert Application.objects.get(pk=first.pk).status == "declined"


@pytest.mark.parametrize(
    ("who", "changes", "code"),
    [
        ("bob", {}, "not_permitted"),
        ("alice", {"amount": D(150_000)}, "nothing_beyond"),
        ("alice", {"term_months": 480}, "outside_product"),
    ],
    ids=["role", "too-little", "outside-product"],
)
def test_bad_requests_change_nothing(
    lent: Loan, alice: User, bob: User, who: str, changes: dict[str, Any], code: str
) -> None:
    refusal = factories.refused(
        lambda: services.start_top_up(
            actor={"alice": alice, "bob": bob}[who],
            loan=lent,
            terms=_terms(lent, **changes),
            now=at(DAY),
        )
    )

    assert refusal.code == code
    assert Application.objects.exclude(settles=None).count() == 0


# --- the offer ----------------------------------------------------------------------------------
def test_the_offer_says_what_pays_the_old_loan_off_and_what_reaches_the_borrower(
    lent: Loan, alice: User
) -> None:
    offer = offering.make(actor=alice, application=_approved(lent, alice), now=at(DAY))

    told = offer.own_loan
    assert told is not None
    assert told.number == lent.number
    assert told.amount == services.quote(lent, DAY, today=DAY).total
    assert told.most == services.quote(lent, offer.valid_until, today=DAY).total > told.amount
    assert offer.paid_over == offer.net_disbursed - told.amount
    said = {
        line["label"]: line["value"]
        for part in offer.letter.facts["parts"]
        for line in part["lines"]
    }
    assert lent.number in said["Of that, for a loan you have with us"]
    assert "What then reaches you" in said


# --- the payment --------------------------------------------------------------------------------
def test_paying_the_new_loan_out_pays_the_old_one_off_and_closes_it(
    lent: Loan, alice: User, bob: User
) -> None:
    owed = services.quote(lent, DAY, today=DAY).total
    new = _opened(lent, alice)

    paid = _paid(new, alice, bob)

    old = Loan.objects.get(pk=lent.pk)
    event = AccountEvent.objects.get(loan=lent, kind="payoff")
    assert (paid.netted, event.amount, event.day) == (owed, owed, DAY)
    assert paid.net_amount == paid.amount - paid.deducted - owed
    assert old.status == "closed"
    assert selectors.balances(old).owed == 0
    assert selectors.balances(new)[Account.PRINCIPAL] == 300_000
    assert Closure.objects.get(loan=old).letter.kind == "no_dues"
    assert repaid.offenders() == []


def test_cash_moves_by_what_the_bank_paid_and_no_more(lent: Loan, alice: User, bob: User) -> None:
    before = repaid.books(lent)["cash"]
    new = _opened(lent, alice)

    paid = _paid(new, alice, bob)

    moved = repaid.books(lent)["cash"] - before + repaid.books(new)["cash"]
    assert moved == -paid.net_amount


def test_a_bank_that_pays_later_costs_the_borrower_nothing(
    lent: Loan, alice: User, bob: User
) -> None:
    later = DAY + timedelta(days=3)
    new = _opened(lent, alice)

    _paid(new, alice, bob, on=later)

    assert AccountEvent.objects.get(loan=lent, kind="payoff").day == DAY
    assert Loan.objects.get(pk=lent.pk).status == "closed"
    assert Loan.objects.get(pk=new.pk).disbursed_date == later
    assert repaid.offenders() == []


def test_a_pay_off_beyond_what_the_offer_says_is_refused_with_the_way_on(
    lent: Loan, alice: User, bob: User
) -> None:
    new = _opened(lent, alice)
    told = new.offer.own_loan if new.offer else None
    assert told is not None
    late = told.until + timedelta(days=20)

    refusal = factories.refused(lambda: _requested(new, alice, on=late))

    assert refusal.code == "payoff_rose"
    assert "Let the borrower pay the difference" in str(refusal.sentence)
    difference = services.quote(lent, late, today=DAY).total - told.most
    repaid.pay(alice, lent, DAY, difference + 5)
    assert _requested(new, alice, on=late).netted <= told.most


def test_what_was_kept_back_and_is_too_little_by_now_is_asked_for_anew(
    lent: Loan, alice: User, bob: User, charlie: User
) -> None:
    due = repaid.due_dates(lent)[0]
    paid = repaid.pay(alice, lent, DAY, "5000.00")
    new = _opened(lent, alice)
    asked = _requested(new, alice)
    repayments.take_back(actor=charlie, event=paid, reason="Cheque bounced", now=at(DAY))

    refusal = factories.refused(lambda: lending.approve(actor=bob, disbursement=asked, now=at(DAY)))

    assert refusal.code == "kept_back_too_little"
    assert due > DAY


def test_a_payment_that_came_back_lets_the_old_loan_run_again(
    lent: Loan, alice: User, bob: User, charlie: User
) -> None:
    before = services.quote(lent, DAY, today=DAY)
    new = _opened(lent, alice)
    paid = _paid(new, alice, bob)

    lending.reverse(
        actor=charlie, disbursement=paid, day=DAY, reason="The account is closed", now=at(DAY)
    )

    assert Loan.objects.get(pk=lent.pk).status == "active"
    assert Loan.objects.get(pk=new.pk).status == "opened"
    assert services.quote(lent, DAY, today=DAY) == before
    assert AccountEvent.objects.filter(loan=lent, status="live").count() == 0
    assert repaid.offenders() == []


def test_a_loan_that_was_repaid_meanwhile_is_not_paid_off_again(
    lent: Loan, alice: User, bob: User
) -> None:
    new = _opened(lent, alice)
    total = services.quote(lent, DAY, today=DAY).total
    services.pay_off(actor=alice, loan=lent, money=factories.money(DAY, total), now=at(DAY))

    paid = _paid(new, alice, bob)

    assert paid.netted == 0
    assert paid.net_amount == paid.amount - paid.deducted
    assert repaid.offenders() == []


def test_what_is_kept_back_for_a_loan_that_was_repaid_since_is_asked_for_anew(
    lent: Loan, alice: User, bob: User
) -> None:
    asked = _requested(_opened(lent, alice), alice)
    total = services.quote(lent, DAY, today=DAY).total
    services.pay_off(actor=alice, loan=lent, money=factories.money(DAY, total), now=at(DAY))

    refusal = factories.refused(lambda: lending.approve(actor=bob, disbursement=asked, now=at(DAY)))

    assert refusal.code == "kept_back_for_nothing"
    assert Disbursement.objects.get(pk=asked.pk).status == "requested"


def test_what_the_bank_paid_is_recorded_though_the_old_loan_was_repaid_since(
    lent: Loan, alice: User, bob: User
) -> None:
    new = _opened(lent, alice)
    approved = lending.approve(actor=bob, disbursement=_requested(new, alice), now=at(DAY))
    total = services.quote(lent, DAY, today=DAY).total
    services.pay_off(actor=alice, loan=lent, money=factories.money(DAY, total), now=at(DAY))

    paid = lending.confirm(
        actor=bob, disbursement=approved, paid_date=DAY, bank_reference="UTR-NEW", now=at(DAY)
    )

    old = Loan.objects.get(pk=lent.pk)
    assert (paid.status, paid.netted, old.status) == ("paid", total, "closed")
    # It was paid twice; what is too much is the borrower's, to be given back.
    assert repaid.books(old)["advances"] == total
    assert repaid.offenders() == []


def test_nobody_takes_the_pay_off_back_while_the_new_loan_stands(
    lent: Loan, alice: User, bob: User, charlie: User
) -> None:
    _paid(_opened(lent, alice), alice, bob)
    event = AccountEvent.objects.get(loan=lent, kind="payoff")

    for undo in (services.undo, repayments.take_back):
        refusal = factories.refused(
            lambda undo=undo: undo(actor=charlie, event=event, reason="By mistake", now=at(DAY))
        )
        assert refusal.code == "paid_by_new_loan"

    assert Loan.objects.get(pk=lent.pk).status == "closed"
    assert repaid.offenders() == []


# --- page and API -------------------------------------------------------------------------------
def test_the_page_takes_the_request_and_goes_to_it(
    lent: Loan, alice: User, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(DAY))
    client, address = signed_in(alice), reverse("servicing:top_up", args=[lent.pk])
    given = {
        "product": lent.product.code,
        "amount": "1.00",
        "term_months": "24",
        "purpose": lent.application.purpose,
        "reference": "7d2b0f5e-5f0e-4d0b-9a9c-0d1f5f0b7a11",
    }

    refused = client.post(address, given)
    done = client.post(address, {**given, "amount": "300000.00"})
    again = client.post(address, {**given, "amount": "300000.00"})

    assert (refused.status_code, "ask for more than that" in refused.text) == (422, True)
    made = Application.objects.get(settles=lent.application)
    assert done.headers["Location"] == reverse("applications:detail", args=[made.pk])
    assert again.headers["Location"] == done.headers["Location"]
    assert f"the loan under {lent.application.number}" in client.get(done.headers["Location"]).text
    assert made.number in client.get(address).text


def test_the_api_takes_the_request_once(
    lent: Loan, alice: User, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(DAY))
    client, path = signed_in(alice), f"/api/v1/loans/{lent.pk}/top-ups"
    given = {
        "product": lent.product.code,
        "amount": "300000.00",
        "term_months": 24,
        "purpose": lent.application.purpose,
        "reference": "T-1",
    }

    first = client.post(path, given, content_type="application/json")
    again = client.post(path, given, content_type="application/json")
    unknown = client.post(path, {**given, "product": "gold"}, content_type="application/json")

    assert (first.status_code, first.json()["state"]) == (200, "draft")
    assert again.json()["application"] == first.json()["application"]
    assert unknown.status_code == 400
