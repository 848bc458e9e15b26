"""The file for the bank, and reading what it answers: row, column and reason of what is wrong."""

import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import tables
from apps.core.table_faults import FileUnreadable
from apps.core.table_formats import Format
from apps.debits import answers, layouts
from apps.debits.answers import Answered, Reader, Refused

DAY = date(2026, 12, 5)
HEADER = "H,creditrisk-debit-answers-1,sahyadri,ACH-1,INR,2026-12-06"
GOOD = "D,sahyadri-DD000001-00001,collected,9793.00,2026-12-05,,UTR1"


def lines(*rows: str) -> Any:
    sent = io.BytesIO("\r\n".join([*rows, ""]).encode())
    return tables.read_csv(sent, Format(delimiter="comma"))


def read(*rows: str) -> tuple[list[Any], Any]:
    found = lines(*rows)
    answers.head(found, lender="sahyadri", currency="INR")
    reader = Reader(currency="INR", today=DAY, reasons={"insufficient_funds"})
    said = [row for _line, row in reader.rows(found)]
    return said, reader.reconcile()


def unreadable(*rows: str) -> str:
    with pytest.raises(FileUnreadable) as caught:
        read(*rows)
    return caught.value.code


def test_it_writes_debits_with_count_and_control_total() -> None:
    head = layouts.Head("sahyadri", "sahyadri-DD000007", "INR", DAY)
    debits = [
        layouts.Instruction(
            f"R{number}", f"M{number}", "=Meera", "123456", "HDFC0000007", Decimal(amount), "L-1"
        )
        for number, amount in ((1, "9793.00"), (2, "0.50"))
    ]

    written = layouts.content(head, debits)

    assert written.decode().split("\r\n") == [
        "H,creditrisk-debits-1,sahyadri,sahyadri-DD000007,INR,2026-12-05",
        "D,R1,M1,'=Meera,123456,HDFC0000007,INR,9793.00,2026-12-05,L-1",
        "D,R2,M2,'=Meera,123456,HDFC0000007,INR,0.50,2026-12-05,L-1",
        "T,2,9793.50",
        "",
    ]
    assert layouts.fingerprint(written) == layouts.fingerprint(layouts.content(head, debits))


