"""Gives a bare `pytest` its PostgreSQL and Redis before Django's settings are read.

Only where DATABASE_URL is unset. The services stay up for the next run (`make stop` ends them).
Runs at the same time do not meet: each takes a slot, and with it database names of its own.
"""

import os
from collections.abc import Generator

import pytest

from creditrisk.local import redis, services, slots
from creditrisk.local.errors import LocalError

SLOT_VARIABLE = "CREDITRISK_TEST_SLOT"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Starts the services; as a wrapper it runs before pytest-django loads the settings."""
    options = early_config.known_args_namespace
    if not (options.help or options.version):
        try:
            _provide_services()
        except LocalError as problem:
            raise pytest.UsageError(str(problem)) from problem
    return (yield)


def _provide_services() -> None:
    """Puts the services' URLs into the environment, where settings and child processes look."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker and os.environ.get("DATABASE_URL"):
        return
    if worker and SLOT_VARIABLE not in os.environ:
        return
    # The slot comes first: while one is held, nobody stops the services as idle.
    if not worker:
        os.environ[SLOT_VARIABLE] = str(slots.take())
    running = services.start("test")
    slot = int(os.environ[SLOT_VARIABLE])
    broker, cache = slots.redis_numbers(slot, worker)
    if running.postgres:
        # Django puts "test_" before the name and pytest-django the worker's id behind it.
        os.environ["DATABASE_URL"] = running.postgres.url(f"creditrisk_{slot}")
    if running.redis:
        redis.flush(running.redis, broker, cache)
        os.environ["CELERY_BROKER_URL"] = running.redis.broker_url(broker)
        os.environ["CACHE_URL"] = running.redis.cache_url(cache)
