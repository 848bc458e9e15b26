"""Readings and limits: a limit alone is no verdict where chance explains the value."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from apps.monitoring import groups, measures, outcomes, stored
from apps.monitoring.measures import Measure, Reading
from ml import concept_drift


def _decisions(**changes: Any) -> dict[str, Any]:
    return {
        "approved": [600, 1000],
        "departed": [0, 0],
        "failed": [0, 0],
        "latency": {"n": 0, "median": None, "p95": None, "p95_low": None},
        **changes,
    }


def _read(facts: dict[str, Any], before: dict[str, Any] | None = None) -> dict[str, Reading]:
    return {one.measure: one for one in measures.of_population(facts, before)}


def test_a_small_sample_crosses_no_limit_that_a_large_one_does() -> None:
    few = _read({"decisions": _decisions(failed=[1, 8])})[Measure.FAILURES]
    many = _read({"decisions": _decisions(failed=[125, 1000])})[Measure.FAILURES]

    assert few.value == many.value == 0.125
    assert not few.is_beyond(0.05)
    assert many.is_beyond(0.05)


@pytest.mark.parametrize(
    ("low", "beyond"), [(None, False), (4.9, False), (5.0, False), (5.1, True)]
)
def test_one_slow_decision_is_not_beyond_a_limit_on_time(
    low: float | None, *, beyond: bool
) -> None:
    latency = {"n": 1, "median": 40.0, "p95": 40.0, "p95_low": low}

    found = _read({"decisions": _decisions(latency=latency)})[Measure.LATENCY]

    assert found.value == 40
    assert found.is_beyond(5) is beyond


def test_the_change_of_the_approval_rate_is_read_either_way() -> None:
    before = {"decisions": _decisions()}
    for approved in (450, 750):
        now = {"decisions": _decisions(approved=[approved, 1000])}
        assert _read(now, before)[Measure.APPROVAL_CHANGE].is_beyond(0.10)
    same = {"decisions": _decisions(approved=[6, 10])}
    found = _read(same, before)[Measure.APPROVAL_CHANGE]
    assert (found.value, found.surest) == (0, 0)
    assert Measure.APPROVAL_CHANGE not in _read(same)


def test_a_group_is_flagged_by_four_fifths_and_a_small_one_is_not() -> None:
    """Rule book 4.6, T2, T3 and T6."""
    cells = {
        "sex": {"female": (120, 400), "male": (480, 800)},
        "community": {"a": (1, 3), "b": (2, 3)},
        "region": {"north": (30, 100), "south": (40, 100)},
    }

    facts = groups.facts(cells)

    found = list(measures.of_groups(facts))
    assert [(one.subject, round(one.value, 6)) for one in found] == [
        ("region: north", 0.75),
        ("sex: female", 0.5),
    ]
    assert [one.is_beyond(0.80) for one in found] == [False, True]
    small = facts[0]["groups"][0]["comparison"]
    assert (facts[0]["attribute"], small["verdict"]) == ("community", "insufficient sample")


def test_who_states_nothing_is_a_group_of_their_own() -> None:
    found = groups.with_silent({"female": (2, 5), "male": (3, 5)}, (9, 20))

    assert found["not stated"] == (4, 10)
    assert groups.with_silent({"female": (2, 5)}, (2, 5)) == {"female": (2, 5)}


def _loans(rows: int, *, seed: int, risk: float = 1.0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    pd = rng.beta(2, 12, rows)
    return pd, (rng.random(rows) < np.clip(pd * risk, 0, 1)).astype(float)


def test_outcomes_that_turned_worse_are_found_by_vintage() -> None:
    development = stored.plain(outcomes.performance(*_loans(4000, seed=1)))
    months = [date(2025, month, 1) for month in range(1, 7)]
    samples = [_loans(1500, seed=10 + n, risk=1 if n < 5 else 2) for n in range(6)]
    pd = np.concatenate([one[0] for one in samples])
    bad = np.concatenate([one[1] for one in samples])
    vintages = [month for month in months for _loan in range(1500)]

    found = stored.plain(outcomes.facts(pd, bad, vintages, development))

    assert [bool(one["alarms"]) for one in found["vintages"]] == [False] * 5 + [True]
    read = {one.measure: one for one in measures.of_outcomes(found)}
    assert read[Measure.LEVEL_CHANGE].is_beyond(0.2)
    assert not read[Measure.AUC_DROP].is_beyond(0.03)
    assert found["vintages"][0]["performance"]["auc_interval"][0] < 0.8


def test_without_development_figures_there_is_no_verdict() -> None:
    pd, bad = _loans(300, seed=3)

    found = stored.plain(outcomes.facts(pd, bad, [date(2025, 1, 1)] * 300, None))

    [vintage] = found["vintages"]
    assert vintage["performance"]["auc"] is not None
    assert vintage["caution"]
    assert list(measures.of_outcomes(found)) == []
    assert outcomes.facts(np.empty(0), np.empty(0), [], None)["vintages"] == []


def test_facts_are_kept_as_plain_json_with_one_hash() -> None:
    found = stored.plain({"a": (1, float("nan")), "b": {"c": np.float64(2.5)}})

    assert found == {"a": [1, None], "b": {"c": 2.5}}
    assert stored.sha256(found) == stored.sha256({"b": {"c": 2.5}, "a": [1, None]})
    with pytest.raises(TypeError):
        stored.plain({"a": object()})


def test_performance_survives_its_storage() -> None:
    known = stored.plain(outcomes.performance(*_loans(500, seed=4)))

    assert concept_drift.Performance.from_dict(known).n == 500
