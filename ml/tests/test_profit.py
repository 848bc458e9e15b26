"""Costs, profits, their best threshold and EMP: by hand and by brute force."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import profit
from ml.profit import CostMatrix, Economics, LoanTerms

Floats = npt.NDArray[np.float64]

PD = [0.02, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8]
BAD = [0, 0, 0, 1, 0, 0, 1, 0, 1, 1]
NAN = float("nan")

samples = st.lists(
    st.tuples(st.sampled_from([0.05, 0.1, 0.2, 0.5, 0.9]), st.integers(0, 1)),
    min_size=2,
    max_size=40,
)


def _flat(loans: int = 10) -> Economics:
    return profit.flat_margin(
        amount=np.full(loans, 100.0), margin=0.1, loss_given_default=0.5, fees=2.0
    )


def _schedule_interest(amount: float, monthly: float, months: int) -> float:
    """Return the interest of a level-payment loan month by month, unrounded."""
    payment = amount * monthly * (1 + monthly) ** months / ((1 + monthly) ** months - 1)
    balance = amount
    interest = 0.0
    for _ in range(months):
        interest += balance * monthly
        balance -= payment - balance * monthly
    return interest


def test_it_prices_wrong_decisions_as_german_credit_does() -> None:
    found = profit.cost_curve(PD, BAD, CostMatrix())

    best = found.best()
    approve_nobody, approve_everybody = -found.profit[0], -found.profit[-1]
    assert (approve_nobody, approve_everybody) == (6, 20)
    assert -found.profit[3] == 3
    assert best is not None
    assert (best.below, best.approved, best.profit) == (0.1, 3, -3.0)


def test_it_knows_where_approving_and_declining_cost_the_same() -> None:
    assert CostMatrix().approve_below == pytest.approx(1 / 6)
    assert CostMatrix(10, 2, 0, 1).approve_below == pytest.approx(2 / 11)


@given(sample=samples)
def test_it_adds_the_costs_up_as_one_by_one(sample: list[tuple[float, int]]) -> None:
    pd, bad = np.array([p for p, _ in sample]), np.array([y for _, y in sample])
    costs = CostMatrix(bad_approved=7, good_declined=2, good_approved=-1, bad_declined=0.5)

    found = profit.cost_curve(pd, bad, costs)

    for below, value in zip(found.below, found.profit, strict=True):
        approved = pd < below
        cost = np.where(approved, np.where(bad == 1, 7, -1), np.where(bad == 1, 0.5, 2)).sum()
        assert -value == pytest.approx(cost)


@pytest.mark.parametrize("broken", [{"bad_approved": 0}, {"good_declined": 0}, {"bad_declined": 6}])
def test_it_refuses_costs_that_reward_mistakes(broken: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must cost more"):
        CostMatrix(**broken)


@pytest.mark.parametrize(("rate", "months"), [(0.15, 24), (0.12, 1), (0.48, 360)])
def test_it_earns_the_interest_of_the_schedule(rate: float, months: int) -> None:
    terms = LoanTerms(amount=20000, annual_rate=rate, months=months, loss_given_default=0.45)

    found = profit.amortising(terms)

    assert found.gain[0] == pytest.approx(_schedule_interest(20000, rate / 12, months), rel=1e-9)
    assert found.loss[0] == pytest.approx(9000)


def test_it_earns_fees_and_pays_for_funds_and_service_per_loan() -> None:
    terms = LoanTerms(
        amount=np.array([1000.0, 2000.0]),
        annual_rate=np.array([0.24, 0.0]),
        months=12,
        loss_given_default=0.6,
        cost_of_funds=0.08,
        fees=30,
        servicing=np.array([10.0, 5.0]),
        exposure_share=0.75,
    )

    found = profit.amortising(terms)

    interest = _schedule_interest(1000, 0.02, 12)
    assert found.gain.tolist() == pytest.approx(
        [interest * 16 / 24 + 20, -0.08 * 2000 * 13 / 24 + 25]
    )
    assert found.loss.tolist() == pytest.approx([1000 * 0.75 * 0.6 - 20, 2000 * 0.75 * 0.6 - 25])


@given(rate=st.floats(0, 1), months=st.integers(1, 480))
def test_it_never_jumps_near_a_rate_of_nothing(rate: float, months: int) -> None:
    terms = [
        LoanTerms(amount=1, annual_rate=r, months=months, loss_given_default=0, cost_of_funds=-1)
        for r in (rate * 1e-8, rate * 1e-8 + 1e-8)
    ]

    low, high = (profit.amortising(each).gain[0] for each in terms)

    assert low == pytest.approx((months + 1) / 24, rel=1e-5)
    assert high == pytest.approx(low, rel=1e-5)


@pytest.mark.parametrize(
    "wrong", [{"amount": 0}, {"months": 0}, {"annual_rate": -0.1}, {"amount": NAN}]
)
def test_it_refuses_loans_that_are_none(wrong: dict[str, float]) -> None:
    terms = {"amount": 1, "annual_rate": 0.1, "months": 12, "loss_given_default": 0.4} | wrong

    with pytest.raises(ValueError, match=r"needs an amount|finite"):
        profit.amortising(LoanTerms(**terms))


def test_it_expects_a_profit_and_knows_where_it_ends() -> None:
    book = _flat()

    found = profit.expected_profit(PD, book)

    assert book.gain[0] == 12
    assert book.loss[0] == 48
    assert found[0] == pytest.approx(0.98 * 12 - 0.02 * 48)
    assert profit.break_even_pd(book)[0] == pytest.approx(0.2)
    assert found[5] == pytest.approx(0, abs=1e-12)


def test_it_leaves_break_even_undefined_where_defaulting_pays() -> None:
    book = Economics(gain=np.array([1.0, -1.0, 5.0]), loss=np.array([-2.0, 3.0, -1.0]))

    found = profit.break_even_pd(book)

    assert found[1:].tolist() == [0.0, 1.0]
    assert math.isnan(found[0])


def test_it_draws_profit_as_expected_and_as_it_turned_out() -> None:
    expected = profit.profit_curve(PD, _flat())
    realised = profit.profit_curve(PD, _flat(), bad=BAD)

    best = expected.best()
    assert best is not None
    assert best.approved in {5, 6}
    assert best.profit == pytest.approx(5 * 12 - sum(PD[:5]) * 60)
    assert best.bad_rate == pytest.approx(np.mean(PD[: best.approved]))
    assert realised.profit.tolist() == [0, 12, 24, 36, -12, 0, 12, -36, -24, -72, -120]
    assert realised.best() is not None
    assert realised.best().below == 0.1


def test_it_finds_the_best_threshold_within_limits() -> None:
    curve = profit.profit_curve(PD, _flat(), bad=BAD)

    wider = curve.best(least_approval_rate=0.5)
    safer = curve.best(least_approval_rate=0.5, largest_bad_rate=0.19)

    assert (wider.approved, wider.profit) == (6, 12.0)
    assert (safer.approved, safer.bad_rate) == (6, pytest.approx(1 / 6))
    assert curve.best(least_approval_rate=0.9, largest_bad_rate=0.1) is None


def test_it_approves_nobody_where_every_loan_loses() -> None:
    book = Economics(gain=np.array([-1.0, -1.0]), loss=np.array([5.0, 5.0]))

    found = profit.profit_curve([0.1, 0.2], book).best(largest_bad_rate=0.05)

    assert (found.approved, found.profit, found.bad_rate) == (0, 0.0, None)


@pytest.mark.parametrize("limit", [-0.1, 1.1, NAN])
def test_it_refuses_limits_that_are_no_rates(limit: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        profit.profit_curve(PD, _flat()).best(least_approval_rate=limit)


def test_it_sums_expected_loss() -> None:
    found = profit.expected_loss(
        pd=[0.1, 0.2], loss_given_default=np.array([0.5, 0.25]), exposure=np.array([1000.0, 400.0])
    )

    assert found.total == pytest.approx(70)
    assert found.rate == pytest.approx(70 / 1400)
    assert profit.expected_loss(pd=[0.1], loss_given_default=0.5, exposure=0).rate is None


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"pd": [1.1, 0.1]}, "between 0 and 1"),
        ({"pd": [NAN, 0.1]}, "between 0 and 1"),
        ({"pd": []}, "Every loan needs"),
        ({"loss_given_default": -0.1}, "loss given default"),
        ({"exposure": [1.0, NAN]}, "exposure"),
    ],
)
def test_it_refuses_losses_it_cannot_expect(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        profit.expected_loss(**{"pd": [0.1, 0.2], "loss_given_default": 1, "exposure": 1} | wrong)


def test_it_refuses_economics_of_other_loans() -> None:
    with pytest.raises(ValueError, match="one probability"):
        profit.expected_profit(PD, _flat(9))
    with pytest.raises(ValueError, match="same length"):
        Economics(gain=np.ones(2), loss=np.ones(3))
    with pytest.raises(ValueError, match="finite"):
        Economics(gain=np.array([NAN]), loss=np.ones(1))


@given(sample=samples.filter(lambda sample: len({bad for _, bad in sample}) == 2))
def test_it_agrees_with_the_maximum_profit_averaged_over_losses(
    sample: list[tuple[float, int]],
) -> None:
    pd, bad = (np.array(part, dtype=float) for part in zip(*sample, strict=True))
    thresholds = np.append(np.unique(pd), np.inf)
    declined_bads = np.array([np.mean((pd >= t) & (bad == 1)) for t in thresholds])
    declined_goods = np.array([np.mean((pd >= t) & (bad == 0)) for t in thresholds])

    def best(loss: Floats) -> Floats:
        each = loss * declined_bads[:, None] - 0.2644 * declined_goods[:, None]
        most: Floats = each.max(axis=0)
        return most

    losses = (np.arange(20000) + 0.5) / 20000
    found = profit.expected_maximum_profit(pd, bad)

    expected = 0.35 * best(losses).mean() + 0.10 * best(np.ones(1))[0]
    assert found is not None
    assert found.profit == pytest.approx(expected, abs=1e-6)


def test_it_declines_everybody_who_would_default_if_the_model_knows() -> None:
    found = profit.expected_maximum_profit([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])

    # Half are bad; those that cost nothing (55 %) are not worth declining.
    assert found is not None
    assert found.profit == pytest.approx(0.5 * (0.35 / 2 + 0.10))
    assert found.declined_share == pytest.approx(0.5 * 0.45)


def test_it_finds_no_profit_in_a_model_that_knows_nothing() -> None:
    constant = profit.expected_maximum_profit([0.1] * 10, [0] * 9 + [1])

    assert constant is not None
    assert (constant.profit, constant.declined_share) == (0.0, 0.0)
    assert profit.expected_maximum_profit([0.1, 0.2], [0, 0]) is None


@pytest.mark.parametrize(
    "wrong", [{"no_loss": 0.95}, {"total_loss": -0.1}, {"return_on_investment": NAN}]
)
def test_it_refuses_shares_of_losses_that_are_none(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="Loss shares"):
        profit.expected_maximum_profit([0.1, 0.2], [0, 1], **wrong)
