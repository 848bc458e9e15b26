"""The analyst's guide: its code runs as printed, and what it names exists."""

import ast
import importlib
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import ml
from ml.training import TrainedModel

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "scoring.md"
MODULES = sorted(
    path.stem if path.suffix else path.name
    for path in (ROOT / "ml").iterdir()
    if (path.suffix == ".py" or (path / "__init__.py").exists())
    and not path.name.startswith("_")
    and path.name != "tests"
)


def code() -> str:
    """Return the guide's blocks of Python as one program, each at its own line numbers."""
    lines = GUIDE.read_text().splitlines()
    inside, program = False, []
    for line in lines:
        is_fence = line.startswith("```")
        inside = line == "```python" if is_fence else inside
        program.append(line if inside and not is_fence else "")
    return "\n".join(program)


@pytest.fixture(scope="module")
def done() -> dict[str, Any]:
    """Run the guide once and return what it leaves behind."""
    names: dict[str, Any] = {}
    exec(compile(code(), str(GUIDE), "exec"), names)  # noqa: S102 - our own document
    return names


def test_it_runs_as_printed(done: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    trained = done["trained"]

    assert isinstance(trained, TrainedModel)
    assert 0.65 < trained.metrics["auc"] < 0.9
    assert trained.out_of_time["sample"] == "out_of_time"
    assert trained.out_of_time["auc"] > 0.55
    assert 0 < done["scored"].pd < 1


def test_it_predicts_the_risk_of_the_rejected_too(done: dict[str, Any]) -> None:
    truth, pd, later = done["truth"], done["pd"], done["later"]

    found = done["discrimination"].auc_interval(pd, truth)

    assert later.sum() == len(pd) > 1_000
    assert (later & done["approved"]).sum() == done["trained"].out_of_time["rows"]
    assert found.lower > 0.6


def test_it_makes_a_scorecard_of_an_undescribed_file(done: dict[str, Any]) -> None:
    card, inferred = done["card"], done["inferred"]

    assert inferred.schema.protected == ("age",)
    assert "age" not in card.schema.names
    assert card.schema.feature("annual_income").direction == -1
    assert not any("protected" in warning for warning in card.warnings)


def test_it_names_only_what_there_is() -> None:
    text = GUIDE.read_text()
    named = set(re.findall(r"`ml\.(\w+)", text))
    table = text.partition("## 6.")[2].partition("## 7.")[0]
    named |= {name for name in re.findall(r"`(\w+)`", table) if name != "train"}

    assert named - set(MODULES) == set()
    for module, attribute in re.findall(r"`ml\.(\w+)\.(\w+)", text):
        assert hasattr(importlib.import_module(f"ml.{module}"), attribute)


def test_it_is_short_enough_to_be_read() -> None:
    assert len(GUIDE.read_text().splitlines()) <= 200
    assert ast.parse(code()).body


@pytest.mark.parametrize("module", MODULES)
def test_the_library_names_every_public_module(module: str) -> None:
    assert find_spec(f"ml.{module}")
    assert f"``{module}``" in str(ml.__doc__)


def test_the_library_names_no_module_that_is_gone() -> None:
    listed = set(re.findall(r"``(\w+)``", str(ml.__doc__)))

    assert listed == set(MODULES)
