"""Many write at once while the sealer runs: nobody waits, nothing is lost, the chain is whole."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from apps.audit import selectors, services
from apps.audit.models import Event, Seal

pytestmark = pytest.mark.django_db(transaction=True)
ACTOR = services.system("test")
WRITERS, EACH = 8, 25


def _closing(work: Callable[[], int]) -> int:
    """Run work of a thread and close the connection it opened."""
    try:
        return work()
    finally:
        connections.close_all()


def _write(writer: int) -> int:
    """Write events singly, in pairs, and in transactions that are rolled back; return how many."""
    written = 0
    for number in range(EACH):
        with transaction.atomic():
            _write_one(writer)
            if number % 3 == 0:
                _write_one(writer)
            is_lost = number % 5 == 4
            transaction.set_rollback(is_lost)
        written += 0 if is_lost else 1 + (number % 3 == 0)
    return written


@contextmanager
def _sealer_beside() -> Iterator[list[int]]:
    """Seal again and again in a thread of its own."""
    stop, sealed = threading.Event(), []

    def work() -> int:
        while not stop.is_set():
            sealed.append(services.seal(sealed_at=timezone.now(), limit=7))
            stop.wait(0.002)
        return 0

    thread = threading.Thread(target=_closing, args=(work,))
    thread.start()
    try:
        yield sealed
    finally:
        stop.set()
        thread.join()


def test_it_keeps_the_chain_whole_under_concurrent_writers() -> None:
    with _sealer_beside() as sealed, ThreadPoolExecutor(WRITERS) as pool:
        jobs = [
            pool.submit(_closing, lambda writer=writer: _write(writer)) for writer in range(WRITERS)
        ]
        written = sum(job.result() for job in jobs)

    services.seal_all(sealed_at=timezone.now())
    found = selectors.verify()
    assert found.broken is None
    assert (found.sealed, found.unsealed) == (written, 0)
    assert Event.objects.count() == written
    # The sealer did run in between, not only at the end.
    assert sum(1 for count in sealed if count) > 1
    assert list(Seal.objects.order_by("position").values_list("position", flat=True)) == list(
        range(1, written + 1)
    )


def test_it_lets_writers_commit_while_the_sealer_has_its_transaction_open() -> None:
    services.record(ACTOR, "demo.seeded", "test.writer:0")

    def write_without_patience() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        services.record(ACTOR, "demo.seeded", "test.writer:1")
        return Event.objects.count()

    with transaction.atomic():
        assert services.seal(sealed_at=timezone.now()) == 1
        with ThreadPoolExecutor(1) as pool:
            seen = pool.submit(_closing, write_without_patience).result()

    assert seen == 2
    assert services.seal_all(sealed_at=timezone.now()) == 1
    assert selectors.verify().broken is None


def test_it_lets_the_sealer_finish_while_a_writer_has_its_transaction_open() -> None:
    with transaction.atomic():
        early = services.record(ACTOR, "demo.seeded", "test.writer:0")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_closing, lambda: bool(_write_one(1))).result()
            sealed = pool.submit(_closing, _seal_all).result()

    assert sealed == 1
    # It committed after an event with a higher id was sealed, and takes a later position.
    assert _seal_all() == 1
    assert Seal.objects.get(event=early).position == 2
    found = selectors.verify()
    assert (found.sealed, found.unsealed, found.broken) == (2, 0, None)


def test_it_returns_at_once_from_a_second_sealer() -> None:
    services.record(ACTOR, "demo.seeded", "test.writer:0")

    with transaction.atomic():
        first = services.seal(sealed_at=timezone.now())
        with ThreadPoolExecutor(1) as pool:
            second = pool.submit(_closing, _seal_all).result(timeout=5)

    assert (first, second) == (1, 0)
    assert Seal.objects.count() == 1


def _write_one(writer: int) -> Event:
    return services.record(ACTOR, "demo.seeded", f"test.writer:{writer}")


def _seal_all() -> int:
    return services.seal_all(sealed_at=timezone.now())
