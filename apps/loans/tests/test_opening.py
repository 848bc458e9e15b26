"""A loan is opened only under the decision that binds, whoever writes it and however."""

import dataclasses
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from apps.accounts.models import Branch, User
from apps.applications import services as application_services
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible
from apps.customers import services as customers
from apps.customers.tests import factories as people
from apps.decisions import services as decisions
from apps.decisions.errors import BorrowerBlocked, NotBinding
from apps.decisions.models import Decision
from apps.decisions.tests import factories
from apps.ledger.models import Entry
from apps.loans import services
from apps.loans.errors import NotAccepted
from apps.loans.models import Loan, ScheduleVersion
from apps.loans.tests import factories as make
from apps.offers.models import Offer
from apps.offers.tests import factories as offers
from apps.schedules import documents
from apps.schedules.terms import Grace
from tests.kept import kept

NOW = factories.NOW
LATER = make.LATER
TODAY = applications.TODAY
WITHIN = "loans_loan_within_decision"


@pytest.fixture
@kept
def approved(alice: User, stage: None) -> Application:
    """An approved application of 200,000 over 24 months at 16 %, ready to be offered."""
    return offers.approved(alice)


@pytest.fixture
@kept
def agreed(alice: User, approved: Application) -> Application:
    """The same, with an offer that the applicant accepted."""
    return make.agreed(alice, approved)


def _open(actor: User, application: Application, *, now: datetime = LATER) -> Loan:
    return services.open_loan(actor=actor, application=application, now=now)


def _row(application: Application, **changes: Any) -> Loan:
    """Return a loan somebody writes past the service."""
    values: dict[str, Any] = {
        "number": "L-BY-HAND",
        "branch": application.branch,
        "customer": application.customer,
        "application": application,
        "product": application.product,
        "principal": application.amount,
        "currency": application.currency,
        "annual_rate": application.annual_rate,
        "term_months": application.term_months,
        "instalment": Decimal(1),
        "opened_date": TODAY,
        **changes,
    }
    return Loan(**values)


