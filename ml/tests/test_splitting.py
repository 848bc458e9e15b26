"""Out of time where dates exist, by outcome otherwise, and never one applicant on both sides."""

import json
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import model_selection

from ml import splitting
from ml.splitting import FoldConfig, SplitConfig, SplitRefused

JANUARY = date(2024, 1, 1)


def days(*offsets: int) -> list[date]:
    return [JANUARY + timedelta(days=offset) for offset in offsets]


def alternating(rows: int) -> list[int]:
    return [row % 2 for row in range(rows)]


def test_it_tests_on_the_newest_rows_by_default() -> None:
    made = splitting.split(alternating(10), days(9, 8, 7, 6, 5, 4, 3, 2, 1, 0))

    assert made.rule == "out_of_time"
    assert made.test.tolist() == [0, 1]
    assert made.train.tolist() == [2, 3, 4, 5, 6, 7, 8, 9]
    assert (made.last_train_day, made.first_test_day, made.last_test_day) == (
        date(2024, 1, 8),
        date(2024, 1, 9),
        date(2024, 1, 10),
    )
    assert made.why == "The rows have dates; the newest 20% in whole days are the test."


def test_it_never_divides_the_rows_of_one_day() -> None:
    # A fifth of ten rows would be two, but the newest day holds three.
    made = splitting.split(alternating(10), days(0, 1, 2, 3, 3, 3, 3, 4, 4, 4))

    assert made.test.tolist() == [7, 8, 9]


def test_it_takes_the_hour_of_a_timestamp_for_its_day() -> None:
    stamps = ["2024-01-01", "2024-01-01", "2024-01-02 09:00", "2024-01-02T17:00"]

    made = splitting.split([0, 1, 0, 1], stamps)

    assert made.test.tolist() == [2, 3]


def test_it_begins_the_test_on_the_day_asked_for() -> None:
    config = SplitConfig(cut_date=date(2024, 1, 3), test_share=0.9)

    made = splitting.split(alternating(6), days(0, 1, 2, 3, 0, 1), config=config)

    assert made.test.tolist() == [2, 3]
    assert made.train.tolist() == [0, 1, 4, 5]
    assert "2024-01-03" in made.why


def test_it_leaves_out_the_months_whose_outcomes_were_not_mature() -> None:
    dates = ["2023-12-30", "2023-12-31", "2024-02-28", "2024-02-29", "2024-03-31", "2024-04-01"]
    config = SplitConfig(cut_date=date(2024, 3, 31), gap_months=1)

    made = splitting.split([0, 1, 1, 0, 0, 1], dates, config=config)

    # One month before 31 March is 29 February, the last day of the shorter month.
    assert made.train.tolist() == [0, 1, 2]
    assert made.in_gap.tolist() == [3]
    assert made.test.tolist() == [4, 5]
    assert made.last_train_day == date(2024, 2, 28)


def test_it_draws_by_outcome_without_dates() -> None:
    bad = np.array([1.0] * 30 + [0.0] * 70)

    made = splitting.split(bad)

    assert made.rule == "stratified"
    assert bad[made.test].sum() == 6
    assert len(made.test) == 20
    assert made.first_test_day is None
    assert np.array_equal(made.test, splitting.split(bad).test)


def test_it_draws_other_rows_with_another_seed() -> None:
    bad = alternating(100)

    first, second = (splitting.split(bad, config=SplitConfig(seed=seed)) for seed in (1, 2))

    assert first.test.tolist() != second.test.tolist()


def test_it_keeps_an_applicant_on_one_side() -> None:
    bad = alternating(60)
    applicants = [f"C{row // 3}" for row in range(60)]

    made = splitting.split(bad, groups=applicants)

    assert made.rule == "grouped"
    assert len(made.test) == 12
    assert not {applicants[row] for row in made.train} & {applicants[row] for row in made.test}


