"""Statements of banks and of M-Pesa: what came in, what is passed over, what cannot be read."""

import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import tables
from apps.core.table_faults import FileUnreadable
from apps.core.table_formats import Format
from apps.repayments import statement_columns as columns
from apps.repayments import statement_rows, statement_samples
from apps.repayments.statement_rows import Money, Passed, Reader, Refused, Row

TODAY = date(2026, 11, 24)
# As Safaricom's portal writes it: lines about the account, then the header.
MPESA = """\
ORGANIZATION STATEMENT
Short Code:,600123,,,,,,,,,,,
Organization:,Sahyadri Finance,,,,,,,,,,,
Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance,\
Balance Confirmed,Reason Type,Other Party Info,Linked Transaction ID,A/C No.
TKO1AB23CD,23-11-2026 10:15:04,23-11-2026 10:15:04,Pay Bill from 254712345678 - JANE WANJIKU\
 Acc. L-A-2026-000001,Completed,"9,500.00",,"1,209,500.00",true,Pay Bill Online,\
254712345678 - JANE WANJIKU,,L-A-2026-000001
TKO1AB23CE,23-11-2026 10:15:04,23-11-2026 10:15:04,Pay Bill Charge,Completed,,-55.00,\
"1,209,445.00",true,Pay merchant Charge,,TKO1AB23CD,
TKO1AB23CF,2026-11-22 09:00:00,2026-11-22 09:00:00,Pay Bill,Cancelled,500.00,,,false,,\
2547****678 - JOHN OTIENO,,2026000002
"""


def _rows(
    text: str, *, layout: str = columns.BANK, currency: str = "INR", form: Format | None = None
) -> list[Row]:
    way = form or Format(dates="day_first")
    lines = tables.read_csv(io.BytesIO(text.encode()), way)
    header, roles = statement_rows.find_header(lines, layout)
    reader = Reader(roles=roles, header=header, form=way, currency=currency, today=TODAY)
    return list(statement_rows.once_each(reader.read(line) for line in lines))


def _one(header: str, row: str, **options: object) -> Row:
    (found,) = _rows(f"{header}\n{row}\n", **options)  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("layout", columns.LAYOUTS)
def test_a_sample_is_understood_and_comes_to_nothing_until_it_is_written_anew(layout: str) -> None:
    text = "\n".join(",".join(row) for row in statement_samples.sample(layout, TODAY))

    as_it_is = _rows(text, layout=layout)
    paid, charge = _rows(text.replace(statement_samples.SAMPLE, "TKO"), layout=layout)

    assert [row.because for row in as_it_is if isinstance(row, Passed)] == ["sample", "sample"]
    assert isinstance(paid, Money)
    assert (paid.day, paid.reference) == (TODAY, "TKO1")
    assert "L-A-2026-000123" in f"{paid.account} {paid.narrative}"
    assert charge == Passed(charge.number, "taken_out")


@pytest.mark.parametrize("layout", columns.LAYOUTS)
def test_the_examples_in_the_docs_are_read_as_they_stand(layout: str) -> None:
    text = Path("docs/statements.md").read_text(encoding="utf-8")
    place = text.split(f"## Layout `{layout}`")[1].split("## ")[0]
    example = [line[4:] for line in place.splitlines() if line.startswith("    ")]

    rows = _rows("\n".join(example), layout=layout)

    assert [type(row) for row in rows] == [Money, Passed]


