"""LIME stays in the schema, is the same every time, and agrees where agreement is known."""

import numpy as np
import pytest

from ml import explain, lime
from ml.application_schema import SCHEMA
from ml.tests.explained_models import ABC, MIXED, Floats, Function, Linear, applicants, linear


def uniform(rows: int = 500) -> Floats:
    return np.random.default_rng(4).uniform(-1, 1, size=(rows, 3))


def test_it_gives_the_effect_of_a_state_against_the_others() -> None:
    # One yes-or-no feature decides, so its weight is the whole difference, 3.
    model = Linear(MIXED, weights=[0.0, 0.0, 3.0, 0.0], means=[0.0, 0.0, 0.0, 0.0])
    training = np.array([[1.0, 5, owner, 0] for owner in (0, 1)])

    found = lime.explain(
        model, training, np.array([1.0, 5, 1, 0]), config=lime.LimeConfig(ridge=1e-9)
    )

    assert found.weights == pytest.approx((0.0, 0.0, 3.0, 0.0), abs=1e-6)
    assert found.intercept == pytest.approx(-2.0)
    assert found.fit == pytest.approx(1.0)


def test_it_signs_weights_by_where_the_row_stands() -> None:
    model = linear([1.0, 2.0, 0.0])

    high = lime.explain(model, uniform(), np.array([0.9, 0.9, 0.9]))
    low = lime.explain(model, uniform(), np.array([-0.9, -0.9, -0.9]))

    assert high.weights[1] > high.weights[0] > 0
    assert low.weights[1] < low.weights[0] < 0
    assert high.weights[2] == pytest.approx(0.0, abs=0.05)


def test_it_treats_missing_as_a_state_of_its_own() -> None:
    training = uniform()
    training[::3, 1] = np.nan
    model = Function(ABC, lambda matrix: 2.0 * np.isnan(matrix[:, 1]))

    gone = lime.explain(model, training, np.array([0.1, np.nan, 0.2]))
    there = lime.explain(model, training, np.array([0.1, 0.3, 0.2]))

    assert gone.weights[1] == pytest.approx(2.0, abs=0.05)
    assert there.weights[1] < -0.3
    assert max(map(abs, (gone.weights[0], gone.weights[2]))) < 0.02


def test_it_asks_the_model_only_about_values_that_exist() -> None:
    asked: list[Floats] = []

    def remember(matrix: Floats) -> Floats:
        asked.append(matrix)
        return matrix[:, 0]

    _, matrix, _ = applicants()
    training, row = matrix[:300], matrix[900]
    lime.explain(Function(SCHEMA, remember), training, row)

    (samples,) = asked
    assert samples.shape == (2001, len(SCHEMA.names))
    assert np.array_equal(samples[0], row, equal_nan=True)
    for place in range(len(SCHEMA.names)):
        known = np.append(training[:, place], row[place])
        assert np.isin(samples[:, place], known[~np.isnan(known)]).sum() == np.sum(
            ~np.isnan(samples[:, place])
        )
        assert not np.isnan(samples[:, place]).any() or np.isnan(known).any()


def test_it_solves_the_weighted_ridge_of_the_paper() -> None:
    asked: list[Floats] = []

    def remember(matrix: Floats) -> Floats:
        asked.append(matrix)
        return np.asarray(np.prod(matrix + 0.5, axis=1))

    training, row = uniform(), np.array([0.9, -0.1, 0.3])
    found = lime.explain(Function(ABC, remember), training, row)

    samples, margins = asked[0], np.prod(asked[0] + 0.5, axis=1)
    edges = np.quantile(training, (0.25, 0.5, 0.75), axis=0)
    bins = [np.searchsorted(edges[:, place], samples[:, place]) for place in range(3)]
    same = np.column_stack([each == each[0] for each in bins])
    # A sample in the row's own bin has the row's own value.
    assert (same == (samples == row)).all()
    kernel = np.sqrt(np.exp(-(~same).sum(axis=1) / (0.75**2 * 3)))
    design = np.column_stack([same, np.ones(len(same))])
    penalty = np.diag([1.0, 1.0, 1.0, 0.0])
    normal = design.T @ (design * kernel[:, None]) + penalty
    expected = np.linalg.solve(normal, design.T @ (kernel * margins))
    assert (*found.weights, found.intercept) == pytest.approx(expected.tolist())
    rest = kernel @ (margins - design @ expected) ** 2
    spread = kernel @ (margins - np.average(margins, weights=kernel)) ** 2
    assert found.fit == pytest.approx(1 - rest / spread)


