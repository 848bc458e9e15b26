"""A loan is opened only under the decision that binds, whoever writes it and however."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
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
from apps.decisions import rulebook, sources
from apps.decisions import services as decisions
from apps.decisions.errors import BeyondDecision, BorrowerBlocked, NotBinding
from apps.decisions.models import Decision
from apps.decisions.tests import factories
from apps.loans import services
from apps.loans.models import Loan
from apps.scoring import champion

NOW = factories.NOW
TODAY = applications.TODAY
WITHIN = "loans_loan_within_decision"


@pytest.fixture(autouse=True)
def _known_book(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep loans only in the tests' own book, and nothing loaded from one test to the next."""
    monkeypatch.setattr(sources, "_sources", {"tests": factories.nobody_defaulted})
    champion.forget()
    rulebook.forget()
    yield
    champion.forget()
    rulebook.forget()


@pytest.fixture
def approved(alice: User, pune: Branch, rita: User, mark: User) -> Application:
    """An approved application of 200,000 over 24 months at 16 %."""
    factories.stage(pune, rita, mark)
    return factories.assessed(alice).application


def _open(actor: User, application: Application, **changes: Any) -> Loan:
    return services.open_loan(
        actor=actor, application=application, **{"disbursed_date": TODAY, "now": NOW, **changes}
    )


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


def test_it_opens_what_was_decided(approved: Application, alice: User) -> None:
    loan = _open(alice, approved)

    assert (loan.principal, loan.term_months, loan.annual_rate) == (200_000, 24, Decimal("0.16"))
    assert (loan.instalment, loan.number) == (Decimal("9792.62"), f"L-{approved.number}")
    assert loan.opened_date == date(2026, 11, 20)
    event = Event.objects.get(verb="loans.opened")
    assert event.case == f"applications.application:{approved.pk}"
    assert event.facts["principal"] == "200000.00"


def test_opening_twice_is_opening_once(approved: Application, alice: User) -> None:
    first = _open(alice, approved)

    assert _open(alice, approved) == first
    with pytest.raises(Conflict):
        _open(alice, approved, principal=Decimal(100_000))
    assert Loan.objects.count() == 1


def test_less_may_be_lent(approved: Application, alice: User) -> None:
    loan = _open(alice, approved, principal=Decimal(100_000), term_months=18)

    assert (loan.principal, loan.term_months, loan.instalment) == (
        100_000,
        18,
        Decimal("6285.64"),
    )


def test_it_lends_what_the_request_was_lowered_to(approved: Application, alice: User) -> None:
    decisions.change_request(
        actor=alice, application=approved, amount=Decimal(150_000), term_months=20, now=NOW
    )

    loan = _open(alice, approved)

    assert (loan.principal, loan.term_months) == (150_000, 20)


def test_nobody_blocked_is_lent_to(
    approved: Application, alice: User, charlie: User, pune: Branch
) -> None:
    entry = people.block_entry(customer_number=approved.customer.number)
    customers.block(actor=charlie, entity=pune.entity, entry=entry, now=NOW)

    with pytest.raises(BorrowerBlocked):
        _open(alice, approved)

    assert not Loan.objects.exists()


def test_nothing_is_paid_out_before_it_was_decided(approved: Application, alice: User) -> None:
    with pytest.raises(DomainError) as refusal:
        _open(alice, approved, disbursed_date=TODAY - timedelta(days=1))

    assert set(refusal.value.fields) == {"disbursed_date"}
    assert not Loan.objects.exists()


@pytest.mark.parametrize(
    "beyond",
    [
        {"principal": Decimal("200000.01")},
        {"term_months": 25},
        {"term_months": 12},
        {"principal": Decimal(0)},
        {"principal": Decimal("99.999")},
        {"term_months": 0},
    ],
)
def test_nothing_beyond_the_decision_is_lent(
    approved: Application, alice: User, beyond: dict[str, Any]
) -> None:
    with pytest.raises(BeyondDecision):
        _open(alice, approved, **beyond)

    assert not Loan.objects.exists()
    assert not Event.objects.filter(verb="loans.opened").exists()


def test_a_lowered_request_limits_the_loan(approved: Application, alice: User) -> None:
    decisions.change_request(
        actor=alice, application=approved, amount=Decimal(150_000), term_months=24, now=NOW
    )

    with pytest.raises(BeyondDecision):
        _open(alice, approved, principal=Decimal(150_001))
    assert _open(alice, approved).principal == 150_000


def test_nothing_is_lent_without_a_decision_that_binds(approved: Application, alice: User) -> None:
    decisions.change_request(
        actor=alice,
        application=approved,
        amount=Decimal(300_000),
        term_months=24,
        now=NOW + timedelta(hours=1),
    )

    for application in (approved, factories.submitted(alice)):
        with pytest.raises(NotBinding):
            _open(alice, application)

    assert not Loan.objects.exists()


def test_only_an_officer_of_the_branch_opens(
    approved: Application,
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
            _open(person, approved)

    assert not Loan.objects.exists()


def test_what_was_lent_is_neither_changed_nor_withdrawn(approved: Application, alice: User) -> None:
    _open(alice, approved)

    with pytest.raises(Conflict):
        decisions.change_request(
            actor=alice, application=approved, amount=Decimal(100_000), term_months=24, now=NOW
        )
    with pytest.raises(Conflict):
        application_services.withdraw(
            actor=alice, application=approved, reason="customer_asked", now=NOW
        )

    approved.refresh_from_db()
    assert (approved.status, approved.amount) == ("approved", 200_000)


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


def test_the_database_refuses_later_changes(approved: Application, alice: User) -> None:
    loan = _open(alice, approved)
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

    with pytest.raises(NotBinding):
        _open(alice, declined, now=later, disbursed_date=later.date())
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
    later = NOW + timedelta(days=31)

    with pytest.raises(NotBinding) as refusal:
        _open(alice, approved, now=later, disbursed_date=later.date())
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
    alice: User, pune: Branch, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark)
    application = factories.assessed(alice).application
    gate = threading.Barrier(2)

    def run(principal: int) -> object:
        try:
            gate.wait(timeout=10)
            return _open(alice, application, principal=Decimal(principal))
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, [150_000, 160_000]))

    assert sorted(type(one).__name__ for one in results) == ["Conflict", "Loan"]
    assert Loan.objects.count() == 1
    assert Decision.objects.count() == 1
