"""What thresholds do: by hand on ten people, against scikit-learn, and at the edges."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as oracle

from ml import cutoffs
from ml.cutoffs import CutOff, Outcome

PD = [0.02, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8]
BAD = [0, 0, 0, 1, 0, 0, 1, 0, 1, 1]
NAN = float("nan")

samples = st.lists(
    st.tuples(st.sampled_from([0.05, 0.1, 0.2, 0.5, 0.9]), st.integers(0, 1)),
    min_size=1,
    max_size=40,
)
rates = st.floats(0, 1)


def test_it_counts_everybody_by_decision() -> None:
    found = cutoffs.confusion_by_policy(PD, BAD, approve_below=0.15, decline_from=0.4)

    assert found.approve == Outcome(n=4, goods=3, bads=1, share=0.4, bad_rate=0.25)
    assert found.refer == Outcome(n=3, goods=2, bads=1, share=0.3, bad_rate=pytest.approx(1 / 3))
    assert found.decline == Outcome(n=3, goods=1, bads=2, share=0.3, bad_rate=pytest.approx(2 / 3))
    assert (found.bads_declined, found.goods_approved) == (0.5, 0.5)


def test_it_refers_nobody_where_the_thresholds_meet() -> None:
    found = cutoffs.confusion_by_policy([0.1, 0.2], [0, 0], approve_below=0.05, decline_from=0.05)

    assert found.refer == found.approve == Outcome(0, 0, 0, 0.0, None)
    assert (found.decline.n, found.bads_declined, found.goods_approved) == (2, None, 0.0)


@pytest.mark.parametrize(("approve", "decline"), [(0.3, 0.2), (NAN, 0.2), (0.1, NAN)])
def test_it_refuses_thresholds_that_cross(approve: float, decline: float) -> None:
    with pytest.raises(ValueError, match="at or below"):
        cutoffs.confusion_by_policy(PD, BAD, approve_below=approve, decline_from=decline)


@given(sample=samples, below=st.sampled_from([0.0, 0.1, 0.3, 0.9, 1.0]))
def test_it_agrees_with_scikit_learn_on_the_two_by_two_table(
    sample: list[tuple[float, int]], below: float
) -> None:
    pd, bad = [p for p, _ in sample], [y for _, y in sample]
    declined = [int(p >= below) for p in pd]

    found = cutoffs.confusion(pd, bad, below=below)

    table = oracle.confusion_matrix(bad, declined, labels=[0, 1]).ravel().tolist()
    assert table == [
        found.goods_approved,
        found.goods_declined,
        found.bads_approved,
        found.bads_declined,
    ]
    precision, recall, f1, _ = oracle.precision_recall_fscore_support(
        bad, declined, average="binary", zero_division=np.nan
    )
    for ours, theirs in [(found.precision, precision), (found.recall, recall), (found.f1, f1)]:
        assert ours == (None if math.isnan(theirs) else pytest.approx(theirs))
    assert found.accuracy == pytest.approx(oracle.accuracy_score(bad, declined))


def test_it_tells_how_many_goods_are_approved() -> None:
    found = cutoffs.confusion(PD, BAD, below=0.3)

    assert found.specificity == pytest.approx(5 / 6)


def test_it_lists_every_threshold_that_changes_a_decision() -> None:
    found = cutoffs.table([0.1, 0.2, 0.2, 0.5], [0, 1, 0, 1])

    assert found.approved.tolist() == [0, 1, 3, 4]
    assert found.bads.tolist() == [0, 0, 1, 2]
    assert found.below[:3].tolist() == [0.1, 0.2, 0.5]
    assert found.below[3] > 0.5
    assert found.at(0) == CutOff(below=0.1, approved=0, bads=0, approval_rate=0.0, bad_rate=None)
    assert found.at(2) == CutOff(0.5, 3, 1, 0.75, pytest.approx(1 / 3))


def test_it_finds_the_most_approvals_at_a_bad_rate_even_beyond_a_worse_threshold() -> None:
    # One bad among four is 25 %, then goods bring it down to one in six, then it rises again.
    found = cutoffs.at_bad_rate(PD, BAD, largest=0.2)

    assert found == CutOff(
        below=0.3, approved=6, bads=1, approval_rate=0.6, bad_rate=pytest.approx(1 / 6)
    )


def test_it_finds_no_threshold_where_even_the_safest_are_too_bad() -> None:
    assert cutoffs.at_bad_rate([0.1, 0.2], [1, 0], largest=0.4) is None


@pytest.mark.parametrize(("least", "approved"), [(0, 0), (0.7, 7), (0.65, 7), (1, 10)])
def test_it_finds_the_bad_rate_at_an_approval_rate(least: float, approved: int) -> None:
    found = cutoffs.at_approval_rate(PD, BAD, least=least)

    assert found.approved == approved
    assert found.bads == sum(BAD[:approved])


def test_it_approves_tied_people_together_and_says_so() -> None:
    found = cutoffs.at_approval_rate([0.1, 0.2, 0.2, 0.2], [0, 0, 0, 1], least=0.5)

    assert (found.approved, found.approval_rate, found.bad_rate) == (4, 1.0, 0.25)


@given(sample=samples, limit=rates)
def test_it_keeps_the_limits_it_was_given(sample: list[tuple[float, int]], limit: float) -> None:
    pd, bad = np.array([p for p, _ in sample]), np.array([y for _, y in sample])

    enough = cutoffs.at_approval_rate(pd, bad, least=limit)
    safe = cutoffs.at_bad_rate(pd, bad, largest=limit)

    assert np.mean(pd < enough.below) == enough.approval_rate >= limit - 1e-9
    if safe is not None:
        assert bad[pd < safe.below].mean() == pytest.approx(safe.bad_rate)
        assert safe.bad_rate <= limit


@pytest.mark.parametrize("rate", [-0.1, 1.1, NAN])
def test_it_refuses_a_rate_that_is_none(rate: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        cutoffs.at_bad_rate(PD, BAD, largest=rate)
    with pytest.raises(ValueError, match="between 0 and 1"):
        cutoffs.at_approval_rate(PD, BAD, least=rate)


@pytest.mark.parametrize(("pd", "bad"), [([], []), ([0.1], [0, 1]), ([NAN], [0]), ([0.1], [2])])
def test_it_refuses_people_it_cannot_decide_on(pd: list[float], bad: list[int]) -> None:
    with pytest.raises(ValueError, match=r"same length|finite|0 \(good\)"):
        cutoffs.table(pd, bad)
    with pytest.raises(ValueError, match=r"same length|finite|0 \(good\)"):
        cutoffs.confusion(pd, bad, below=0.5)