def test_it_draws_values_by_their_frequency_in_training() -> None:
    asked: list[Floats] = []

    def remember(matrix: Floats) -> Floats:
        asked.append(matrix)
        return matrix[:, 0]

    training = np.array([[1.0, 5, 0, 0]] * 80 + [[1.0, 5, 1, 2]] * 15 + [[1.0, 5, 1, np.nan]] * 5)
    lime.explain(
        Function(MIXED, remember), training, training[0], config=lime.LimeConfig(samples=10_000)
    )

    purposes = asked[0][1:, 3]
    assert np.mean(purposes == 0) == pytest.approx(0.80, abs=0.02)
    assert np.mean(purposes == 2) == pytest.approx(0.15, abs=0.02)
    assert np.mean(np.isnan(purposes)) == pytest.approx(0.05, abs=0.01)
    # Independent of each other, unlike in training: an owner may ask for anything.
    assert np.mean(asked[0][1:, 2][purposes == 0]) == pytest.approx(0.20, abs=0.02)


def test_it_gives_the_same_answer_for_the_same_seed_only() -> None:
    model, matrix, _ = applicants()

    first, again, other = (
        lime.explain(model, matrix, matrix[5], config=lime.LimeConfig(samples=300, seed=seed))
        for seed in (1, 1, 2)
    )

    assert first == again
    assert first != other


def test_it_has_no_fit_where_the_model_never_moves() -> None:
    found = lime.explain(linear([0.0, 0.0, 0.0]), uniform(), np.zeros(3))

    assert (found.weights, found.fit) == ((0.0, 0.0, 0.0), None)


def test_it_agrees_wholly_on_a_model_that_two_features_decide() -> None:
    model = linear([4.0, 1.5, 0.0])

    found = lime.agreement(model, uniform(), np.array([[0.9, 0.9, 0.1], [-0.9, 0.8, 0.3]]), k=2)

    assert (found.k, found.rows, found.jaccard, found.same_sign) == (2, 2, 1.0, 1.0)
    assert found.rank_correlation == pytest.approx(1.0)
    assert found.fit > 0.6


def test_it_measures_overlap_as_shared_over_all_named() -> None:
    # The attributions name a before c; the margins LIME sees are moved by b and c alone.
    class TwoFaced(Linear):
        def margins(self, matrix: Floats, *, threads: int = 1) -> Floats:
            margins: Floats = self.base + matrix[:, 1] + 0.5 * matrix[:, 2]
            return margins

    model = TwoFaced(ABC, weights=[1.0, 0.0, 0.5], means=[0.0, 0.0, 0.0])
    # On the explained row, where a = b, both give the same margin.
    row = np.array([[0.9, 0.9, 0.8]])

    one, two, three = (lime.agreement(model, uniform(), row, k=k) for k in (1, 2, 3))

    assert (one.jaccard, one.same_sign) == (0.0, None)
    assert one.rank_correlation == pytest.approx(-1.0)
    assert (two.jaccard, two.same_sign) == (pytest.approx(1 / 3), 1.0)
    assert three.jaccard == 1.0


def test_it_agrees_with_exact_attributions_of_trees_more_than_chance() -> None:
    model, matrix, _ = applicants()
    rows = matrix[:12]

    found = lime.agreement(model, matrix, rows, config=lime.LimeConfig(samples=1000))

    # Two random top threes of 23 features share 0.07 of what they name.
    assert len(SCHEMA.names) == 23
    assert found.jaccard > 0.25
    assert found.same_sign > 0.9


def test_it_explains_a_row_whatever_rows_come_with_it() -> None:
    model, matrix, _ = applicants()
    config = lime.LimeConfig(samples=200)

    alone = [lime.agreement(model, matrix, matrix[[row]], config=config).jaccard for row in (3, 4)]
    together = lime.agreement(model, matrix, matrix[[3, 4]], config=config).jaccard

    assert together == pytest.approx(sum(alone) / 2)


@pytest.mark.parametrize("k", [0, 4])
def test_it_refuses_more_factors_than_there_are(k: int) -> None:
    with pytest.raises(ValueError, match="between 1 and the 3 features"):
        lime.agreement(linear([1.0, 1.0, 1.0]), uniform(), uniform(2), k=k)


def test_it_refuses_what_it_cannot_sample_or_explain() -> None:
    model = linear([1.0, 1.0, 1.0])

    with pytest.raises(ValueError, match="no training rows"):
        lime.explain(model, np.empty((0, 3)), np.zeros(3))
    with pytest.raises(ValueError, match="numbers has 3 features"):
        lime.explain(model, uniform(), np.zeros(4))
    with pytest.raises(ValueError, match="no rows to explain"):
        lime.agreement(model, uniform(), np.empty((0, 3)))


@pytest.mark.parametrize(
    "wrong", [{"samples": 5}, {"bins": 1}, {"kernel_width": 0.0}, {"ridge": 0.0}]
)
def test_it_refuses_a_configuration_without_a_neighbourhood(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="LIME needs"):
        lime.LimeConfig(**wrong)


def test_it_ranks_features_as_the_attributions_of_a_linear_model_do() -> None:
    model = linear([1.0, -3.0, 2.0])
    row = np.array([0.9, 0.9, -0.9])

    local = np.array(lime.explain(model, uniform(), row).weights)

    exact = explain.attribute(model, row[None, :]).values[0]
    assert explain.rank_correlation(local, exact) == pytest.approx(1.0)
