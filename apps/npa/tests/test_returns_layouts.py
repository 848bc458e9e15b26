"""What returns say of the sums of a day: each loan once, each line leading to its loans."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.npa import returns_layout, returns_rbi, returns_sasra
from apps.npa.returns_layout import Part

D = Decimal


def _part(asset_class: str, principal: int, **changes: Any) -> Part:
    values: dict[str, Any] = {
        "asset_class": asset_class,
        "bucket": "standard",
        "is_restructured": False,
        "is_npa": False,
        "loans": 1,
        "principal": D(principal),
        "interest": D(0),
        "suspended": D(0),
        "secured": D(0),
        "unsecured": D(principal),
        "provision": D(0),
        **changes,
    }
    return Part(**values)


def test_it_counts_special_mention_within_standard_assets() -> None:
    sheet = returns_rbi.sheet(
        [
            _part("standard", 900, provision=D(4)),
            _part("standard", 60, bucket="sma_1", loans=2),
            _part("substandard", 40, bucket="npa", is_npa=True, provision=D(10)),
        ]
    )
    lines = {line.code: line for line in sheet.lines}

    assert lines["1"].amounts["principal"] == 960
    assert (lines["1.2"].amounts["principal"], lines["1.2"].amounts["accounts"]) == (60, 2)
    assert lines["2"].amounts["net"] == 30
    assert lines["5"].amounts["principal"] == 40
    assert lines["6"].amounts["principal"] == 1000
    assert lines["1.2"].filters == {"asset_class": "standard", "bucket": "sma_1"}


def test_it_says_gross_and_net_non_performing_assets() -> None:
    found = returns_rbi.ratios(
        [_part("standard", 900), _part("loss", 100, is_npa=True, provision=D(100))]
    )

    assert found == {"gross_npa": D("0.1"), "net_npa": D(0)}
    assert returns_rbi.ratios([]) == {"gross_npa": None, "net_npa": None}


@pytest.mark.parametrize("layout", [returns_rbi, returns_sasra], ids=["rbi", "sasra"])
def test_it_refuses_a_class_it_has_no_line_for(layout: Any) -> None:
    with pytest.raises(ValueError, match="credit_impaired"):
        layout.sheet([_part("credit_impaired", 5)])


def test_it_requires_what_form_4_requires_2_1_t11() -> None:
    balances = dict.fromkeys(returns_sasra.RATES, D(10_000))

    assert returns_sasra.required(balances) == D("18100.00")
    sheet = returns_sasra.sheet([_part(code, 10_000) for code in balances])
    assert sheet.lines[-1].amounts["required"] == D("18100.00")


def test_it_reports_restructured_loans_in_a_block_of_their_own() -> None:
    sheet = returns_sasra.sheet(
        [_part("watch", 100), _part("watch", 30, is_restructured=True, loans=2)]
    )
    lines = {line.code: line for line in sheet.lines}

    assert lines["A2"].amounts["principal"] == 100
    assert (lines["B2"].amounts["principal"], lines["B6"].amounts["accounts"]) == (30, 2)
    assert lines["C"].amounts["principal"] == 130
    assert lines["A2"].filters == {"asset_class": "watch", "restructured": "no"}
    assert lines["B2"].filters == {"asset_class": "watch", "restructured": "yes"}


_RBI = st.lists(
    st.builds(
        _part,
        st.sampled_from(returns_rbi.KNOWN),
        st.integers(0, 10**9),
        bucket=st.sampled_from(["standard", "sma_0", "sma_1", "sma_2", "npa"]),
        is_restructured=st.booleans(),
        loans=st.integers(1, 1000),
    ),
    max_size=12,
)


@given(_RBI)
def test_it_adds_every_loan_once(parts: list[Part]) -> None:
    sheet = returns_rbi.sheet(parts)

    for column in ("accounts", "principal", "secured", "unsecured", "provision"):
        lines = [line for line in sheet.lines if not line.within and not line.is_total]
        [total] = [line for line in sheet.lines if line.is_total]
        assert sum(line.amounts[column] for line in lines) == total.amounts[column]
    assert total.amounts["principal"] == sum(part.principal for part in parts)


def test_it_writes_a_row_for_each_line() -> None:
    sheet = returns_sasra.sheet([_part("performing", 100, provision=D(1))])
    rows = list(returns_layout.table(sheet))

    assert rows[0] == ("code", "line", *(code for code, _heading in returns_sasra.COLUMNS))
    assert rows[1] == ("A1", "Performing", D(1), D(100), D(100), D(1), D("1.00"), D(1))
    assert len(rows) == len(sheet.lines) + 1
