"""The scorecard as a page: complete, escaped, without scripts, and the same facts as text."""

from html.parser import HTMLParser

import numpy as np
import pytest

from ml.calibration import Platt
from ml.scaling import Scale
from ml.schema import Feature, Schema
from ml.scorecard import Scorecard, ScorecardEstimator
from ml.scorecard_page import render_html, render_text
from ml.scorecard_points import points_table

EVIL = "<script>alert('x')</script>"
SCHEMA = Schema(
    "page",
    1,
    (
        Feature("age_of_account", "integer", group="g", unit="months", direction=-1),
        Feature("trade", "category", group="g", categories=(EVIL, "a & b", "new")),
        Feature("constant", "number", group="g"),
    ),
)


class Reader(HTMLParser):
    """Counts tags, checks that they close, and collects text cells."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag != "meta":
            self.open.append(tag)
        if tag in {"td", "th", "caption"}:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"td", "th", "caption"}:
            self.cells[-1] += data


@pytest.fixture(scope="module")
def card() -> Scorecard:
    rng = np.random.default_rng(1)
    months = rng.integers(0, 60, 1500).astype(float)
    trade = rng.integers(0, 2, 1500).astype(float)
    bad = (rng.random(1500) < 0.5 - months / 150 + 0.1 * trade).astype(float)
    matrix = np.column_stack([months, trade, np.zeros(1500)])
    model = ScorecardEstimator(SCHEMA).fit(matrix, bad).model_
    assert isinstance(model, Scorecard)
    return model


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader


def test_it_is_a_whole_page_of_tables_without_scripts(card: Scorecard) -> None:
    page = render_html(card, Scale(), title="Card <1>")

    reader = read(page)
    assert page.startswith("<!doctype html>")
    assert "<title>Card &lt;1&gt;</title>" in page
    assert EVIL not in page
    assert EVIL in reader.cells or any(EVIL in cell for cell in reader.cells)
    assert reader.tags.count("table") == reader.tags.count("caption") == 4
    assert not {"script", "link", "img", "iframe"} & set(reader.tags)
    assert "http" not in page


def test_it_shows_every_bin_with_its_points(card: Scorecard) -> None:
    reader = read(render_html(card, Scale()))

    assert "age_of_account (months)" in reader.cells
    for part in points_table(card, Scale()):
        for row in part.rows:
            start = reader.cells.index(row.label)
            shown = reader.cells[start : start + 6]
            rate = "-" if row.bad_rate is None else f"{row.bad_rate:.2%}"
            assert shown == [
                row.label,
                f"{row.n:,.0f}",
                rate,
                f"{row.woe:.4f}",
                str(row.points),
                f"{row.exact:.4f}",
            ]


def test_it_says_what_was_left_out_and_why(card: Scorecard) -> None:
    reader = read(render_html(card, Scale()))

    assert reader.cells[-2:] == ["constant", "it has one bin only"]


def test_it_says_the_same_as_text_in_aligned_columns(card: Scorecard) -> None:
    text = render_text(card, Scale(), title="Our card")

    assert text.startswith("Our card\n\nThe score is the sum")
    assert "A score of 600 stands for 50 good to one bad." in text
    block = text.split("age_of_account (months)\n")[1].split("\n\n")[0].splitlines()
    assert len({len(line) for line in block[1:]}) == 1
    assert block[1].split()[:2] == ["Value", "Applicants"]
    first = points_table(card, Scale())[0].rows[0]
    assert block[2].startswith(first.label)
    assert block[2].endswith(f"{first.points}  {first.exact:12.4f}")


def test_it_says_when_points_are_calibrated_or_limited(card: Scorecard) -> None:
    line = Platt(intercept=-0.25, slope=0.5)

    plain = render_text(card, Scale())
    both = render_text(card, Scale(minimum=300, maximum=850), line=line)

    assert "calibration" not in plain
    assert "log-odds of bad = -0.250000 + 0.500000 x the model's own" in both
    assert "A sum below 300 or above 850 is shown as that limit." in both


def test_it_has_no_such_table_where_nothing_was_left_out(card: Scorecard) -> None:
    whole = Scorecard(
        SCHEMA,
        card.binnings,
        card.intercept,
        card.coefficients | {"constant": card.intercept},
        {},
        card.c,
    )

    assert "Left out" in render_html(card, Scale())
    assert "Left out" not in render_html(whole, Scale()) + render_text(whole, Scale())
