"""How tests are dealt out to the workers of `pytest -n`."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling


class _JourneysTogether(LoadScopeScheduling):
    """All journeys to one worker, which starts the system once; every other test where it fits.

    Stands in for `--dist loadgroup`, whose marks pytest 9 no longer carries to the scheduler.
    The largest group is dealt out first, so the journeys run from the very beginning.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "journeys" if nodeid.startswith("tests/journeys/") else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _JourneysTogether:
    """Return the scheduler of this run."""
    return _JourneysTogether(config, log)
