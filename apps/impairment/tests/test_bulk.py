"""Many loans at once come to the same as one by one."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.impairment import bulk, measuring
from apps.impairment.bulk import Batch, Curves
from apps.impairment.measuring import Exposed, Path
from apps.impairment.tests.test_measuring import ALONE, THREE

D = Decimal
RATES = st.integers(0, 10_000).map(lambda one: D(one) / 10_000)
BANDS, AGES, LATES, LEADS = 3, 5, 4, 3
CURVES = st.tuples(
    st.lists(st.lists(RATES, min_size=AGES, max_size=AGES), min_size=BANDS, max_size=BANDS),
    st.lists(
        st.lists(st.integers(0, 30).map(D), min_size=LEADS, max_size=LEADS),
        min_size=LATES,
        max_size=LATES,
    ),
)
LOAN = st.fixed_dictionaries(
    {
        "ead": st.integers(0, 10**9).map(lambda one: D(one) / 100),
        "annual_rate": RATES,
        "effective_rate": RATES,
        "is_bullet": st.booleans(),
        "lgd": RATES,
        "lgd_floor": RATES,
        "months_left": st.integers(1, 60),
        "band": st.integers(0, BANDS - 1),
        "age": st.integers(0, 60),
        "late": st.integers(0, LATES - 1),
        "is_impaired": st.booleans(),
    }
)


@given(st.lists(LOAN, max_size=6), CURVES)
def test_both_readings_agree_to_the_smallest_unit(loans: list[dict], curves: tuple) -> None:  # type: ignore[type-arg]
    hazards, lateness = curves
    mean, under = bulk.measure(
        batch(loans),
        Curves(hazards=np.array(hazards, float), lateness=np.array(lateness, float)),
        THREE,
    )

    for place, loan in enumerate(loans):
        alone = measuring.measure(_exposed(loan, hazards, lateness), THREE)
        assert abs(alone.weighted.months_12 - _cents(mean.months_12[place])) <= D("0.01")
        assert abs(alone.weighted.lifetime - _cents(mean.lifetime[place])) <= D("0.01")
        assert abs(alone.pd_12 - D(mean.pd_12[place])) < D("1e-9")
        assert abs(alone.pd_lifetime - D(mean.pd_lifetime[place])) < D("1e-9")
        for name, loss in alone.scenarios.items():
            assert abs(loss.lifetime - _cents(under[name].lifetime[place])) <= D("0.01")


@given(st.lists(st.tuples(RATES, st.integers(1, 63)), max_size=6))
def test_a_pd_at_origination_is_the_same_in_both_readings(loans: list[tuple[Decimal, int]]) -> None:
    found = bulk.lifetime_pd(
        np.array([pd for pd, _ in loans], dtype=np.float64),
        np.array([months for _, months in loans], dtype=np.int64),
        THREE,
    )

    for place, (pd, months) in enumerate(loans):
        assert abs(measuring.lifetime_pd(pd, months, THREE) - D(found[place])) < D("1e-9")


def test_without_a_score_there_is_no_pd_at_origination() -> None:
    found = bulk.lifetime_pd(np.array([np.nan, 0.02]), np.array([12, 12]), ALONE)

    assert np.isnan(found[0])
    assert found[1] == pytest.approx(0.02)


def batch(loans: list[dict]) -> Batch:  # type: ignore[type-arg]
    """Return loans as columns."""
    kinds = {"is_bullet": bool, "is_impaired": bool}
    kinds |= dict.fromkeys(("months_left", "band", "age", "late"), np.int64)  # type: ignore[arg-type]
    return Batch(
        **{
            name: np.array([loan[name] for loan in loans], dtype=kinds.get(name, np.float64))
            for name in Batch.__dataclass_fields__
        }
    )


def _exposed(loan: dict, hazards: list, lateness: list) -> Exposed:  # type: ignore[type-arg]
    months, lag = [], 3 - loan["late"]
    for month in range(loan["months_left"] + lag):
        hazard = hazards[loan["band"]][min(loan["age"] + month, AGES - 1)]
        if month < LEADS:
            hazard = min(D(1), hazard * lateness[loan["late"]][month])
        months.append(hazard)
    return Exposed(
        currency="INR",
        drawn=loan["ead"],
        annual_rate=loan["annual_rate"],
        effective_rate=loan["effective_rate"],
        path=Path.BULLET if loan["is_bullet"] else Path.LEVEL,
        lgd=loan["lgd"],
        lgd_floor=loan["lgd_floor"],
        lag=lag,
        hazards=months,
        is_impaired=loan["is_impaired"],
    )


def _cents(value: float) -> Decimal:
    return D(value).quantize(D("0.01"))
