"""Loans go from branch to branch: by two people, with all they hold, and history stays right."""

import uuid
from collections.abc import Callable
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.applications import services as applications
from apps.applications.entries import ApplicationEntry, Terms
from apps.applications.models import Application
from apps.audit.models import Event
from apps.ledger import selectors as ledger
from apps.ledger import services as books
from apps.ledger.chart import Account
from apps.ledger.models import Entry
from apps.loans import services as lending
from apps.loans.models import Loan
from apps.offers import services as offering
from apps.repayments import services as repayments
from apps.repayments.models import AccountEvent, BranchMove, LoanAccount
from apps.repayments.tests import factories as repaid
from apps.servicing import services
from apps.servicing.models import Transfer
from apps.servicing.tests import factories
from apps.servicing.tests.factories import at

D = Decimal
Browser = Callable[[User], Client]


@pytest.fixture
def nina(make_person: Any, nashik: Branch) -> User:
    """A credit reviewer in Nashik."""
    person: User = make_person("Nina", "credit_reviewer", branch=nashik)
    return person


def _proposed(loan: Loan, alice: User, to: Branch, day: date, **changes: Any) -> Transfer:
    values = {"reason": "The borrower moved to Nashik", **changes}
    return services.propose_transfer(actor=alice, loan=loan, to_branch=to, now=at(day), **values)


def _moved(loan: Loan, alice: User, nina: User, day: date) -> Loan:
    transfer = _proposed(loan, alice, nina.branch, day)
    services.approve_transfer(actor=nina, transfer=transfer, now=at(day))
    return Loan.objects.get(pk=loan.pk)


def _held(loan: Loan, branch: Branch) -> dict[str, Decimal]:
    return {one.value: amount for one, amount in ledger.held_in(loan.pk, branch.pk).items()}


def _trial(branch: Branch, day: date) -> dict[str, Decimal]:
    sums = ledger.trial_balance([branch], day).sums
    return {one.account.value: one.debits - one.credits for one in sums}


def test_all_that_a_loan_holds_goes_along_account_by_account(
    lent: Loan, alice: User, nina: User, pune: Branch, nashik: Branch
) -> None:
    first = repaid.due_dates(lent)[0]
    repaid.pay("system:test", lent, first, "5000.00")
    day = first + timedelta(days=10)

    moved = _moved(lent, alice, nina, day)

    assert moved.branch == nashik
    assert _held(moved, pune) == {}
    before = repaid.books(moved)
    assert "inter_branch" not in before
    assert _held(moved, nashik)["principal"] == before["principal"]
    leaves, arrives = Entry.objects.filter(loan_id=lent.pk, event="transfer").order_by("pk")
    assert (leaves.branch, arrives.branch) == (pune, nashik)
    mirrored = [(line.account, line.amount, line.side.other) for line in arrives.content()]
    assert [(line.account, line.amount, line.side) for line in leaves.content()] == mirrored
    assert repaid.offenders() == []


def test_interest_up_to_the_day_stays_earned_where_the_loan_was(
    lent: Loan, alice: User, nina: User, pune: Branch, nashik: Branch
) -> None:
    day = repaid.due_dates(lent)[0] + timedelta(days=10)

    moved = _moved(lent, alice, nina, day)
    later = repaid.due_dates(moved)[1]
    repaid.pay("system:test", moved, later, "9000.00")

    incomes = {
        entry.branch_id
        for entry in Entry.objects.filter(loan_id=lent.pk, event="interest_accrual", day__lte=day)
    }
    assert incomes == {pune.pk}
    receipt = Entry.objects.get(loan_id=lent.pk, event="repayment", day=later)
    assert receipt.branch == nashik
    assert LoanAccount.objects.get(pk=lent.pk).moved_on == later
    assert repaid.offenders() == []


