"""Numbers for concurrent test runs, so that each has databases of its own on shared services."""

import fcntl
import os
from collections.abc import Iterator

from creditrisk.local import places
from creditrisk.local.errors import LocalError

SLOT_COUNT = 32
# Sixteen workers of two numbers each (broker, cache): 32 slots fill Redis' 1024 databases.
_WORKERS_PER_SLOT = 16

_held: list[int] = []


def take() -> int:
    """Returns the smallest number no living test run holds; held until this process ends.

    The kernel drops the lock with the process, so a killed run blocks nobody.
    """
    for number, handle in _open_slots():
        if _lock(handle):
            _held.append(handle)
            return number
        os.close(handle)
    raise LocalError(f"{SLOT_COUNT} test runs are already under way in this checkout.")


def are_all_free() -> bool:
    """Says whether no test run is under way."""
    for _number, handle in _open_slots():
        free = _lock(handle)
        os.close(handle)
        if not free:
            return False
    return True


def redis_numbers(slot: int, worker: str) -> tuple[int, int]:
    """Returns the Redis databases (broker, cache) of an xdist worker ("gw3") in a slot.

    The run itself, outside any worker, shares the first worker's.
    """
    index = int(worker.removeprefix("gw") or 0)
    first = 2 * (slot * _WORKERS_PER_SLOT + index % _WORKERS_PER_SLOT)
    return first, first + 1


def _open_slots() -> Iterator[tuple[int, int]]:
    folder = places.VAR / "slots"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(SLOT_COUNT):
        yield number, os.open(folder / f"{number:02}.lock", os.O_CREAT | os.O_RDWR, 0o600)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