def test_it_reads_answers_and_reconciles_them() -> None:
    failed = "D,B,failed,10.00,2026-12-05,insufficient_funds"
    returned = "D,C,returned,5.00,2026-12-04,insufficient_funds,X9"

    found, told = read(HEADER, GOOD, failed, returned, "T,3,9793.00,5.00")

    assert found == [
        Answered(2, "sahyadri-DD000001-00001", "collected", Decimal("9793.00"), DAY, "", "UTR1"),
        Answered(3, "B", "failed", Decimal("10.00"), DAY, "insufficient_funds", ""),
        Answered(
            4,
            "C",
            "returned",
            Decimal("5.00"),
            DAY - timedelta(days=1),
            "insufficient_funds",
            "X9",
        ),
    ]
    assert (told.rows, told.collected, told.returned) == (3, Decimal("9793.00"), Decimal("5.00"))


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        pytest.param("X,A,collected,1.00,2026-12-05", "", "not_an_answer", id="no-D"),
        pytest.param("D,A,collected,1,2026-12-05,,x,y", "", "not_an_answer", id="too-long"),
        pytest.param("D,,collected,1.00,2026-12-05", "reference", "reference_missing", id="none"),
        pytest.param("D,A,paid,1.00,2026-12-05", "outcome", "outcome_unknown", id="outcome"),
        pytest.param("D,A,collected,ten,2026-12-05", "amount", "not_a_number_point", id="words"),
        pytest.param("D,A,collected,0,2026-12-05", "amount", "not_above_zero", id="zero"),
        pytest.param("D,A,collected,-5,2026-12-05", "amount", "not_above_zero", id="negative"),
        pytest.param("D,A,collected,1.001,2026-12-05", "amount", "fraction_of_unit", id="paise"),
        pytest.param("D,A,collected,1.00,05/12/2026", "value_date", "not_a_date", id="day"),
        pytest.param("D,A,collected,1.00,2026-12-06", "value_date", "day_ahead", id="tomorrow"),
        pytest.param("D,A,collected,1.00,1999-12-06", "value_date", "day_too_old", id="long-ago"),
        pytest.param("D,A,failed,1.00,2026-12-05,R07", "reason", "reason_unknown", id="reason"),
        pytest.param("D,A,failed,1.00,2026-12-05", "reason", "reason_unknown", id="no-reason"),
        pytest.param(
            "D,A,collected,1.00,2026-12-05,other", "reason", "reason_of_success", id="of-success"
        ),
        pytest.param(
            f"D,{'A' * 61},collected,1.00,2026-12-05", "reference", "too_long", id="long-name"
        ),
        pytest.param(
            "D,sahyadri-DD000001-00001,failed,1.00,2026-12-05,insufficient_funds",
            "reference",
            "answered_twice",
            id="twice",
        ),
    ],
)
def test_a_bad_row_has_line_column_and_reason(row: str, column: str, code: str) -> None:
    found, _told = read(HEADER, GOOD, row, "T,2,9800.00,0.00")

    [fault] = found[1].faults
    assert isinstance(found[1], Refused)
    assert (found[1].number, fault.column, fault.code) == (3, column, code)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        pytest.param([""], "empty", id="empty"),
        pytest.param([GOOD], "no_answers_header", id="no-header"),
        pytest.param([HEADER.replace("INR", "KES")], "other_currency", id="currency"),
        pytest.param([HEADER.replace("sahyadri", "rift")], "other_lender", id="lender"),
        pytest.param([HEADER, GOOD], "no_trailer", id="cut-off"),
        pytest.param([HEADER, "T,0,0,0"], "no_answers", id="nothing-in-it"),
        pytest.param([HEADER, GOOD, "T,2,9793.00,0"], "count_differs", id="count"),
        pytest.param([HEADER, GOOD, "T,1,9794.00,0"], "collected_differs", id="less-than-told"),
        pytest.param([HEADER, GOOD, "T,1,9793.00,1.00"], "returned_differs", id="returned"),
        pytest.param([HEADER, GOOD, "T,one,9793.00,0"], "trailer_unreadable", id="trailer"),
        pytest.param([HEADER, GOOD, "T,1,-9793.00,0"], "trailer_unreadable", id="below-zero"),
        pytest.param([HEADER, GOOD, "T,1,9793.00,0", GOOD], "after_trailer", id="behind-it"),
        pytest.param([HEADER, GOOD, 'D,"open'], "malformed", id="quotation"),
        pytest.param(
            [HEADER, GOOD, "D,A,nothing,1,2026-12-05", "T,2,9000.00,0"],
            "collected_differs",
            id="more-than-told-beside-a-bad-row",
        ),
    ],
)
def test_a_file_that_does_not_agree_with_itself_is_refused(rows: list[str], code: str) -> None:
    assert unreadable(*rows) == code


def test_what_a_bad_row_holds_may_be_missing_from_the_total() -> None:
    found, told = read(HEADER, GOOD, "D,A,collected,ten,2026-12-05", "T,2,9803.00,0")

    assert [type(one) for one in found] == [Answered, Refused]
    assert told.collected == Decimal("9803.00")


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(sent: bytes) -> None:
    found = tables.read_csv(io.BytesIO(HEADER.encode() + b"\r\n" + sent), Format(delimiter="comma"))
    reader = Reader(currency="INR", today=DAY, reasons={"other"})

    try:
        answers.head(found, lender="sahyadri", currency="INR")
        rows = [row for _line, row in reader.rows(found)]
        reader.reconcile()
    except FileUnreadable:
        return

    assert rows
