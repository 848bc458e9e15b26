"""Work through the waiting lines of a file: chunk by chunk, each whole or not at all, never twice.

A chunk is one transaction: what each line came to and its money are written together, so whoever is
killed in between leaves lines that wait. A line that breaks is looked at alone and, if it breaks
again, given up, so that it holds up no other. Workers at one file take different lines.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import (
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)

logger = structlog.get_logger(__name__)
_TRIES = 3
# The database does not answer, or is of another version: no fault of a line, and tried again.
_OURS = (OperationalError, InterfaceError, ProgrammingError)


class NoRight(Exception):
    """Who started the file may no longer let be done what it says."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """A file that is `running`, the model of its lines, and what is done with them.

    The lines have `file`, `number` and a `status` that is `waiting` until they came to something.
    `permit` raises NoRight. `post` does what the lines say and writes what each came to; `give_up`
    writes that nothing could be done with them.
    """

    file: Any
    lines: Any
    size: int
    permit: Callable[[], None]
    post: Callable[[list[Any]], None]
    give_up: Callable[[list[Any]], None]


def post_some(work: Work) -> int:
    """Post one chunk; where a line breaks it, its lines one by one. Return how many there were.

    Raises NoRight.
    """
    try:
        return _post(work, work.size)
    except (*_OURS, NoRight):
        raise
    except IntegrityError:
        logger.warning("chunk_looked_at_anew", file=str(work.file.pk))
    except Exception:
        # A line of a kind that nobody thought of must not hold up the others: alone it is refused,
        # and the log keeps the traceback.
        logger.exception("chunk_broke", file=str(work.file.pk))
    return _post_singly(work)


def is_at(file: Any, status: str) -> bool:
    """Hold the file in a state to the end of the transaction: whoever moves it waits for us."""
    table = connection.ops.quote_name(type(file)._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT status FROM {table} WHERE id = %s FOR SHARE", [file.pk])  # noqa: S608 - own name
        found = cursor.fetchone()
    return found is not None and bool(found[0] == status)


def _post_singly(work: Work) -> int:
    number = 0
    while number < work.size and _post_one(work):
        number += 1
    return number


def _post_one(work: Work) -> int:
    """Post the next line alone; one that breaks is given up, so that it holds up no other."""
    for _try in range(_TRIES):
        try:
            return _post(work, 1)
        except (*_OURS, NoRight):
            raise
        except IntegrityError:
            # Somebody else took the same money at this moment; the next look knows it.
            logger.warning("line_looked_at_anew", file=str(work.file.pk))
        except Exception:
            logger.exception("line_broke", file=str(work.file.pk))
            break
    return _give_up_one(work)


@transaction.atomic
def _give_up_one(work: Work) -> int:
    lines = _claim(work, 1)
    work.give_up(lines)
    return len(lines)


@transaction.atomic
def _post(work: Work, size: int) -> int:
    """Post the next lines that wait; return how many there were."""
    if not is_at(work.file, "running"):
        return 0
    work.permit()
    lines = _claim(work, size)
    if lines:
        work.post(lines)
    return len(lines)


def _claim(work: Work, size: int) -> list[Any]:
    """Return the next lines that wait and that no other worker holds."""
    waiting = work.lines._base_manager.filter(file=work.file, status="waiting").order_by("number")
    found = waiting.select_for_update(skip_locked=True, of=("self",), no_key=True)[:size]
    lines = list(found)
    for line in lines:
        line.file = work.file
    return lines
