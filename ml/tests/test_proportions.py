"""The rank of a quantile's lower end, beside the binomial law written out."""

import math

import pytest

from ml import proportions


def _at_least(k: int, n: int, share: float) -> float:
    return sum(
        math.comb(n, hits) * share**hits * (1 - share) ** (n - hits) for hits in range(k, n + 1)
    )


@pytest.mark.parametrize("n", [1, 2, 3, 20, 59, 60, 500])
@pytest.mark.parametrize("quantile", [0.5, 0.95])
def test_it_is_the_largest_rank_that_surely_lies_below(n: int, quantile: float) -> None:
    rank = proportions.sure_rank(n, quantile)

    assert 0 <= rank <= n
    assert _at_least(rank, n, quantile) >= 0.975
    assert rank == n or _at_least(rank + 1, n, quantile) < 0.975


def test_one_value_is_never_surely_below() -> None:
    assert proportions.sure_rank(1, 0.95) == 0


@pytest.mark.parametrize(("n", "quantile"), [(0, 0.95), (5, 0.0), (5, 1.0)])
def test_it_refuses_what_has_no_quantile(n: int, quantile: float) -> None:
    with pytest.raises(ValueError, match="no quantile"):
        proportions.sure_rank(n, quantile)
