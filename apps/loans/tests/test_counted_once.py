"""A loan of ours that was recorded as a debt elsewhere as well counts once, when it is marked."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.applications import selectors as applications
from apps.applications.tests import factories as applied
from apps.audit.models import Event
from apps.core.errors import DomainError
from apps.customers import own_lender, services
from apps.customers import selectors as customers
from apps.customers.models import Obligation
from apps.loans import services as loans
from apps.loans.models import Loan
from apps.loans.tests import factories
from apps.offers.tests import factories as offering
from apps.products.models import Product
from tests.kept import kept

Browser = Callable[[User], Client]
TODAY, LATER = factories.TODAY, factories.LATER


@pytest.fixture
@kept
def running(alice: User, bob: User, loan: Loan) -> Loan:
    """A loan that was paid out, and asks for 9,793 a month."""
    factories.paid(alice, bob, loan)
    return Loan.objects.get(pk=loan.pk)


@pytest.fixture
def debt(alice: User, running: Loan) -> Obligation:
    """The same loan, recorded by hand as a debt elsewhere."""
    return _debt(alice, running)


def _debt(alice: User, loan: Loan, **changes: object) -> Obligation:
    values: dict[str, object] = {
        "customer": loan.customer,
        "kind": "loan",
        "lender": loan.customer.entity.name.upper(),
        "currency": "INR",
        "monthly_payment": Decimal(9_793),
        "from_date": TODAY,
        "recorded_by": alice,
        **changes,
    }
    return Obligation.objects.create(**values)


def _standing(loan: Loan) -> tuple[Decimal | None, Decimal]:
    known = applications.standing(loan.customer, on=TODAY)
    return known.elsewhere_monthly, known.own_monthly


@pytest.mark.parametrize(
    ("lender", "alike"),
    [
        ("Sahyadri Finance Limited", True),
        ("SAHYADRI", True),
        ("sahyadri fin. ltd", True),
        ("", True),
        ("Bajaj Finance Limited", False),
        ("State Bank of India", False),
        ("Sahy", False),
    ],
)
def test_9_2_a_lender_is_taken_for_us_by_a_word_of_our_own(lender: str, *, alike: bool) -> None:
    assert own_lender.may_be(lender, ours="Sahyadri Finance Limited") is alike


def test_9_2_what_is_marked_as_our_loan_counts_once(
    alice: User, running: Loan, debt: Obligation
) -> None:
    _debt(alice, running, lender="Other Bank", monthly_payment=Decimal(1_000))
    elsewhere, own = _standing(running)
    assert (elsewhere, own) == (10_793, 9_793)

    services.mark_own_loan(actor=alice, obligation=debt, number=running.number, now=LATER)
    services.mark_own_loan(actor=alice, obligation=debt, number=running.number, now=LATER)

    assert _standing(running) == (1_000, 9_793)
    [event] = Event.objects.filter(verb="customers.obligation_is_ours")
    assert event.facts["loan"] == running.number

    services.mark_own_loan(actor=alice, obligation=debt, number="", now=LATER)
    assert _standing(running) == (10_793, 9_793)


def test_9_2_a_debt_that_is_ours_alone_says_nothing_of_debts_elsewhere(
    alice: User, running: Loan, debt: Obligation
) -> None:
    services.mark_own_loan(actor=alice, obligation=debt, number=running.number, now=LATER)

    # The customer's word that there are none elsewhere holds beside it; without it nobody knows.
    assert _standing(running)[0] == 0
    running.customer.no_obligations.all().delete()
    assert _standing(running)[0] is None


@pytest.mark.parametrize("number", ["L-unknown", "taken"])
def test_only_a_running_loan_of_the_customer_is_marked_and_once(
    alice: User, running: Loan, debt: Obligation, number: str
) -> None:
    if number == "taken":
        other = _debt(alice, running)
        services.mark_own_loan(actor=alice, obligation=other, number=running.number, now=LATER)
        number = running.number
    events = Event.objects.count()

    with pytest.raises(DomainError) as refusal:
        services.mark_own_loan(actor=alice, obligation=debt, number=number, now=LATER)

    debt.refresh_from_db()
    assert set(refusal.value.fields) == {"loan"}
    assert (debt.own_loan, Event.objects.count()) == ("", events)


@pytest.mark.parametrize(
    "changes",
    [
        {"lender": "Other Bank"},
        {"lender": ""},
        {"kind": "rent"},
        {"kind": "total"},
        {"monthly_payment": Decimal(25_000)},
    ],
    ids=["another-lender", "no-lender", "rent", "all-debts-together", "more-than-our-loan-takes"],
)
def test_9_2_nobody_lowers_a_burden_by_marking_what_is_not_ours(
    alice: User, running: Loan, changes: dict[str, object]
) -> None:
    row = _debt(alice, running, **changes)
    before = _standing(running)

    with pytest.raises(DomainError) as refusal:
        services.mark_own_loan(actor=alice, obligation=row, number=running.number, now=LATER)

    assert set(refusal.value.fields) == {"loan"}
    assert _standing(running) == before
    assert not Event.objects.filter(verb="customers.obligation_is_ours").exists()


def test_9_2_what_was_said_in_round_figures_is_marked(alice: User, running: Loan) -> None:
    row = _debt(alice, running, monthly_payment=Decimal(10_000))

    services.mark_own_loan(actor=alice, obligation=row, number=running.number, now=LATER)

    assert _standing(running) == (0, 9_793)


def test_9_2_a_debt_as_large_as_the_last_instalment_of_our_loan_is_none_of_ours(
    alice: User, bob: User, stage: None
) -> None:
    # Interest alone, 2,666.67 a month, and the principal of 200,000 with the last.
    application = offering.approved(alice)
    Product.objects.filter(pk=application.product_id).update(schedule="interest_only")
    application.refresh_from_db()
    bullet = factories.paid(
        alice,
        bob,
        loans.open_loan(actor=alice, application=factories.agreed(alice, application), now=LATER),
    ).loan
    row = _debt(alice, bullet, monthly_payment=Decimal(100_000))
    before = _standing(bullet)

    with pytest.raises(DomainError) as refusal:
        services.mark_own_loan(actor=alice, obligation=row, number=bullet.number, now=LATER)

    assert "Our loan takes ₹2,666.67 a month" in refusal.value.fields["loan"]
    assert _standing(bullet) == before


def test_what_has_ended_is_not_marked(alice: User, running: Loan) -> None:
    ended = _debt(alice, running, ended_date=TODAY)

    with pytest.raises(DomainError) as refusal:
        services.mark_own_loan(actor=alice, obligation=ended, number=running.number, now=LATER)

    assert refusal.value.code == "obligation_ended"


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ({}, True),
        ({"lender": ""}, True),
        ({"lender": "Other Bank"}, False),
        ({"kind": "rent"}, False),
    ],
    ids=["same-name", "no-name", "other-name", "rent"],
)
def test_it_warns_of_a_debt_that_may_be_ours(
    alice: User, running: Loan, changes: dict[str, object], *, warned: bool
) -> None:
    row = _debt(alice, running, **changes)

    found = customers.counted_twice(running.customer, [row])

    assert [one.number for one in found.get(row.pk, ())] == ([running.number] if warned else [])


def test_the_customers_page_warns_and_marks(
    signed_in: Browser,
    alice: User,
    running: Loan,
    debt: Obligation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: LATER)
    browser = signed_in(alice)
    page = reverse("customers:detail", args=[running.customer_id])
    mark = reverse("customers:obligation_is_ours", args=[running.customer_id, debt.pk])

    before = browser.get(page).text
    refused = browser.post(mark, {"loan": "L-0"}, follow=True).text
    after = browser.post(mark, {"loan": running.number}, follow=True).text

    assert f"This is our loan {running.number}" in before
    assert "owes us no running loan of this number" in refused
    assert f"Is our loan {running.number}: not counted here" in after
    assert f"This is our loan {running.number}" not in after


def test_the_case_warns_until_it_is_marked(
    signed_in: Browser,
    alice: User,
    running: Loan,
    debt: Obligation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: LATER)
    draft = applied.application(alice, running.customer)
    page = reverse("applications:detail", args=[draft.pk])

    before = signed_in(alice).get(page).text
    services.mark_own_loan(actor=alice, obligation=debt, number=running.number, now=LATER)
    after = signed_in(alice).get(page).text

    assert f"may be our own loan {running.number}" in before
    assert "may be our own loan" not in after


def test_the_api_marks_it(signed_in: Browser, alice: User, running: Loan, debt: Obligation) -> None:
    path = reverse("api:obligation_own_loan", args=[running.customer_id, debt.pk])
    browser = signed_in(alice)

    done = browser.post(path, {"loan": running.number}, content_type="application/json")
    refused = browser.post(path, {"loan": "L-0"}, content_type="application/json")

    assert (done.status_code, done.json()["own_loan"]) == (200, running.number)
    assert (refused.status_code, list(refused.json()["fields"])) == (400, ["loan"])
    assert date.fromisoformat(done.json()["from_date"]) == TODAY
