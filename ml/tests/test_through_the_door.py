"""Everybody who applied, by band: how scores lie, what they promise and what was true."""

from typing import Any

import numpy as np
import pytest

from ml import through_the_door
from ml.portfolio import Policy
from ml.tests import portfolios

PD = np.array([0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4])
ACCEPTED = np.array([True, True, True, False, True, False, False, False])
BAD = np.array([0.0, 0.0, 1.0, np.nan, 1.0, np.nan, np.nan, np.nan])
TRUTH = np.array([0.0, 0.2, 0.2, 0.4, 0.2, 0.6, 0.5, 0.9])


def test_it_counts_by_hand() -> None:
    seen = through_the_door.view(PD, accepted=ACCEPTED, bad=BAD, truth=TRUTH, bands=2)

    low, high = seen.accepted.bands
    assert (low.n, low.share, low.lowest_pd, low.highest_pd) == (3, 0.75, 0.1, 0.2)
    assert low.expected_bad_rate == pytest.approx(0.4 / 3)
    assert low.observed_bad_rate == pytest.approx(1 / 3)
    assert low.true_bad_rate == pytest.approx(0.4 / 3)
    assert low.error == pytest.approx(0)
    assert (high.n, high.observed_bad_rate) == (1, 1.0)
    assert high.error == pytest.approx(0.1)
    assert seen.accepted.mean_absolute_error == pytest.approx(0.1 / 4)


def test_it_has_no_outcome_of_the_rejected() -> None:
    seen = through_the_door.view(PD, accepted=ACCEPTED, bad=BAD, truth=TRUTH, bands=2)

    low, high = seen.rejected.bands
    assert low.observed_bad_rate is None
    assert seen.rejected.total.observed_bad_rate is None
    assert seen.rejected.total.expected_bad_rate == pytest.approx(1.3 / 4)
    assert seen.rejected.total.error == pytest.approx((1.3 - 2.4) / 4)
    assert (low.share, high.share) == (0.25, 0.75)
    assert high.true_bad_rate == pytest.approx(2.0 / 3)


def test_it_adds_up_to_everybody() -> None:
    seen = through_the_door.view(PD, accepted=ACCEPTED, bad=BAD, bands=4)

    assert len(seen.everybody.bands) == 4
    for accepted, rejected, both in zip(
        seen.accepted.bands, seen.rejected.bands, seen.everybody.bands, strict=True
    ):
        assert accepted.n + rejected.n == both.n == 2
        assert both.lowest_pd == accepted.lowest_pd == rejected.lowest_pd
        assert both.true_bad_rate is None
        assert both.error is None
    assert seen.everybody.total.observed_bad_rate == 0.5
    assert seen.everybody.mean_absolute_error is None


def test_it_says_nothing_of_nobody() -> None:
    nobody = np.zeros(8, dtype=bool)

    seen = through_the_door.view(PD, accepted=nobody, bad=np.full(8, np.nan), truth=TRUTH)

    assert seen.accepted.total.n == 0
    assert seen.accepted.total.share is None
    assert seen.accepted.total.expected_bad_rate is None
    assert seen.accepted.mean_absolute_error is None
    assert seen.rejected.total == seen.everybody.total


def test_it_keeps_equal_scores_together() -> None:
    equal = through_the_door.view(np.full(8, 0.2), accepted=ACCEPTED, bad=BAD)
    two = through_the_door.view(np.repeat([0.1, 0.5], [7, 1]), accepted=ACCEPTED, bad=BAD)

    assert [band.n for band in equal.everybody.bands] == [8]
    assert [band.n for band in two.everybody.bands] == [7, 1]


def test_it_finds_a_true_score_without_error() -> None:
    made = portfolios.made(4000, policy=Policy())
    pd = made.truth["true_pd"].to_numpy()

    seen = through_the_door.view(
        pd,
        accepted=made.applications["approved"].to_numpy(dtype=bool),
        bad=made.applications["bad"].to_numpy(),
        truth=pd,
    )

    assert seen.everybody.mean_absolute_error == 0
    assert seen.rejected.total.expected_bad_rate > 2 * seen.accepted.total.expected_bad_rate
    assert sum(band.share for band in seen.rejected.bands) == pytest.approx(1)
    assert seen.rejected.bands[-1].share > seen.accepted.bands[-1].share
    assert {band.n for band in seen.everybody.bands} == {400}
    for band in seen.accepted.bands:
        deviation = np.sqrt(band.expected_bad_rate * (1 - band.expected_bad_rate) / band.n)
        assert abs(band.observed_bad_rate - band.expected_bad_rate) < 4 * deviation + 1e-3


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"bad": BAD[:-1]}, "one value for each"),
        ({"truth": TRUTH[:, None]}, "one value for each"),
        ({"accepted": ACCEPTED.astype(float)}, "true or false"),
        ({"bands": 0}, "at least one band"),
        ({"pd": PD - 0.2}, "score must be a probability"),
        ({"pd": PD * np.nan}, "score must be a probability"),
        ({"truth": TRUTH + 1}, "truth must be a probability"),
        ({"bad": np.full(8, 0.5)}, "An outcome is 0"),
    ],
)
def test_it_refuses_what_it_cannot_show(changes: dict[str, Any], sentence: str) -> None:
    arguments = {"pd": PD, "accepted": ACCEPTED, "bad": BAD, **changes}

    with pytest.raises(ValueError, match=sentence):
        through_the_door.view(arguments.pop("pd"), **arguments)


def test_it_refuses_an_empty_door() -> None:
    nothing = np.empty(0)

    with pytest.raises(ValueError, match="at least one application"):
        through_the_door.view(nothing, accepted=nothing.astype(bool), bad=nothing)
