"""The whole system with a book of loans, for scripts that load it or kill parts of it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from creditrisk.local import pytest_plugin, slots
from tests.journeys import stack as stacks
from tests.journeys.stack import Stack


@contextmanager
def book(folder: Path) -> Iterator[Stack]:
    """Run gunicorn and a worker on a database of our own, with people and products and no loans.

    Beside test runs and other scripts: it takes a slot as they do.
    """
    # The number says which databases of Redis nobody else uses.
    os.environ[pytest_plugin.SLOT_VARIABLE] = str(slots.take())
    parts = urlsplit(os.environ["DATABASE_URL"])
    os.environ["DATABASE_URL"] = urlunsplit(parts._replace(path=f"{parts.path}_{os.getpid()}"))
    with stacks.running(folder, of="book") as stack:
        yield stack
