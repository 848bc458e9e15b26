"""Many loans of a batch: the stage by the PD at origination, and LGDs that keep to their floors."""

from decimal import Decimal
from typing import Any

import pytest

from apps.impairment import measuring, reckoning
from apps.impairment.hazards import Structure
from apps.impairment.reckoning import Ground, Read
from apps.impairment.recoveries import Losses
from apps.impairment.staging import Reason
from apps.impairment.tests.factories import LAST, terms

D = Decimal


def read(**said: Any) -> Read:
    """Return a loan in time with a year to go, but for what is said."""
    known: dict[str, Any] = {
        **dict.fromkeys(("loan_id", "customer_id", "branch_id", "product_id"), 1),
        **dict.fromkeys(("was_stage", "was_reason", "was_better"), None),
        **dict.fromkeys(("is_bad", "is_watched"), False),
        **dict.fromkeys(("annual_rate", "effective_rate", "undrawn"), D(0)),
        "currency": "INR",
        "segment": "personal",
        "security": "unsecured",
        "drawn": D(100_000),
        "is_bullet": True,
        "days_late": 0,
        "band": 0,
        "age": 12,
        # Three months later the last default of them can be recognised.
        "months_left": 9,
        "scored": D("0.02"),
    }
    return Read(**{**known, **said})


def ground(pd_12: str, **parts: Any) -> Ground:
    """Return a book whose loans all default by a PD over twelve months, whatever their lateness."""
    hazard = measuring.even_hazard(D(pd_12))
    scenarios = parts.pop("scenarios", {})
    even = {name: {"weight": "0", "pd_shift": "1", "lgd_shift": "1"} for name in measuring.Outlook}
    even[measuring.Outlook.BASE]["weight"] = "1"
    return Ground(
        day=LAST,
        parameters=terms(scenarios={**even, **scenarios}, **parts),
        structure=Structure(
            hazards=((hazard,) * 9,),
            multiples=((D(1),) * 6,) * 4,
            exposed=((0,) * 9,),
            defaults=((0,) * 9,),
            book=hazard,
        ),
        given=Losses({}, {}),
    )


@pytest.mark.parametrize(
    ("said", "pd_12", "stage", "expected"),
    [
        pytest.param(
            # Five days late: twelve months with the two in which a default is yet to come.
            {"scored": D("0.01"), "days_late": 5, "months_left": 10},
            *("0.03", 2, "0.01"),
            id="3.1-T5",
        ),
        pytest.param({"scored": D("0.01")}, "0.0199", 1, "0.01", id="not-twice"),
        pytest.param({"scored": D("0.02"), "months_left": 33}, "0.02", 1, "0.058808", id="scaled"),
        pytest.param({"scored": None}, "0.9", 1, "0", id="without-a-score"),
    ],
)
def test_its_pd_is_held_beside_that_of_its_score(
    said: dict[str, Any], pd_12: str, stage: int, expected: str
) -> None:
    [found] = reckoning.reckon([read(**said)], ground(pd_12))

    assert (found["stage"], found["pd_expected"]) == (stage, D(expected))
    assert found["reason"] == (Reason.PD_ROSE if stage == 2 else Reason.NONE)


def test_both_sides_stand_under_the_same_scenarios() -> None:
    """A downturn that triples every hazard raises nobody's PD over that at origination."""
    worse = {
        "base": {"weight": "0.5", "pd_shift": "3", "lgd_shift": "1"},
        "downside": {"weight": "0.5", "pd_shift": "6", "lgd_shift": "1"},
    }

    [found] = reckoning.reckon([read()], ground("0.02", scenarios=worse))

    assert found["stage"] == 1
    assert found["pd_expected"] == found["pd_lifetime"] > D("0.06")


@pytest.mark.parametrize("days_late", [0, 90])
def test_an_upside_takes_no_lgd_below_its_floor(days_late: int) -> None:
    """An LGD of 0.32, of which the upside takes nine tenths; the floor is 0.3."""
    upside = {"upside": {"weight": "0", "pd_shift": "1", "lgd_shift": "0.9"}}
    known = ground(
        "0.02",
        scenarios=upside,
        recoveries={"prior": {"unsecured": "0.32", "others": "0.32"}},
    )

    [found] = reckoning.reckon([read(days_late=days_late)], known)

    assert found["lgd"] == D("0.32")
    assert found["loss_upside"] == (D(30_000) if days_late else D(600))
    assert found["loss_base"] == (D(32_000) if days_late else D(640))
