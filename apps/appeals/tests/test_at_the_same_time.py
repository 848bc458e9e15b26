"""Two at once: one appeal, one holder, one answer."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.appeals import services
from apps.appeals.models import Appeal
from apps.appeals.tests import factories
from apps.applications.models import Application
from apps.core.errors import DomainError
from apps.letters.models import Letter

pytestmark = pytest.mark.django_db(transaction=True)
LATER = factories.LATER


def _at_once(*actions: Callable[[], object]) -> list[object]:
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


def test_of_two_appeals_at_once_one_is_taken_in(declined: Application) -> None:
    results = _at_once(lambda: factories.plain(declined), lambda: factories.plain(declined))

    refused = [one for one in results if isinstance(one, DomainError)]
    assert [one.code for one in refused] == ["appealed_already"]
    assert Appeal.objects.count() == 1


def test_of_two_who_answer_at_once_one_does(declined: Application, bob: User, dora: User) -> None:
    appeal = factories.held(declined, bob)

    results = _at_once(
        lambda: services.answer(actor=bob, appeal=appeal, given=factories.uphold(), now=LATER),
        lambda: services.assign(actor=dora, appeal=appeal, person=dora, now=LATER),
    )

    refused = [one for one in results if isinstance(one, DomainError)]
    appeal.refresh_from_db()
    assert len(refused) == 1
    assert (appeal.status, appeal.reviewer) in (("upheld", bob), ("assigned", dora))
    assert Letter.objects.filter(kind="appeal").count() == (appeal.status == "upheld")


def test_one_answer_sent_twice_at_once_answers_once(declined: Application, bob: User) -> None:
    appeal = factories.held(declined, bob)

    def answer() -> object:
        return services.answer(actor=bob, appeal=appeal, given=factories.uphold(), now=LATER)

    first, second = _at_once(answer, answer)

    assert first == second == appeal
    assert Letter.objects.filter(kind="appeal").count() == 1
