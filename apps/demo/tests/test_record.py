"""Figures become a table for people, and one section of a document that is replaced."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from apps.core import formatting
from apps.demo import record
from apps.demo.booking import Booked
from apps.demo.findings import Findings, Group
from apps.demo.trying import CutOffs, Side, Tried

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

BOOKED = Booked(
    loans=1_000,
    instalments=36_000,
    opened=1_000,
    refused=0,
    otherwise=2,
    seconds=4.0,
    checks=10,
    proof_seconds=0.5,
)


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
    return record.section(
        found_now,
        tried=tried(),
        replayed=record.Replayed(1_300, 2.6),
        booked=BOOKED,
        tape="A tape",
        on=date(2026, 11, 21),
        machine_line="A machine",
    )


def tried(**changes: object) -> Tried:
    values: dict[str, object] = {
        "cut_offs": CutOffs(approve_below=Decimal("0.12"), decline_from=Decimal("0.2")),
        "applications": 1250,
        "currency": "USD",
        "cost_of_funds": Decimal("0.03"),
        "in_force": Side(1_000, 990, 0.0444, 980, Decimal("1234567.50")),
        "tried": Side(0, 0, None, 0, Decimal("-12.40")),
        "seconds": 5.0,
        **changes,
    }
    return Tried(**values)  # type: ignore[arg-type]


def test_it_sets_the_cut_offs_tried_beside_those_in_force() -> None:
    said = record.laboratory_text(tried()).splitlines()

    assert said[0].startswith("Laboratory: approve below a PD of 12.0%, decline from 20.0%, 1,250")
    assert "in 5.0 s (250 a second)" in said[0]
    assert said[2].split() == ["in", "force", "1,000", "4.4%", "USD", "1,234,568"]
    assert said[3].split() == ["tried", "0", "\u2014", "USD", f"{formatting.MINUS}12"]


def test_it_names_no_pace_for_an_experiment_done_before() -> None:
    said = record.laboratory_text(tried(seconds=None))

    assert "1,250 applications decided anew before" in said
    assert "a second" not in said


def test_it_records_the_experiment_and_the_replay() -> None:
    written = section(found())

    assert "| in force | 1,000 | 990 | 4.4% | 980 | USD 1,234,568 |" in written
    assert "with funds at 3.0% a year." in written
    assert "1,300 decisions replayed in 2.6 s (500 a second), all identical." in written


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


def test_it_says_what_is_on_the_books() -> None:
    assert (
        "On the books: 1,000 approved loans with 36,000 instalments on the books, 1,000 opened in"
        " 4.0 s (250 a second); 2 with another instalment than the tape's, 0 refused. 10 proofs of"
        " the ledger hold, in 0.5 s."
    ) in section(found())
