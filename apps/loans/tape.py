"""Read a tape line by line into typed rows and refusals. Pure: the caller opens the file."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from apps.loans.mapping import TapeMapping
from apps.loans.readers import CellRefused, Reader, Value

# A line longer than this is not a loan but a broken quote that swallowed the file.
LONGEST_CELL = 10_000


@dataclass(frozen=True)
class TapeRow:
    """One good line: the reference, the product, and the values by field name."""

    line: int
    reference: str
    product: str
    application: Mapping[str, Any]
    loan: Mapping[str, Any]
    outcome: Mapping[str, Any]


@dataclass(frozen=True)
class Refusal:
    """One refused line: where and why, for the reject file."""

    line: int
    column: str
    reason: str


def read(lines: Iterable[str], mapping: TapeMapping) -> Iterator[TapeRow | Refusal]:
    """Yield each line of a CSV tape as a row or a refusal, in order.

    Raises MappingRefused at once when the header does not fit. The same reference twice in one
    tape refuses the later line.
    """
    table = csv.reader(lines, strict=False)
    header = next(table, [])
    mapping.check_header(header)
    seen: set[str] = set()
    for cells in table:
        line = table.line_num
        if len(cells) != len(header):
            yield Refusal(line, "", f"has {len(cells)} cells where the header has {len(header)}")
            continue
        yield _row(line, dict(zip(header, cells, strict=True)), mapping, seen)


def _row(
    line: int, cells: Mapping[str, str], mapping: TapeMapping, seen: set[str]
) -> TapeRow | Refusal:
    column = mapping.reference
    try:
        reference = _reference(cells[column], seen)
        column = mapping.product_column
        product = _product(cells[column], mapping)
        column = mapping.application["applied_date"].column
        applied = mapping.application["applied_date"].read(cells[column].strip())
    except CellRefused as refusal:
        return Refusal(line, column, str(refusal))
    parts: list[dict[str, Value]] = []
    for readers in (mapping.application, mapping.loan, mapping.outcome):
        values = _values(readers, cells, applied)
        if isinstance(values, tuple):
            return Refusal(line, *values)
        parts.append(values)
    seen.add(reference)
    return TapeRow(line, reference, product, *parts)


def _values(
    readers: Mapping[str, Reader], cells: Mapping[str, str], applied: Value
) -> dict[str, Value] | tuple[str, str]:
    """Return the values by field, or (column, reason) of the first refused cell."""
    on = applied if isinstance(applied, date) else None
    values: dict[str, Value] = {}
    for field, reader in readers.items():
        try:
            values[field] = reader.read(cells[reader.column].strip(), applied=on)
        except CellRefused as refusal:
            return reader.column, str(refusal)
    return values


def _reference(cell: str, seen: set[str]) -> str:
    reference = cell.strip()
    if not reference or len(reference) > 12 or not reference.isalnum():
        raise CellRefused("must be a reference of 1 to 12 letters and digits")
    if reference in seen:
        raise CellRefused(f"{reference!r} stands on an earlier line too")
    return reference


def _product(cell: str, mapping: TapeMapping) -> str:
    product = mapping.products.get(cell.strip())
    if product is None:
        raise CellRefused(f"{cell[:40]!r} belongs to no product of the mapping")
    return product
