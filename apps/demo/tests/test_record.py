"""Figures become a table for people, and one section of a document that is replaced."""

from datetime import date
from pathlib import Path

from apps.demo import record
from apps.demo.findings import Findings, Group

FIGURES = {
    "auc": 0.69123,
    "ks": None,
    "brier": 0.12,
    "expected_calibration_error": 0.011,
    "bands": [
        {"n": 1200, "bads": 60, "lowest_pd": 0.01, "highest_pd": 0.1, "mean_pd": 0.05,
         "observed_rate": 0.05},
    ],
}  # fmt: skip


def found(**changes: object) -> Findings:
    values: dict[str, object] = {
        "decided": 1250,
        "scored": 1200,
        "failures": {},
        "figures": FIGURES,
        "groups": {
            "approved": Group(1000, 0.8, 0.0444),
            "referred": Group(250, 0.2, 0.123),
            "declined": Group(0, 0.0, None),
        },
        "seconds": 50.0,
        **changes,
    }
    return Findings(**values)  # type: ignore[arg-type]


def section(found_now: Findings) -> str:
    return record.section(found_now, tape="A tape", on=date(2026, 11, 21), machine_line="A machine")


def test_it_writes_the_figures_as_a_table() -> None:
    written = section(found())

    assert "| 1,200 | 0.6912 | \u2014 | 0.1200 | 0.0110 |" in written
    assert "| approved | 80.0% | 1,000 | 4.4% |" in written
    assert "| declined | 0.0% | 0 | \u2014 |" in written
    assert "| 1.0% - 10.0% | 1,200 | 5.0% | 5.0% |" in written
    assert "1,250 decisions with their letters in 50 s: 25.0 a second." in written
    assert "None went to people for a failure of the machine." in written


def test_it_names_the_failures_of_the_machine() -> None:
    written = section(found(failures={"features_refused": 3}))

    assert "Sent to people because the machine failed: 3 features_refused." in written
    assert "3 features_refused" in record.text(found(failures={"features_refused": 3}))


def test_it_replaces_its_own_section_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.md"
    path.write_text("# Benchmarks\n\nBefore.\n")
    record.write(path, section(found()))
    path.write_text(path.read_text() + "\nAfter.\n")

    record.write(path, section(found(decided=9)))

    text = path.read_text()
    assert text.count(record.BEGIN) == text.count(record.END) == 1
    assert "9 decisions with their letters" in text
    assert "1,250 decisions" not in text
    assert text.startswith("# Benchmarks\n\nBefore.\n")
    assert text.endswith("After.\n")


def test_it_begins_the_document_where_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.md"

    record.write(path, section(found()))

    assert path.read_text().startswith("# Benchmarks\n\n" + record.BEGIN)


def test_it_says_what_it_was_measured_on() -> None:
    line = record.machine("PostgreSQL 18.1")

    assert line.endswith("PostgreSQL 18.1")
    assert " cores, " in line
    assert "Python 3." in line
