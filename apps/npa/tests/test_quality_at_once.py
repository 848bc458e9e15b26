"""Two at once: one answer to an override, one alert of a breach, one message about it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection

from apps.accounts.models import Entity, User
from apps.core.errors import DomainError
from apps.loans.models import Loan
from apps.npa import services
from apps.npa.models import Alert, AlertDelivery, Override, PortfolioDay, Threshold
from apps.npa.tests import portfolio_factories as factories
from apps.npa.tests.portfolio_factories import NOW, TODAY, at, npa

pytestmark = pytest.mark.django_db(transaction=True)


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


def _refused(results: list[object]) -> int:
    return len([one for one in results if isinstance(one, DomainError)])


def test_of_two_who_answer_one_override_one_does(
    lent: Loan, india: Entity, bob: User, charlie: User, make_person: Callable[..., User]
) -> None:
    factories.rules()
    dora = make_person("Dora", "credit_manager")
    made = services.propose_override(actor=bob, loan=lent, asked=factories.asked(), now=at(TODAY))

    results = _at_once(
        lambda: services.approve_override(actor=charlie, override=made, now=at(TODAY)),
        lambda: services.refuse_override(actor=dora, override=made, note="No no", now=at(TODAY)),
    )

    assert _refused(results) == 1
    made.refresh_from_db()
    assert made.answered_by in ((charlie,) if made.status == "approved" else (dora,))


def test_of_two_proposals_for_one_loan_one_waits(
    lent: Loan, india: Entity, bob: User, charlie: User
) -> None:
    factories.rules()

    results = _at_once(
        lambda: services.propose_override(
            actor=bob, loan=lent, asked=factories.asked(), now=at(TODAY)
        ),
        lambda: services.propose_override(
            actor=charlie, loan=lent, asked=factories.asked("loss"), now=at(TODAY)
        ),
    )

    assert (_refused(results), Override.objects.count()) == (1, 1)


def test_of_two_nights_at_once_one_raises_the_alert(
    lent: Loan, india: Entity, charlie: User
) -> None:
    factories.threshold(charlie, india, "npa_ratio", "0.05")
    npa(lent, TODAY)

    def night() -> int:
        return services.raise_alerts(entity=india, day=TODAY, now=NOW)

    assert sorted(map(str, _at_once(night, night))) == ["0", "1"]
    assert (Alert.objects.count(), PortfolioDay.objects.count()) == (1, 1)


def test_of_two_workers_one_sends(lent: Loan, india: Entity, charlie: User) -> None:
    factories.threshold(charlie, india, "npa_ratio", "0.05")
    npa(lent, TODAY)
    services.raise_alerts(entity=india, day=TODAY, now=NOW)
    [queued] = AlertDelivery.objects.all()

    def deliver() -> object:
        return services.deliver_alert(delivery_id=queued.pk, now=NOW + timedelta(minutes=1))

    _at_once(deliver, deliver)

    queued.refresh_from_db()
    assert (queued.status, queued.attempts, len(mail.outbox)) == ("sent", 1, 1)


def test_two_who_set_one_threshold_leave_one_row(india: Entity, charlie: User) -> None:
    _at_once(
        lambda: factories.threshold(charlie, india, "par30", "0.05"),
        lambda: factories.threshold(charlie, india, "par30", "0.06"),
    )

    assert Threshold.objects.count() == 1
