"""One application or many: the same number, explained exactly."""

import math

import lightgbm
import numpy as np
import pandas as pd
import pytest
import shap
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.application_schema import SCHEMA
from ml.artefact import Artefact
from ml.schema import SchemaViolation
from ml.serving import Scorer


@settings(max_examples=50, deadline=None)
@given(position=st.integers(0, 3999))
def test_it_explains_every_bit_of_the_log_odds(
    position: int, scorer: Scorer, features: pd.DataFrame
) -> None:
    scored = scorer.score_one(SCHEMA.to_rows(features.iloc[[position]])[0])

    total = scored.base + math.fsum(scored.attributions.values())
    assert tuple(scored.attributions) == SCHEMA.names
    assert total == pytest.approx(scored.log_odds, abs=1e-9)
    assert scored.pd == pytest.approx(1 / (1 + math.exp(-scored.log_odds)), rel=1e-12)
    assert scored.score == pytest.approx(scorer.scale.score(scored.pd), abs=1e-9)
    assert scored.displayed_score == scorer.scale.displayed(scored.pd)


def test_it_gives_one_number_however_it_is_asked(scorer: Scorer, features: pd.DataFrame) -> None:
    sample = features.head(200)

    alone = [scorer.score_one(row) for row in SCHEMA.to_rows(sample)]
    unexplained = [scorer.score_one(row, explain=False) for row in SCHEMA.to_rows(sample)]
    explained = scorer.explain_frame(sample, threads=2)

    together = scorer.score_frame(sample).tolist()
    assert [scored.pd for scored in alone] == together
    assert [scored.pd for scored in unexplained] == together
    assert scorer.score_rows(SCHEMA.to_rows(sample)) == alone
    assert scorer.score_rows(SCHEMA.to_rows(sample), explain=False) == unexplained
    assert scorer.score_rows([]) == []
    assert explained.pd.tolist() == together
    assert unexplained[0].attributions == {}
    assert unexplained[0].base == alone[0].base == explained.base == scorer.base
    np.testing.assert_allclose(
        explained.attributions, [list(scored.attributions.values()) for scored in alone], atol=1e-12
    )


def test_it_attributes_as_shap_does(
    scorer: Scorer, packed: Artefact, features: pd.DataFrame
) -> None:
    sample = features.head(50)
    oracle = shap.TreeExplainer(lightgbm.Booster(model_str=packed.body))
    expected = oracle.shap_values(SCHEMA.to_matrix(sample))

    found = scorer.explain_frame(sample)

    slope, intercept = scorer.calibration.line.slope, scorer.calibration.line.intercept
    np.testing.assert_allclose(found.attributions / slope, expected, atol=1e-9)
    assert (found.base - intercept) / slope == pytest.approx(float(oracle.expected_value))


def test_it_starts_about_where_the_average_applicant_is(
    scorer: Scorer, features: pd.DataFrame
) -> None:
    explained = scorer.explain_frame(features)

    log_odds = explained.base + explained.attributions.sum(axis=1)
    assert explained.base == pytest.approx(log_odds.mean(), abs=0.02)


def test_it_refuses_a_row_that_does_not_fit(scorer: Scorer, features: pd.DataFrame) -> None:
    row = SCHEMA.to_rows(features.head(1))[0]

    with pytest.raises(SchemaViolation, match="annual_income must be given"):
        scorer.score_one(row | {"annual_income": None})
    with pytest.raises(SchemaViolation, match="age is not a feature"):
        scorer.score_one(row | {"age": 30})


def test_it_scores_a_category_never_declared_as_other(
    scorer: Scorer, features: pd.DataFrame
) -> None:
    row = SCHEMA.to_rows(features.head(1))[0]

    new = scorer.score_one(row | {"purpose": "space_travel"})

    assert new == scorer.score_one(row | {"purpose": "other"})
    assert SCHEMA.unseen_in_row(row | {"purpose": "space_travel"}) == ("purpose",)


def test_it_refuses_a_matrix_that_is_not_the_schemas(scorer: Scorer) -> None:
    for score in (scorer.score_matrix, scorer.explain_matrix):
        with pytest.raises(ValueError, match=r"shape \(3, 2\); application has 23 features"):
            score(np.ones((3, 2)))
        with pytest.raises(ValueError, match=r"shape \(23,\)"):
            score(np.ones(23))


@settings(max_examples=30, deadline=None)
@given(
    position=st.integers(0, 3999),
    amount=st.floats(1_000, 5_000_000),
    term=st.integers(1, 120),
)
def test_it_says_what_another_request_of_the_same_applicant_would_be(
    position: int, amount: float, term: int, scorer: Scorer, features: pd.DataFrame
) -> None:
    [row] = SCHEMA.to_rows(features.iloc[[position]])
    changes = {"amount": amount, "term_months": term, "amount_to_income": None}
    ask = scorer.probability_when(row)

    found = [ask(changes), ask({}), ask(changes)]

    other = scorer.score_one({**row, **changes}, explain=False).pd
    assert found == [other, scorer.score_one(row).pd, other]


def test_it_refuses_another_request_that_does_not_fit(
    scorer: Scorer, features: pd.DataFrame
) -> None:
    ask = scorer.probability_when(SCHEMA.to_rows(features.head(1))[0])

    with pytest.raises(SchemaViolation) as refused:
        ask({"amount": -1.0})

    assert refused.value.feature == "amount"