@pytest.mark.parametrize("ago", [1, 20, 0], ids=["day-before", "before-due-date", "same-day"])
def test_what_becomes_known_of_an_earlier_day_is_posted_where_the_loan_was_then(
    lent: Loan, alice: User, nina: User, pune: Branch, nashik: Branch, ago: int
) -> None:
    day = repaid.due_dates(lent)[0] + timedelta(days=10)
    told = day - timedelta(days=ago)
    never = _untransferred(lent, told, day + timedelta(days=3))
    moved = _moved(lent, alice, nina, day)

    event = repaid.pay("system:test", moved, told, "3000.00", now=at(day + timedelta(days=3)))
    repaid.pay("system:test", moved, day + timedelta(days=3), "1.00")

    entry = Entry.objects.get(pk=AccountEvent.objects.get(pk=event.pk).entry_id)
    assert (entry.day, entry.branch) == (told, nashik if ago == 0 else pune)
    assert _held(moved, pune) == {}
    assert _but_interest(repaid.books(moved)) == _but_interest(never)
    assert repaid.offenders() == []


def _untransferred(loan: Loan, told: date, known: date) -> dict[str, Decimal]:
    """Return the books of the same history without a transfer."""
    with transaction.atomic():
        repaid.pay("system:test", loan, told, "3000.00", now=at(known))
        repaid.pay("system:test", loan, known, "1.00")
        books = repaid.books(loan)
        transaction.set_rollback(True)
    return books


def _but_interest(books: dict[str, Decimal]) -> dict[str, Decimal]:
    """Leave out what the move books up to its day, and an unmoved loan books when next accrued."""
    return {name: one for name, one in books.items() if not name.startswith("interest_")}


def test_a_payment_of_before_the_move_is_taken_back_after_all_of_it_was_closed(
    lent: Loan,
    alice: User,
    nina: User,
    charlie: User,
    pune: Branch,
    nashik: Branch,
) -> None:
    """What the branch earned stays there; what the loan holds goes after it on the open day."""
    first = repaid.due_dates(lent)[0]
    day = first + timedelta(days=10)
    closed = day + timedelta(days=2)
    twin = _without_payment(lent, alice, nina, day, closed)
    event = repaid.pay("system:test", lent, first, "5000.00")
    moved = _moved(lent, alice, nina, day)
    _closed(moved, closed)
    reported = [_trial(branch, closed) for branch in (pune, nashik)]
    opens_on = closed + timedelta(days=1)

    repayments.take_back(actor=charlie, event=event, reason="Cheque bounced", now=at(opens_on))

    assert [_trial(branch, closed) for branch in (pune, nashik)] == reported
    assert [_trial(branch, opens_on) for branch in (pune, nashik)] == twin
    assert _held(moved, pune) == {}
    assert repaid.offenders() == []


def _without_payment(
    loan: Loan, alice: User, nina: User, day: date, closed: date
) -> list[dict[str, Decimal]]:
    """Return the books of both branches of the same history where nothing was ever paid."""
    with transaction.atomic():
        home = loan.branch
        _closed(_moved(loan, alice, nina, day), closed)
        found = [_trial(branch, closed) for branch in (home, nina.branch)]
        transaction.set_rollback(True)
    loan.refresh_from_db()
    return found


def _closed(loan: Loan, day: date) -> None:
    entity, now = loan.branch.entity, at(day + timedelta(days=1))
    repayments.accrue_day(actor="system:test", entity=entity, day=day, now=now)
    books.close_day(actor="system:test", entity=entity, day=day, now=now)


def test_a_payment_of_before_the_move_is_taken_back_as_if_it_had_never_come(
    lent: Loan, alice: User, nina: User, charlie: User, pune: Branch, nashik: Branch
) -> None:
    first = repaid.due_dates(lent)[0]
    event = repaid.pay("system:test", lent, first, "5000.00")
    day = first + timedelta(days=10)
    moved = _moved(lent, alice, nina, day)
    after = day + timedelta(days=2)
    repaid.pay("system:test", moved, after, "1000.00")

    repayments.take_back(actor=charlie, event=event, reason="Cheque bounced", now=at(after))

    assert _held(moved, pune) == {}
    assert repaid.books(moved)["principal"] == _held(moved, nashik)["principal"]
    assert repaid.offenders() == []


