"""A borrower steps back from a loan of which only the first tranches were paid. Rule book 6.5."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError
from apps.core.formatting import format_money
from apps.ledger import selectors as ledger
from apps.ledger import services as books
from apps.ledger.chart import Account
from apps.ledger.models import Entry
from apps.loans import proofs, services
from apps.loans.models import Disbursement, Instalment, Loan
from apps.loans.tests import factories
from apps.offers import services as offers
from apps.offers.models import Offer
from apps.offers.tests import factories as offering
from tests.kept import kept

NOW, LATER, TODAY = factories.NOW, factories.LATER, factories.TODAY
TWO_DAYS = LATER + timedelta(days=2)
FIRST = Decimal(80_000)
Browser = Callable[[User], Client]


def _staged(alice: User) -> Loan:
    application = offering.approved(
        alice, conditions={"is_staged": True, "staged_clause": "Clause 4"}
    )
    agreed = factories.agreed(alice, application)
    return services.open_loan(actor=alice, application=agreed, now=LATER)


@pytest.fixture
@kept
def staged(alice: User, bob: User, stage: None) -> Loan:
    """A loan of 200,000 of which 80,000 were paid out, less 500 of fees."""
    loan = _staged(alice)
    factories.paid(alice, bob, loan, amount=FIRST, rest_planned_date=TODAY + timedelta(days=30))
    return Loan.objects.get(pk=loan.pk)


def _left(actor: User | None, loan: Loan) -> Offer:
    assert loan.offer is not None
    return offers.exit(actor=actor, offer=loan.offer, now=TWO_DAYS)


def _settled(bob: User, loan: Loan) -> Loan:
    return services.settle_exit(
        actor=bob,
        loan=Loan.objects.get(pk=loan.pk),
        paid_date=TWO_DAYS.date(),
        bank_reference="UTR9",
        now=TWO_DAYS,
    )


def _clean() -> bool:
    found = (
        proofs.principal_is_booked(),
        proofs.schedule_covers_principal(),
        proofs.paid_is_allocated(),
    )
    return found == (None, None, None)


def _all_hold() -> bool:
    """Prove the whole book, accounts included."""
    return books.prove(actor="system:tests", now=TWO_DAYS).holds


@pytest.mark.parametrize("by_link", [False, True], ids=["6.5-at-the-counter", "6.5-by-link"])
def test_what_was_paid_out_is_given_back_and_the_rest_is_withdrawn(
    alice: User, bob: User, staged: Loan, by_link: bool
) -> None:
    planned = factories.approved(alice, bob, staged)

    offer = _left(None if by_link else alice, staged)

    planned.refresh_from_db()
    assert (planned.status, planned.ended_by) == ("cancelled", None if by_link else alice)
    # 79,500 for two days at the APR; of 500 of fees 400 are kept.
    cost = (Decimal(79_500) * offer.apr * 2 / 365).quantize(Decimal("0.01"))
    assert offer.exit_quote["principal"] == "80000.00"
    assert Decimal(offer.exit_quote["amount"]) == Decimal(79_900) + cost
    assert Loan.objects.get().status == "active"
    assert _clean()

    done = _settled(bob, staged)

    held = ledger.balances([done.pk])[done.pk]
    assert (done.status, held.owed, held[Account.PRINCIPAL]) == ("closed", 0, 0)
    assert held[Account.INTEREST_INCOME] == cost > 0
    last = Instalment.objects.get(in_force=True)
    assert (last.principal, last.interest, last.unpaid) == (80_000, cost, 0)
    assert _all_hold()
    again = _settled(bob, staged)
    assert (again.status, Entry.objects.count()) == ("closed", 2)
    verbs: set[str] = set(Event.objects.values_list("verb", flat=True))
    assert {"loans.payment_taken_back", "offers.exited", "loans.exit_settled"} <= verbs


def test_each_tranche_costs_its_own_days(alice: User, bob: User, staged: Loan) -> None:
    factories.paid(
        *(alice, bob, staged),
        on=TODAY + timedelta(days=1),
        amount=Decimal(50_000),
        rest_planned_date=TODAY + timedelta(days=30),
    )

    offer = _left(alice, staged)

    days = Decimal(79_500) * 2 + Decimal(50_000)
    cost = (days * offer.apr / 365).quantize(Decimal("0.01"))
    assert Decimal(offer.exit_quote["amount"]) == Decimal(129_900) + cost
    assert _settled(bob, staged).status == "closed"
    assert _all_hold()


def test_what_was_not_kept_back_is_given_back_with_the_rest(
    alice: User, bob: User, stage: None
) -> None:
    loan = _staged(alice)
    factories.paid(
        *(alice, bob, loan),
        amount=FIRST,
        is_net=False,
        rest_planned_date=TODAY + timedelta(days=30),
    )
    loan = Loan.objects.get(pk=loan.pk)

    offer = _left(alice, loan)

    cost = (FIRST * offer.apr * 2 / 365).quantize(Decimal("0.01"))
    assert Decimal(offer.exit_quote["amount"]) == Decimal(80_400) + cost
    _settled(bob, loan)
    held = ledger.balances([loan.pk])[loan.pk]
    assert (held.owed, held[Account.FEE_INCOME] + held[Account.THIRD_PARTY_PAYABLE]) == (0, 400)
    assert _all_hold()


def test_a_tranche_with_the_bank_is_named_and_then_there_is_a_way(
    alice: User, bob: User, pune: Branch, staged: Loan
) -> None:
    sent = factories.approved(alice, bob, staged)
    file = services.instruct(
        actor=bob, entity=pune.entity, disbursements=[sent], now=LATER + timedelta(hours=3)
    )
    before = (Event.objects.count(), Entry.objects.count())

    with pytest.raises(Conflict) as refusal:
        _left(alice, staged)

    assert refusal.value.code == "payment_on_its_way"
    for word in (sent.reference, str(file), "₹1,20,000.00", "record that it was not paid"):
        assert word in str(refusal.value)
    assert (Event.objects.count(), Entry.objects.count()) == before
    assert Offer.objects.get().status == "taken_up"

    services.fail(actor=bob, disbursement=sent, reason="Stopped in time", now=TWO_DAYS)
    assert _left(alice, staged).status == "exited"
    assert _settled(bob, staged).status == "closed"


def test_nothing_more_is_paid_once_the_borrower_stepped_back(
    signed_in: Browser, alice: User, staged: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    _left(alice, staged)
    loan = Loan.objects.get()

    with pytest.raises(DomainError) as refusal:
        factories.requested(alice, loan)

    assert refusal.value.code == "offer_ended"
    monkeypatch.setattr(timezone, "now", lambda: TWO_DAYS)
    assert reverse("loans:ask", args=[loan.pk]) not in (
        signed_in(alice).get(reverse("loans:detail", args=[loan.pk])).text
    )


def _told(browser: Client, loan: Loan) -> str:
    """Return what the page of the offer says stepping back costs."""
    page = browser.get(reverse("offers:detail", args=[loan.offer_id])).text
    found = re.search(r'id="exit-quote".*?</section>', page, re.DOTALL)
    assert found is not None
    return found[0]


def test_the_page_of_the_offer_tells_what_is_owed_after_a_tranche_came_back(
    *,
    signed_in: Browser,
    alice: User,
    bob: User,
    charlie: User,
    staged: Loan,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: TWO_DAYS)
    second = factories.paid(
        *(alice, bob, staged),
        on=TODAY + timedelta(days=1),
        amount=Decimal(50_000),
        rest_planned_date=TODAY + timedelta(days=30),
    )
    told = Decimal(_left(alice, staged).exit_quote["amount"])
    browser = signed_in(alice)
    before = _told(browser, staged)
    _back(charlie, second)

    page = _told(browser, staged)
    answered = browser.get(reverse("api:offer_exit", args=[staged.offer_id])).json()

    cost = (Decimal(79_500) * Offer.objects.get().apr * 2 / 365).quantize(Decimal("0.01"))
    owed = Decimal(79_900) + cost
    assert "came back" not in before
    assert format_money(told, "INR") in before
    assert "A payment came back since" in page
    assert f"it was {format_money(told, 'INR')}" in page
    assert f"<strong>{format_money(owed, 'INR')}</strong>" in page
    assert Decimal(answered["amount"]) == owed != told


def test_nothing_is_owed_once_all_came_back(
    *,
    signed_in: Browser,
    alice: User,
    bob: User,
    charlie: User,
    staged: Loan,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: TWO_DAYS)
    _left(alice, staged)
    _back(charlie, Disbursement.objects.get(status="paid"))
    browser = signed_in(alice)

    page = _told(browser, staged)
    answer = browser.get(reverse("api:offer_exit", args=[staged.offer_id]))
    with pytest.raises(Conflict) as refusal:
        _settled(bob, staged)

    assert "All that was paid out came back: nothing is owed." in page
    assert "To be paid" not in page
    assert (answer.status_code, refusal.value.code) == (409, "nothing_paid")
    assert Loan.objects.get().status == "opened"
    assert _all_hold()


def _back(charlie: User, payment: Disbursement) -> None:
    services.reverse(
        actor=charlie,
        disbursement=payment,
        day=TWO_DAYS.date(),
        reason="Account closed",
        now=TWO_DAYS,
    )


def test_a_tranche_that_came_back_since_is_not_asked_for(
    alice: User, bob: User, charlie: User, staged: Loan
) -> None:
    second = factories.paid(
        *(alice, bob, staged),
        on=TODAY + timedelta(days=1),
        amount=Decimal(50_000),
        rest_planned_date=TODAY + timedelta(days=30),
    )
    _left(alice, staged)
    _back(charlie, second)

    done = _settled(bob, staged)

    offer = Offer.objects.get()
    cost = (Decimal(79_500) * offer.apr * 2 / 365).quantize(Decimal("0.01"))
    assert services.exit_amount(done) == Decimal(79_900) + cost
    assert ledger.balances([done.pk])[done.pk].owed == 0
    assert _all_hold()


def test_the_pages_and_the_api_tell_what_it_costs(
    signed_in: Browser, alice: User, staged: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: TWO_DAYS)
    browser = signed_in(alice)
    exit_ = reverse("api:offer_exit", args=[staged.offer_id])

    quoted = browser.get(exit_).json()
    page = browser.get(reverse("offers:detail", args=[staged.offer_id])).text
    done = browser.post(exit_)

    assert (quoted["principal"], quoted["beside"], quoted["days"]) == ("80000.00", "0.00", 2)
    assert "Not paid out, given up" in page
    assert (done.status_code, done.json()["state"]) == (200, "exited")
    assert browser.get(reverse("api:offer_exit", args=[uuid4()])).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("against", ["ask", "instruct", "exit"])
def test_of_two_at_once_one_is_in_time(
    *,
    alice: User,
    bob: User,
    known_book: None,
    pune: Branch,
    rita: User,
    mark: User,
    against: str,
) -> None:
    factories.stage(pune, rita, mark)
    loan = _staged(alice)
    factories.paid(alice, bob, loan, amount=FIRST, rest_planned_date=TODAY + timedelta(days=30))
    loan = Loan.objects.get(pk=loan.pk)
    waiting = [factories.approved(alice, bob, loan)] if against == "instruct" else []
    gate = threading.Barrier(2)
    others: dict[str, Callable[[], object]] = {
        "ask": lambda: factories.requested(alice, loan),
        "instruct": lambda: services.instruct(
            actor=bob, entity=pune.entity, disbursements=waiting, now=TWO_DAYS
        ),
        "exit": lambda: _left(None, loan),
    }

    def run(act: Callable[[], object]) -> object:
        try:
            gate.wait(timeout=10)
            return act()
        except DomainError as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, [lambda: _left(alice, loan), others[against]]))

    held = set(Disbursement.objects.filter(tranche=2).values_list("status", flat=True))
    if Offer.objects.get().status == "exited":
        assert held <= {"cancelled"}
        assert Event.objects.filter(verb="offers.exited").count() == 1
        _settled(bob, loan)
    else:
        assert held == {"instructed"}
    assert _clean()
