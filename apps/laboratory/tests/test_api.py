"""The laboratory over the API: the same rights, figures and refusals as on the pages."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.accounts.models import Branch, Entity, User
from apps.audit.models import Event
from apps.decisions.models import Decision, PolicyVersion
from apps.decisions.services import assess
from apps.decisions.tests import factories as decisions
from apps.laboratory.models import Experiment, ExperimentRow
from apps.laboratory.tests import engine_factories as factories
from apps.products.tests import factories as products
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories as models
from tests.kept import kept

SignedIn = Callable[[User], Client]
BASE = "/api/v1/experiments"
ASKED = {
    "lender": "sahyadri",
    "title": "Approve fewer",
    "from_date": "2023-01-01",
    "to_date": "2027-01-01",
    "approve_below": "0.0702399999999999",
    "decline_from": "0.1",
    "loss_given_default": "0.6",
    "cost_of_funds": "0.0825",
    "fee_share": "0.01",
    "operating_cost": "1500.00",
}
MADE_UP = {
    "product": "in-personal",
    "amount": "200000.00",
    "term_months": 24,
    "purpose": "medical",
    "owed_with_us": "0.00",
    "guarantees_with_us": "0.00",
    "blocked": False,
    "defaults_with_us": 0,
    "age_years": 36,
    "country": "IN",
    "gross_annual_income": "1500000.00",
    "net_monthly_income": "100000.00",
    "documented_net_monthly_income": "100000.00",
    "income_verification": "documents",
    "employment_type": "salaried",
    "months_employed": 84,
    "home": "own",
    "obligations_monthly": "0.00",
    "report": {
        "age_days": 3,
        "score": 810,
        "credit_history_months": 170,
        "delinquencies_24m": 0,
        "accounts_delinquent_now": 0,
        "enquiries_6m": 0,
        "bankruptcies": 0,
        "revolving_balance": "24000.00",
        "revolving_utilisation": "0.18",
    },
}


def send(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(path, body, content_type="application/json")


@pytest.fixture
@kept
def tape(stage: ModelVersion, pune: Branch) -> None:
    factories.tape(pune, rows=8)


def test_it_asks_for_an_experiment_and_reads_what_it_found(
    tape: None, rita: User, signed_in: SignedIn
) -> None:
    client = signed_in(rita)

    asked = send(client, BASE, ASKED)
    waiting = client.get(f"{BASE}/{asked.json()['id']}").json()
    done = factories.services.run(experiment_id=asked.json()["id"], now=factories.NOW)
    found = client.get(f"{BASE}/{done.pk}").json()

    assert (asked.status_code, asked.json()["state"], waiting["results"]) == (201, "waiting", None)
    assert asked.json()["approve_below"] == "0.070239999999999900"
    assert (asked.json()["products"], asked.json()["asked_by"]) == (done.products, rita.email)
    assert (found["state"], found["applications"], found["decided_anew"]) == ("done", 8, 8)
    assert found["results"] == done.results
    assert found["results_sha256"] == done.results_sha256


def test_it_lists_experiments_by_pages(
    tape: None, pune: Branch, rita: User, signed_in: SignedIn
) -> None:
    made = [
        factories.asked(
            rita, pune.entity, now=factories.NOW.replace(hour=hour), **factories.CUT_OFFS
        )
        for hour in (9, 10, 11)
    ]
    client = signed_in(rita)

    first = client.get(BASE, {"limit": 2}).json()
    rest = client.get(BASE, {"limit": 2, "after": first["after"]}).json()

    listed = [one["id"] for one in (*first["results"], *rest["results"])]
    assert listed == [str(one.pk) for one in reversed(made)]
    assert (len(first["results"]), rest["after"]) == (2, "")
    assert client.get(BASE, {"after": "nowhere"}).status_code == 400


def test_it_lists_as_quickly_however_many_there_are(
    tape: None, pune: Branch, rita: User, signed_in: SignedIn, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(rita)
    client.get(BASE)
    for _ in range(5):
        factories.asked(rita, pune.entity, **factories.CUT_OFFS)

    with django_assert_max_num_queries(6):
        assert len(client.get(BASE).json()["results"]) == 5


def test_it_gives_the_rows_by_pages_and_notes_it(
    finished: Experiment, rita: User, signed_in: SignedIn
) -> None:
    client, path = signed_in(rita), f"{BASE}/{finished.pk}/applications"
    wanted = ExperimentRow.objects.filter(
        experiment=finished, outcome_before="approve", outcome_after="refer"
    )
    asked = {"in_force": "approve", "candidate": "refer", "limit": 5}
    found: list[dict[str, Any]] = []

    place: dict[str, str] = {}
    while not found or place["after"]:
        page = client.get(path, {**asked, **place}).json()
        found, place = found + page["results"], {"after": page["after"]}

    assert len(found) == wanted.count() > 5
    assert {one["application"] for one in found} == set(
        wanted.values_list("application__number", flat=True)
    )
    assert sum(Decimal(one["amount"]) for one in found) == sum(row.amount for row in wanted)
    assert all(one["causes_after"] for one in found)
    events = Event.objects.filter(verb="laboratory.rows_downloaded")
    assert sum(event.facts["count"] for event in events) == len(found)
    assert events[0].facts["filters"] == {"in_force": "approve", "candidate": "refer"}


def test_it_has_no_rows_before_the_end(
    tape: None, pune: Branch, rita: User, signed_in: SignedIn
) -> None:
    waiting = factories.asked(rita, pune.entity, **factories.CUT_OFFS)

    assert signed_in(rita).get(f"{BASE}/{waiting.pk}/applications").status_code == 404


def test_it_stops_an_experiment(
    tape: None, pune: Branch, rita: User, mark: User, signed_in: SignedIn
) -> None:
    waiting = factories.asked(rita, pune.entity, **factories.CUT_OFFS)
    path = f"{BASE}/{waiting.pk}/cancel"

    answers = [signed_in(one).post(path).status_code for one in (mark, rita, rita)]

    assert answers == [403, 200, 409]
    assert Experiment.objects.get().status == "cancelled"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lender": "nobody"}, "lender"),
        ({"products": ["nothing"]}, "products"),
        ({"policy": "00000000-0000-4000-8000-000000000000"}, "policy"),
        ({"model": "00000000-0000-4000-8000-000000000000"}, "model"),
        ({"to_date": "2022-01-01"}, "to_date"),
        ({"approve_below": "0.2"}, "decline_from"),
        ({"approve_below": "NaN"}, "approve_below"),
        ({"loss_given_default": "1.5"}, "loss_given_default"),
        ({"cost_of_funds": "-0.01"}, "cost_of_funds"),
        ({"title": " "}, "title"),
        ({"cutoff": "0.1"}, "cutoff"),
    ],
)
def test_it_says_of_each_field_what_cannot_be_tried(
    tape: None, rita: User, signed_in: SignedIn, changes: dict[str, Any], field: str
) -> None:
    answer = send(signed_in(rita), BASE, ASKED | changes)

    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]
    assert not Experiment.objects.exists()


def test_it_asks_for_both_cut_offs(tape: None, rita: User, signed_in: SignedIn) -> None:
    body = {name: value for name, value in ASKED.items() if name != "approve_below"}

    answer = send(signed_in(rita), BASE, body)

    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["approve_below"])


def test_it_keeps_everybody_to_their_rights(
    finished: Experiment, alice: User, mark: User, amir: User, signed_in: SignedIn
) -> None:
    paths = (BASE, f"{BASE}/{finished.pk}", f"{BASE}/{finished.pk}/applications")
    reads = {
        person.name: [signed_in(person).get(path).status_code for path in paths]
        for person in (alice, mark, amir)
    }

    assert reads == {"Alice": [403] * 3, "Mark": [200, 200, 403], "Amir": [200] * 3}
    for person in (alice, mark, amir):
        assert send(signed_in(person), BASE, ASKED).status_code == 403
        assert send(signed_in(person), "/api/v1/sandbox", {}).status_code == 403
    assert Experiment.objects.count() == 1


def test_it_shows_no_experiment_of_another_lender(
    finished: Experiment, rita: User, signed_in: SignedIn
) -> None:
    elsewhere = Entity.objects.create(code="umoja", name="Umoja", kind="sacco", currency="KES")
    stranger = User.objects.create(
        email="s@umoja.example",
        name="S",
        branch=Branch.objects.create(entity=elsewhere, code="kisumu", name="Kisumu"),
    )
    stranger.user_permissions.set(Permission.objects.filter(content_type__app_label="laboratory"))
    client = signed_in(stranger)

    assert client.get(BASE).json()["results"] == []
    for path in ("", "/applications"):
        assert client.get(f"{BASE}/{finished.pk}{path}").status_code == 404
    assert client.post(f"{BASE}/{finished.pk}/cancel").status_code == 404
    asked = send(client, BASE, ASKED)
    assert (asked.status_code, list(asked.json()["fields"])) == (400, ["lender"])


def test_it_says_of_a_real_case_what_the_decision_says(
    stage: ModelVersion, alice: User, rita: User, signed_in: SignedIn
) -> None:
    application = decisions.submitted(alice, amount=Decimal(790_000), term_months=12)
    body = {"number": application.number, "policy": str(PolicyVersion.objects.get().pk)}

    tried = send(signed_in(rita), "/api/v1/sandbox", body).json()

    assert not Decision.objects.exists()
    made = assess(application_id=application.pk, actor="system:test", now=decisions.NOW)
    assert made.score_run is not None
    assert (tried["outcome"], tried["pd"]) == (made.outcome, made.score_run.pd)
    assert (tried["trace"], tried["model"]) == (made.trace, str(stage.pk))
    assert [one["code"] for one in tried["reasons"]] == [one["code"] for one in made.reasons]
    assert {one["feature"]: one["contribution"] for one in tried["factors"]} == (
        made.score_run.attributions
    )
    assert Event.objects.filter(verb="laboratory.case_tried").count() == 1


def test_it_tries_a_case_made_up(
    stage: ModelVersion, pune: Branch, rita: User, signed_in: SignedIn
) -> None:
    product = products.personal_loan(pune.entity)
    other = models.registered(decisions.SEGMENT, rita, seed=7)
    body = {
        "made_up": MADE_UP | {"product": product.code},
        "policy": str(PolicyVersion.objects.get().pk),
        "model": str(other.pk),
    }

    tried = send(signed_in(rita), "/api/v1/sandbox", body).json()
    thin = {**body, "made_up": body["made_up"] | {"report": None, "defaults_with_us": None}}
    unknown = send(signed_in(rita), "/api/v1/sandbox", thin).json()

    assert (tried["outcome"], tried["model"]) == ("approve", str(other.pk))
    assert tried["annual_rate"] == "0.160000"
    results = {one["code"]: one["result"] for one in unknown["trace"]["results"]}
    assert results["default_with_us"] == results["bureau_fresh"] == "missing"
    assert unknown["outcome"] == "refer"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "number"),
        ({"number": "A-1", "made_up": MADE_UP}, "number"),
        ({"number": "A-1"}, "number"),
        ({"made_up": MADE_UP | {"product": "nothing"}}, "product"),
        ({"made_up": MADE_UP | {"amount": "-1"}}, "made_up.amount"),
        ({"made_up": MADE_UP | {"blocked": None}}, "made_up.blocked"),
        ({"made_up": MADE_UP | {"yacht": 1}}, "made_up.yacht"),
        ({"made_up": {**MADE_UP, "report": {"score": "NaN"}}}, "made_up.report.score"),
    ],
)
def test_it_says_what_is_no_case(
    stage: ModelVersion, rita: User, signed_in: SignedIn, body: dict[str, Any], field: str
) -> None:
    whole = {"policy": str(PolicyVersion.objects.get().pk), **body}

    answer = send(signed_in(rita), "/api/v1/sandbox", whole)

    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]
    assert not Event.objects.filter(verb="laboratory.case_tried").exists()
