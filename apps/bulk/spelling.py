"""Write tables as a CSV file in the format of its sender. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from apps.core import spreadsheets
from apps.core.table_formats import DELIMITERS, Format


def csv_lines(table: Iterable[Sequence[str]], form: Format) -> Iterator[str]:
    """Yield a table as the lines of a CSV file; no cell becomes a formula."""
    # The mark lets Excel read UTF-8 as UTF-8.
    yield "\ufeff"
    yield from spreadsheets.csv_lines(table, delimiter=DELIMITERS[form.delimiter] or ",")
