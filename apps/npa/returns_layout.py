"""What every return is made of: lines with amounts, each of which leads to the loans behind it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Part:
    """The sums over the loans of one class and bucket, restructured or not, in one currency."""

    asset_class: str
    bucket: str
    is_restructured: bool
    is_npa: bool
    loans: int
    principal: Decimal
    interest: Decimal
    suspended: Decimal
    secured: Decimal
    unsecured: Decimal
    provision: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a return.

    `amounts` are by column; `filters` find the loans behind them; a line that is `within` another
    is a part of it and not added once more.
    """

    code: str
    label: str
    amounts: Mapping[str, Decimal]
    filters: Mapping[str, str] = field(default_factory=dict)
    within: bool = False
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A return: which layout it follows, its columns (code and heading), its lines."""

    layout: str
    columns: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]


def added(parts: Iterable[Part]) -> dict[str, Decimal]:
    """Return what some parts come to, by the columns a return may have."""
    rows = list(parts)
    return {
        "accounts": Decimal(sum(row.loans for row in rows)),
        **{
            name: sum((getattr(row, name) for row in rows), ZERO)
            for name in ("principal", "interest", "suspended", "secured", "unsecured", "provision")
        },
    }


def table(sheet: Sheet) -> Iterator[Sequence[Any]]:
    """Yield a return as the rows of a file: headings, then a row for each line."""
    yield ("code", "line", *(code for code, _heading in sheet.columns))
    for line in sheet.lines:
        amounts = (line.amounts.get(code, "") for code, _heading in sheet.columns)
        yield (line.code, line.label, *amounts)