def test_it_forgets_the_earlier_loans_of_applicants_who_are_tested() -> None:
    applicants = ["A", "B", "C", "D", "E", "F", "G", "H", "A", "B"]

    made = splitting.split(alternating(10), days(*range(10)), applicants)

    assert made.test.tolist() == [8, 9]
    assert made.of_tested_group.tolist() == [0, 1]
    assert made.train.tolist() == [2, 3, 4, 5, 6, 7]


def test_it_reports_what_it_did_as_json() -> None:
    made = splitting.split(alternating(10), days(*range(10)))

    assert json.loads(json.dumps(made.to_dict())) == {
        "rule": "out_of_time",
        "why": "The rows have dates; the newest 20% in whole days are the test.",
        "train_rows": 8,
        "test_rows": 2,
        "rows_in_gap": 0,
        "rows_of_tested_group": 0,
        "last_train_day": "2024-01-08",
        "first_test_day": "2024-01-09",
        "last_test_day": "2024-01-10",
    }


def test_it_hands_out_positions_nobody_can_change() -> None:
    made = splitting.split(alternating(10), days(*range(10)))

    with pytest.raises(ValueError, match="read-only"):
        made.train[0] = 5


@pytest.mark.parametrize(
    ("bad", "dates", "groups", "sentence"),
    [
        ([], None, None, "needs an outcome"),
        ([0, 1, 2], None, None, "needs an outcome"),
        ([0, 1, np.nan], None, None, "needs an outcome"),
        ([0, 1, 0, 1], days(0, 1), None, "4 outcomes but 2 dates"),
        ([0, 1, 0, 1], None, ["A"], "4 outcomes but 1 groups"),
        ([0, 1], [JANUARY, None], None, "position 1 has no date"),
        ([0, 1], ["2024-01-01", "soon"], None, "read: 'soon' at position 1 is not ISO text.$"),
        ([0, 1], ["2024-01-01", "2024-01-02T00:00Z"], None, "with or without a zone"),
        ([0, 1], ["2024-01-01", "03/04/2024"], None, "cannot be read"),
        ([0, 1] * 5, None, [1] * 5 + [2] * 5, "5 parts need as many groups; there are 2"),
        ([0, 1], [20240101, 20240102], None, "not as numbers"),
        ([0, 1], None, ["A", None], "position 1 has no group"),
        ([0, 1, 0, 1], days(3, 3, 3, 3), None, "one day, 2024-01-04"),
        ([0, 1, 0, 0], days(0, 1, 2, 3), None, "test side has 1 good and 0 bad"),
        ([0, 0, 0, 1], days(0, 1, 2, 3), None, "training side has 3 good and 0 bad"),
        ([0] * 10, None, None, "10 good and 0 bad"),
        ([0] * 9 + [1], None, None, "9 good and 1 bad"),
        ([0, 1] * 3, None, ["A"] * 6, "5 parts need as many good"),
    ],
)
def test_it_refuses_rows_it_cannot_divide(
    bad: list[float],
    dates: list[object] | None,
    groups: list[object] | None,
    sentence: str,
) -> None:
    with pytest.raises(SplitRefused, match=sentence):
        splitting.split(bad, dates, groups)


def test_it_refuses_a_cut_or_gap_without_dates() -> None:
    for config in (SplitConfig(cut_date=JANUARY), SplitConfig(gap_months=3)):
        with pytest.raises(SplitRefused, match="need the dates"):
            splitting.split(alternating(10), config=config)
    with pytest.raises(SplitRefused, match="needs the dates"):
        splitting.folds(alternating(10), config=FoldConfig(gap_months=3))


def test_it_refuses_a_gap_that_leaves_nothing_to_learn_from() -> None:
    with pytest.raises(SplitRefused, match="training side has 0 good and 0 bad"):
        splitting.split(alternating(10), days(*range(10)), config=SplitConfig(gap_months=6))


