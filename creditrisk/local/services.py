"""PostgreSQL and Redis together: started once, shared by everyone who asks, stopped on request."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from creditrisk.local import places, postgres, redis, slots


@dataclass(frozen=True)
class Services:
    """What runs here for one flavour; None where a URL names a service that runs elsewhere."""

    flavour: str
    postgres: postgres.Cluster | None
    redis: redis.Server | None

    def environment(self) -> dict[str, str]:
        """Returns the URLs by which other processes find what runs here."""
        urls: dict[str, str] = {}
        if self.postgres:
            urls["DATABASE_URL"] = self.postgres.url()
        if self.redis:
            first = 0 if not self.postgres else postgres.KNOWN.index(self.postgres.database) * 2
            urls["CELERY_BROKER_URL"] = self.redis.broker_url(first)
            urls["CACHE_URL"] = self.redis.cache_url(first + 1)
        return urls

    def stopped(self) -> list[str]:
        """Returns the names of the services that should run here and do not."""
        names = []
        if self.postgres and postgres.running_pid(self.postgres) is None:
            names.append("PostgreSQL")
        if self.redis and redis.running_pid(self.redis) is None:
            names.append("Redis")
        return names


def start(
    flavour: str, *, given: Mapping[str, str] | None = None, database: str = postgres.DATABASE
) -> Services:
    """Starts whatever of the flavour ("demo", "test") does not run yet and returns it.

    A URL in `given` wins over a service of our own. Raises LocalError if one does not start.
    """
    given = given or {}
    durable = flavour == "demo"
    server = cache = None
    with _alone(flavour):
        if not given.get("DATABASE_URL"):
            server = postgres.cluster(flavour, durable=durable, database=database)
            postgres.start(server)
        if not (given.get("CELERY_BROKER_URL") and given.get("CACHE_URL")):
            cache = redis.server(flavour, durable=durable)
            redis.start(cache)
    return Services(flavour=flavour, postgres=server, redis=cache)


def stop(flavour: str, *, unless_used: bool = False) -> list[str]:
    """Stops both services of a flavour; returns the names of those that were running.

    With `unless_used` it leaves them to a test run that still needs them.
    """
    server = postgres.cluster(flavour, durable=True)
    cache = redis.server(flavour, durable=True)
    with _alone(flavour):
        if unless_used and not slots.are_all_free():
            return []
        return _stop(server, cache)


def stop_these(running: Services) -> list[str]:
    """Stops the services that a call of `start` returned."""
    with _alone(running.flavour):
        return _stop(running.postgres, running.redis)


def _stop(server: postgres.Cluster | None, cache: redis.Server | None) -> list[str]:
    stopped = []
    if server and postgres.stop(server):
        stopped.append("PostgreSQL")
    if cache and redis.stop(cache):
        stopped.append("Redis")
    return stopped


@contextmanager
def _alone(flavour: str) -> Iterator[None]:
    """Holds a file lock, so that two commands started at once start one set of services."""
    places.VAR.mkdir(parents=True, exist_ok=True)
    handle = os.open(places.VAR / f"{flavour}-services.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
