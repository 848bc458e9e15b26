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
from apps.debits.models import AnswerFile, AnswerLine, Debit, DebitFile, Mandate, Recall
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


def test_a_file_is_recalled_once_and_never_what_was_answered(
    alice: User, bob: User, charlie: User, lent: Loan, mandate: Mandate
) -> None:
    day = books.due_dates(lent)[0]
    debit = factories.presented(alice, bob, day)

    made = _at_once(
        lambda: factories.asked(alice, debit.file), lambda: factories.asked(alice, debit.file)
    )

    [recall] = [one for one in made if isinstance(one, Recall)]
    [late] = [one.code for one in made if isinstance(one, DomainError)]
    assert (late, Recall.objects.count()) == ("recall_waits", 1)
    done = _at_once(
        *(
            lambda who=who: services.confirm_recall(actor=who, recall=recall, now=at(day))
            for who in (bob, charlie)
        ),
        lambda: services.refuse_recall(actor=charlie, recall=recall, note="No.", now=at(day)),
    )

    recall.refresh_from_db()
    debit.refresh_from_db()
    assert len([one for one in done if isinstance(one, Recall)]) == 1
    ends = {"confirmed": ("recalled", "recalled"), "refused": ("released", "presented")}
    assert (DebitFile.objects.get().status, debit.status) == ends[recall.status]


def test_a_recall_and_the_posting_of_a_row_do_not_wait_in_a_circle(
    alice: User, bob: User, lent: Loan, mandate: Mandate
) -> None:
    day = books.due_dates(lent)[0]
    debit = factories.presented(alice, bob, day)
    recall = factories.asked(alice, debit.file)
    file = factories.received(alice, factories.content([row(debit)]), now=at(day))
    AnswerLine.objects.update(status="refused", debit=debit, faults=[])
    AnswerFile.objects.update(status="finished")
    line = file.lines.get()

    done = _at_once(
        lambda: services.confirm_recall(actor=bob, recall=recall, now=at(day)),
        lambda: services.post_on_day(actor=alice, line=line, day=day, now=at(day)),
    )

    recall.refresh_from_db()
    debit.refresh_from_db()
    assert isinstance(done[1], AnswerLine), done
    assert (debit.status, AccountEvent.objects.filter(kind="receipt").count()) == ("collected", 1)
    assert (recall.status, DebitFile.objects.get().status) in [
        ("confirmed", "recalled"),
        ("lapsed", "settled"),
    ]
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
