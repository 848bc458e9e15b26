"""A cell that somebody else filled is text in every file we write, never a formula."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from apps.core import spreadsheets


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"], ids=repr)
def test_it_guards_text_that_would_run(text: str) -> None:
    [line] = spreadsheets.csv_lines([[text, "plain"]])

    assert line.lstrip('"').startswith("'" + text[0])
    assert spreadsheets.unguarded(spreadsheets.harmless(text)) == text


def test_it_leaves_numbers_as_they_are() -> None:
    table = [("a", "b", "c"), (Decimal("-1.50"), -2, None)]

    assert list(spreadsheets.csv_lines(table, delimiter=";")) == ["a;b;c\r\n", "-1.50;-2;\r\n"]


def test_it_writes_decimals_without_an_exponent() -> None:
    cells = [Decimal("0E+2"), Decimal("1E-9"), Decimal("-1E+3"), Decimal("0.50")]

    assert list(spreadsheets.csv_lines([cells])) == ["0,0.000000001,-1000,0.50\r\n"]


@given(st.text(max_size=20))
def test_no_text_begins_as_a_formula(text: str) -> None:
    assert not spreadsheets.harmless(text).startswith(spreadsheets.FORMULA)


def test_nothing_else_writes_csv() -> None:
    apps = Path(settings.BASE_DIR) / "apps"
    found = [
        str(path.relative_to(apps))
        for path in sorted(apps.rglob("*.py"))
        if "tests" not in path.parts and "csv.writer(" in path.read_text()
    ]

    assert found == ["core/spreadsheets.py"]
