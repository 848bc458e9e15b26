"""Stages, and the way back: rule book 3.1."""

from datetime import date
from decimal import Decimal

import pytest

from apps.impairment import staging
from apps.impairment.staging import Facts, Reason, Rules, Staged

D = Decimal
DAY = date(2026, 6, 30)
RULES = Rules(pd_multiple=D(2), pd_least=D("0.005"), cure_3_months=3, cure_2_months=2)


@pytest.mark.parametrize(
    ("facts", "stage", "reason"),
    [
        pytest.param(Facts(days_late=0), 1, Reason.NONE, id="3.1-in-time"),
        pytest.param(Facts(days_late=30), 1, Reason.NONE, id="3.1-T1"),
        pytest.param(Facts(days_late=31), 2, Reason.DAYS_30, id="3.1-T2"),
        pytest.param(Facts(days_late=89), 2, Reason.DAYS_30, id="3.1-89-days"),
        pytest.param(Facts(days_late=90), 3, Reason.DAYS_90, id="3.1-T4"),
        pytest.param(
            Facts(days_late=5, pd_origination=D("0.01"), pd_now=D("0.03")),
            2,
            Reason.PD_ROSE,
            id="3.1-T5",
        ),
        pytest.param(
            Facts(days_late=5, pd_origination=D("0.01"), pd_now=D("0.0199")),
            1,
            Reason.NONE,
            id="less",
        ),
        pytest.param(
            Facts(days_late=0, pd_origination=D("0.0001"), pd_now=D("0.0050")),
            1,
            Reason.NONE,
            id="too-small",
        ),
        pytest.param(
            Facts(days_late=0, pd_origination=D(0), pd_now=D("0.5")),
            1,
            Reason.NONE,
            id="of-nothing",
        ),
        pytest.param(Facts(days_late=0, is_watched=True), 2, Reason.WATCHED, id="watched"),
        pytest.param(
            Facts(days_late=0, is_non_performing=True),
            3,
            Reason.NON_PERFORMING,
            id="non-performing",
        ),
    ],
)
def test_it_stages_by_what_is_known(facts: Facts, stage: int, reason: Reason) -> None:
    found = staging.stage(facts, RULES, day=DAY, before=None)

    assert (found.stage, found.reason, found.better_since) == (stage, reason, None)


def test_it_comes_back_step_by_step() -> None:
    """Nothing speaks for a stage from January on: three months in stage 3, two in stage 2."""
    ends = [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]
    ends += [date(2026, 5, 31), date(2026, 6, 30), date(2026, 7, 31)]
    found, stages = Staged(3, Reason.DAYS_90), []
    for day in ends:
        found = staging.stage(Facts(days_late=0), RULES, day=day, before=found)
        stages.append((found.stage, found.reason))

    assert stages == [
        (3, Reason.CURING_3),
        (3, Reason.CURING_3),
        (3, Reason.CURING_3),
        (2, Reason.CURING_2),
        (2, Reason.CURING_2),
        (1, Reason.NONE),
        (1, Reason.NONE),
    ]


def test_what_falls_late_again_begins_to_cure_anew() -> None:
    curing = Staged(2, Reason.CURING_2, date(2026, 5, 31))

    late = staging.stage(Facts(days_late=40), RULES, day=DAY, before=curing)
    again = staging.stage(Facts(days_late=0), RULES, day=date(2026, 7, 31), before=late)

    assert late == Staged(2, Reason.DAYS_30)
    assert again == Staged(2, Reason.CURING_2, date(2026, 7, 31))


def test_a_worse_stage_is_at_once() -> None:
    found = staging.stage(
        Facts(days_late=90), RULES, day=DAY, before=Staged(2, Reason.CURING_2, DAY)
    )

    assert found == Staged(3, Reason.DAYS_90)


def test_from_stage_3_to_what_speaks_for_stage_2() -> None:
    before = Staged(3, Reason.CURING_3, date(2026, 3, 31))

    found = staging.stage(Facts(days_late=45), RULES, day=DAY, before=before)

    assert found == Staged(2, Reason.DAYS_30)


def test_without_curing_it_comes_back_at_once() -> None:
    rules = Rules(pd_multiple=D(2), pd_least=D(0), cure_3_months=0, cure_2_months=0)

    found = staging.stage(Facts(days_late=0), rules, day=DAY, before=Staged(3, Reason.DAYS_90))

    assert found == Staged(1, Reason.NONE)
