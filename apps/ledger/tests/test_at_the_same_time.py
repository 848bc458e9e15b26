"""Two connections at once: nothing is posted, reversed or closed twice."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection, transaction

from apps.accounts.models import Branch
from apps.core.errors import DomainError
from apps.ledger import refusals, services
from apps.ledger.chart import Account, Event
from apps.ledger.models import Closing, Entry, Line, bounds
from apps.ledger.tests import factories
from apps.ledger.tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db(transaction=True)


def _at_once(*actions: Callable[[], object]) -> list[object]:
    """Return what each action gave or refused, run at the same moment on own connections."""
    gate = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> object:
        try:
            gate.wait(timeout=10)
            return action()
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def test_it_posts_a_reference_once_for_both(pune: Branch) -> None:
    for round_ in range(5):
        first, second = _at_once(
            *[lambda n=round_: factories.post(pune, f"same-{n}") for _ in range(2)]
        )

        assert first == second
    assert (Entry.objects.count(), Line.objects.count()) == (5, 10)


def test_it_posts_one_of_two_contents_under_a_reference(pune: Branch) -> None:
    found = _at_once(
        lambda: factories.post(pune, "same"),
        lambda: factories.post(pune, "same", amount=Decimal("5.00")),
    )

    assert sum(isinstance(one, refusals.ReferenceTaken) for one in found) == 1
    assert Entry.objects.count() == 1


def test_it_posts_overlapping_bulks_once(pune: Branch) -> None:
    postings = [factories.posting(pune, f"m-{n}") for n in range(20)]

    found = _at_once(
        *[
            lambda: services.post_many(actor="system:tests", postings=postings, now=NOW)
            for _ in range(2)
        ]
    )

    refused = [one for one in found if isinstance(one, DomainError)]
    assert [one.code for one in refused] in ([], ["posted_meanwhile"])
    assert (Entry.objects.count(), Line.objects.count()) == (20, 40)


def test_it_reverses_an_entry_once(pune: Branch) -> None:
    entry = factories.post(pune)

    found = _at_once(
        *[
            lambda why=why: services.reverse(
                actor="system:tests", entry=entry, day=TODAY, reason=why, now=NOW, reference=why
            )
            for why in ("one", "another")
        ]
    )

    assert sum(isinstance(one, refusals.AlreadyReversed) for one in found) == 1
    assert Entry.objects.filter(reverses=entry).count() == 1


def test_it_closes_a_day_once(pune: Branch) -> None:
    found = _at_once(
        *[
            lambda: services.close_day(
                actor="system:tests", entity=pune.entity, day=date(2026, 6, 10), now=NOW
            )
            for _ in range(2)
        ]
    )

    assert found[0] == found[1] == Closing.objects.get()


def test_it_waits_with_closing_for_what_is_being_posted(pune: Branch) -> None:
    """Nothing slips into a day while it is being closed: its totals hold all of it."""
    posted, closing = threading.Event(), threading.Event()

    def post() -> object:
        with transaction.atomic():
            entry = factories.post(pune)
            posted.set()
            closing.wait(timeout=10)
            # The closing waits for this transaction to end.
            assert not Closing.objects.exists()
        return entry

    def close() -> object:
        posted.wait(timeout=10)
        timer = threading.Timer(0.3, closing.set)
        timer.start()
        return services.close_day(
            actor="system:tests", entity=pune.entity, day=date(2026, 6, 10), now=NOW
        )

    _entry, closed = _at_once(post, close)

    assert isinstance(closed, Closing)
    assert sorted(closed.totals.values_list("account", "debit")) == [
        ("cash", Decimal(0)),
        ("principal", Decimal(1000)),
    ]


@pytest.mark.parametrize("way", ["one", "few", "many", "pairs"])
def test_no_key_is_drawn_while_days_are_being_closed(pune: Branch, way: str) -> None:
    posting = factories.posting(pune, "waits")
    ways: dict[str, Callable[[], object]] = {
        "one": lambda: factories.post(pune, "waits"),
        "few": lambda: services.post_few(
            actor="system:tests", postings=[posting], branch=pune, now=NOW
        ),
        "many": lambda: services.post_many(actor="system:tests", postings=[posting], now=NOW),
        "pairs": lambda: services.post_pairs(
            actor="system:tests", entity=pune.entity, pairs=_pair(pune), now=NOW
        ),
    }

    def later() -> object:
        try:
            with transaction.atomic():
                return ways[way]()
        finally:
            connection.close()

    before = _last_key()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            _run(
                "SELECT pg_advisory_xact_lock(%s, hashtext(%s))",
                bounds.CLOSING_LOCK,
                str(pune.entity_id),
            )
            waiting = pool.submit(later)
            assert _waits(lambda: _waiting_for_closing() == 1)
            assert _last_key() == before
        assert waiting.result(timeout=10)

    assert Entry.objects.get().pk > before


def _pair(branch: Branch) -> services.Pairs:
    return services.Pairs(
        event=Event.INTEREST_ACCRUAL,
        day=TODAY,
        debit=Account.INTEREST_RECEIVABLE,
        credit=Account.INTEREST_INCOME,
        select=(
            "SELECT 'waits' AS reference, id AS branch_id, 'INR' AS currency,"
            " NULL::uuid AS loan_id, NULL::uuid AS customer_id, 5.00 AS amount,"
            " '{}'::jsonb AS facts"
            " FROM accounts_branch WHERE id = %(branch)s"
        ),
        values={"branch": branch.pk},
    )


def _run(sql: str, *values: object) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()[0]


def _last_key() -> int:
    # 0 where none was drawn yet.
    return int(
        str(
            _run(
                "SELECT COALESCE(pg_sequence_last_value("
                "pg_get_serial_sequence('ledger_entry', 'id')::regclass), 0)"
            )
        )
    )


def _waiting_for_closing() -> object:
    return _run(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
        " WHERE datname = current_database() AND locktype = 'advisory'"
        " AND classid = %s AND NOT granted",
        bounds.CLOSING_LOCK,
    )


def _waits(is_so: Callable[[], bool]) -> bool:
    """Say whether something comes true within ten seconds."""
    until = time.monotonic() + 10
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True
