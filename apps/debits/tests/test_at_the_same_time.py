"""At once on own connections: a loan is asked once, a file released once, money comes once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.core.errors import Conflict, DomainError
from apps.debits import services
from apps.debits.models import AnswerFile, Debit, DebitFile, Mandate
from apps.debits.tests import factories
from apps.loans.models import Loan
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories as books

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
at, row = factories.at, factories.row


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


def test_each_is_done_once_whoever_comes_at_the_same_moment(
    alice: User, bob: User, charlie: User, lent: Loan, mandate: Mandate
) -> None:
    day = books.due_dates(lent)[0]
    before = at(day - timedelta(days=1))

    prepared = _at_once(
        lambda: factories.prepared(alice, day), lambda: factories.prepared(charlie, day)
    )

    [file] = [one for one in prepared if isinstance(one, DebitFile)]
    [late] = [one.code for one in prepared if isinstance(one, DomainError)]
    assert late in ("prepared_meanwhile", "nothing_to_present")
    assert Debit.objects.count() == 1

    releasers = [one for one in (bob, charlie) if one != file.made_by]
    others = (releasers * 2)[:2]
    released = _at_once(
        *(lambda who=who: services.release_file(actor=who, file=file, now=before) for who in others)
    )
    assert [type(one) for one in released if isinstance(one, DomainError)] == [Conflict]

    debit = Debit.objects.get()
    sent = factories.content([row(debit)])
    other = factories.content([row(debit)], name="ACH-2")
    files = _at_once(
        *(
            lambda what=what: factories.received(alice, what, now=at(day))
            for what in (sent, sent, other)
        )
    )
    assert AnswerFile.objects.count() == 2
    _at_once(*(lambda one=one: factories.run(one, now=at(day)) for one in files))

    debit.refresh_from_db()
    assert (debit.status, AccountEvent.objects.filter(kind="receipt").count()) == ("collected", 1)
    came = sorted(
        state for one in AnswerFile.objects.all() for _n, state, _w in factories.came_to(one)
    )
    assert came == ["ignored", "posted"]
    assert books.offenders() == []


def test_the_borrower_who_ends_it_and_the_release_do_not_wait_in_a_circle(
    alice: User, bob: User, lent: Loan, mandate: Mandate
) -> None:
    day = books.due_dates(lent)[0]
    now = at(day - timedelta(days=1))
    file = factories.prepared(alice, day)

    _at_once(
        lambda: services.release_file(actor=bob, file=file, now=now),
        lambda: services.cancel_mandate(actor=alice, mandate=mandate, reason="Ends.", now=now),
    )

    mandate.refresh_from_db()
    assert mandate.status == "cancelled"
    assert Debit.objects.get().status in ("presented", "withdrawn")
    assert not Debit.objects.filter(status="waiting").exists()
