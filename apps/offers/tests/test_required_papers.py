"""Nobody accepts an offer whose required papers are missing, unless somebody said why not."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit.models import Event
from apps.collateral.tests import factories as collateral
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.customers.tests import factories as customers
from apps.decisions import services as decisions
from apps.decisions.errors import PapersMissing
from apps.decisions.models import PaperWaiver
from apps.decisions.services import declaring
from apps.offers import services
from apps.offers.errors import BringPapers
from apps.offers.models import Offer
from apps.offers.tests import factories
from apps.scoring.models import ModelVersion

SignedIn = Callable[[User], Client]
NOW = factories.LATER
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def bare(alice: User, stage: ModelVersion) -> Application:
    """An approved application of somebody who brought an identity card and nothing else."""
    found = factories.approved(alice, papers=False)
    customers.papers(found.customer, "identity")
    return found


@pytest.fixture
def offer(alice: User, bare: Application) -> Offer:
    return factories.made(alice, bare)


def _accept(alice: User, offer: Offer) -> Offer:
    return services.accept_by_officer(
        actor=alice, offer=offer, consent=factories.consent(), now=NOW
    )


def _waive(actor: User, application: Application, code: str = "income", **changes: Any) -> Any:
    given = {"reason": "Pension paid by ourselves.", **changes}
    return decisions.waive_paper(actor=actor, application=application, code=code, now=NOW, **given)


def _part(client: Client, name: str, key: Any) -> str:
    answer = client.get(reverse(name, args=[key]), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_officer_does_not_record_an_acceptance_before_the_papers_are_there(
    alice: User, offer: Offer
) -> None:
    with pytest.raises(PapersMissing) as refused:
        _accept(alice, offer)

    assert refused.value.codes == ("address", "income")
    assert str(refused.value) == (
        "Required papers are missing: Proof of address; Proof of income: payslip, tax return or"
        " bank statement. Add them to the customer's documents, or have a credit manager waive"
        " them with a reason."
    )
    assert (Offer.objects.get().status, Offer.objects.get().accepted_at) == ("offered", None)
    customers.papers(offer.application.customer, "address", "bank_statement")
    assert _accept(alice, offer).status == "accepted"


def test_the_applicant_is_told_what_the_branch_needs(alice: User, offer: Offer) -> None:
    with pytest.raises(BringPapers, match="your branch needs from you: Proof of address;"):
        services.accept_by_applicant(
            offer=offer, acknowledged=True, statement_hash=offer.statement_hash, now=NOW
        )

    assert Offer.objects.get().status == "offered"


def test_a_manager_does_without_papers_for_a_reason_that_stays(
    alice: User, charlie: User, offer: Offer
) -> None:
    customers.papers(offer.application.customer, "address")

    made = _waive(charlie, offer.application)

    assert _waive(charlie, offer.application) == made
    assert (made.code, made.reason, made.waived_by) == (
        "income",
        "Pension paid by ourselves.",
        charlie,
    )
    event = Event.objects.get(verb="decisions.paper_waived")
    assert event.facts == {"paper": "income"}
    assert _accept(alice, offer).status == "accepted"
    for change in ({"code": "address"}, {"waived_by": alice}):
        with pytest.raises(InternalError), transaction.atomic():
            PaperWaiver.objects.update(**change)
    with pytest.raises(InternalError), transaction.atomic():
        PaperWaiver.objects.all().delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        PaperWaiver.objects.create(
            application=made.application,
            code="income",
            reason="x",
            waived_by=charlie,
            waived_at=NOW,
        )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": "  "}, "reason_missing"),
        ({"reason": "x" * 301}, "reason_missing"),
        ({"code": "identity"}, "paper_not_missing"),
        ({"code": "collateral"}, "paper_not_missing"),
        ({"code": "nonsense"}, "paper_not_missing"),
    ],
    ids=["no reason", "too long", "there", "not asked for", "unknown"],
)
def test_only_a_missing_paper_is_waived_and_only_with_a_reason(
    charlie: User, offer: Offer, changes: dict[str, str], code: str
) -> None:
    with pytest.raises(DomainError) as refused:
        _waive(charlie, offer.application, **changes)

    assert refused.value.code == code
    assert not PaperWaiver.objects.exists()


def test_who_took_the_case_or_is_near_the_applicant_waives_nothing(
    alice: User, charlie: User, offer: Offer
) -> None:
    with pytest.raises(NotPermitted, match="role"):
        _waive(alice, offer.application)
    entry = declaring.InterestEntry(
        relation="friend",
        reason="We row together.",
        customer_number=offer.application.customer.number,
    )
    decisions.declare_interest(actor=charlie, entry=entry, now=NOW)
    with pytest.raises(NotPermitted, match="connected"):
        _waive(charlie, offer.application)

    assert not PaperWaiver.objects.exists()


def test_a_manager_who_took_the_case_meets_the_same_refusal_everywhere(
    charlie: User, offer: Offer, signed_in: SignedIn
) -> None:
    Application.objects.filter(pk=offer.application_id).update(taken_by=charlie)
    manager, key = signed_in(charlie), offer.application_id
    page = reverse("decisions:waive_paper", args=[key, "income"])

    documents = _part(manager, "desk:documents", key)
    asked, sent = manager.get(page), manager.post(page, {"reason": "Known for years."})
    told = manager.post(
        f"/api/v1/applications/{key}/papers/income/waive",
        {"reason": "Known for years."},
        content_type="application/json",
    )

    assert page not in documents
    assert [one.status_code for one in (asked, sent, told)] == [403, 403, 403]
    assert told.json()["code"] == "keep_out"
    for answer in (asked.content.decode(), sent.content.decode(), told.json()["sentence"]):
        assert "neither took it nor is connected with it" in answer
    # Nor does anything that does not ask the service.
    with pytest.raises(IntegrityError), transaction.atomic():
        PaperWaiver.objects.create(
            application_id=key, code="income", reason="x", waived_by=charlie, waived_at=NOW
        )
    assert not PaperWaiver.objects.exists()


def test_another_reason_for_the_same_paper_is_refused(charlie: User, offer: Offer) -> None:
    _waive(charlie, offer.application)

    with pytest.raises(Conflict):
        _waive(charlie, offer.application, reason="Something else.")

    assert PaperWaiver.objects.get().reason == "Pension paid by ourselves."


def test_pages_say_what_is_missing_and_lead_to_where_it_is_put_right(
    alice: User, charlie: User, offer: Offer, signed_in: SignedIn
) -> None:
    application = offer.application
    add = reverse("customers:upload", args=[application.customer_id])
    waive = reverse("decisions:waive_paper", args=[application.pk, "income"])
    officer, manager = signed_in(alice), signed_in(charlie)

    panel = _part(officer, "offers:application_panel", application.pk)
    page = officer.get(reverse("offers:detail", args=[offer.pk])).content.decode()
    managers = _part(manager, "offers:application_panel", application.pk)

    for text in (panel, page):
        assert "Proof of address is missing." in text
        assert add in text
        assert waive not in text
    assert "Record the acceptance" not in page
    assert waive in managers
    assert waive in _part(manager, "desk:documents", application.pk)
    empty = manager.post(waive, {"reason": ""})
    assert (empty.status_code, PaperWaiver.objects.count()) == (422, 0)
    assert "Say why it is not needed." in empty.content.decode()
    done = manager.post(waive, {"reason": "Pension paid by ourselves."})
    assert done.url == reverse("applications:detail", args=[application.pk])
    documents = _part(officer, "desk:documents", application.pk)
    assert "Charlie: Pension paid by ourselves." in documents
    again = manager.post(waive, {"reason": "Once more."})
    assert (again.status_code, PaperWaiver.objects.count()) == (422, 1)
    assert "waived already" in again.content.decode()
    assert officer.get(waive).status_code == 403
    assert manager.get(waive.replace("income", "photo")).status_code == 404


def test_the_api_refuses_alike_and_tells_which_papers(
    alice: User, charlie: User, offer: Offer, signed_in: SignedIn
) -> None:
    officer, manager = signed_in(alice), signed_in(charlie)
    key = offer.application_id

    refused = officer.post(
        f"/api/v1/offers/{offer.pk}/accept",
        {"channel": "signed", "reference": "Folder 7", "acknowledged": True},
        content_type="application/json",
    )
    papers = officer.get(f"/api/v1/applications/{key}/papers").json()
    waived = [
        manager.post(
            f"/api/v1/applications/{key}/papers/{code}/waive",
            {"reason": "Known for years."},
            content_type="application/json",
        )
        for code in ("income", "address")
    ]

    assert (refused.status_code, refused.json()["code"]) == (409, "papers_missing")
    states = {one["code"]: (one["state"], one["holds_up"]) for one in papers}
    assert states["identity"] == ("present", False)
    assert states["income"] == ("missing", True)
    assert [one.status_code for one in waived] == [200, 200]
    assert waived[0].json()["reason"] == "Known for years."
    assert _accept(alice, offer).status == "accepted"


def test_a_secured_approval_leads_to_the_register_at_once(
    alice: User, stage: ModelVersion, signed_in: SignedIn
) -> None:
    asked = collateral.secured(alice, state="submitted")
    decisions.assess(application_id=asked.pk, actor="system:test", now=factories.NOW)
    factories.complete(asked.product)
    factories.bring_papers(asked)
    declared = asked.collaterals.get()
    enter = f"{reverse('collateral:enter')}?application={asked.pk}&amp;declared={declared.pk}"

    before = _part(signed_in(alice), "offers:application_panel", asked.pk)
    made = factories.made(alice, Application.objects.get(pk=asked.pk))
    page = signed_in(alice).get(reverse("offers:detail", args=[made.pk])).content.decode()

    for text in (before, page):
        assert "Nothing in the collateral register secures this application yet." in text
        assert enter in text
        assert f"Take up: {declared.description}" in text
    assert "Record the acceptance" in page