def test_a_contract_whose_interest_joins_its_principal_is_refused_before_anything_is_kept(
    alice: User, agreed: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    grace = Grace(principal=3, interest=3, capitalised=True)
    read = documents.from_document
    monkeypatch.setattr(
        documents, "from_document", lambda kept: dataclasses.replace(read(kept), grace=grace)
    )

    with pytest.raises(Conflict) as refused:
        _open(alice, agreed)

    assert refused.value.code == "interest_joins_principal"
    assert not Loan.objects.exists()
    monkeypatch.undo()
    assert _open(alice, agreed).status == "opened"


def test_it_opens_what_was_agreed_with_its_schedule(agreed: Application, alice: User) -> None:
    loan = _open(alice, agreed)

    assert (loan.principal, loan.term_months, loan.annual_rate) == (200_000, 24, Decimal("0.16"))
    assert (loan.instalment, loan.number) == (Decimal(9_793), f"L-{agreed.number}")
    assert (loan.status, loan.opened_date, loan.disbursed_date) == ("opened", TODAY, None)
    assert loan.offer is not None
    assert Offer.objects.get(pk=loan.offer_id).status == "taken_up"
    version = loan.schedules.get()
    assert (version.number, version.kind, version.in_force) == (1, "original", True)
    rows = list(version.instalments.order_by("number"))
    assert len(rows) == 24
    assert (rows[0].due_date, rows[0].due) == (date(2026, 12, 20), Decimal(9_793))
    assert sum(row.principal for row in rows) == loan.principal
    assert rows[-1].closing == 0
    event = Event.objects.get(verb="loans.opened")
    assert event.case == f"applications.application:{agreed.pk}"
    assert event.facts["principal"] == "200000.00"


def test_opening_pays_nothing_out(agreed: Application, alice: User) -> None:
    loan = _open(alice, agreed)

    assert not loan.disbursements.exists()
    assert not Entry.objects.exists()


def test_opening_twice_is_opening_once(agreed: Application, alice: User) -> None:
    first = _open(alice, agreed)

    assert _open(alice, agreed) == first
    assert Loan.objects.count() == 1
    assert Event.objects.filter(verb="loans.opened").count() == 1


def test_nothing_is_lent_before_the_applicant_agreed(approved: Application, alice: User) -> None:
    offers.made(alice, approved)

    with pytest.raises(NotAccepted):
        _open(alice, approved)

    assert not Loan.objects.exists()
    assert not Event.objects.filter(verb="loans.opened").exists()


def test_nobody_blocked_is_lent_to(
    agreed: Application, alice: User, charlie: User, pune: Branch
) -> None:
    entry = people.block_entry(customer_number=agreed.customer.number)
    customers.block(actor=charlie, entity=pune.entity, entry=entry, now=NOW)

    with pytest.raises(BorrowerBlocked):
        _open(alice, agreed)

    assert not Loan.objects.exists()
    assert Offer.objects.get().status == "accepted"


def test_what_was_reopened_is_not_lent(agreed: Application, alice: User) -> None:
    decisions.change_request(
        actor=alice, application=agreed, amount=Decimal(300_000), term_months=24, now=LATER
    )

    with pytest.raises(Conflict):
        _open(alice, agreed, now=LATER + timedelta(hours=1))

    assert not Loan.objects.exists()


def test_only_an_officer_of_the_branch_opens(
    agreed: Application,
    bob: User,
    charlie: User,
    amir: User,
    make_person: Callable[..., User],
    nashik: Branch,
) -> None:
    olga = make_person("Olga", "loan_officer", branch=nashik)

    for person, refusal in (
        (bob, NotPermitted),
        (charlie, NotPermitted),
        (amir, NotPermitted),
        (olga, NotVisible),
    ):
        with pytest.raises(refusal):
            _open(person, agreed)

    assert not Loan.objects.exists()


def test_what_was_lent_is_neither_changed_nor_withdrawn(agreed: Application, alice: User) -> None:
    _open(alice, agreed)

    with pytest.raises(Conflict):
        decisions.change_request(
            actor=alice, application=agreed, amount=Decimal(100_000), term_months=24, now=LATER
        )
    with pytest.raises(Conflict):
        application_services.withdraw(
            actor=alice, application=agreed, reason="customer_asked", now=LATER
        )

    agreed.refresh_from_db()
    assert (agreed.status, agreed.amount) == ("approved", 200_000)


def test_a_contract_is_given_up_before_anything_was_paid(agreed: Application, alice: User) -> None:
    loan = _open(alice, agreed)

    services.cancel(actor=alice, loan=loan, reason="The car was sold", now=LATER)

    loan.refresh_from_db()
    assert loan.status == "cancelled"
    assert Event.objects.get(verb="loans.cancelled").facts["reason"] == "The car was sold"
    # Nothing is lent under the application any more, so it can be closed, but not changed.
    with pytest.raises(Conflict):
        decisions.change_request(
            actor=alice, application=agreed, amount=Decimal(100_000), term_months=24, now=LATER
        )
    withdrawn = application_services.withdraw(
        actor=alice, application=agreed, reason="customer_asked", now=LATER
    )
    assert withdrawn.status == "withdrawn"
    for refused in (" ", "x" * 301):
        with pytest.raises(DomainError):
            services.cancel(actor=alice, loan=loan, reason=refused, now=LATER)


@pytest.mark.parametrize(
    "changes",
    [
        {"principal": Decimal("200000.01")},
        {"term_months": 25},
        {"term_months": 12},
        {"annual_rate": Decimal("0.159999")},
        {"annual_rate": Decimal("0.160001")},
        {"currency": "USD"},
        {"source": "tape"},
    ],
)
def test_the_database_refuses_a_row_beyond_the_decision(
    approved: Application, changes: dict[str, Any]
) -> None:
    row = _row(approved, **{**changes, **_other_terms(changes)})

    for write in (lambda: row.save(force_insert=True), lambda: Loan.objects.bulk_create([row])):
        with pytest.raises(IntegrityError, match=WITHIN), transaction.atomic():
            write()

    assert not Loan.objects.exists()


def _other_terms(changes: dict[str, Any]) -> dict[str, Any]:
    """Return a smaller principal for what is wrong whatever the amount."""
    return {"principal": Decimal(1_000)} if {"currency", "source"} & set(changes) else {}


@pytest.mark.parametrize("state", ["submitted", "in_review", "withdrawn", "historic", "declined"])
def test_the_database_refuses_a_row_nobody_decided(alice: User, pune: Branch, state: str) -> None:
    application = applications.in_state(alice, applications.borrower(pune), state)

    with pytest.raises(IntegrityError, match=WITHIN), transaction.atomic():
        _row(application).save(force_insert=True)

    assert not Loan.objects.exists()


def test_an_approval_without_a_decision_is_none(alice: User, pune: Branch) -> None:
    application = applications.in_state(alice, applications.borrower(pune), "approved")

    with pytest.raises(IntegrityError, match=WITHIN), transaction.atomic():
        _row(application).save(force_insert=True)


def test_the_database_refuses_later_changes(agreed: Application, alice: User) -> None:
    loan = _open(alice, agreed)
    by_hand = (
        "UPDATE loans_loan SET principal = principal + 1",
        "UPDATE loans_loan SET term_months = 36",
        "UPDATE loans_loan SET annual_rate = 0.01",
        "UPDATE loans_loan SET source = 'tape'",
        "UPDATE loans_loan SET principal = 1e9, source = 'tape', source_reference = '1'",
    )

    for statement in by_hand:
        with (
            pytest.raises(IntegrityError, match=WITHIN),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    with pytest.raises(IntegrityError, match=WITHIN), transaction.atomic():
        Loan.objects.update(principal=Decimal(200_001))
    loan.principal = Decimal(200_001)
    with pytest.raises(IntegrityError, match=WITHIN), transaction.atomic():
        loan.save()

    loan.refresh_from_db()
    assert (loan.principal, loan.source) == (200_000, "")


def test_the_database_refuses_a_loan_under_a_reopened_request(
    approved: Application, alice: User
) -> None:
    decisions.change_request(
        actor=alice,
        application=approved,
        amount=Decimal(900_000),
        term_months=24,
        now=NOW + timedelta(hours=1),
    )
    # Somebody sets the state by hand; the old decision still does not bind.
    Application.objects.filter(pk=approved.pk).update(status="approved")
    approved.refresh_from_db()

    with pytest.raises(IntegrityError, match=WITHIN), transaction.atomic():
        _row(approved, principal=Decimal(100_000)).save(force_insert=True)


def test_a_lapsed_exception_opens_nothing(
    alice: User, charlie: User, pune: Branch, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark)
    poor = {"employment": {"net_monthly_income": Decimal(50_000)}}
    declined = factories.assessed(alice, amount=Decimal(790_000), borrower=poor).application
    asked = decisions.ask_override(
        actor=alice,
        application=declined,
        entry=decisions.OverrideEntry(
            terms=decisions.Terms(Decimal(700_000), 24), reason="new_evidence", note="Seen."
        ),
        now=NOW,
    )
    decisions.authorise_override(actor=charlie, override=asked, now=NOW)
    later = NOW + timedelta(days=31)

    with pytest.raises(NotAccepted):
        _open(alice, declined, now=later)
    declined.refresh_from_db()
    # In Pune the exception holds to the end of 20 December.
    last, late = (
        _row(declined, principal=Decimal(700_000), opened_date=date(2026, 12, day))
        for day in (20, 21)
    )
    with pytest.raises(IntegrityError, match=WITHIN), transaction.atomic():
        late.save(force_insert=True)
    last.save(force_insert=True)
    # What was opened in time is found again when time has run out.
    assert _open(alice, declined, now=later) == last


@pytest.mark.parametrize("lowered", [Decimal(0), Decimal(10_000)])
def test_an_approval_that_lapsed_opens_nothing(
    approved: Application, alice: User, lowered: Decimal
) -> None:
    # To ask for less than was approved is not to take it up.
    if lowered:
        decisions.change_request(
            actor=alice,
            application=approved,
            amount=approved.amount - lowered,
            term_months=24,
            now=NOW,
        )
        approved.refresh_from_db()
    offers.accepted(alice, approved)
    later = NOW + timedelta(days=31)

    with pytest.raises(NotBinding) as refusal:
        _open(alice, approved, now=later)
    assert refusal.value.code == "decision_expired"
    last, late = (_row(approved, opened_date=date(2026, 12, day)) for day in (20, 21))
    with pytest.raises(IntegrityError, match=WITHIN), transaction.atomic():
        late.save(force_insert=True)
    last.save(force_insert=True)


def test_an_imported_loan_needs_no_decision_of_ours(pune: Branch) -> None:
    application = applications.historic(applications.borrower(pune))

    row = _row(application, source="tape", source_reference="1", disbursed_date=TODAY)
    row.status = "imported"
    row.save(force_insert=True)

    with pytest.raises(InternalError), transaction.atomic():
        Application.objects.update(source="")
    with pytest.raises(IntegrityError, match=WITHIN), transaction.atomic():
        Loan.objects.update(source="")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_open_at_once_one_loan_comes(
    alice: User, known_book: None, pune: Branch, rita: User, mark: User
) -> None:
    make.stage(pune, rita, mark)
    application = make.agreed(alice)
    gate = threading.Barrier(2)

    def run(_number: int) -> object:
        try:
            gate.wait(timeout=10)
            return _open(alice, application)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(run, range(2))

    assert first == second
    assert (Loan.objects.count(), ScheduleVersion.objects.count()) == (1, 1)
    assert Decision.objects.count() == 1
