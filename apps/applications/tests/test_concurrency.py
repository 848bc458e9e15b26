"""Two at once: one application, one submission, one task."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import Branch, User
from apps.applications import services
from apps.applications.models import Application
from apps.applications.tests import factories
from apps.audit.models import Event
from apps.core.errors import Conflict

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """Run the actions in threads that start together; return results and anticipated errors."""
    ready = threading.Barrier(len(actions))
    results: list[Any] = [None] * len(actions)

    def run(place: int, action: Callable[[], Any]) -> None:
        ready.wait(timeout=20)
        try:
            results[place] = action()
        except Conflict as refusal:
            results[place] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were really sent, after commit."""
    names: list[str] = []
    monkeypatch.setattr("apps.core.jobs._carry", lambda task, arguments: names.append(task))
    return names


def test_it_submits_once_when_clicked_twice(alice: User, pune: Branch, sent: list[str]) -> None:
    taken = factories.application(alice, factories.borrower(pune))

    def submit() -> Application:
        return services.submit(actor=alice, application=taken, now=factories.NOW)

    first, second = at_once(submit, submit)

    assert first == second == taken
    assert sent == ["decisions.assess"]
    assert Event.objects.filter(verb="applications.submitted").count() == 1


def test_it_lets_one_of_two_officers_submit(
    alice: User, pune: Branch, make_person: Any, sent: list[str]
) -> None:
    eve = make_person("Eve", "loan_officer")
    taken = factories.application(alice, factories.borrower(pune))

    results = at_once(
        lambda: services.submit(actor=alice, application=taken, now=factories.NOW),
        lambda: services.submit(actor=eve, application=taken, now=factories.NOW),
    )

    assert sorted(type(result).__name__ for result in results) == ["Application", "Conflict"]
    assert sent == ["decisions.assess"]


def test_it_makes_one_application_of_one_key(alice: User, pune: Branch) -> None:
    entry = factories.entry(factories.borrower(pune))

    def draft() -> Application:
        return services.draft(
            actor=alice, entry=entry, now=factories.NOW, idempotency_key="order-1"
        )

    results = at_once(draft, draft, draft)

    assert len(set(results)) == 1
    assert Application.objects.count() == 1
    assert Event.objects.filter(verb="applications.drafted").count() == 1


def test_it_submits_or_withdraws_but_not_both(alice: User, pune: Branch, sent: list[str]) -> None:
    taken = factories.application(alice, factories.borrower(pune))

    at_once(
        lambda: services.submit(actor=alice, application=taken, now=factories.NOW),
        lambda: services.withdraw(
            actor=alice, application=taken, reason="duplicate", now=factories.NOW
        ),
    )

    # Withdrawn in the end either way: before the submission, which is then refused, or after it.
    assert Application.objects.get().status == "withdrawn"
    assert len(sent) == Event.objects.filter(verb="applications.submitted").count()
