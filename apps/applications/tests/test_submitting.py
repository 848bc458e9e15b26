"""Submitting freezes the facts, asks for an assessment, and does so once."""

from datetime import timedelta
from decimal import Decimal

import pytest

from apps.accounts.models import Branch, User
from apps.applications import services
from apps.applications.models import Application
from apps.applications.tests import factories
from apps.audit.models import Event
from apps.core.errors import Conflict, NotPermitted, NotVisible, StaleRecord
from apps.customers.models import Consent, Employment, Obligation
from apps.products.tests import factories as products

pytestmark = pytest.mark.django_db
Enqueued = list[tuple[str, dict[str, object]]]


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> Enqueued:
    """What was asked of the worker, in order."""
    jobs: Enqueued = []
    monkeypatch.setattr(
        "apps.applications.services.submitting.enqueue",
        lambda task, **arguments: jobs.append((task, arguments)),
    )
    return jobs


def _unchanged(application: Application, enqueued: Enqueued) -> bool:
    kept = Application.objects.get(pk=application.pk)
    events = Event.objects.filter(verb="applications.submitted")
    return kept.status == "draft" and kept.employment_id is None and not enqueued and not events


def test_it_freezes_the_facts_of_the_day(alice: User, pune: Branch, enqueued: Enqueued) -> None:
    customer = factories.borrower(pune)
    Obligation.objects.create(
        customer=customer,
        kind="loan",
        currency="INR",
        monthly_payment=Decimal("4500.50"),
        from_date=factories.TODAY,
    )
    taken = factories.application(alice, customer)

    done = services.submit(actor=alice, application=taken, now=factories.NOW)

    assert done.status == "submitted"
    assert done.submitted_by == alice
    assert done.submitted_at == factories.NOW
    assert done.employment == customer.employments.get()
    assert done.bureau_report == customer.bureau_reports.get()
    assert done.obligations_monthly == Decimal("4500.50")
    assert done.home == "rent"
    assert enqueued == [("decisions.assess", {"application_id": str(taken.pk)})]
    event = Event.objects.get(verb="applications.submitted")
    assert event.case == f"applications.application:{taken.pk}"


def test_it_keeps_the_frozen_facts_when_the_customer_changes(alice: User, pune: Branch) -> None:
    customer = factories.borrower(pune)
    done = factories.submitted(alice, customer)

    Employment.objects.create(
        customer=customer,
        as_of=factories.TODAY,
        type="other",
        currency="INR",
        gross_annual_income=Decimal(1),
        verification="none",
    )

    done.refresh_from_db()
    assert done.employment is not None
    assert done.employment.gross_annual_income == Decimal(900_000)


def test_it_returns_the_same_for_a_second_submit(
    alice: User, pune: Branch, enqueued: Enqueued
) -> None:
    taken = factories.application(alice, factories.borrower(pune))
    first = services.submit(actor=alice, application=taken, now=factories.NOW)

    second = services.submit(actor=alice, application=taken, now=factories.NOW)

    assert second == first
    assert len(enqueued) == 1
    assert Event.objects.filter(verb="applications.submitted").count() == 1


def test_it_refuses_what_somebody_else_submitted(
    alice: User, make_person: object, pune: Branch, enqueued: Enqueued
) -> None:
    eve = make_person("Eve", "loan_officer")  # type: ignore[operator]
    taken = factories.application(alice, factories.borrower(pune))
    services.submit(actor=alice, application=taken, now=factories.NOW)

    with pytest.raises(Conflict):
        services.submit(actor=eve, application=taken, now=factories.NOW)

    assert len(enqueued) == 1


@pytest.mark.parametrize(
    "purpose", [Consent.Purpose.CREDIT_ASSESSMENT, Consent.Purpose.AUTOMATED_DECISION]
)
def test_it_refuses_without_consent(
    alice: User, pune: Branch, enqueued: Enqueued, purpose: str
) -> None:
    customer = factories.borrower(pune)
    customer.consents.filter(purpose=purpose).update(withdrawn_at=factories.NOW)
    taken = factories.application(alice, customer)

    with pytest.raises(services.NotReady) as refusal:
        services.submit(actor=alice, application=taken, now=factories.NOW)

    assert list(refusal.value.fields) == [f"consent_{purpose}"]
    assert _unchanged(taken, enqueued)


def test_it_says_everything_that_is_missing_at_once(
    alice: User, pune: Branch, enqueued: Enqueued
) -> None:
    customer = factories.borrower_without_facts(pune)
    secured = products.vehicle_loan(pune.entity)
    taken = factories.application(alice, customer, product=secured, purpose="car")

    with pytest.raises(services.NotReady) as refusal:
        services.submit(actor=alice, application=taken, now=factories.NOW)

    assert list(refusal.value.fields) == [
        "consent_credit_assessment",
        "consent_automated_decision",
        "income",
        "obligations",
        "collateral",
    ]
    assert _unchanged(taken, enqueued)


