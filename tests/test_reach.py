"""What lies in another branch is not there: by no page, fragment or API, nor in its history."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from apps.accounts import roles
from apps.accounts.models import Branch, Entity, User
from apps.appeals import services as appeals
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.audit.models import Event
from apps.collateral.models import Item
from apps.collateral.tests import factories as collateral
from apps.core.access import SIGNED_IN
from apps.customers.models import Customer, Document
from apps.customers.services import upload_document
from apps.decisions import sources
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.tests import factories as decisions
from apps.impairment import services as impairment
from apps.impairment.models import ParameterSet
from apps.letters.models import Letter
from apps.letters.tests import factories as letters
from tests.kept import kept
from tests.test_access import ADDRESSES, NOWHERE, declared_by

SignedIn = Callable[[User], Client]
MakePerson = Callable[..., User]
NEAR = [role.code for role in roles.ROLES if not role.everywhere]
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
Keys = dict[str, list[str]]


@pytest.fixture(autouse=True)
def _nobody_defaulted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_sources", {"tests": decisions.nobody_defaulted})


@pytest.fixture
@kept
def keys_elsewhere(make_person: MakePerson, nashik: Branch, rita: User, mark: User) -> Keys:
    """Make one of everything in Nashik; return keys by the first part of the addresses they fit."""
    officer = make_person("Nisha", "loan_officer", branch=nashik)
    decisions.stage(nashik, rita, mark)
    case = decisions.referred(officer, amount=850_000, term_months=48)
    customer = case.application.customer
    upload_document(
        actor=officer, customer=customer, kind="income", filename="slip.pdf", content=PDF
    )
    draft = applications.application(officer, applications.borrower(nashik))
    letter = letters.frozen(officer, nashik)
    decision = Decision.objects.get(application=case.application)
    refused = decisions.assessed(
        officer, borrower={"employment": {"net_monthly_income": Decimal(12_000)}}
    )
    appeal = appeals.ask(
        actor=None,
        application=refused.application,
        asked=appeals.Asked(channel="link", grounds=("unfair",), statement="Look again."),
        now=decisions.NOW,
    )
    item = collateral.item(officer)
    own = [str(case.application_id), str(draft.pk)]
    return {
        "customers": [str(customer.pk), str(draft.customer_id)],
        "applications": [*own, str(customer.pk), str(draft.customer_id)],
        "review": [*own, str(case.pk), str(decision.pk)],
        "collateral": [str(item.pk), *own, str(customer.pk)],
        "letters": [str(letter.pk)],
        "loans": own,
        "impairment": [*own, _parameters_of_another_lender(rita)],
        "stress": own,
        "collections": own,
        "appeals": [str(appeal.pk), str(appeal.application_id)],
        "offers": own,
        "my": own,
        "api": [*own, str(customer.pk), str(item.pk)],
    }


def _parameters_of_another_lender(proposer: User) -> str:
    """Return the key of parameters of losses that nobody of the tests' lender works with."""
    lender = Entity.objects.create(
        code="other", name="Other Lender", country="IN", currency="INR", time_zone="Asia/Kolkata"
    )
    Branch.objects.create(entity=lender, code="elsewhere", name="Elsewhere")
    proposed = ParameterSet.objects.create(
        entity=lender,
        effective_from=decisions.NOW.date(),
        body=impairment.starting_point(),
        sha256="0" * 64,
        reason="As the other lender's committee decided.",
        proposed_by=proposer,
        proposed_at=decisions.NOW,
    )
    return str(proposed.pk)


def _addresses(keys: Keys) -> list[tuple[Any, list[str]]]:
    """Return each view whose address names a row, with that address for every fitting row."""
    document, filled = str(Document.objects.get().pk), []
    for address, view in sorted(ADDRESSES.items()):
        fitting = keys.get(address.partition("/")[0], [])
        if "<uuid:" not in address or address.startswith(("review/policies/", "my/<str:token>/")):
            continue
        if fitting:
            filled.append((view, [_filled(address, key, document) for key in fitting]))
    return filled


def _filled(address: str, key: str, document: str) -> str:
    found = address.replace("<uuid:pk>", key).replace("<uuid:customer_pk>", key)
    found = found.replace("<uuid:document_pk>", document).replace("<str:field>", "phone")
    for rest in (
        "correction_pk",
        "file_pk",
        "consent_pk",
        "obligation_pk",
        "collateral_pk",
        "guarantor_pk",
        "co_borrower_pk",
        "valuation_pk",
        "lien_pk",
        "release_pk",
    ):
        found = found.replace(f"<uuid:{rest}>", NOWHERE)
    found = found.replace("<slug:way>", "receive").replace("<slug:code>", "income")
    found = found.replace("<str:form>", "pdf").replace("<slug:action>", "pause")
    assert "<" not in found, f"what stands in {found} is not known here"
    return f"/{found}"


def _methods(view: Any) -> list[str]:
    """Return the ways to ask a view: what the API has methods for; a page looks at two alone."""
    api = getattr(view, "cls", None)
    return [one for one in ("get", "post", "put") if hasattr(api, one)] if api else ["get", "post"]


def _needed(view: Any, method: str) -> Any:
    needed = declared_by(view)
    return needed.get(method.upper()) if isinstance(needed, dict) else needed


def _state() -> list[Any]:
    """Return what an act on a row would change."""
    tables = (Customer, Application, ReviewCase, Decision, Letter, Document, Event, Item)
    rows: list[Any] = [table.objects.count() for table in tables]
    rows += ParameterSet.objects.values_list("pk", "status")
    return [*rows, sorted(Application.objects.values_list("pk", "status", "updated_at"))]


@pytest.mark.slow
@pytest.mark.parametrize("role", NEAR)
def test_it_is_not_there_for_people_of_another_branch(
    make_person: MakePerson, signed_in: SignedIn, keys_elsewhere: Keys, role: str
) -> None:
    browser, held = signed_in(make_person("Someone", role)), roles.BY_CODE[role].permissions
    before, opened = _state(), 0

    for view, addresses in _addresses(keys_elsewhere):
        for method in _methods(view):
            allowed = _needed(view, method) in {SIGNED_IN, *held}
            # A right that is missing is missed before a row is looked for, so two will do.
            for address in addresses if allowed else {addresses[0], addresses[-1]}:
                answer = getattr(browser, method)(address, content_type="application/json")
                status = answer.status_code
                assert status in ({404, 405, 400} if allowed else {403, 405}), (
                    method,
                    address,
                    status,
                )
                opened += status == 404

    assert opened > 0
    assert _state() == before


@pytest.mark.slow
@pytest.mark.parametrize("role", NEAR)
def test_its_history_is_not_there_either(
    make_person: MakePerson, signed_in: SignedIn, keys_elsewhere: Keys, role: str
) -> None:
    browser = signed_in(make_person("Someone", role))

    for row in (*Customer.objects.all(), *Application.objects.all(), *ReviewCase.objects.all()):
        subject = f"{row._meta.label_lower}:{row.pk}"
        assert browser.get("/audit/timeline/", {"subject": subject}).status_code == 404
        listed = browser.get("/letters/of-case/", {"case": subject}, headers={"HX-Request": "true"})
        assert listed.status_code in {200, 403}
        assert b"/letters/" not in listed.content.replace(b"/letters/of-case/?case=", b"")
