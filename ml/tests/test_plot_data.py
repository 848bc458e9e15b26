"""Waterfall and beeswarm are exact, plain and the same every time."""

import numpy as np
import pytest

from ml import explain
from ml.application_schema import SCHEMA
from ml.tests.explained_models import MIXED, Linear, attributed, linear


@pytest.fixture(name="attributed")
def _attributed() -> explain.Attributions:
    return attributed()


def test_it_draws_a_waterfall_whose_bars_meet_exactly(attributed: explain.Attributions) -> None:
    for row in range(50):
        drawn = explain.waterfall(attributed, row, most_steps=5)

        bars = [*drawn.steps, drawn.others]
        assert bars[0].start == drawn.base
        assert [bar.end for bar in bars[:-1]] == [bar.start for bar in bars[1:]]
        assert bars[-1].end == drawn.margin
        assert drawn.margin == pytest.approx(attributed.margins[row], abs=1e-6)
        assert max(abs(bar.end - bar.start - bar.contribution) for bar in bars) < 1e-12
        sizes = [abs(step.contribution) for step in drawn.steps]
        assert sizes == sorted(sizes, reverse=True)
        assert len(drawn.other_features) == len(SCHEMA.names) - 5


def test_it_shows_a_waterfalls_values_in_their_own_type() -> None:
    model = Linear(MIXED, weights=[4.0, 3.0, 2.0, 1.0], means=[0.0, 0.0, 0.0, 0.0])
    found = explain.attribute(model, np.array([[2.5, 2, 1, 1], [2.5, 2, 1, np.nan]]))

    drawn = explain.waterfall(found, 0)

    assert [step.value for step in drawn.steps] == [2.5, 2, True, "home"]
    assert (type(drawn.steps[1].value), drawn.others, drawn.other_features) == (int, None, ())
    assert explain.waterfall(found, 1).steps[-1].value is None


@pytest.mark.parametrize(("row", "most"), [(-1, 5), (500, 5), (0, 0)])
def test_it_refuses_a_waterfall_of_nothing(
    attributed: explain.Attributions, row: int, most: int
) -> None:
    with pytest.raises(ValueError, match=r"no row|at least one step"):
        explain.waterfall(attributed, row, most_steps=most)


def test_it_draws_a_beeswarm_without_chance(attributed: explain.Attributions) -> None:
    drawn = explain.beeswarm(attributed, most_features=4, most_rows=100)

    importances = explain.global_importance(attributed)[:4]
    assert [swarm.name for swarm in drawn.swarms] == [each.name for each in importances]
    assert (drawn.rows[0], drawn.rows[-1], len(drawn.rows)) == (0, 499, 100)
    for swarm in drawn.swarms:
        place = SCHEMA.names.index(swarm.name)
        assert swarm.contributions == tuple(attributed.values[list(drawn.rows), place])
        assert max(map(abs, swarm.offsets)) <= 0.4
        assert all(0 <= colour <= 1 for colour in swarm.colours if colour is not None)
    assert drawn == explain.beeswarm(attributed, most_features=4, most_rows=100)


def test_it_stacks_equal_points_to_both_sides_and_leaves_missing_uncoloured() -> None:
    matrix = np.column_stack([[1.0, 1.0, 1.0, np.nan], np.arange(4.0), np.zeros(4)])
    found = explain.attribute(linear([1.0, 10.0, 0.0], means=[1.0, 0.0, 0.0]), matrix)

    ordered, equal, _ = explain.beeswarm(found).swarms

    assert ordered.offsets == (0.0, 0.0, 0.0, 0.0)
    assert ordered.colours[0] == 0.0
    assert ordered.colours[-1] == 1.0
    assert equal.offsets == (0.0, 0.2, -0.2, 0.4)
    assert equal.colours == (0.5, 0.5, 0.5, None)