@pytest.mark.parametrize("wrong", [{"test_share": 0.0}, {"test_share": 1.0}, {"gap_months": -1}])
def test_it_refuses_a_configuration_that_makes_no_split(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SplitConfig(**wrong)  # type: ignore[arg-type]  # the wrong numbers are the point


@pytest.mark.parametrize(
    ("wrong", "sentence"), [({"folds": 1}, "two folds"), ({"gap_months": -1}, "gap_months")]
)
def test_it_refuses_a_configuration_that_makes_no_folds(
    wrong: dict[str, int], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        FoldConfig(**wrong)


def test_it_makes_the_folds_of_the_benchmark_protocol() -> None:
    bad = np.random.default_rng(3).integers(0, 2, 97)
    oracle = model_selection.StratifiedKFold(5, shuffle=True, random_state=42)

    made = splitting.folds(bad)

    assert made.rule == "stratified"
    for (train, test), (oracle_train, oracle_test) in zip(
        made, oracle.split(bad, bad), strict=True
    ):
        assert np.array_equal(train, oracle_train)
        assert np.array_equal(test, oracle_test)


def test_it_makes_folds_of_whole_groups() -> None:
    bad, groups = alternating(60), np.arange(60) // 4

    made = splitting.folds(bad, groups=groups, config=FoldConfig(folds=3))

    assert (made.rule, len(made)) == ("grouped", 3)
    assert sorted(np.concatenate([test for _, test in made]).tolist()) == list(range(60))
    for train, test in made:
        assert not set(groups[train]) & set(groups[test])


def test_it_lets_the_window_of_the_folds_grow_with_time() -> None:
    made = splitting.folds(alternating(12), days(*range(12)), config=FoldConfig(folds=3))

    assert made.rule == "out_of_time"
    assert [(train.tolist(), test.tolist()) for train, test in made] == [
        ([0, 1, 2], [3, 4, 5]),
        ([0, 1, 2, 3, 4, 5], [6, 7, 8]),
        ([0, 1, 2, 3, 4, 5, 6, 7, 8], [9, 10, 11]),
    ]
    assert [fold["test_rows"] for fold in made.to_dict()["folds"]] == [3, 3, 3]


def test_it_leaves_a_gap_before_every_window() -> None:
    months = [date(2024, month, 15) for month in range(1, 9) for _ in range(2)]

    made = splitting.folds(alternating(16), months, config=FoldConfig(folds=3, gap_months=1))

    assert [fold.in_gap.tolist() for fold in made.folds] == [[2, 3], [6, 7], [10, 11]]
    assert [fold.last_train_day for fold in made.folds] == [
        date(2024, 1, 15),
        date(2024, 3, 15),
        date(2024, 5, 15),
    ]


def test_it_refuses_fewer_days_than_windows() -> None:
    with pytest.raises(SplitRefused, match="6 windows need as many days; there are 2"):
        splitting.folds(alternating(8), days(0, 0, 0, 0, 1, 1, 1, 1))


def test_it_refuses_a_window_with_one_class() -> None:
    with pytest.raises(SplitRefused, match="test side has 2 good and 0 bad"):
        splitting.folds([0, 1, 0, 0, 0, 1], days(*range(6)), config=FoldConfig(folds=2))


@given(
    offsets=st.lists(st.integers(0, 40), min_size=8, max_size=60),
    share=st.floats(0.05, 0.95),
    gap=st.integers(0, 1),
    data=st.data(),
)
def test_it_accounts_for_every_row_exactly_once(
    offsets: list[int], share: float, gap: int, data: st.DataObject
) -> None:
    rows = len(offsets)
    bad = data.draw(st.lists(st.integers(0, 1), min_size=rows, max_size=rows))
    groups = data.draw(st.lists(st.integers(0, 9), min_size=rows, max_size=rows))
    config = SplitConfig(test_share=share, gap_months=gap)

    try:
        made = splitting.split(bad, days(*offsets), groups, config)
    except SplitRefused:
        return

    parts = (made.train, made.test, made.in_gap, made.of_tested_group)
    assert sorted(np.concatenate(parts).tolist()) == list(range(rows))
    newest_trained = max(offsets[row] for row in made.train)
    assert newest_trained < min(offsets[row] for row in made.test)
    assert not {groups[row] for row in made.train} & {groups[row] for row in made.test}