def test_it_reads_an_mpesa_statement_as_safaricom_writes_it() -> None:
    paid, charge, cancelled = _rows(MPESA, layout=columns.MPESA, currency="KES")

    assert paid == Money(
        number=5,
        day=date(2026, 11, 23),
        amount=Decimal("9500.00"),
        reference="TKO1AB23CD",
        account="L-A-2026-000001",
        narrative="Pay Bill from 254712345678 - JANE WANJIKU Acc. L-A-2026-000001",
        party="254712345678 - JANE WANJIKU",
    )
    assert charge == Passed(6, "taken_out")
    assert cancelled == Passed(7, "not_completed")


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (
            "Date,Narration,Chq./Ref.No.,Value Dt,Withdrawal Amt.,Deposit Amt.,Closing Balance",
            "24/11/26,UPI-RAVI,utr 77,23/11/26,,9500.00,1.00",
        ),
        (
            "Txn Date,Value Date,Description,Ref No./Cheque No.,Debit,Credit,Balance",
            '24 Nov 2026,23 Nov 2026,UPI-RAVI,UTR77,,"9,500.00",1.00',
        ),
        ("Date,Details,Reference,Amount", "23.11.2026,UPI-RAVI,UTR77,9500"),
        ("date,details,reference,amount,Dr/Cr", "2026-11-23,UPI-RAVI,UTR77,9500.00,CR"),
        ("date;details;reference;amount", "2026-11-23T10:00:00Z;UPI-RAVI;UTR77;9500.00 Cr"),
        ("date\tdetails\treference\tamount (INR)", "20261123\tUPI-RAVI\tUTR77\tRs. 9500.00"),
    ],
    ids=["hdfc", "sbi", "signed", "sided", "semicolons", "tabs"],
)
def test_it_reads_what_banks_write(header: str, row: str) -> None:
    found = _one(header, row)

    assert found == Money(
        2, date(2026, 11, 23), Decimal(9_500), reference="UTR77", narrative="UPI-RAVI"
    )


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("03/04/2026", date(2026, 4, 3)),
        ("3-4-2026", date(2026, 4, 3)),
        ("2026-04-03", date(2026, 4, 3)),
        ("03-Apr-2026 11:59 PM", date(2026, 4, 3)),
        ("29/02/2026", None),
        ("13/13/2026", None),
        ("", None),
        ("yesterday", None),
        ("0001-01-01", None),
    ],
)
def test_it_reads_the_day_first_or_the_year_first(text: str, day: date | None) -> None:
    assert statement_rows.day_of(text) == day


def test_it_reads_the_month_first_only_where_told() -> None:
    assert statement_rows.day_of("03/04/2026", month_first=True) == date(2026, 3, 4)
    assert statement_rows.day_of("2026-04-03", month_first=True) == date(2026, 4, 3)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12,34,567.50", "1234567.50"),
        ("1,234,567.5", "1234567.5"),
        ("KES 1,000", "1000"),
        ("₹500.00", "500"),
        ("500.00 Cr", "500"),
        ("+500", "500"),
    ],
)
def test_it_reads_amounts_with_groups_and_signs(text: str, amount: str) -> None:
    found = _one("date,amount", f'2026-11-23,"{text}"')

    assert isinstance(found, Money)
    assert found.amount == Decimal(amount)


@pytest.mark.parametrize("text", ["-500", "(500.00)", "500.00 Dr"])
def test_it_passes_over_what_was_taken_out(text: str) -> None:
    assert _one("date,amount", f"2026-11-23,{text}") == Passed(2, "taken_out")


@pytest.mark.parametrize("text", ["", "0.00", "-"])
def test_it_passes_over_a_row_that_moves_nothing(text: str) -> None:
    assert _one("date,amount,details", f"2026-11-23,{text},B/F") == Passed(2, "no_amount")


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("2026-11-25,500,R1", "Date", "day_ahead"),
        ("2019-11-25,500,R1", "Date", "day_too_old"),
        ("31/11/2026,500,R1", "Date", "day_unreadable"),
        (",500,R1", "Date", "day_unreadable"),
        ("2026-11-23,1.234.50,R1", "Credit", "not_a_number_point"),
        ("2026-11-23,five,R1", "Credit", "not_a_number_point"),
        ("2026-11-23,=1+1,R1", "Credit", "not_a_number_point"),
        ("2026-11-23,1e9,R1", "Credit", "not_a_number_point"),
        ("2026-11-23,0.001,R1", "Credit", "fraction_of_unit"),
        ("2026-11-23,99999999999999.00,R1", "Credit", "amount_too_large"),
        ("2026-11-23,500," + "R" * 61, "Ref No", "too_long"),
        ("2026-11-23,500,R\u202e1", "Ref No", "control_characters"),
        ("2026-11-23,500,R1,x", "", "too_many_cells"),
    ],
)
def test_it_says_row_column_and_reason_of_what_it_refuses(row: str, column: str, code: str) -> None:
    found = _one("Date,Credit,Ref No", row)

    assert isinstance(found, Refused)
    assert found.number == 2
    assert [(one.column, one.code) for one in found.faults] == [(column, code)]