def test_it_refuses_while_nobody_has_asked_for_obligations(
    alice: User, pune: Branch, enqueued: Enqueued
) -> None:
    taken = factories.application(alice, factories.borrower(pune, declares=False))

    with pytest.raises(services.NotReady) as refusal:
        services.submit(actor=alice, application=taken, now=factories.NOW)

    assert refusal.value.fields == {
        "obligations": "Record what the customer pays elsewhere, or the customer's declaration of"
        " the last 90 days that it is nothing."
    }
    assert _unchanged(taken, enqueued)


def test_it_freezes_a_denied_obligation_as_zero(alice: User, pune: Branch) -> None:
    done = factories.submitted(alice, factories.borrower(pune))

    assert done.obligations_monthly == Decimal(0)


def test_a_declaration_grows_old(alice: User, pune: Branch, enqueued: Enqueued) -> None:
    taken = factories.application(alice, factories.borrower(pune))
    later = factories.NOW + timedelta(days=90)

    with pytest.raises(services.NotReady) as refusal:
        services.submit(actor=alice, application=taken, now=later)

    assert list(refusal.value.fields) == ["obligations"]
    assert _unchanged(taken, enqueued)


def test_it_accepts_a_secured_request_with_collateral(alice: User, pune: Branch) -> None:
    secured = products.vehicle_loan(pune.entity)
    taken = factories.application(alice, factories.borrower(pune), product=secured, purpose="car")
    services.add_collateral(actor=alice, application=taken, entry=factories.vehicle(taken))

    done = services.submit(actor=alice, application=taken, now=factories.NOW)

    assert done.status == "submitted"


def test_it_refuses_when_the_product_has_changed_meanwhile(
    alice: User, pune: Branch, enqueued: Enqueued
) -> None:
    taken = factories.application(alice, factories.borrower(pune))
    taken.product.is_open = False
    taken.product.maximum_amount = Decimal(150_000)
    taken.product.save()

    with pytest.raises(services.NotReady) as refusal:
        services.submit(actor=alice, application=taken, now=factories.NOW)

    assert refusal.value.fields == {
        "product": "This product is closed for new applications.",
        "amount": "Between ₹25,000.00 and ₹1,50,000.00 for this product.",
    }
    assert _unchanged(taken, enqueued)


def test_it_takes_the_rate_of_the_day(alice: User, pune: Branch) -> None:
    taken = factories.application(alice, factories.borrower(pune))
    taken.product.annual_rate = Decimal("0.18")
    taken.product.save()

    done = services.submit(actor=alice, application=taken, now=factories.NOW)

    assert done.annual_rate == Decimal("0.18")


def test_it_refuses_income_in_another_currency(
    alice: User, pune: Branch, enqueued: Enqueued
) -> None:
    customer = factories.borrower(pune)
    customer.employments.update(currency="USD")
    taken = factories.application(alice, customer)

    with pytest.raises(services.NotReady) as refusal:
        services.submit(actor=alice, application=taken, now=factories.NOW)

    assert list(refusal.value.fields) == ["currency"]
    assert _unchanged(taken, enqueued)


def test_it_refuses_a_page_opened_before_a_change(
    alice: User, pune: Branch, enqueued: Enqueued
) -> None:
    taken = factories.application(alice, factories.borrower(pune))
    seen = taken.version
    services.add_collateral(actor=alice, application=taken, entry=factories.vehicle(taken))

    with pytest.raises(StaleRecord):
        services.submit(actor=alice, application=taken, now=factories.NOW, version=seen)

    assert _unchanged(taken, enqueued)


def test_it_refuses_who_may_not_take_applications(
    alice: User, bob: User, pune: Branch, enqueued: Enqueued
) -> None:
    taken = factories.application(alice, factories.borrower(pune))

    with pytest.raises(NotPermitted):
        services.submit(actor=bob, application=taken, now=factories.NOW)

    assert _unchanged(taken, enqueued)


def test_it_does_not_see_another_branch(
    alice: User, make_person: object, pune: Branch, nashik: Branch, enqueued: Enqueued
) -> None:
    nina = make_person("Nina", "loan_officer", branch=nashik)  # type: ignore[operator]
    taken = factories.application(alice, factories.borrower(pune))

    with pytest.raises(NotVisible):
        services.submit(actor=nina, application=taken, now=factories.NOW)

    assert _unchanged(taken, enqueued)


def test_it_submits_a_historic_application_with_the_facts_it_came_with(
    alice: User, pune: Branch, enqueued: Enqueued
) -> None:
    customer = factories.borrower(pune)
    customer.consents.all().delete()
    old = factories.historic(customer)

    done = services.submit(actor=alice, application=old, now=factories.NOW)

    assert done.status == "submitted"
    assert done.annual_rate == Decimal("0.13")
    assert done.applied_date == old.applied_date
    assert done.obligations_monthly == Decimal(5_000)
    assert len(enqueued) == 1
