"""How tests are dealt out to the workers of `pytest -n`."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# What a worker makes once and keeps for itself: the running system, or models it has trained.
_TOGETHER = ("tests/journeys/", "apps/governance/tests/", "ml/tests/test_model_contract.py")


class _SomeTogether(LoadScopeScheduling):
    """Journeys and tests on the same models each to one worker; every other test where it fits.

    Stands in for `--dist loadgroup`, whose marks pytest 9 no longer carries to the scheduler.
    The largest groups are dealt out first, so the journeys run from nearly the beginning.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((one for one in _TOGETHER if nodeid.startswith(one)), nodeid)

    def mark_test_complete(
        self, node: WorkerController, item_index: int, duration: float = 0
    ) -> None:
        """Forget what is done: at every test's end all that a worker ever had is counted again."""
        nodeid = self.registered_collections[node][item_index]
        scope, assigned = self._split_scope(nodeid), self.assigned_work[node]
        assigned[scope][nodeid] = True
        if all(assigned[scope].values()):
            del assigned[scope]
        self._reschedule(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _SomeTogether:
    """Return the scheduler of this run."""
    return _SomeTogether(config, log)
