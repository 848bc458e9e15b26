"""What was decided binds: services, ORM and bare SQL keep a decided request to its decision."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from apps.accounts.models import Branch, User
from apps.applications import services as applications
from apps.applications.models import Application
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted, StaleRecord
from apps.decisions import services
from apps.decisions.errors import NotBinding
from apps.decisions.models import DecidedApplication, Decision
from apps.decisions.tests import factories
from apps.products.tests import factories as products
from apps.scoring.models import ModelVersion
from tests.kept import kept

NOW = factories.NOW
LATER = NOW + timedelta(days=1)
KEPT = "applications_kept_as_decided"


@pytest.fixture
@kept
def approved(alice: User, stage: ModelVersion) -> Application:
    """An approved application of 200,000 over 24 months."""
    return factories.assessed(alice).application


@pytest.fixture
@kept
def declined(alice: User, stage: ModelVersion) -> Application:
    """A declined application of 790,000 over 24 months: too much for the income."""
    decision = factories.assessed(
        alice,
        amount=Decimal(790_000),
        borrower={"employment": {"net_monthly_income": Decimal(50_000)}},
    )
    return decision.application


def _change(actor: User, application: Application, amount: int, term: int, **more: Any) -> Any:
    return services.change_request(
        actor=actor,
        application=application,
        amount=Decimal(amount),
        term_months=term,
        **{"now": LATER, **more},
    )


def _kept(application: Application) -> tuple[str, Decimal, int, Decimal]:
    row = Application.objects.get(pk=application.pk)
    return row.status, row.amount, row.term_months, row.annual_rate


def test_an_approval_binds(approved: Application) -> None:
    assert services.binding_decision(approved, now=LATER).outcome == "approve"


def test_nothing_else_binds(alice: User, declined: Application, stage: ModelVersion) -> None:
    waiting = factories.submitted(alice)
    in_review = factories.referred(alice, amount=900_000, term_months=60).application

    for application, code in (
        (declined, "declined"),
        (waiting, "not_decided"),
        (in_review, "not_approved"),
    ):
        with pytest.raises(NotBinding) as refusal:
            services.binding_decision(application, now=LATER)
        assert refusal.value.code == code


def test_a_withdrawn_approval_binds_no_more(alice: User, approved: Application) -> None:
    gone = applications.withdraw(
        actor=alice, application=approved, reason="customer_asked", now=LATER
    )

    with pytest.raises(NotBinding):
        services.binding_decision(gone, now=LATER)


def test_less_and_not_dearer_goes_on_to_bind(alice: User, approved: Application) -> None:
    changed = _change(alice, approved, 120_000, 18)

    assert (changed.status, changed.amount, changed.term_months) == ("approved", 120_000, 18)
    assert services.binding_decision(changed, now=LATER).amount == 200_000
    event = Event.objects.get(verb="applications.lowered")
    assert event.facts == {
        "amount_before": "200000.00",
        "term_months_before": 24,
        "amount": "120000",
        "term_months": 18,
    }
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(("amount", "term"), [(200_001, 24), (200_000, 25), (200_000, 12)])
def test_more_longer_or_dearer_is_decided_anew(
    alice: User, approved: Application, amount: int, term: int
) -> None:
    changed = _change(alice, approved, amount, term)

    assert (changed.status, changed.amount, changed.term_months) == ("submitted", amount, term)
    assert (changed.submitted_at, changed.submitted_by, changed.score_run) == (LATER, alice, None)
    with pytest.raises(NotBinding):
        services.binding_decision(changed, now=LATER)

    again = services.assess(application_id=approved.pk, actor="system:test", now=LATER)

    assert (again.number, again.amount, again.term_months) == (2, amount, term)
    assert services.binding_decision(Application.objects.get(pk=approved.pk), now=LATER) == again
    assert Event.objects.filter(verb="applications.reopened").count() == 1


def test_a_declined_request_is_decided_anew_with_other_terms(
    alice: User, declined: Application
) -> None:
    _change(alice, declined, 600_000, 24)

    again = services.assess(application_id=declined.pk, actor="system:test", now=LATER)

    assert (again.number, again.outcome, again.amount) == (2, "approve", 600_000)
    assert again.letter is not None
    assert again.letter.kind == "approved"


def test_a_reopened_request_is_assessed_once(alice: User, approved: Application) -> None:
    _change(alice, approved, 300_000, 24)

    first = services.assess(application_id=approved.pk, actor="system:test", now=LATER)
    second = services.assess(application_id=approved.pk, actor="system:test", now=LATER)

    assert first == second
    assert Decision.objects.filter(application=approved).count() == 2


def test_a_change_is_refused_with_nothing_changed(
    alice: User, bob: User, approved: Application
) -> None:
    before = _kept(approved)
    attempts: list[tuple[Callable[[], object], type[DomainError]]] = [
        (lambda: _change(bob, approved, 100_000, 24), NotPermitted),
        (lambda: _change(alice, approved, 200_000, 24), DomainError),
        (lambda: _change(alice, approved, 9_000_000, 24), DomainError),
        (lambda: _change(alice, approved, 0, 24), DomainError),
        (lambda: _change(alice, approved, 100_000, 0), DomainError),
        (lambda: _change(alice, approved, 100_000, 24, version="2020"), StaleRecord),
        (lambda: _change(alice, factories.submitted(alice), 100_000, 24), Conflict),
    ]

    for attempt, refusal in attempts:
        with pytest.raises(refusal):
            attempt()

    assert _kept(approved) == before
    assert not Event.objects.filter(verb__in=["applications.lowered", "applications.reopened"])


@pytest.mark.parametrize(
    "beyond",
    [
        {"amount": Decimal("200000.01")},
        {"term_months": 25},
        {"term_months": 12},
        {"annual_rate": Decimal("0.10")},
        {"currency": "USD"},
    ],
)
def test_the_database_keeps_an_approved_request(
    approved: Application, beyond: dict[str, Any]
) -> None:
    before = _kept(approved)
    column, value = next(iter(beyond.items()))
    by_hand = f"UPDATE applications_application SET {column} = %s"  # noqa: S608 - a test's own

    for model in (Application, DecidedApplication):
        with pytest.raises(IntegrityError, match=KEPT), transaction.atomic():
            model.objects.filter(pk=approved.pk).update(**beyond)
    setattr(approved, column, value)
    with pytest.raises(IntegrityError, match=KEPT), transaction.atomic():
        approved.save()
    with (
        pytest.raises(IntegrityError, match=KEPT),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(by_hand, [value])

    assert _kept(approved) == before


def test_the_database_lets_an_approved_request_be_lowered(approved: Application) -> None:
    Application.objects.filter(pk=approved.pk).update(amount=Decimal(150_000))

    assert _kept(approved)[1] == 150_000


def test_the_database_keeps_a_declined_request(declined: Application) -> None:
    for change in ({"amount": Decimal(1_000)}, {"term_months": 6}, {"annual_rate": Decimal(0)}):
        with pytest.raises(IntegrityError, match=KEPT), transaction.atomic():
            Application.objects.filter(pk=declined.pk).update(**change)

    assert _kept(declined)[:3] == ("declined", 790_000, 24)


@pytest.mark.parametrize("column", ["customer_id", "product_id", "currency"])
def test_a_decision_stays_with_the_person_and_product_it_was_about(
    alice: User, approved: Application, column: str
) -> None:
    other = factories.submitted(alice)
    values = {
        "customer_id": other.customer_id,
        "product_id": products.vehicle_loan(alice.branch.entity).pk,
        "currency": "USD",
    }

    # On the way back to be decided a request may change its terms, but not whose and what it is.
    with pytest.raises(InternalError, match="Cannot update"), transaction.atomic():
        Application.objects.filter(pk=approved.pk).update(
            status="submitted", **{column: values[column]}
        )

    assert _kept(approved)[0] == "approved"


@pytest.mark.parametrize("kind", ["human", "automated"])
def test_what_was_declined_is_approved_by_an_exception_only(
    declined: Application, bob: User, kind: str
) -> None:
    last = Decision.objects.get(application=declined)

    def write() -> None:
        Decision.objects.create(
            application=declined,
            number=2,
            kind=kind,
            outcome="approve",
            policy=last.policy,
            score_run=last.score_run,
            submitted_by_id=declined.submitted_by_id,
            decided_by=bob if kind == "human" else None,
            amount=declined.amount,
            term_months=declined.term_months,
            annual_rate=last.annual_rate,
            decided_at=LATER,
        )

    with (
        pytest.raises(IntegrityError, match="decisions_decision_decline_stands"),
        transaction.atomic(),
    ):
        write()
    assert Decision.objects.count() == 1

    # A request that was changed since is decided anew.
    Application.objects.filter(pk=declined.pk).update(status="submitted", submitted_at=LATER)
    write()
    assert Decision.objects.count() == 2


def test_raising_and_approving_by_hand_binds_nothing(
    alice: User, approved: Application, pune: Branch
) -> None:
    Application.objects.filter(pk=approved.pk).update(
        status="submitted", submitted_at=LATER, amount=Decimal(900_000)
    )
    Application.objects.filter(pk=approved.pk).update(status="approved")

    with pytest.raises(NotBinding):
        services.binding_decision(Application.objects.get(pk=approved.pk), now=LATER)
