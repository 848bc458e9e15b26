"""Models stored by the first version of the library verify, load and score as they did."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.scoring import champion, services
from apps.scoring.errors import ModelUnusable
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories

STORED = factories.FIRST_FORMAT


@pytest.fixture
def old(rita: User, settings: Any) -> Iterator[ModelVersion]:
    """The stored row, under the key that signed it."""
    settings.MODEL_SIGNING_KEY = hashlib.sha256(b"signing").digest()
    champion.forget()
    yield factories.first_format("retail", rita)
    champion.forget()


def test_it_verifies_under_its_old_signature(old: ModelVersion) -> None:
    found = champion.verified_artefact(ModelVersion.objects.get(pk=old.pk))

    assert old.kind == found.kind == "lightgbm"
    assert found.manifest["format"] == "creditrisk-model-1"


def test_it_is_promoted_and_scores_to_the_bit_as_it_did(
    old: ModelVersion, alice: User, mark: User
) -> None:
    services.promote(model=old, approved_by=mark, now=factories.PROMOTED_AT)

    run = services.score(
        actor=alice,
        subject=alice,
        segment="retail",
        features=STORED["features"],
        now=factories.PROMOTED_AT,
    )

    then = STORED["scored"]
    assert (run.pd, run.score) == (then["pd"], then["score"])
    assert (run.log_odds, run.base) == (then["log_odds"], then["base"])
    assert run.attributions == then["attributions"]
    assert services.rescore(run=run).pd == then["pd"]


def test_its_signature_holds_for_nothing_else(old: ModelVersion) -> None:
    manifest = {**STORED["manifest"], "rows": 9}
    ModelVersion.objects.filter(pk=old.pk).update(manifest=manifest)

    with pytest.raises(ModelUnusable):
        champion.verified_artefact(ModelVersion.objects.get(pk=old.pk))


def test_its_page_still_says_what_it_is(old: ModelVersion, mark: User, signed_in: Any) -> None:
    browser: Client = signed_in(mark)

    text = browser.get(reverse("scoring:model", args=[old.pk])).content.decode()

    assert f"{STORED['manifest']['trees']} trees with up to 4 leaves" in text
    assert "Monotone trees" in text
    assert "not made when this model was trained" in text
    assert "Table of points" not in text
