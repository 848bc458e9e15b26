"""Replay batches of decisions, here or in several processes that share them."""

import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future

from apps.core import processes
from apps.decisions.differences import Difference
from apps.decisions.services import grounds, rederiving

Answers = list[tuple[uuid.UUID, tuple[Difference, ...]]]

# Batches that wait for each process: enough that none is idle, few enough that memory is flat.
_AHEAD = 2


def answers(
    batches: Iterable[list[uuid.UUID]], *, workers: int, thorough: bool
) -> Iterator[Answers]:
    """Yield what replaying each batch found, in their order."""
    if workers > 1:
        yield from _shared(batches, workers=workers, thorough=thorough)
        return
    library = grounds.Library()
    for keys in batches:
        yield _replayed(keys, library, thorough=thorough)


def _shared(
    batches: Iterable[list[uuid.UUID]], *, workers: int, thorough: bool
) -> Iterator[Answers]:
    with processes.pool(workers) as pool:
        waiting: deque[Future[Answers]] = deque()
        for keys in batches:
            waiting.append(pool.submit(_elsewhere, keys, thorough=thorough))
            if len(waiting) > workers * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _replayed(keys: list[uuid.UUID], library: grounds.Library, *, thorough: bool) -> Answers:
    found = grounds.read(keys, library=library)
    return [(one.decision.pk, rederiving.differences(one, thorough=thorough)) for one in found]


# What a process of a pool has read and checked; one replay is all it lives for.
_library = grounds.Library()


def _elsewhere(keys: list[uuid.UUID], *, thorough: bool) -> Answers:
    return _replayed(keys, _library, thorough=thorough)
