"""The kinds of model that can be trained here, and what is said of each."""

import pytest

from apps.governance import kinds
from apps.governance.models import TrainingRequest
from apps.scoring import model_words
from ml import presets
from ml.application_schema import SCHEMA
from ml.estimator import Estimator
from ml.models import estimator


def test_the_usual_kind_is_the_champion_of_the_library() -> None:
    assert kinds.config_of(kinds.DEFAULT).model == presets.CHAMPION
    assert TrainingRequest().kind == kinds.DEFAULT


@pytest.mark.parametrize("kind", kinds.OFFERS)
def test_every_kind_can_be_made_and_keeps_the_declared_directions(kind: str) -> None:
    config = kinds.config_of(kind).model

    assert isinstance(estimator(SCHEMA, config), Estimator)
    parts = getattr(config, "candidates", None) or getattr(config, "members", None) or (config,)
    assert all(getattr(part, "monotone", True) for part in parts)


def test_every_choice_has_a_name_and_one_sentence() -> None:
    for code, said in kinds.choices():
        name, _stop, purpose = said.partition(". ")
        assert name == model_words.kind(code) != code
        assert purpose.endswith(".")
        assert purpose.count(". ") == 0


def test_it_trains_no_kind_that_is_not_offered() -> None:
    with pytest.raises(KeyError):
        kinds.config_of("oracle")
