"""Figures and tables say what the results hold, in words and in our colours."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.laboratory import charts, presentation, result_page
from apps.laboratory.cutoff import Point
from apps.laboratory.models import Experiment

TOKENS = set(re.findall(r"(--[\w-]+)\s*:", Path("static/css/tokens.css").read_text()))
POINTS = [
    Point(0.02, 0, 0.0, None, 0, None, 0.0, 0.0),
    Point(0.1, 2, 0.4, 0.02, 1, 0.0, 20.0, -4.32),
]


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from texts(part)
    if isinstance(value, str):
        yield value


@pytest.mark.parametrize(
    "figure",
    [
        charts.cutoffs(POINTS, currency="INR", marks=[("best", 0.1)]),
        charts.flows({("approve", "refer"): 3}, {"approve": "A", "refer": "R", "decline": "D"}),
    ],
)
def test_it_colours_by_declared_tokens_only(figure: charts.Figure) -> None:
    named = {found[1] for text in texts(figure) if (found := re.fullmatch(r"var\((.*)\)", text))}

    assert named
    assert named <= TOKENS
    assert not [text for text in texts(figure) if text.startswith(("#", "rgb"))]


def test_it_draws_nothing_plotly_does_not_know() -> None:
    with pytest.raises(ValueError, match="heigth"):
        charts._figure([], {"heigth": 320})
    with pytest.raises(ValueError, match="color"):
        charts._figure([{"type": "bar", "marker": {"color": "--mark-danger"}}], {})


def test_it_sends_no_look_but_ours() -> None:
    figure = charts.cutoffs(POINTS, currency="INR", marks=[("best", 0.1)])

    assert "template" not in figure["layout"]
    assert json.loads(json.dumps(figure)) == figure


def test_it_draws_every_point_of_every_curve() -> None:
    figure = charts.cutoffs(POINTS, currency="INR")

    assert [len(line["x"]) for line in figure["data"]] == [2] * 5
    profit = next(line for line in figure["data"] if line["name"] == "Expected profit")
    assert profit["y"] == [0.0, -4.32]
    assert profit["text"][1] == "\u2212₹4.32"


def test_it_writes_neighbouring_marks_in_two_rows() -> None:
    marks = [("in use", 0.12), ("in use", 0.10), ("best", 0.5)]

    labels = charts.cutoffs(POINTS, currency="INR", marks=marks)["layout"]["annotations"]

    assert [(one["x"], one["yshift"] > 0) for one in labels] == [
        (0.10, False),
        (0.12, True),
        (0.5, False),
    ]


def test_it_leaves_out_a_curve_nobody_knows() -> None:
    unknown = [Point(0.1, 2, 0.4, 0.02, 0, None, 20.0, 5.0)]

    names = [line["name"] for line in charts.cutoffs(unknown, currency="INR")["data"]]

    assert "Realised bad rate" not in names


def test_it_stacks_what_becomes_of_each_outcome() -> None:
    counts = {("approve", "approve"): 5, ("approve", "refer"): 3, ("decline", "decline"): 2}

    figure = charts.flows(counts, {"approve": "A", "refer": "R", "decline": "D"})

    bars = {bar["name"]: dict(zip(bar["y"], bar["x"], strict=True)) for bar in figure["data"]}
    assert bars == {"A": {"A": 5, "D": 0}, "R": {"A": 3, "D": 0}, "D": {"A": 0, "D": 2}}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [(0.1, 0.125, "+2.50 points"), (0.2, 0.1, "\u221210.00 points"), (0.1, 0.1, "0.00 points")],
)
def test_it_tells_a_change_in_points(before: float, after: float, words: str) -> None:
    assert result_page._points(before, after) == words
    assert result_page._points(None, after) == result_page.DASH


@pytest.mark.parametrize(
    ("share", "words"), [("0.07", "7"), ("0.0723", "7.23"), ("1", "100"), ("0.1", "10")]
)
def test_it_writes_a_cut_off_with_all_its_digits(share: str, words: str) -> None:
    assert presentation.exact_percent(Decimal(share)) == f"{words}\u202f%"


@pytest.mark.parametrize(
    ("amount", "words"), [("1234567.5", "₹12,34,568"), ("-0.4", "₹0"), ("-12.5", "\u2212₹13")]
)
def test_it_writes_a_statistic_without_decimals(amount: str, words: str) -> None:
    assert presentation.whole_money(Decimal(amount), "INR") == words


@pytest.mark.django_db
def test_it_reads_results_that_did_not_count_who_was_left_out(finished: Experiment) -> None:
    assert finished.results is not None
    del finished.results["left_out"]

    notes = result_page.of(finished).notes

    assert notes
    assert not any(note.startswith("Left out") for note in notes)


@pytest.mark.django_db
def test_it_claims_no_profit_of_loans_nobody_knows_the_payments_of(finished: Experiment) -> None:
    assert finished.results is not None
    for side in ("before", "after"):
        finished.results["sides"][side]["realised"] |= {"paid_known": 0, "profit": "0.00"}

    line = result_page.of(finished).money[-1]

    assert (line.label, line.before, line.after) == ("Realised profit or loss", "—", "—")