def test_a_loan_goes_back_the_same_way_and_history_holds_through_both(
    lent: Loan,
    alice: User,
    bob: User,
    nina: User,
    charlie: User,
    pune: Branch,
    nashik: Branch,
    make_person: Any,
) -> None:
    first = repaid.due_dates(lent)[0]
    event = repaid.pay("system:test", lent, first, "5000.00")
    day = first + timedelta(days=10)
    moved = _moved(lent, alice, nina, day)
    nora = make_person("Nora", "loan_officer", branch=nashik)
    back = services.propose_transfer(
        actor=nora, loan=moved, to_branch=pune, reason="Moved by mistake", now=at(day)
    )
    services.approve_transfer(actor=bob, transfer=back, now=at(day))
    moved.refresh_from_db()

    repayments.take_back(actor=charlie, event=event, reason="Cheque bounced", now=at(day))

    assert moved.branch == pune
    assert _held(moved, nashik) == {}
    assert BranchMove.objects.count() == 2
    assert repaid.offenders() == []


def test_the_trial_balances_of_both_branches_are_right_on_every_day(
    lent: Loan, alice: User, nina: User, pune: Branch, nashik: Branch
) -> None:
    day = repaid.due_dates(lent)[0] + timedelta(days=10)

    moved = _moved(lent, alice, nina, day)
    repaid.pay("system:test", moved, day - timedelta(days=1), "3000.00", now=at(day))

    eve, since = day - timedelta(days=1), day
    assert _trial(nashik, eve) == {}
    assert _trial(pune, eve)["principal"] > 0
    here, there = _trial(pune, since), _trial(nashik, since)
    assert here.get("principal", D(0)) == 0
    assert there["principal"] == repaid.books(moved)["principal"]
    assert here["inter_branch"] == -there["inter_branch"]
    assert here["inter_branch"] > 0


