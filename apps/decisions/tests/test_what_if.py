"""Trying other facts: the page with its sliders, the part that answers, the API."""

import copy
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Branch, User
from apps.applications.tests import factories as applications
from apps.decisions import services, what_if
from apps.decisions.models import Decision
from apps.decisions.tests import factories
from apps.scoring.models import ModelVersion

SignedIn = Callable[[User], Client]
MakePerson = Callable[..., User]

pytestmark = pytest.mark.django_db
DEBT = {"monthly_payment": Decimal(12_000)}


@pytest.fixture
def declined(pune: Branch, alice: User, rita: User, mark: User) -> Decision:
    """A loan whose instalment, beside 12,000 owed elsewhere, takes more than 35 % of 60,000."""
    written = copy.deepcopy(factories.document())
    for rule in written["rules"]:
        if rule["code"] == "foir_cap":
            rule["threshold"] = "0.35"
    table = [{"what": "amount", "most": "0.6", "weight": "1"}]
    factories.stage(pune, rita, mark, document={**written, "changes": table})
    made = factories.assessed(alice, borrower={"obligations": (DEBT,)})
    assert made.outcome == "decline"
    return made


def _page(decision: Decision) -> str:
    return reverse("decisions:what_if", args=[decision.application_id])


def test_the_page_stands_where_the_application_does(
    signed_in: SignedIn, alice: User, declined: Decision
) -> None:
    client = signed_in(alice)

    shown = client.get(_page(declined))

    found = shown.context["answer"]
    assert found.outcome == "decline"
    assert found.tried.judged.values["foir"] == Decimal(declined.inputs["foir"])
    assert found.points == found.points_as_asked == declined.score_run.score
    assert list(shown.context["form"].fields) == [
        "amount",
        "term_months",
        "obligations_monthly",
        "revolving_balance",
        "employment_months",
        "income_verification",
    ]
    assert b"What would have turned the decision" in shown.content


def test_what_is_paid_to_us_cannot_be_tried_away(
    signed_in: SignedIn, alice: User, declined: Decision, monkeypatch: pytest.MonkeyPatch
) -> None:
    applications.paying_us(monkeypatch, 5_000)
    second = factories.assessed(alice, borrower={"obligations": (DEBT,)})
    client = signed_in(alice)

    page = client.get(_page(second))
    below, at = (
        client.post(_page(second), {"obligations_monthly": tried}, headers={"HX-Request": "true"})
        for tried in ("4999", "5000")
    )

    field = page.context["form"].fields["obligations_monthly"]
    assert (field.min_value, field.initial) == (5_000, 17_000)
    assert field.help_text.endswith("₹5,000.00 of them are for other loans with us.")
    assert "obligations_monthly" in below.context["form"].errors
    assert at.context["answer"].tried.point == {"obligations_monthly": Decimal(5_000)}


def test_what_is_moved_answers_and_stores_nothing(
    signed_in: SignedIn, alice: User, declined: Decision
) -> None:
    client = signed_in(alice)
    values = {"amount": "200000", "obligations_monthly": "2000", "income_verification": "documents"}

    shown = client.post(_page(declined), values, headers={"HX-Request": "true"})

    found = shown.context["answer"]
    assert shown.templates[0].name == "decisions/_what_if_answer.html"
    assert found.outcome == "approve"
    assert found.tried.point == {"obligations_monthly": Decimal(2000)}
    assert found.tried.features["existing_dti"] == pytest.approx(2000 * 12 / 900_000)
    assert b'id="obligations_monthly-shown"' in shown.content
    assert Decision.objects.count() == 1


def test_a_request_lowered_since_stands_at_its_own_points(
    signed_in: SignedIn, alice: User, stage: ModelVersion
) -> None:
    made = factories.assessed(alice)
    services.change_request(
        actor=alice,
        application=made.application,
        amount=Decimal(30_000),
        term_months=24,
        now=factories.NOW,
    )
    client = signed_in(alice)

    lowered = client.get(_page(made)).context["answer"]
    before = client.post(_page(made), {"amount": "200000"}).context["answer"]

    assert before.points == made.score_run.score
    assert before.points_as_asked == lowered.points == lowered.points_as_asked > before.points


def test_figures_in_the_address_are_not_read(
    signed_in: SignedIn, alice: User, declined: Decision
) -> None:
    client = signed_in(alice)

    shown = client.get(_page(declined), {"obligations_monthly": "2000"})

    assert not shown.context["form"].is_bound
    assert shown.context["answer"].outcome == "decline"


def test_the_form_keeps_its_figures_out_of_the_address(
    signed_in: SignedIn, alice: User, declined: Decision
) -> None:
    client = signed_in(alice)

    page = client.get(_page(declined)).content.decode()

    form = page[page.index('id="what-if-form"') :].partition(">")[0]
    assert 'method="post"' in form
    assert f'hx-post="{_page(declined)}"' in form
    assert "hx-get" not in form


@pytest.mark.parametrize("amount", ["1e9", "-5", "many", "NaN"])
def test_an_amount_that_cannot_be_is_refused_beside_its_slider(
    signed_in: SignedIn, alice: User, declined: Decision, amount: str
) -> None:
    client = signed_in(alice)

    shown = client.post(_page(declined), {"amount": amount})

    assert shown.status_code == 422
    assert shown.context["form"].errors.keys() == {"amount"}
    assert "answer" not in shown.context


def test_without_a_score_there_is_nothing_to_try(
    signed_in: SignedIn, alice: User, pune: Branch
) -> None:
    client = signed_in(alice)
    application = factories.submitted(alice)

    shown = client.get(reverse("decisions:what_if", args=[application.pk]))

    assert shown.status_code == 200
    assert "no model and policy have judged" in shown.content.decode()


def test_who_may_not_see_the_application_finds_no_page(
    signed_in: SignedIn, make_person: MakePerson, nashik: Branch, declined: Decision
) -> None:
    stranger = signed_in(make_person("Sara", "loan_officer", branch=nashik))

    assert stranger.get(_page(declined)).status_code == 404


def test_it_asks_the_model_and_policy_of_the_decision(declined: Decision) -> None:
    application = declined.application

    decision, trial = what_if.trial_of(application)

    assert decision == declined
    assert trial.as_asked.judged.trace.pd == Decimal(repr(declined.score_run.pd))
    # The same amounts, whether they were read from a row (0.00) or not (0).
    told = [
        [{key: one[key] for key in one if key != "inputs"} for one in found["suggestions"]]
        for found in (trial.search(), declined.recourse)
    ]
    assert told[0] == told[1]


def test_the_api_tells_what_would_have_turned_it(
    signed_in: SignedIn, alice: User, declined: Decision
) -> None:
    client = signed_in(alice)

    told = client.get(f"/api/v1/applications/{declined.application_id}/recourse").json()

    assert told["looked"] is True
    assert [one["what"] for one in told["suggestions"][0]["changes"]] == ["amount"]
    assert told["sentences"] == [one["sentence"] for one in told["suggestions"]]


def test_the_api_answers_what_if(signed_in: SignedIn, alice: User, declined: Decision) -> None:
    client = signed_in(alice)
    address = f"/api/v1/applications/{declined.application_id}/what-if"

    found = client.post(address, {"obligations_monthly": "2000"}, "application/json").json()
    refused = client.post(address, {"security_value": "2000"}, "application/json")

    assert found["outcome"] == "approve"
    assert found["not_met"] == []
    assert refused.status_code == 400
    assert Decision.objects.count() == 1
