"""The sandbox judges one case as a decision would, and leaves nothing behind but a note."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.audit.models import Event
from apps.core.errors import NotPermitted
from apps.decisions.models import Decision, PolicyVersion
from apps.decisions.services import assess
from apps.decisions.tests import factories as decisions
from apps.laboratory import sandbox
from apps.laboratory.tests import engine_factories as factories
from apps.products.models import Product
from apps.products.tests import factories as products
from apps.scoring.models import ModelVersion, ScoreRun
from tests.kept import kept

SignedIn = Callable[[User], Client]
REAL, TYPED = "laboratory:sandbox", "laboratory:sandbox_typed"


@pytest.fixture
@kept
def application(stage: ModelVersion, alice: User) -> Application:
    return decisions.submitted(alice)


@pytest.fixture
@kept
def version(stage: ModelVersion, pune: Branch) -> PolicyVersion:
    """A draft that adds to the rate and refers near its cut-off."""
    written = decisions.document(bands=("0.60", "0.80"))
    written["ladders"][0]["bands"][1]["rate_addon"] = "0.02"
    written["ladders"][0]["refer_margin"] = "0.002"
    return factories.draft(pune.entity, written)


@pytest.fixture
@kept
def product(pune: Branch) -> Product:
    return products.personal_loan(pune.entity)


def case_of(application: Application) -> sandbox.Case:
    return sandbox.of_application(application)


def written() -> tuple[int, int, int]:
    return Decision.objects.count(), ScoreRun.objects.count(), Application.objects.count()


def typed(**changes: Any) -> dict[str, Any]:
    """Return the form of an ordinary applicant."""
    return {
        "amount": "2,00,000",
        "term_months": "24",
        "purpose": "medical",
        "age_years": "36",
        "country": "IN",
        "gross_annual_income": "15,00,000",
        "net_monthly_income": "1,00,000",
        "documented_net_monthly_income": "100000",
        "income_verification": "documents",
        "employment_type": "salaried",
        "months_employed": "84",
        "home": "own",
        "obligations_monthly": "0",
        "defaults_with_us": "0",
        "owed_with_us": "0",
        "guarantees_with_us": "0",
        "has_report": "on",
        "age_days": "3",
        "score": "810",
        "credit_history_months": "170",
        "delinquencies_24m": "0",
        "accounts_delinquent_now": "0",
        "enquiries_6m": "0",
        "bankruptcies": "0",
        "revolving_balance": "24000",
        "revolving_utilisation": "18",
        **changes,
    }


def test_it_says_what_the_decision_says(
    application: Application, stage: ModelVersion, rita: User
) -> None:
    in_force = PolicyVersion.objects.get()

    tried = sandbox.try_case(actor=rita, case=case_of(application), version=in_force, model=stage)

    made = assess(application_id=application.pk, actor="system:test", now=decisions.NOW)
    assert made.score_run is not None
    assert tried.trace.outcome == made.outcome
    assert tried.run.pd == made.score_run.pd
    assert tried.run.attributions == made.score_run.attributions
    assert tried.annual_rate == made.annual_rate
    assert [one.to_json() for one in tried.reasons] == made.reasons


def test_a_made_up_applicant_begins_without_a_default_with_us(
    stage: ModelVersion, rita: User, signed_in: SignedIn
) -> None:
    text = signed_in(rita).get(reverse(TYPED)).content.decode()

    field = re.search(r'<input[^>]*name="defaults_with_us"[^>]*>', text)
    assert field
    assert 'value="0"' in field[0]


def test_it_prices_by_the_band_before_it_judges(
    application: Application, stage: ModelVersion, pune: Branch, rita: User
) -> None:
    dear = decisions.document(bands=("0.99", "0.995"))
    dear["ladders"][0]["bands"][0]["rate_addon"] = "0.07"
    version = factories.draft(pune.entity, dear)

    tried = sandbox.try_case(actor=rita, case=case_of(application), version=version, model=stage)

    assert tried.annual_rate == application.annual_rate + Decimal("0.07")
    burden = {one.rule.input: one.value for one in tried.trace.results}["foir"]
    assert burden == tried.affordability.foir.value
    assert burden > case_of(application).afford(application.annual_rate).foir.value


def test_it_stores_nothing_but_a_note_without_personal_data(
    application: Application, version: PolicyVersion, stage: ModelVersion, rita: User
) -> None:
    before = written()

    tried = sandbox.try_case(actor=rita, case=case_of(application), version=version, model=stage)

    assert written() == before
    application.refresh_from_db()
    assert application.status == "submitted"
    event = Event.objects.filter(verb="laboratory.case_tried").get()
    assert event.facts == {
        "policy": str(version.pk),
        "model": str(stage.pk),
        "outcome": tried.trace.outcome,
    }


def test_it_refuses_a_draft_application(stage: ModelVersion, alice: User) -> None:
    draft = applications.application(alice, applications.borrower(alice.branch))

    with pytest.raises(sandbox.CaseRefused) as refusal:
        case_of(draft)

    assert list(refusal.value.fields) == ["number"]


def test_it_refuses_a_person_without_the_right(
    application: Application, version: PolicyVersion, stage: ModelVersion, alice: User
) -> None:
    with pytest.raises(NotPermitted):
        sandbox.try_case(actor=alice, case=case_of(application), version=version, model=stage)

    assert not Event.objects.filter(verb="laboratory.case_tried").exists()


def test_it_tries_an_application_on_the_page(
    application: Application, version: PolicyVersion, rita: User, signed_in: SignedIn
) -> None:
    page = signed_in(rita).post(
        reverse(REAL), {"number": application.number.lower(), "policy": str(version.pk)}
    )

    assert page.status_code == 200
    text = page.content.decode()
    assert "What the policy said" in text
    assert "What raised and what lowered the risk" in text
    for rule in version.document["rules"]:
        assert rule["sentence"] in text


def test_it_says_beside_the_number_that_there_is_no_such_application(
    application: Application, version: PolicyVersion, rita: User, signed_in: SignedIn
) -> None:
    page = signed_in(rita).post(reverse(REAL), {"number": "X-1", "policy": str(version.pk)})

    assert page.status_code == 422
    assert "number" in page.context["form"].errors
    assert page.context["tried"] is None


def test_it_tries_what_was_typed_in(
    version: PolicyVersion, product: Product, rita: User, signed_in: SignedIn
) -> None:
    before = written()

    page = signed_in(rita).post(
        reverse(TYPED), typed(policy=str(version.pk), product=str(product.pk))
    )

    assert page.status_code == 200, page.context["form"].errors
    tried = page.context["tried"]
    assert tried["amount"] == 200_000
    assert {line.value for line in tried["working"]["trace"]} >= {"36 years", "3 days"}
    assert written() == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": "-5"}, "amount"),
        ({"amount": "1e9"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"term_months": "0"}, "term_months"),
        ({"term_months": "12.5"}, "term_months"),
        ({"purpose": "yacht"}, "purpose"),
        ({"gross_annual_income": ""}, "gross_annual_income"),
        ({"age_years": "121"}, "age_years"),
        ({"has_report": ""}, "score"),
        ({"owed_with_us": ""}, "owed_with_us"),
        ({"guarantees_with_us": ""}, "guarantees_with_us"),
        ({"revolving_utilisation": "-1"}, "revolving_utilisation"),
        ({"policy": "nothing"}, "policy"),
        ({"product": "00000000-0000-4000-8000-000000000000"}, "product"),
        ({"model": "nothing"}, "model"),
    ],
)
def test_it_says_beside_a_field_what_is_wrong(
    changes: dict[str, str],
    field: str,
    version: PolicyVersion,
    product: Product,
    rita: User,
    signed_in: SignedIn,
) -> None:
    form = typed(policy=str(version.pk), product=str(product.pk)) | changes

    page = signed_in(rita).post(reverse(TYPED), form)

    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert page.context["tried"] is None
    assert not Event.objects.filter(verb="laboratory.case_tried").exists()


@pytest.mark.parametrize("name", [REAL, TYPED])
def test_it_is_closed_to_who_may_only_look(name: str, amir: User, signed_in: SignedIn) -> None:
    assert signed_in(amir).get(reverse(name)).status_code == 403