def test_who_sees_the_loan_follows_the_branch(
    lent: Loan, alice: User, nina: User, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = repaid.due_dates(lent)[0]
    assert Loan.objects.visible_to(nina).count() == 0

    _moved(lent, alice, nina, day)

    assert Loan.objects.visible_to(nina).count() == 1
    assert Loan.objects.visible_to(alice).count() == 0
    monkeypatch.setattr(timezone, "now", lambda: at(day))
    assert signed_in(nina).get(reverse("loans:detail", args=[lent.pk])).status_code == 200
    assert signed_in(alice).get(reverse("loans:detail", args=[lent.pk])).status_code == 404


def test_the_page_of_a_loan_that_moved_links_to_nothing_that_stayed_behind(
    lent: Loan, alice: User, nina: User, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = repaid.due_dates(lent)[0]
    monkeypatch.setattr(timezone, "now", lambda: at(day))
    page = reverse("loans:detail", args=[lent.pk])
    assert lent.offer is not None
    behind = [
        reverse("customers:detail", args=[lent.customer_id]),
        reverse("applications:detail", args=[lent.application_id]),
        reverse("offers:detail", args=[lent.offer_id]),
    ]
    officer = signed_in(alice)
    assert all(address in officer.get(page).text for address in behind)
    assert all(officer.get(address).status_code == 200 for address in behind)

    _moved(lent, alice, nina, day)

    receiver = signed_in(nina)
    text = receiver.get(page).text
    assert [address for address in behind if address in text] == []
    assert [receiver.get(address).status_code for address in behind] == [404, 404, 404]
    for number in (lent.customer.number, lent.application.number, lent.offer.number):
        assert number in text


@pytest.fixture
def nora(make_person: Any, nashik: Branch) -> User:
    """A loan officer in Nashik."""
    person: User = make_person("Nora", "loan_officer", branch=nashik)
    return person


def _terms(lent: Loan) -> Terms:
    return Terms(
        product=lent.product,
        amount=D(300_000),
        term_months=24,
        purpose=lent.application.purpose,
    )


def test_a_loan_that_moved_is_topped_up_where_it_is_and_its_customer_is_seen_no_more_for_that(
    lent: Loan, alice: User, nina: User, nora: User, nashik: Branch, signed_in: Browser
) -> None:
    day = repaid.due_dates(lent)[0]
    _moved(lent, alice, nina, day)

    made = services.start_top_up(actor=nora, loan=lent, terms=_terms(lent), now=at(day))

    assert (made.branch, made.customer) == (nashik, lent.customer)
    assert made.settles == lent.application
    assert Event.objects.get(verb="servicing.top_up_started").facts["application"] == made.number
    officer = signed_in(nora)
    page = officer.get(reverse("applications:detail", args=[made.pk]))
    customer = reverse("customers:detail", args=[lent.customer_id])
    assert page.status_code == 200
    assert made.customer.number in page.text
    assert customer not in page.text
    papers = officer.get(reverse("desk:documents", args=[made.pk]))
    assert papers.status_code == 200
    assert customer not in papers.text
    behind = [customer, reverse("applications:detail", args=[lent.application_id])]
    assert [officer.get(one).status_code for one in behind] == [404, 404]
    assert repaid.offenders() == []


def test_a_loan_that_moved_is_topped_up_by_nobody_of_another_branch(
    lent: Loan, alice: User, charlie: User, nina: User, nora: User
) -> None:
    day = repaid.due_dates(lent)[0]
    before = factories.refused(
        lambda: services.start_top_up(actor=nora, loan=lent, terms=_terms(lent), now=at(day))
    )
    _moved(lent, alice, nina, day)

    after = factories.refused(
        lambda: services.start_top_up(actor=alice, loan=lent, terms=_terms(lent), now=at(day))
    )
    # Neither does who knows of the loan take another request of its customer.
    other = ApplicationEntry(
        customer=lent.customer,
        **{one.name: getattr(_terms(lent), one.name) for one in fields(Terms)},
    )
    unrelated = factories.refused(lambda: applications.draft(actor=nora, entry=other, now=at(day)))

    assert [one.code for one in (before, after, unrelated)] == ["not_found"] * 3
    assert not Application.objects.filter(settles=lent.application).exists()


def _brought(lent: Loan, day: date, **changes: Any) -> repayments.Money:
    values = {
        "number": lent.customer.number,
        "amount": D("1000.00"),
        "channel": "bank_transfer",
        "external_reference": "UTR-MOVED",
        "day": day,
        **changes,
    }
    return repayments.Money(**values)


def test_money_told_by_the_customers_number_is_taken_where_the_loan_is(
    lent: Loan, alice: User, nina: User, nora: User, signed_in: Browser
) -> None:
    day = repaid.due_dates(lent)[0]
    _moved(lent, alice, nina, day)
    money = _brought(lent, day)

    seen = repayments.preview(actor=nora, money=money, now=at(day))
    [event] = repayments.take(actor=nora, money=money, now=at(day))

    assert [(loan, found.fact.amount) for loan, found in seen.shares] == [(lent, D("1000.00"))]
    assert (event.loan, event.amount, event.made_by) == (lent, D("1000.00"), nora)
    assert repayments.take(actor=nora, money=money, now=at(day)) == [event]
    customer = reverse("customers:detail", args=[lent.customer_id])
    assert signed_in(nora).get(customer).status_code == 404
    assert repaid.offenders() == []


def test_money_told_by_the_number_of_somebody_elses_customer_is_refused(
    lent: Loan, alice: User, nina: User, nora: User
) -> None:
    day = repaid.due_dates(lent)[0]

    def codes(actor: User) -> list[str]:
        money = _brought(lent, day)
        acts = (
            lambda: repayments.preview(actor=actor, money=money, now=at(day)),
            lambda: repayments.take(actor=actor, money=money, now=at(day)),
        )
        return [factories.refused(act).code for act in acts]

    # Before it moves, nobody there knows of it; afterwards nothing of it runs where it was.
    assert codes(nora) == ["number_unknown"] * 2
    _moved(lent, alice, nina, day)
    assert codes(alice) == ["no_running_loan"] * 2
    assert not AccountEvent.objects.filter(kind="receipt").exists()


def test_what_went_to_a_loan_elsewhere_is_not_told_of_under_the_same_reference(
    lent: Loan, alice: User, nina: User, nora: User
) -> None:
    day = repaid.due_dates(lent)[0]
    money = _brought(lent, day)
    repayments.take(actor=alice, money=money, now=at(day))
    _moved(lent, alice, nina, day)

    assert (
        factories.refused(lambda: repayments.take(actor=alice, money=money, now=at(day))).code
        == "reference_used"
    )


# --- refusals -----------------------------------------------------------------------------------
def _refused(act: Callable[[], object]) -> str:
    before = (list(Transfer.objects.values_list("status")), BranchMove.objects.count())
    refusal = factories.refused(act)
    assert (list(Transfer.objects.values_list("status")), BranchMove.objects.count()) == before
    return refusal.code


def test_what_stands_in_the_way_changes_nothing(
    lent: Loan, alice: User, bob: User, nina: User, charlie: User, pune: Branch, nashik: Branch
) -> None:
    day = factories.late(lent, 5)
    told = {"loan": lent, "reason": "Moved away", "now": at(day)}
    other = Branch.objects.create(entity=_another_lender(pune), code="elsewhere", name="Elsewhere")

    assert (
        _refused(lambda: services.propose_transfer(actor=bob, to_branch=nashik, **told))
        == "not_permitted"
    )
    assert (
        _refused(lambda: services.propose_transfer(actor=alice, to_branch=pune, **told))
        == "same_branch"
    )
    assert (
        _refused(lambda: services.propose_transfer(actor=alice, to_branch=other, **told))
        == "other_lender"
    )
    transfer = _proposed(lent, alice, nashik, day)
    assert (
        _refused(lambda: services.approve_transfer(actor=bob, transfer=transfer, now=at(day)))
        == "not_receiving"
    )
    assert (
        _refused(
            lambda: services.refuse_transfer(actor=nina, transfer=transfer, note="", now=at(day))
        )
        == "reason_missing"
    )
    assert _refused(lambda: _proposed(lent, alice, nashik, day)) == "transfer_waits"


def _another_lender(pune: Branch) -> Any:
    entity = pune.entity
    entity.pk, entity.code, entity._state.adding = uuid.uuid4(), "other", True
    entity.save()
    return entity


def test_a_borrower_who_may_step_back_is_waited_for(
    lent: Loan, alice: User, nina: User, nashik: Branch
) -> None:
    transfer = _proposed(lent, alice, nashik, factories.TODAY)

    code = _refused(
        lambda: services.approve_transfer(actor=nina, transfer=transfer, now=at(factories.TODAY))
    )

    assert code == "cooling_off"


def test_a_borrower_who_asked_to_step_back_is_waited_for(
    lent: Loan, alice: User, nina: User, nashik: Branch
) -> None:
    assert lent.offer is not None
    offering.note_exit_asked(
        actor=alice,
        offer=lent.offer,
        asked=offering.Asked(day=factories.TODAY, channel="email", reference="Mail 7"),
        now=at(factories.TODAY),
    )
    later = factories.TODAY + timedelta(days=20)
    transfer = _proposed(lent, alice, nashik, later)

    code = _refused(lambda: services.approve_transfer(actor=nina, transfer=transfer, now=at(later)))

    assert code == "loan_exited"
    assert Loan.objects.get(pk=lent.pk).branch_id == lent.branch_id


def test_a_payment_of_a_loan_that_moved_is_not_reversed(
    lent: Loan, alice: User, nina: User, charlie: User
) -> None:
    day = factories.late(lent, 5)
    moved = _moved(lent, alice, nina, day)
    paid = moved.disbursements.get()

    refusal = factories.refused(
        lambda: lending.reverse(
            actor=charlie, disbursement=paid, day=day, reason="It came back", now=at(day)
        )
    )

    assert refusal.code == "moved_since"


def test_the_same_reference_proposes_once(
    lent: Loan, alice: User, nashik: Branch, nina: User
) -> None:
    day = factories.late(lent, 5)
    first = _proposed(lent, alice, nashik, day, reference="T-1")

    assert _proposed(lent, alice, nashik, day, reference="T-1") == first
    assert (
        _refused(lambda: _proposed(lent, alice, nashik, day, reference="T-1", reason="Other"))
        == "reference_taken"
    )
    services.withdraw_transfer(actor=alice, transfer=first, now=at(day))
    assert Transfer.objects.get().status == "withdrawn"


def test_the_database_refuses_one_person_twice(lent: Loan, alice: User, nina: User) -> None:
    _moved(lent, alice, nina, factories.late(lent, 5))

    with pytest.raises(IntegrityError, match="by_two_people"), transaction.atomic():
        Transfer.objects.update(answered_by=alice)
    verbs = Event.objects.filter(verb__startswith="servicing.transfer").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "servicing.transfer_proposed",
        "servicing.transfer_approved",
    ]


# --- pages and API ------------------------------------------------------------------------------
def test_it_is_proposed_on_the_loan_page_and_taken_over_from_the_worklist(
    lent: Loan,
    alice: User,
    nina: User,
    nashik: Branch,
    signed_in: Browser,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Any,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(factories.late(lent, 5)))
    given = {"branch": str(nashik.pk), "reason": "Moved to Nashik", "reference": str(uuid.uuid4())}
    address = reverse("servicing:transfer", args=[lent.pk])
    officer = signed_in(alice)

    empty = officer.post(address, {})
    done = officer.post(address, given)
    officer.post(address, given)
    panel = officer.get(
        reverse("servicing:loan_panel", args=[lent.pk]), headers={"HX-Request": "true"}
    ).text
    transfer = Transfer.objects.get()

    assert empty.status_code == 422
    assert done.status_code == 302
    assert "Transfer from Pune to Nashik" in panel
    receiver = signed_in(nina)
    assert receiver.get(reverse("servicing:transfers_count")).text == "1"
    with django_assert_max_num_queries(12):
        page = receiver.get(reverse("servicing:transfers")).text
    assert "Moved to Nashik" in page
    assert "Take over" in page
    refusing = receiver.get(reverse("servicing:refuse_transfer", args=[transfer.pk]))
    assert refusing.status_code == 200
    taken = receiver.post(reverse("servicing:approve_transfer", args=[transfer.pk]))
    assert taken.headers["Location"] == reverse("loans:detail", args=[lent.pk])
    assert Loan.objects.get(pk=lent.pk).branch == nashik


def test_it_is_proposed_and_answered_over_the_api(
    lent: Loan,
    alice: User,
    nina: User,
    signed_in: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at(factories.late(lent, 5)))
    officer, receiver = signed_in(alice), signed_in(nina)
    path = f"/api/v1/loans/{lent.pk}/transfers"
    given = {"branch": "nashik", "reason": "Moved to Nashik", "reference": "T-1"}

    made = officer.post(path, given, content_type="application/json")
    again = officer.post(path, given, content_type="application/json")
    unknown = officer.post(path, {**given, "branch": "nowhere"}, content_type="application/json")
    waiting = receiver.get("/api/v1/servicing/transfers").json()["results"]
    taken = receiver.post(f"/api/v1/servicing/transfers/{made.json()['id']}/approve")
    twice = receiver.post(f"/api/v1/servicing/transfers/{made.json()['id']}/approve")

    assert made.json()["state"] == "proposed"
    assert again.json()["id"] == made.json()["id"]
    assert unknown.status_code == 400
    assert [one["id"] for one in waiting] == [made.json()["id"]]
    assert (taken.status_code, taken.json()["state"]) == (200, "approved")
    assert twice.status_code == 409
    assert repaid.books(lent).get(Account.INTER_BRANCH.value, D(0)) == 0
