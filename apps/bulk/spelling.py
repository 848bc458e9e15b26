"""Write tables as CSV. Pure."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from apps.bulk.formats import DELIMITERS, Format
from apps.bulk.tables import harmless


def csv_lines(table: Iterable[Sequence[str]], form: Format) -> Iterator[str]:
    """Yield a table as the lines of a CSV file; no cell becomes a formula."""
    line = io.StringIO()
    writer = csv.writer(line, delimiter=DELIMITERS[form.delimiter] or ",")
    # The mark lets Excel read UTF-8 as UTF-8.
    yield "\ufeff"
    for cells in table:
        writer.writerow([harmless(cell) for cell in cells])
        yield line.getvalue()
        line.seek(0)
        line.truncate()
