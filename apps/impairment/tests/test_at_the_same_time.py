"""Two at once: of two measurements on different grounds one stops; nobody decides beside one."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from apps.accounts.models import Entity, User
from apps.core.errors import DomainError
from apps.impairment import services
from apps.impairment.models import LoanLoss, ParameterSet, Run
from apps.impairment.services import running
from apps.impairment.tests import factories
from apps.impairment.tests.factories import LAST, now
from apps.npa.models import DayEnd, LoanDay

pytestmark = pytest.mark.django_db(transaction=True)
WAITS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
Beside = Callable[[Callable[[], Any]], Future[Any]]


@pytest.fixture
def beside() -> Iterator[Beside]:
    """Run something on a connection of its own; what it is refused is its result."""
    with ThreadPoolExecutor(2) as pool:

        def start(action: Callable[[], Any]) -> Future[Any]:
            def run() -> Any:
                try:
                    return action()
                except DomainError as refusal:
                    return refusal
                finally:
                    connection.close()

            return pool.submit(run)

        yield start


def _somebody_waits() -> bool:
    """Say whether another connection waits for a lock, asking for up to ten seconds."""
    for _attempt in range(200):
        with connection.cursor() as cursor:
            # Within a transaction the first look is kept.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(WAITS)
            if cursor.fetchone()[0]:
                return True
        threading.Event().wait(0.05)
    return False


def _measure(entity: Entity) -> Run:
    return services.measure(actor="system:tests", entity=entity, day=LAST, now=now(), batch=2)


def test_an_old_measurement_stops_where_the_day_is_begun_anew(
    book: Entity, approved: ParameterSet, beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The day is ended anew while a batch is half written; the new one waits for that batch."""
    factories.live(book)
    factories.estimated(book)
    reckon, calls = running.reckoning.reckon, []
    reached, opened = threading.Event(), threading.Event()

    def held(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            reached.set()
            assert opened.wait(timeout=20), "nobody went on"
        return reckon(*args)

    monkeypatch.setattr(running.reckoning, "reckon", held)
    old = beside(lambda: _measure(book))
    assert reached.wait(timeout=20)
    DayEnd.objects.filter(entity=book, day=LAST).update(run=2)
    new = beside(lambda: _measure(book))
    try:
        assert _somebody_waits()
    finally:
        opened.set()

    refusal, run = old.result(timeout=30), new.result(timeout=30)
    assert isinstance(refusal, DomainError)
    assert refusal.code == "begun_anew"
    assert (run.run, run.day_run, run.status) == (2, 2, "finished")
    measured = sorted(LoanLoss.objects.filter(run=run).values_list("loan_id", flat=True))
    on_books = LoanDay.objects.filter(day=LAST).exclude(asset_class__in=["closed", "written_off"])
    assert measured == sorted(on_books.values_list("loan_id", flat=True))
    assert run.loans == len(measured)


def test_nobody_approves_beside_a_measurement_that_begins(
    book: Entity, approved: ParameterSet, analyst: User, manager: User, beside: Beside
) -> None:
    factories.live(book)
    factories.estimated(book)
    one = factories.proposed(book, analyst, LAST)

    with transaction.atomic():
        running._begun(book, LAST, now=now(), again=False)
        approval = beside(lambda: services.approve_parameters(actor=manager, one=one, now=now()))
        assert _somebody_waits()

    refusal = approval.result(timeout=30)
    assert isinstance(refusal, DomainError)
    assert refusal.code == "day_measured"
    one.refresh_from_db()
    assert one.status == "proposed"
