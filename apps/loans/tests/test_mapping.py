"""A mapping names every column once, and an outcome is never known at application."""

import copy
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.loans import mapping, readers, tape

DOCUMENT = json.loads(Path("fixtures/mappings/lendingclub.json").read_text())


@pytest.fixture
def document() -> dict[str, Any]:
    return copy.deepcopy(DOCUMENT)


def test_it_reads_the_lendingclub_mapping(document: dict[str, Any]) -> None:
    rules = mapping.parse(document)

    assert rules.source == "lendingclub-2007-2011"
    assert rules.products == {"36": "us-personal-36", "60": "us-personal-60"}
    assert len(rules.columns) == 54


def test_it_refuses_an_outcome_among_what_is_known_at_application(document: dict[str, Any]) -> None:
    document["application"]["revolving_balance"]["column"] = "total_pymnt"

    with pytest.raises(mapping.MappingRefused, match="total_pymnt is an outcome"):
        mapping.parse(document)


def test_it_refuses_a_column_named_as_used_and_unused(document: dict[str, Any]) -> None:
    document["unused"]["dti"] = "no reason"

    with pytest.raises(mapping.MappingRefused, match="dti is named as used and as unused"):
        mapping.parse(document)


def test_it_refuses_a_field_too_many_or_too_few(document: dict[str, Any]) -> None:
    del document["application"]["home"]

    with pytest.raises(mapping.MappingRefused, match="differs in home"):
        mapping.parse(document)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"read": "guess"}, "guess"),
        ({"read": "choice"}, "a choice needs them"),
        ({"missing": "perhaps"}, "refused or allowed"),
        ({"minimum": "much"}, "not a number"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_it_refuses_an_entry_it_cannot_read(
    document: dict[str, Any], change: dict[str, str], message: str
) -> None:
    document["application"]["amount"] |= change

    with pytest.raises(mapping.MappingRefused, match=message):
        mapping.parse(document)


def test_it_refuses_a_tape_with_a_column_nobody_named() -> None:
    rules = mapping.parse(DOCUMENT)

    with pytest.raises(mapping.MappingRefused, match="does not say what gender is"):
        rules.check_header([*rules.columns, "gender"])


def test_it_refuses_a_tape_without_a_column_it_needs() -> None:
    rules = mapping.parse(DOCUMENT)

    with pytest.raises(mapping.MappingRefused, match="no column dti"):
        rules.check_header(sorted(rules.columns - {"dti"}))


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("money", "1234.565", Decimal("1234.57")),
        ("number", "0.1375", Decimal("0.1375")),
        ("integer", "36.0", 36),
        ("date", "2011-12-01", date(2011, 12, 1)),
        ("text", "Fully Paid", "Fully Paid"),
    ],
)
def test_it_reads_a_cell(kind: str, cell: str, value: object) -> None:
    assert readers.reader(column="x", read=kind).read(cell) == value


@pytest.mark.parametrize(
    ("kind", "cell", "reason"),
    [
        ("money", "12,5", "is not a number"),
        ("money", "1e30", "is too large"),
        ("integer", "1e9999999", "is too large"),
        ("money", "NaN", "is not a number"),
        ("money", "Infinity", "is not a number"),
        ("integer", "1.5", "is not a whole number"),
        ("date", "01/12/2011", "is not a date"),
        ("text", "a\x00b", "cannot be printed"),
        ("money", "", "is empty"),
    ],
)
def test_it_refuses_a_cell_with_its_reason(kind: str, cell: str, reason: str) -> None:
    with pytest.raises(readers.CellRefused, match=reason):
        readers.reader(column="x", read=kind).read(cell)


def test_it_keeps_a_cell_within_its_bounds() -> None:
    reader = readers.reader(column="x", read="money", minimum="1", maximum="10")

    assert reader.read("10") == Decimal(10)
    with pytest.raises(readers.CellRefused, match=r"'0\.99' is below 1"):
        reader.read("0.99")
    with pytest.raises(readers.CellRefused, match=r"'10\.01' is above 10"):
        reader.read("10.01")


def test_it_reads_a_zero_of_the_oldest_vintages_as_none_known() -> None:
    reader = readers.reader(
        column="x", read="integer", missing="allowed", zero_is_missing_before="2009-10-01"
    )

    assert reader.read("0", applied=date(2007, 6, 1)) is None
    assert reader.read("0", applied=date(2009, 10, 1)) == 0
    assert reader.read("5", applied=date(2007, 6, 1)) == 5


def test_it_refuses_lines_that_do_not_fit_and_goes_on() -> None:
    rules = mapping.parse(DOCUMENT)
    good = line()
    lines = [
        ",".join(HEADER),
        good,
        "1,2",
        line(loan_no="2", loan_amnt="-5"),
        line(loan_no="1"),
        line(loan_no="3", term="48"),
    ]

    rows = list(tape.read(lines, rules))

    assert [type(row).__name__ for row in rows] == ["TapeRow"] + ["Refusal"] * 4
    assert rows[1:] == [
        tape.Refusal(3, "", "has 2 cells where the header has 54"),
        tape.Refusal(4, "loan_amnt", "'-5' is below 1.00"),
        tape.Refusal(5, "loan_no", "'1' stands on an earlier line too"),
        tape.Refusal(6, "term", "'48' belongs to no product of the mapping"),
    ]


HEADER = sorted(mapping.parse(DOCUMENT).columns)
GOOD = {
    "loan_no": "1",
    "loan_amnt": "7500",
    "term": "36",
    "int_rate": "0.1375",
    "issue_d": "2010-06-01",
    "purpose": "debt_consolidation",
    "emp_length": "< 1 year",
    "annual_inc": "22000.0",
    "verification_status": "Not Verified",
    "home_ownership": "OWN",
    "dti": "14.29",
    "earliest_cr_line": "2003-10-01",
    "delinq_2yrs": "0",
    "inq_last_6mths": "0",
    "open_acc": "7",
    "total_acc": "8",
    "pub_rec": "0",
    "revol_bal": "4175",
    "revol_util": "0.515",
    "funded_amnt": "7500",
    "installment": "255.43",
    "loan_status": "Charged Off",
    "total_pymnt": "9195.263334",
    "total_rec_prncp": "7500.0",
    "total_rec_int": "1695.26",
    "recoveries": "0.0",
    "collection_recovery_fee": "0.0",
}


def line(**changes: str) -> str:
    """Return a line of the tape, in the header's order."""
    cells = {**GOOD, **changes}
    return ",".join(cells.get(column, "") for column in HEADER)


def tape_text(*lines: str) -> str:
    """Return a whole tape."""
    return "\n".join([",".join(HEADER), *lines]) + "\n"
