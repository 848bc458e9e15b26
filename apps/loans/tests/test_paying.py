"""A loan is paid out by two people, to the borrower's own account, once, and is on the books."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, InternalError, connection, transaction

from apps.accounts.models import Branch, User
from apps.audit import services as audit
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible
from apps.customers import services as customers
from apps.customers.tests import factories as people
from apps.decisions.errors import BorrowerBlocked
from apps.ledger import selectors as ledger
from apps.ledger.chart import Account
from apps.ledger.models import Entry
from apps.loans import policies, proofs, selectors, services
from apps.loans.errors import HeldTheLink, NotOwnAccount, OtherContent, OwnRequest, PaidOtherwise
from apps.loans.models import Disbursement, Instalment, Loan
from apps.loans.tests import factories
from apps.offers import services as offers
from apps.offers.tests import factories as offering

NOW, LATER, TODAY = factories.NOW, factories.LATER, factories.TODAY


def _refused(act: Callable[[], object]) -> DomainError:
    """Return the refusal of an act that must leave nothing behind."""
    before = _state()
    with pytest.raises(DomainError) as refusal:
        act()
    assert str(refusal.value.sentence)
    assert _state() == before
    return refusal.value


def _state() -> tuple[Any, ...]:
    return (
        list(Disbursement.objects.order_by("pk").values_list("pk", "status", "updated_at")),
        list(Loan.objects.order_by("pk").values_list("pk", "status", "disbursed_date")),
        Entry.objects.count(),
        Event.objects.count(),
        Instalment.objects.count(),
    )


def _clean() -> bool:
    found = (
        proofs.principal_is_booked(),
        proofs.schedule_covers_principal(),
        proofs.paid_is_allocated(),
    )
    return found == (None, None, None)


def _confirm(bob: User, one: Disbursement, on: date = TODAY, **changes: Any) -> Disbursement:
    values: dict[str, Any] = {
        "paid_date": on,
        "bank_reference": "UTR1",
        "now": NOW + (on - TODAY) + timedelta(hours=2),
        **changes,
    }
    return services.confirm(actor=bob, disbursement=one, **values)


def test_a_payment_goes_from_one_person_to_another_to_the_books(
    alice: User, bob: User, loan: Loan
) -> None:
    asked = factories.requested(alice, loan)
    assert (asked.status, asked.amount, asked.deducted, asked.net_amount) == (
        "requested",
        200_000,
        500,
        199_500,
    )
    assert (asked.account_number, asked.account_tail) == ("50100123456789", "••••6789")

    approved = services.approve(actor=bob, disbursement=asked, now=LATER)
    paid = _confirm(bob, approved)

    loan.refresh_from_db()
    assert (paid.status, loan.status, loan.disbursed_date) == ("paid", "active", TODAY)
    entry = Entry.objects.get()
    assert (entry.event, entry.day, entry.loan_id) == ("disbursement", TODAY, loan.pk)
    held = ledger.balances([loan.pk])[loan.pk]
    assert held[Account.PRINCIPAL] == 200_000
    assert held[Account.CASH] == -199_500
    assert (held[Account.FEE_INCOME], held[Account.THIRD_PARTY_PAYABLE]) == (340, 160)
    assert _clean()
    assert loan.offer is not None
    loan.offer.refresh_from_db()
    assert loan.offer.paid_out_date == TODAY
    assert list(
        Event.objects.filter(verb__startswith="loans.payment")
        .order_by("pk")
        .values_list("verb", flat=True)
    ) == ["loans.payment_requested", "loans.payment_approved", "loans.payment_confirmed"]


def test_paid_on_the_planned_day_the_original_schedule_runs(
    alice: User, bob: User, loan: Loan
) -> None:
    factories.paid(alice, bob, loan)

    assert list(loan.schedules.values_list("number", "kind", "in_force")) == [(1, "original", True)]


def test_paid_later_the_schedule_follows_and_the_original_stays(
    alice: User, bob: User, loan: Loan
) -> None:
    day = TODAY + timedelta(days=5)
    original = list(loan.instalments.order_by("number").values_list("due_date", "principal"))

    factories.paid(alice, bob, loan, on=day)

    first, second = loan.schedules.order_by("number")
    assert (first.kind, first.in_force) == ("original", False)
    assert (second.kind, second.reason, second.in_force) == (
        "current",
        "paid_on_another_day",
        True,
    )
    assert list(first.instalments.order_by("number").values_list("due_date", "principal")) == (
        original
    )
    assert not first.instalments.filter(in_force=True).exists()
    row = second.instalments.get(number=1)
    assert (row.due_date, row.in_force) == (date(2026, 12, 25), True)
    assert second.instalments.get(number=24).closing == 0
    assert _clean()


def test_paid_gross_the_fees_are_owed_beside(alice: User, bob: User, loan: Loan) -> None:
    paid = factories.paid(alice, bob, loan, is_net=False)

    assert (paid.deducted, paid.net_amount) == (0, 200_000)
    held = ledger.balances([loan.pk])[loan.pk]
    assert (held[Account.CASH], held[Account.FEES_RECEIVABLE]) == (-200_000, 500)
    assert (held[Account.PRINCIPAL], held.owed) == (200_000, 200_500)
    assert _clean()


def test_nobody_approves_or_refuses_what_they_asked_for(
    alice: User, loan: Loan, make_person: Callable[..., User]
) -> None:
    asked = factories.requested(alice, loan)
    alice.groups.add(Group.objects.get(name="credit_reviewer"))
    both = User.objects.get(pk=alice.pk)

    assert isinstance(
        _refused(lambda: services.approve(actor=both, disbursement=asked, now=LATER)), OwnRequest
    )
    assert isinstance(
        _refused(lambda: services.refuse(actor=both, disbursement=asked, reason="Mine", now=LATER)),
        OwnRequest,
    )


def _accepted_by_a_link_of(person: User, alice: User) -> Loan:
    """Return a loan whose offer was accepted by a link after a person had taken its statement."""
    offer = offering.made(alice)
    audit.record(
        person, "portal.link_issued", offer.application, case=offer.application, purpose="offer"
    )
    offers.accept_by_applicant(
        offer=offer, acknowledged=True, statement_hash=offer.statement_hash, now=LATER
    )
    return services.open_loan(actor=alice, application=offer.application, now=LATER)


def test_who_held_the_borrowers_link_does_not_approve(
    alice: User, bob: User, stage: None, make_person: Callable[..., User]
) -> None:
    dora = make_person("Dora", "credit_reviewer")
    asked = factories.requested(alice, _accepted_by_a_link_of(bob, alice))

    assert not policies.may_approve(bob, asked)
    assert selectors.my_count(bob) == 0
    refusal = _refused(lambda: services.approve(actor=bob, disbursement=asked, now=LATER))
    with pytest.raises(IntegrityError, match="independent"), transaction.atomic():
        Disbursement.objects.filter(pk=asked.pk).update(
            status="approved", checked_by=bob, checked_at=LATER
        )

    assert isinstance(refusal, HeldTheLink)
    assert services.approve(actor=dora, disbursement=asked, now=LATER).status == "approved"


def test_who_held_the_borrowers_link_pays_nothing_alone(
    alice: User, charlie: User, pune: Branch, stage: None
) -> None:
    role = Group.objects.get(name="loan_officer")
    services.set_limit(
        actor=charlie, entity=pune.entity, role=role, currency="INR", amount=Decimal(200_000)
    )

    asked = factories.requested(alice, _accepted_by_a_link_of(alice, alice))

    assert (asked.status, asked.alone_limit) == ("requested", Decimal(0))


def test_within_the_limit_one_person_is_enough(
    alice: User, bob: User, charlie: User, loan: Loan, pune: Branch
) -> None:
    role = Group.objects.get(name="loan_officer")
    services.set_limit(
        actor=charlie, entity=pune.entity, role=role, currency="INR", amount=Decimal(200_000)
    )

    asked = factories.requested(alice, loan)

    assert (asked.status, asked.checked_by, asked.alone_limit) == ("approved", None, 200_000)
    assert Event.objects.filter(verb="loans.payment_within_limit").count() == 1
    assert _confirm(bob, asked).status == "paid"


def test_just_above_the_limit_it_takes_two(
    alice: User, charlie: User, loan: Loan, pune: Branch
) -> None:
    role = Group.objects.get(name="loan_officer")
    services.set_limit(
        actor=charlie, entity=pune.entity, role=role, currency="INR", amount=Decimal("199999.99")
    )

    assert factories.requested(alice, loan).status == "requested"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"planned_date": TODAY - timedelta(days=1)}, "planned_date"),
        ({"planned_date": TODAY + timedelta(days=91)}, "planned_date"),
        ({"holder": "Somebody Else"}, "holder"),
        ({"account_number": "12"}, "account_number"),
        ({"account_number": "=HYPERLINK()"}, "account_number"),
        ({"bank_code": "?"}, "bank_code"),
        ({"currency": "USD"}, "currency"),
        ({"amount": Decimal("200000.01")}, "amount"),
        ({"amount": Decimal(100_000), "rest_planned_date": TODAY}, "amount"),
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal(-1)}, "amount"),
        ({"amount": Decimal("NaN")}, "amount"),
        ({"amount": Decimal("0.001")}, "amount"),
        ({"rest_planned_date": TODAY}, "rest_planned_date"),
        ({"reference": "x" * 41}, "reference"),
    ],
)
def test_what_cannot_be_paid_is_not_asked_for(
    alice: User, loan: Loan, changes: dict[str, Any], field: str
) -> None:
    refusal = _refused(lambda: factories.requested(alice, loan, **changes))

    assert set(refusal.fields) == {field}


def test_rule_6_5_the_account_is_the_borrowers_own(alice: User, loan: Loan) -> None:
    name = loan.customer.full_name

    assert isinstance(
        _refused(lambda: factories.requested(alice, loan, holder="Car Dealer Ltd")), NotOwnAccount
    )
    # Banks write names their own way.
    asked = factories.requested(alice, loan, holder=f"MR. {' '.join(reversed(name.split()))}")
    assert asked.status == "requested"


def test_paying_out_twice_is_refused(alice: User, bob: User, loan: Loan) -> None:
    factories.paid(alice, bob, loan)

    assert _refused(lambda: factories.requested(alice, loan)).code == "nothing_left"


def test_a_reference_asks_once(alice: User, loan: Loan) -> None:
    first = factories.requested(alice, loan, reference="BATCH-7")

    assert factories.requested(alice, loan, reference="BATCH-7") == first
    assert Disbursement.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"account_number": "999999999"},
        {"bank_code": "HDFC0000008"},
        {"is_net": False},
        {"holder": "Somebody Else"},
        {"rest_planned_date": TODAY + timedelta(days=9)},
        {"planned_date": TODAY + timedelta(days=1)},
        {"amount": Decimal(1)},
        {"currency": "KES"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_reference_that_says_something_else_is_refused(
    alice: User, loan: Loan, changes: dict[str, Any]
) -> None:
    factories.requested(alice, loan, reference="BATCH-7")

    refusal = _refused(lambda: factories.requested(alice, loan, reference="BATCH-7", **changes))

    assert isinstance(refusal, OtherContent)
    assert Disbursement.objects.count() == 1


def test_confirming_twice_is_confirming_once(alice: User, bob: User, loan: Loan) -> None:
    paid = factories.paid(alice, bob, loan)

    again = _confirm(bob, paid, bank_reference=paid.bank_reference)

    assert (again.entry_id, Entry.objects.count()) == (paid.entry_id, 1)
    for changes in ({"bank_reference": "OTHER"}, {"on": TODAY + timedelta(days=1)}):
        assert isinstance(_refused(lambda c=changes: _confirm(bob, paid, **c)), PaidOtherwise)


@pytest.mark.parametrize(
    ("on", "now_days"),
    [
        pytest.param(TODAY + timedelta(days=1), 0, id="to come"),
        pytest.param(TODAY - timedelta(days=1), 0, id="before it was approved"),
        pytest.param(date(1999, 1, 1), 0, id="long ago"),
    ],
)
def test_a_day_it_was_not_paid_on_is_refused(
    alice: User, bob: User, loan: Loan, on: date, now_days: int
) -> None:
    one = factories.approved(alice, bob, loan)

    refusal = _refused(lambda: _confirm(bob, one, on=on, now=LATER + timedelta(days=now_days)))

    assert set(refusal.fields) == {"paid_date"}


def test_nothing_is_confirmed_that_nobody_approved(alice: User, bob: User, loan: Loan) -> None:
    one = factories.requested(alice, loan)

    assert isinstance(_refused(lambda: _confirm(bob, one)), Conflict)


def test_a_blocked_borrower_is_paid_nothing(
    alice: User, bob: User, charlie: User, loan: Loan, pune: Branch
) -> None:
    approved = factories.approved(alice, bob, loan)
    entry = people.block_entry(customer_number=loan.customer.number)
    customers.block(actor=charlie, entity=pune.entity, entry=entry, now=NOW)

    assert isinstance(_refused(lambda: _confirm(bob, approved)), BorrowerBlocked)
    assert isinstance(
        _refused(
            lambda: services.instruct(
                actor=bob, entity=pune.entity, disbursements=[approved], now=LATER
            )
        ),
        BorrowerBlocked,
    )


def test_who_stepped_back_is_paid_nothing(alice: User, bob: User, loan: Loan) -> None:
    approved = factories.approved(alice, bob, loan)
    assert loan.offer is not None
    offers.exit(actor=alice, offer=loan.offer, now=LATER)

    # The payment was taken back with it.
    assert _refused(lambda: _confirm(bob, approved)).code == "action_not_possible"
    assert _refused(lambda: factories.requested(alice, loan)).code == "offer_ended"


@pytest.mark.parametrize("by_link", [False, True], ids=["at-the-counter", "by-link"])
def test_a_loan_that_was_not_paid_out_ends_when_its_borrower_steps_back(
    alice: User, bob: User, loan: Loan, by_link: bool
) -> None:
    approved = factories.approved(alice, bob, loan)
    assert loan.offer is not None

    done = offers.exit(actor=None if by_link else alice, offer=loan.offer, now=LATER)

    loan.refresh_from_db()
    approved.refresh_from_db()
    assert (done.status, done.exit_quote) == ("exited", None)
    assert (loan.status, approved.status) == ("cancelled", "cancelled")
    assert approved.ended_reason == "The borrower stepped back from this loan."
    assert approved.ended_by == (None if by_link else alice)
    event = Event.objects.get(verb="loans.cancelled")
    assert event.actor == ("portal:applicant" if by_link else f"accounts.user:{alice.pk}")


def test_nobody_steps_back_while_the_bank_is_about_to_pay(
    alice: User, bob: User, loan: Loan, pune: Branch
) -> None:
    approved = factories.approved(alice, bob, loan)
    services.instruct(actor=bob, entity=pune.entity, disbursements=[approved], now=LATER)
    offer = loan.offer
    assert offer is not None

    codes = [
        _refused(lambda who=who: offers.exit(actor=who, offer=offer, now=LATER)).code
        for who in (alice, None)
    ]

    offer.refresh_from_db()
    assert (codes, offer.status) == (["payment_on_its_way", "ask_the_branch"], "taken_up")


def test_stepping_back_costs_nothing_once_the_money_came_back(
    alice: User, bob: User, charlie: User, loan: Loan
) -> None:
    one = factories.paid(alice, bob, loan)
    later = LATER + timedelta(hours=2)
    services.reverse(actor=charlie, disbursement=one, day=TODAY, reason="Returned", now=later)
    assert loan.offer is not None

    done = offers.exit(actor=alice, offer=loan.offer, now=later)

    loan.refresh_from_db()
    assert (done.paid_out_date, done.exit_quote, loan.status) == (None, None, "cancelled")


def test_only_who_may_takes_a_step(
    alice: User,
    bob: User,
    amir: User,
    loan: Loan,
    make_person: Callable[..., User],
    nashik: Branch,
) -> None:
    olga = make_person("Olga", "credit_reviewer", branch=nashik)
    asked = factories.requested(alice, loan)

    for person, kind in ((alice, NotPermitted), (amir, NotPermitted), (olga, NotVisible)):
        refusal = _refused(
            lambda p=person: services.approve(actor=p, disbursement=asked, now=LATER)
        )
        assert isinstance(refusal, kind)
    assert isinstance(_refused(lambda: factories.requested(bob, loan)), NotPermitted)
    assert isinstance(_refused(lambda: _confirm(alice, asked)), NotPermitted)
    assert isinstance(
        _refused(
            lambda: services.reverse(
                actor=bob, disbursement=asked, day=TODAY, reason="No", now=LATER
            )
        ),
        NotPermitted,
    )


def test_a_refused_or_failed_payment_is_asked_for_anew(
    alice: User, bob: User, loan: Loan, pune: Branch
) -> None:
    refused = services.refuse(
        actor=bob, disbursement=factories.requested(alice, loan), reason="Wrong bank", now=LATER
    )
    approved = factories.approved(alice, bob, loan)
    services.instruct(actor=bob, entity=pune.entity, disbursements=[approved], now=LATER)
    failed = services.fail(actor=bob, disbursement=approved, reason="Account closed", now=LATER)

    again = factories.requested(alice, loan)

    assert (refused.status, failed.status, again.number) == ("refused", "failed", 3)
    assert failed.ended_reason == "Account closed"
    assert not Entry.objects.exists()
    loan.refresh_from_db()
    assert loan.status == "opened"


def test_what_was_asked_for_is_taken_back_before_the_bank_knows(
    alice: User, bob: User, loan: Loan, make_person: Callable[..., User]
) -> None:
    other = make_person("Otto", "loan_officer")
    asked = factories.requested(alice, loan)

    assert isinstance(
        _refused(
            lambda: services.take_back(actor=other, disbursement=asked, reason="Hmm", now=LATER)
        ),
        NotPermitted,
    )
    done = services.take_back(actor=alice, disbursement=asked, reason="Typo", now=LATER)

    assert done.status == "cancelled"
    assert isinstance(
        _refused(
            lambda: services.take_back(actor=alice, disbursement=done, reason="Typo", now=LATER)
        ),
        Conflict,
    )


def test_a_contract_with_a_payment_on_its_way_is_not_given_up(
    alice: User, bob: User, loan: Loan
) -> None:
    factories.requested(alice, loan)

    refusal = _refused(
        lambda: services.cancel(actor=alice, loan=loan, reason="Changed plans", now=LATER)
    )

    assert refusal.code == "payment_on_its_way"


def test_the_database_pays_no_more_than_was_lent(alice: User, bob: User, loan: Loan) -> None:
    one = factories.paid(alice, bob, loan)
    copy = Disbursement.objects.get(pk=one.pk)
    copy.pk, copy.number, copy.tranche = None, 9, 2  # type: ignore[assignment]
    copy.id = loan.pk
    copy.reference, copy.amount, copy.deducted = "BY-HAND", Decimal(1), Decimal(0)
    copy.net_amount = Decimal(1)
    copy.holder, copy.account_number = "By Hand", "123456"

    with (
        pytest.raises(IntegrityError, match="loans_disbursement_within_loan"),
        transaction.atomic(),
    ):
        copy.save(force_insert=True)
    for values in ({"amount": Decimal(1)}, {"requested_by": bob}, {"reference": "X"}):
        with pytest.raises(InternalError), transaction.atomic():
            Disbursement.objects.filter(pk=one.pk).update(**values)
    with pytest.raises(InternalError), transaction.atomic():
        Disbursement.objects.filter(pk=one.pk).delete()


def test_the_limit_of_one_person_is_not_passed_in_parts(
    alice: User, bob: User, charlie: User, pune: Branch, stage: None
) -> None:
    role = Group.objects.get(name="loan_officer")
    services.set_limit(
        actor=charlie, entity=pune.entity, role=role, currency="INR", amount=Decimal(100_000)
    )
    application = offering.approved(
        alice, conditions={"is_staged": True, "staged_clause": "Clause 4"}
    )
    loan = services.open_loan(
        actor=alice, application=factories.agreed(alice, application), now=LATER
    )

    first = factories.requested(alice, loan, amount=Decimal(100_000), rest_planned_date=TODAY)
    rest = factories.requested(alice, loan)

    assert (first.status, first.amount, first.checked_by) == ("approved", 100_000, None)
    assert (rest.status, rest.amount) == ("requested", 100_000)
    assert services.approve(actor=bob, disbursement=rest, now=LATER).status == "approved"


def test_a_staged_product_is_paid_in_tranches(alice: User, bob: User, stage: None) -> None:
    application = offering.approved(
        alice, conditions={"is_staged": True, "staged_clause": "Clause 4"}
    )
    loan = services.open_loan(
        actor=alice, application=factories.agreed(alice, application), now=LATER
    )
    rest_on = TODAY + timedelta(days=30)

    assert _refused(lambda: factories.requested(alice, loan, amount=Decimal(80_000))).fields
    first = factories.paid(alice, bob, loan, amount=Decimal(80_000), rest_planned_date=rest_on)
    assert (first.tranche, first.deducted, first.net_amount) == (1, 500, 79_500)
    assert ledger.balances([loan.pk])[loan.pk][Account.PRINCIPAL] == 80_000
    opening = loan.instalments.get(in_force=True, number=1).opening
    assert opening == 80_000
    assert _clean()

    day = TODAY + timedelta(days=40)
    later = NOW + timedelta(days=40, hours=1)
    loan.refresh_from_db()
    second = services.request(
        actor=alice, loan=loan, payment=factories.payment(loan, planned_date=day), now=later
    )
    services.approve(actor=bob, disbursement=second, now=later)
    _confirm(bob, second, on=day)

    second.refresh_from_db()
    assert (second.tranche, second.deducted, second.status) == (2, 0, "paid")
    assert ledger.balances([loan.pk])[loan.pk][Account.PRINCIPAL] == 200_000
    assert loan.schedules.count() == 3
    assert _clean()
    assert _refused(lambda: factories.requested(alice, loan)).code == "nothing_left"


def test_a_loan_is_paid_out_on_the_first_day_whichever_the_bank_tells_first(
    alice: User, bob: User, stage: None
) -> None:
    application = offering.approved(
        alice, conditions={"is_staged": True, "staged_clause": "Clause 4"}
    )
    loan = services.open_loan(
        actor=alice, application=factories.agreed(alice, application), now=LATER
    )
    first = factories.approved(alice, bob, loan, amount=Decimal(80_000), rest_planned_date=TODAY)
    second = factories.approved(alice, bob, loan)
    told = LATER + timedelta(days=3)

    for one, day in ((second, TODAY + timedelta(days=2)), (first, TODAY + timedelta(days=1))):
        services.confirm(
            actor=bob, disbursement=one, paid_date=day, bank_reference=f"UTR-{day}", now=told
        )

    loan.refresh_from_db()
    assert loan.disbursed_date == TODAY + timedelta(days=1)
    terms = loan.schedules.get(in_force=True).terms
    assert terms["disbursed_on"] == str(loan.disbursed_date)
    assert _clean()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_ask_at_once_one_payment_comes(
    alice: User, bob: User, known_book: None, pune: Branch, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark)
    loan = factories.opened(alice)
    gate = threading.Barrier(2)

    def run(number: int) -> object:
        try:
            gate.wait(timeout=10)
            return factories.requested(alice, loan, reference=f"R{number}")
        except DomainError as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(run, range(2)))

    assert "nothing_left" in found
    assert Disbursement.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_confirm_at_once_one_entry_is_posted(
    alice: User, bob: User, known_book: None, pune: Branch, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark)
    one = factories.approved(alice, bob)
    gate = threading.Barrier(2)

    def run(reference: str) -> object:
        try:
            gate.wait(timeout=10)
            return _confirm(bob, one, bank_reference=reference).bank_reference
        except DomainError as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        found = sorted(map(str, pool.map(run, ["A", "B"])))

    assert found[0] in ("A", "B")
    assert found[1] == "paid_otherwise"
    assert Entry.objects.count() == 1
