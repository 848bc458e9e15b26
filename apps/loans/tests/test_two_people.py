"""No payment goes from its acceptance to the bank by one person of the lender alone."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.audit.models import Event
from apps.loans import policies, services
from apps.loans.errors import AllAlone
from apps.loans.models import Disbursement, Loan, PaymentFile
from apps.loans.tests import factories
from apps.offers import services as offers
from apps.offers.tests import factories as offered

SignedIn = Callable[[User], Client]
NOW: datetime = factories.LATER
pytestmark = pytest.mark.django_db


@pytest.fixture
def able(alice: User, charlie: User) -> User:
    """Alice, who has a manager's role besides her own, and pays out 500,000 alone."""
    alice.groups.add(Group.objects.get(name="credit_manager"))
    services.set_limit(
        actor=charlie,
        entity=alice.branch.entity,
        role=Group.objects.get(name="loan_officer"),
        currency="INR",
        amount=Decimal(500_000),
    )
    return User.objects.get(pk=alice.pk)


@pytest.fixture
def alone(able: User, stage: None) -> Disbursement:
    """A payment that Alice asked for alone, under an acceptance that she recorded."""
    one = factories.requested(able)
    assert one.status == "approved"
    return one


def _instruct(actor: User, one: Disbursement) -> PaymentFile:
    return services.instruct(
        actor=actor, entity=one.loan.branch.entity, disbursements=[one], now=NOW
    )


def _confirm(actor: User, one: Disbursement) -> Disbursement:
    return services.confirm(
        actor=actor,
        disbursement=one,
        paid_date=factories.TODAY,
        bank_reference="UTR-1",
        now=NOW,
    )


def test_who_did_everything_before_does_not_tell_the_bank(able: User, alone: Disbursement) -> None:
    for step in (_instruct, _confirm):
        with pytest.raises(AllAlone, match=alone.reference):
            step(able, alone)

    alone.refresh_from_db()
    assert (alone.status, alone.payment_file, alone.entry) == ("approved", None, None)
    assert not PaymentFile.objects.exists()
    assert not Event.objects.filter(verb="loans.payment_instructed").exists()
    assert not policies.may_instruct(able, alone)
    assert not policies.may_confirm(able, alone)


def test_another_tells_the_bank_and_then_anybody_records_what_it_says(
    able: User, bob: User, alone: Disbursement
) -> None:
    assert policies.may_instruct(bob, alone)

    _instruct(bob, alone)

    assert _confirm(able, Disbursement.objects.get()).status == "paid"


def test_another_who_recorded_the_acceptance_is_the_second_person(
    able: User, make_person: Callable[..., User], stage: None
) -> None:
    nadia = make_person("Nadia", "loan_officer")
    agreed = factories.agreed(nadia)
    loan = services.open_loan(actor=able, application=agreed, now=NOW)
    one = services.request(actor=able, loan=loan, payment=factories.payment(loan), now=NOW)

    _instruct(able, one)

    assert Disbursement.objects.get().status == "instructed"


def test_who_approved_what_another_asked_for_tells_the_bank(
    alice: User, charlie: User, loan: Loan
) -> None:
    one = factories.approved(alice, charlie, loan)

    _instruct(charlie, one)

    assert _confirm(charlie, Disbursement.objects.get()).status == "paid"


def test_the_applicants_own_link_is_no_second_person(able: User, stage: None) -> None:
    offer = offered.made(able)
    offered.bring_papers(offer.application)
    offers.accept_by_applicant(
        offer=offer, acknowledged=True, statement_hash=offer.statement_hash, now=NOW
    )
    loan = services.open_loan(actor=able, application=offer.application, now=NOW)
    one = services.request(actor=able, loan=loan, payment=factories.payment(loan), now=NOW)
    assert one.status == "approved"

    with pytest.raises(AllAlone):
        _instruct(able, one)

    assert Disbursement.objects.get().status == "approved"


def test_the_database_refuses_it_from_whomever_it_comes(
    able: User, bob: User, alone: Disbursement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policies, "would_be_alone", lambda *_who: False)

    for step in (_instruct, _confirm):
        with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
            step(able, alone)

    alone.refresh_from_db()
    assert alone.status == "approved"
    _instruct(bob, alone)


def test_pages_and_api_refuse_alike(able: User, alone: Disbursement, signed_in: SignedIn) -> None:
    client = signed_in(able)

    page = client.get(reverse("loans:detail", args=[alone.loan_id])).content.decode()
    posted = client.post(reverse("loans:instruct"), {"payment": str(alone.pk)}, follow=True)
    asked = client.post(
        f"/api/v1/disbursements/{alone.pk}/confirm",
        {"paid_date": factories.TODAY.isoformat(), "bank_reference": "UTR-1"},
        content_type="application/json",
    )

    assert "Make the payment file" not in page
    assert "another person than you must tell the bank" in posted.content.decode()
    assert (asked.status_code, asked.json()["code"]) == (403, "all_alone")
    alone.refresh_from_db()
    assert alone.status == "approved"
