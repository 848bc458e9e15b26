from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.audit.models import Event
from apps.products.tests import factories as products
from apps.scoring.models import ScoreRun
from apps.scoring.tests import factories

SignedIn = Callable[[User], Client]


def _ask(client: Client, **body: Any) -> Any:
    request = {"segment": "in-retail", "features": factories.features(), **body}
    return client.post(reverse("api:score"), request, content_type="application/json")


def test_it_scores_values_and_keeps_nothing(
    alice: User, rita: User, mark: User, signed_in: SignedIn
) -> None:
    model = factories.champion("in-retail", rita, mark)

    answer = _ask(signed_in(alice))

    found = answer.json()
    assert answer.status_code == 200
    assert 0 < found["pd"] < 1
    assert found["model"]["sha256"] == model.sha256
    total = found["base"] + sum(one["contribution"] for one in found["factors"])
    assert total == pytest.approx(found["log_odds"], rel=1e-9)
    assert not ScoreRun.objects.exists()
    assert Event.objects.get(verb="scoring.stateless_scored").subject.endswith(str(model.pk))


@pytest.mark.parametrize(
    ("features", "field"),
    [
        (factories.features(amount=-5.0), "features.amount"),
        (factories.features(purpose=7), "features.purpose"),
        ({"amount": 5.0}, "features.term_months"),
        ({**factories.features(), "gender": "female"}, "features.gender"),
        ([], "features"),
    ],
)
def test_it_says_which_value_is_wrong(
    alice: User, rita: User, mark: User, signed_in: SignedIn, features: Any, field: str
) -> None:
    factories.champion("in-retail", rita, mark)

    answer = _ask(signed_in(alice), features=features)

    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]


def test_it_says_when_no_model_is_in_use(alice: User, signed_in: SignedIn) -> None:
    products.personal_loan(alice.branch.entity)

    answer = _ask(signed_in(alice))

    assert (answer.status_code, answer.json()["code"]) == (503, "no_champion")


def test_it_knows_no_segment_that_no_open_product_has(alice: User, signed_in: SignedIn) -> None:
    products.personal_loan(alice.branch.entity, is_open=False)

    answer = _ask(signed_in(alice))

    assert answer.status_code == 400
    assert answer.json()["fields"] == {"segment": ["No open product is scored in this segment."]}
    assert not Event.objects.filter(verb="scoring.stateless_scored").exists()


def test_it_refuses_a_field_nobody_knows(
    alice: User, rita: User, mark: User, signed_in: SignedIn
) -> None:
    factories.champion("in-retail", rita, mark)

    answer = _ask(signed_in(alice), threshold=0.2)

    assert answer.status_code == 400
    assert answer.json()["fields"] == {"threshold": ["This field is not known."]}
    assert not Event.objects.filter(verb="scoring.stateless_scored").exists()


def test_it_is_not_for_reviewers_or_strangers(bob: User, signed_in: SignedIn) -> None:
    assert _ask(signed_in(bob)).status_code == 403
    assert _ask(Client()).status_code == 401
