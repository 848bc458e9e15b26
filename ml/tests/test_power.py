"""How many loans a difference in default rates needs."""

import numpy as np
import pytest
from scipy import special

from ml import power


def test_it_gives_the_published_sample_for_equal_arms() -> None:
    found = power.least_sample(0.10, 0.05, power=0.8, share=0.5)

    # Fleiss without correction: 10 % against 15 %, power 80 %, level 5 %.
    assert (found.champion, found.challenger) == (686, 686)


def test_it_deals_the_sample_out_by_the_share() -> None:
    equal = power.least_sample(0.08, 0.03, power=0.8, share=0.5)
    fifth = power.least_sample(0.08, 0.03, power=0.8, share=0.2)

    assert fifth.challenger == pytest.approx(fifth.champion / 4, abs=1)
    assert fifth.champion + fifth.challenger > equal.champion + equal.challenger


@pytest.mark.parametrize(("difference", "share"), [(0.04, 0.5), (0.04, 0.2), (-0.03, 0.3)])
def test_the_difference_is_found_as_often_as_promised(difference: float, share: float) -> None:
    found = power.least_sample(0.10, difference, power=0.8, share=share)
    rng = np.random.default_rng(5)
    bads = (
        rng.binomial(found.champion, 0.10, 20_000),
        rng.binomial(found.challenger, 0.10 + difference, 20_000),
    )
    rates = bads[0] / found.champion, bads[1] / found.challenger
    pooled = (bads[0] + bads[1]) / (found.champion + found.challenger)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / found.champion + 1 / found.challenger))

    seen = np.abs(rates[1] - rates[0]) / spread > special.ndtri(0.975)

    assert seen.mean() == pytest.approx(0.8, abs=0.015)


@pytest.mark.parametrize(
    ("baseline", "difference", "share"),
    [(0.0, 0.1, 0.5), (0.1, 0.0, 0.5), (0.1, -0.1, 0.5), (0.1, 0.95, 0.5), (0.1, 0.1, 1.0)],
)
def test_it_refuses_what_no_sample_answers(
    baseline: float, difference: float, share: float
) -> None:
    with pytest.raises(ValueError, match=r"between 0 and 1|does not differ"):
        power.least_sample(baseline, difference, power=0.8, share=share)