def test_it_says_everything_that_is_wrong_with_a_row() -> None:
    found = _one("date,credit,reference,currency", "soon,many,R1,USD")

    assert isinstance(found, Refused)
    assert [one.column for one in found.faults] == ["credit", "date", "currency"]


def test_it_reads_columns_as_the_sender_tells_them() -> None:
    lines = tables.read_csv(io.BytesIO(b"Tag,Summe,Zweck,date\n23.11.2026,500,X,1\n"), Format())

    _header, roles = statement_rows.find_header(
        lines, columns.BANK, {"day": "tag", "amount": "Summe", "narrative": ""}
    )

    assert roles == {"day": 0, "amount": 1}


def test_what_the_sender_tells_must_stand_in_the_header() -> None:
    lines = tables.read_csv(io.BytesIO(b"date,amount\n2026-11-23,500\n"), Format())

    with pytest.raises(FileUnreadable):
        statement_rows.find_header(lines, columns.BANK, {"day": "Tag"})


def test_it_refuses_a_credit_and_a_debit_in_one_row() -> None:
    found = _one("date,credit,debit", "2026-11-23,500,500")

    assert isinstance(found, Refused)
    assert found.faults[0].code == "both_sides"


def test_it_passes_over_a_repeated_row_and_refuses_other_content_under_its_reference() -> None:
    rows = _rows(
        "date,amount,reference\n2026-11-23,500,R1\n2026-11-23,500,r 1\n2026-11-23,600,R1\n"
    )

    assert isinstance(rows[0], Money)
    assert rows[1] == Passed(3, "repeated")
    assert isinstance(rows[2], Refused)
    assert (rows[2].faults[0].code, rows[2].faults[0].facts) == ("reference_twice", {"row": 2})


@pytest.mark.parametrize("filler", ["0000000000", "-", "", "000-0"])
def test_a_cell_that_is_only_filled_is_no_reference(filler: str) -> None:
    rows = _rows(f"date,amount,reference\n2026-11-23,500,{filler}\n2026-11-23,500,{filler}\n")

    assert [isinstance(row, Money) and row.reference for row in rows] == ["", ""]


def test_a_mended_reject_file_is_read_without_what_was_added_to_it() -> None:
    found = _one(
        "date,amount,reference,refused_row,refused_because", "2026-11-23,500,'=R1,7,amount: bad"
    )

    assert found == Money(2, date(2026, 11, 23), Decimal(500), reference="=R1")


@pytest.mark.parametrize(
    ("text", "layout", "code"),
    [
        ("", columns.BANK, "empty"),
        ("a,b\n1,2\n", columns.BANK, "no_header"),
        ("date,amount\n2026-11-23,500\n", columns.MPESA, "no_header"),
        ("x\n" * 40 + "date,amount\n", columns.BANK, "no_header"),
        ('date,amount\n"2026-11-23,500\n', columns.BANK, "malformed"),
    ],
)
def test_it_refuses_what_is_no_statement(text: str, layout: str, code: str) -> None:
    with pytest.raises(FileUnreadable) as refused:
        _rows(text, layout=layout)

    assert refused.value.code == code


def test_it_refuses_another_encoding_than_declared() -> None:
    content = io.BytesIO("date,amount,details\n2026-11-23,500,Zoë\n".encode("cp1252"))

    with pytest.raises(FileUnreadable) as refused:
        list(tables.read_csv(content, Format()))

    assert refused.value.code == "wrong_encoding"


@given(
    st.lists(
        st.tuples(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12)), max_size=8
    )
)
def test_no_cell_breaks_it(cells: list[tuple[str, str, str]]) -> None:
    header = ("Date", "Amount", "Ref No")
    reader = Reader(
        roles={columns.DAY: 0, columns.AMOUNT: 1, columns.REFERENCE: 2},
        header=header,
        form=Format(dates="day_first"),
        currency="INR",
        today=TODAY,
    )

    for number, row in enumerate(cells, start=2):
        found = reader.read(tables.Line(number, list(row)))
        assert found.number == number
