from collections.abc import Callable
from uuid import uuid4

from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.scoring.tests import factories

SignedIn = Callable[[User], Client]


def test_models_are_listed_with_their_champion(
    rita: User, mark: User, signed_in: SignedIn, django_assert_max_num_queries: object
) -> None:
    model = factories.champion("in-retail", rita, mark)
    factories.registered("in-retail", rita, seed=7)
    client = signed_in(rita)
    client.get(reverse("scoring:models"))

    with django_assert_max_num_queries(12):  # type: ignore[operator]
        text = client.get(reverse("scoring:models")).content.decode()

    assert "Champion" in text
    assert model.sha256[:12] in text
    assert "Registered" in text


def test_a_model_shows_figures_features_and_hash(
    rita: User, mark: User, signed_in: SignedIn
) -> None:
    model = factories.champion("in-retail", rita, mark)

    text = signed_in(mark).get(reverse("scoring:model", args=[model.pk])).content.decode()

    assert model.sha256 in text
    assert f"{model.manifest['metrics']['auc']:.3f}" in text
    assert "Late payments in two years" in text
    assert "A higher value is riskier" in text


def test_models_are_not_for_everybody(
    alice: User, rita: User, mark: User, signed_in: SignedIn
) -> None:
    model = factories.champion("in-retail", rita, mark)

    assert signed_in(alice).get(reverse("scoring:models")).status_code == 403
    assert signed_in(alice).get(reverse("scoring:model", args=[model.pk])).status_code == 403
    assert signed_in(rita).get(reverse("scoring:model", args=[uuid4()])).status_code == 404
