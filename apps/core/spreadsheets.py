"""Tables as CSV that no spreadsheet runs; every CSV of the product is written here. Pure."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

# Text that a spreadsheet would run as a formula is written with an apostrophe before it.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_GUARD = "'"


def csv_lines(table: Iterable[Sequence[Any]], *, delimiter: str = ",") -> Iterator[str]:
    """Yield a table as the lines of a CSV file; numbers stay numbers, no text becomes a formula."""
    line = io.StringIO()
    writer = csv.writer(line, delimiter=delimiter)
    for cells in table:
        writer.writerow([_written(cell) for cell in cells])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _written(cell: Any) -> Any:
    if isinstance(cell, Decimal):
        # Never with an exponent: a share of nothing would be 0E+2.
        return format(cell, "f")
    return harmless(cell) if isinstance(cell, str) else cell


def harmless(text: str) -> str:
    """Return a text as a spreadsheet may read it: never as a formula."""
    return _GUARD + text if text.startswith(FORMULA) else text


def unguarded(text: str) -> str:
    """Return a text as it was before `harmless`."""
    return text[1:] if text.startswith(_GUARD) and text[1:].startswith(FORMULA) else text
