"""The rest of a loan that was paid out in part is given up: the contract stands for what was."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import DomainError
from apps.loans import proofs, selectors, services
from apps.loans.models import Disbursement, Loan, ScheduleVersion
from apps.loans.tests import factories
from apps.offers import services as offers
from apps.offers.tests import factories as offering
from apps.schedules import documents
from tests.kept import kept

NOW, LATER, TODAY = factories.NOW, factories.LATER, factories.TODAY
FIRST = Decimal(80_000)
REST_ON = TODAY + timedelta(days=30)
WHY = "The borrower needs no more"
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
    """A loan of 200,000 of which 80,000 were paid out; the rest follows in 30 days."""
    loan = _staged(alice)
    factories.paid(alice, bob, loan, amount=FIRST, rest_planned_date=REST_ON)
    return Loan.objects.get(pk=loan.pk)


def _give_up(actor: User, loan: Loan, reason: str = WHY) -> Loan:
    return services.give_up_rest(actor=actor, loan=loan, reason=reason, now=LATER)


def _state() -> tuple[Any, ...]:
    return (
        list(Loan.objects.order_by("pk").values("pk", "status", "given_up", "given_up_date")),
        list(Disbursement.objects.order_by("pk").values_list("pk", "status")),
        ScheduleVersion.objects.count(),
        Event.objects.count(),
    )


def _refused(act: Callable[[], object]) -> DomainError:
    before = _state()
    with pytest.raises(DomainError) as refusal:
        act()
    assert _state() == before
    return refusal.value


def _clean() -> bool:
    found = (
        proofs.principal_is_booked(),
        proofs.schedule_covers_principal(),
        proofs.paid_is_allocated(),
    )
    return found == (None, None, None)


def test_the_contract_stands_for_what_was_paid_out(alice: User, bob: User, staged: Loan) -> None:
    found = _give_up(bob, staged)

    assert (found.principal, found.given_up, found.lent) == (200_000, 120_000, 80_000)
    assert (found.given_up_date, found.given_up_by, found.given_up_reason) == (TODAY, bob, WHY)
    version = staged.schedules.get(in_force=True)
    assert (version.reason, version.made_by) == ("rest_given_up", bob)
    rows = list(version.instalments.order_by("number"))
    assert (len(rows), sum(row.principal for row in rows)) == (24, FIRST)
    # 80,000 over 24 months at 16 %: 79,999.94 / 0.4 = two fifths of the agreed 9,793.
    assert rows[0].due == Decimal("3917.00")
    agreed = documents.from_document(staged.schedules.get(number=1).terms)
    assert (agreed.principal, staged.instalment) == (200_000, Decimal("9793.00"))
    event = Event.objects.get(verb="loans.rest_given_up")
    assert (event.facts["amount"], event.facts["reason"]) == ("120000.00", WHY)
    assert _clean()


def test_nothing_more_is_paid_out_then(alice: User, bob: User, staged: Loan) -> None:
    assert list(selectors.to_request(alice)) == [staged]
    _give_up(bob, staged)

    assert list(selectors.to_request(alice)) == []
    again = _refused(lambda: _give_up(bob, staged))
    asked = _refused(lambda: factories.requested(alice, staged, amount=Decimal(1_000)))

    assert (again.code, asked.code) == ("rest_given_up", "rest_given_up")
    assert "nothing more is paid out" in str(asked.sentence)
    paid = Disbursement.objects.get()
    paid.pk, paid.number, paid.tranche, paid.reference = None, 2, 2, "by hand"
    paid._state.adding = True
    with pytest.raises(IntegrityError, match="more than is lent"), transaction.atomic():
        paid.save()


def test_what_came_back_since_is_paid_out_again_and_no_more(
    alice: User, bob: User, charlie: User, staged: Loan
) -> None:
    _give_up(bob, staged)
    services.reverse(
        actor=charlie,
        disbursement=staged.disbursements.get(),
        day=TODAY,
        reason="The account was closed",
        now=LATER,
    )

    loan = Loan.objects.get(pk=staged.pk)
    assert (loan.status, loan.lent) == ("opened", FIRST)
    assert _clean()
    assert _refused(lambda: factories.requested(alice, loan, amount=Decimal(80_001))).code
    again = factories.paid(alice, bob, loan)
    assert (again.amount, again.tranche) == (FIRST, 1)
    assert staged.schedules.get(in_force=True).instalments.get(number=1).due == Decimal("3917.00")
    assert _clean()


def test_what_came_back_since_may_be_given_up_as_well(
    signed_in: Browser,
    alice: User,
    bob: User,
    charlie: User,
    staged: Loan,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: LATER)
    second = factories.paid(
        alice, bob, staged, amount=Decimal(60_000), rest_planned_date=TODAY + timedelta(days=40)
    )
    _give_up(bob, staged)
    assert _refused(lambda: _give_up(bob, staged)).code == "rest_given_up"
    services.reverse(
        actor=charlie, disbursement=second, day=TODAY, reason="The account was closed", now=LATER
    )
    page, act = (reverse(f"loans:{one}", args=[staged.pk]) for one in ("detail", "give_up_rest"))
    manager = signed_in(bob)
    assert act in manager.get(page).text
    assert "₹60,000.00 was not paid out" in manager.get(act).text

    done = manager.post(act, {"reason": "It is not needed"}, follow=True)

    assert "The rest was given up." in done.text
    loan = Loan.objects.get(pk=staged.pk)
    assert (loan.given_up, loan.lent) == (120_000, FIRST)
    assert (loan.given_up_reason, loan.given_up_by) == ("It is not needed", bob)
    version = loan.schedules.get(in_force=True)
    assert version.reason == "rest_given_up"
    assert sum(row.principal for row in version.instalments.all()) == FIRST
    facts = Event.objects.filter(verb="loans.rest_given_up").order_by("pk").values_list("facts")
    assert [one["amount"] for (one,) in facts] == ["60000.00", "120000.00"]
    assert _refused(lambda: _give_up(bob, staged)).code == "rest_given_up"
    assert _clean()


def _nothing_paid(alice: User, bob: User) -> Loan:
    return _staged(alice)


def _all_paid(alice: User, bob: User) -> Loan:
    return factories.paid(alice, bob, _staged(alice)).loan


def _closed(alice: User, bob: User) -> Loan:
    loan = _stepped_back(alice, bob)
    return services.settle_exit(
        actor=bob,
        loan=Loan.objects.get(pk=loan.pk),
        paid_date=TODAY,
        bank_reference="UTR9",
        now=LATER,
    )


def _asked(alice: User, bob: User) -> Loan:
    loan = _staged(alice)
    factories.paid(alice, bob, loan, amount=FIRST, rest_planned_date=REST_ON)
    return factories.requested(alice, loan).loan


def _under_way(alice: User, bob: User) -> Loan:
    loan = _staged(alice)
    factories.paid(alice, bob, loan, amount=FIRST, rest_planned_date=REST_ON)
    one = factories.approved(alice, bob, loan)
    services.instruct(actor=bob, entity=loan.branch.entity, disbursements=[one], now=LATER)
    return loan


def _stepped_back(alice: User, bob: User) -> Loan:
    loan = _staged(alice)
    factories.paid(alice, bob, loan, amount=FIRST, rest_planned_date=REST_ON)
    assert loan.offer is not None
    offers.exit(actor=alice, offer=loan.offer, now=LATER)
    return loan


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (_nothing_paid, "nothing_paid_out"),
        (_all_paid, "nothing_left"),
        (_asked, "payment_on_its_way"),
        (_under_way, "payment_on_its_way"),
        (_stepped_back, "offer_ended"),
        (_closed, "not_payable"),
    ],
)
def test_it_is_refused_where_there_is_no_rest_to_give_up(
    alice: User, bob: User, stage: None, made: Callable[[User, User], Loan], code: str
) -> None:
    loan = made(alice, bob)

    refusal = _refused(lambda: _give_up(bob, loan))

    assert refusal.code == code
    assert str(refusal.sentence)


def test_it_takes_a_person_who_approves_and_asked_for_nothing(
    alice: User, bob: User, amir: User, staged: Loan
) -> None:
    assert _refused(lambda: _give_up(alice, staged)).code == "not_permitted"
    alice.groups.add(Group.objects.get(name="credit_reviewer"))
    both = User.objects.get(pk=alice.pk)
    assert _refused(lambda: _give_up(both, staged)).code == "own_request"
    assert "another person" in str(_refused(lambda: _give_up(both, staged)).sentence)
    assert _refused(lambda: _give_up(bob, staged, reason=" ")).code == "reason_missing"


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_gives_it_up(
    alice: User, bob: User, known_book: None, pune: Branch, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark)
    loan = _staged(alice)
    factories.paid(alice, bob, loan, amount=FIRST, rest_planned_date=REST_ON)
    gate = threading.Barrier(2)

    def run(number: int) -> object:
        try:
            gate.wait(timeout=10)
            return _give_up(bob, loan, f"Said by number {number}").given_up
        except DomainError as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(run, range(2)))

    assert sorted(found, key=str) == [Decimal(120_000), "rest_given_up"]
    assert Event.objects.filter(verb="loans.rest_given_up").count() == 1


def test_the_page_offers_it_to_who_may_and_shows_what_came_of_it(
    signed_in: Browser, alice: User, bob: User, staged: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: LATER)
    page, act = (reverse(f"loans:{one}", args=[staged.pk]) for one in ("detail", "give_up_rest"))
    officer, manager = signed_in(alice), signed_in(bob)
    assert act not in officer.get(page).text
    assert officer.get(act).status_code == 403
    assert act in manager.get(page).text
    assert "₹1,20,000.00 was not paid out" in manager.get(act).text

    empty = manager.post(act, {"reason": ""})
    done = manager.post(act, {"reason": WHY}, follow=True)
    schedules = manager.get(reverse("loans:schedules", args=[staged.pk])).text

    assert empty.status_code == 422
    assert "The rest was given up." in done.text
    assert WHY in done.text
    assert act not in done.text
    assert "The rest is not paid out any more" in schedules
    assert "nothing more is paid out" in officer.get(reverse("loans:ask", args=[staged.pk])).text
    refused = manager.get(act)
    assert (refused.status_code, "was given up on" in refused.text) == (409, True)


def test_over_the_api(
    signed_in: Browser, bob: User, staged: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: LATER)
    client = signed_in(bob)

    def post() -> Any:
        return client.post(
            reverse("api:loan_give_up_rest", args=[staged.pk]),
            json.dumps({"reason": WHY}),
            content_type="application/json",
        )

    done, again = post(), post()

    assert (done.status_code, done.json()["given_up"]) == (200, "120000.00")
    assert (again.status_code, again.json()["code"]) == (409, "rest_given_up")
