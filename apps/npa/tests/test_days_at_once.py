"""Two who end a lender's days at the same time: one does, the other is told. Payments go on."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from django.db import connection

from apps.loans.models import Loan
from apps.npa import services
from apps.npa.errors import EndingNow
from apps.npa.models import DayEnd
from apps.npa.services import ending
from apps.npa.tests import day_factories as days
from apps.repayments.tests import factories as repaying

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan(lent: Loan) -> Loan:
    """A loan that was paid out, and the rules of its lender."""
    days.rules()
    return lent


@pytest.fixture
def other() -> Iterator[Any]:
    """A line of somebody else to the same database."""
    with closing(psycopg2.connect(**connection.get_connection_params())) as line:
        line.autocommit = True
        with line.cursor() as cursor:
            yield cursor


def test_it_tells_the_second_that_the_day_is_being_ended(loan: Loan, other: Any) -> None:
    other.execute(
        "SELECT pg_advisory_lock(%s, hashtext(%s))", [ending._LOCK, str(loan.branch.entity_id)]
    )

    with pytest.raises(EndingNow):
        days.end(loan, repaying.later(3))

    assert not DayEnd.objects.exists()


def test_it_leaves_work_that_runs_by_itself_to_whoever_is_at_it(loan: Loan, other: Any) -> None:
    other.execute(
        "SELECT pg_advisory_lock(%s, hashtext(%s))", [ending._LOCK, str(loan.branch.entity_id)]
    )

    services.end_asked(
        actor=days.CLERK,
        entity=loan.branch.entity,
        day=repaying.later(3),
        now=repaying.at(repaying.later(4)),
    )

    assert not DayEnd.objects.exists()


def test_it_lets_the_next_begin_once_it_is_done(loan: Loan, other: Any) -> None:
    days.end(loan, repaying.later(3))

    other.execute(
        "SELECT pg_try_advisory_lock(%s, hashtext(%s))",
        [ending._LOCK, str(loan.branch.entity_id)],
    )

    assert other.fetchone()[0] is True


def test_it_lets_go_of_the_lender_when_it_fails(
    loan: Loan, other: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending.snapshotting, "write", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        days.end(loan, repaying.later(3))

    other.execute(
        "SELECT pg_try_advisory_lock(%s, hashtext(%s))",
        [ending._LOCK, str(loan.branch.entity_id)],
    )
    assert other.fetchone()[0] is True
    assert DayEnd.objects.get().status == "running"


def test_it_does_not_begin_a_day_while_the_one_before_is_unfinished(
    loan: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(ending.snapshotting, "write", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            days.end(loan, repaying.later(3))

    with pytest.raises(ending.DaySkipped):
        days.end(loan, repaying.later(4))

    assert [one.day for one in DayEnd.objects.all()] == [repaying.later(3)]
    assert days.end(loan, repaying.later(3)).day + timedelta(days=1) == repaying.later(4)
