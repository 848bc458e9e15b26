"""How tests are dealt out to the workers of `pytest -n`."""

from collections import Counter

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# Modules of few tests that take many seconds each and share nothing. Those that need no database
# come first: one worker runs them while the other makes the tables for the journeys.
_SPREAD = (
    "apps/schedules/tests/test_invariants.py",
    "tests/test_reach.py",
    "tests/test_odd_questions.py",
    "apps/decisions/tests/test_killed_worker.py",
    "apps/bulk/tests/test_killed_worker.py",
)
_JOURNEYS = "journeys"


class _ByModule(LoadScopeScheduling):
    """A module to one worker: what its tests begin with, and models they train, is made once.

    All journeys are one module, for they share a running system.
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        if module.startswith("tests/journeys/"):
            return _JOURNEYS
        return nodeid if module in _SPREAD else module


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _ByModule:
    """Return the scheduler of this run, which keeps the order in which tests were collected."""
    config.option.loadscopereorder = False
    return _ByModule(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first, so that all workers end with small modules, at one time."""
    tests = Counter(_module(item) for item in items)
    slow = {_module(item) for item in items if item.get_closest_marker("slow")}

    def turn(item: pytest.Item) -> tuple[int, int]:
        module = _module(item)
        if module.startswith("tests/journeys/"):
            return 0, 0
        if module in _SPREAD:
            return 1, _SPREAD.index(module)
        return (2 if module in slow else 3), -tests[module]

    items.sort(key=turn)


def _module(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
