"""Who works on an overdue loan: taken once, given by a manager, given back."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.audit.models import Event
from apps.collections import selectors, services
from apps.collections.models import Assignment
from apps.collections.tests.factories import TODAY, at, refused
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible
from apps.loans.models import Loan


def _take(actor: User, loan: Loan) -> Assignment:
    return services.take(actor=actor, loan=loan, now=at(TODAY))


def test_a_collector_takes_a_loan_and_gives_it_back(lent: Loan, dev: User, esha: User) -> None:
    _take(dev, lent)

    services.release(actor=dev, loan=lent, now=at(TODAY))
    _take(esha, lent)

    standing = selectors.standing(lent)
    assert standing is not None
    assert standing.collector == esha
    assert [one.collector for one in selectors.earlier(lent)] == [dev]
    verbs = Event.objects.filter(verb__startswith="collections.").order_by("pk")
    assert [one.verb for one in verbs] == [
        "collections.case_taken",
        "collections.case_released",
        "collections.case_taken",
    ]


def test_a_manager_gives_a_loan_to_another(
    lent: Loan, dev: User, esha: User, charlie: User
) -> None:
    _take(dev, lent)

    made = services.assign(actor=charlie, loan=lent, collector=esha, now=at(TODAY))

    assert (made.collector, made.assigned_by) == (esha, charlie)
    assert Assignment.objects.filter(ended_at=None).count() == 1
    assert list(selectors.collectors(lent)) == [dev, esha]


def test_what_somebody_has_is_not_taken(lent: Loan, dev: User, esha: User) -> None:
    _take(dev, lent)

    refusal = refused(lambda: _take(esha, lent))

    assert isinstance(refusal, Conflict)
    assert "Somebody works on this loan already" in str(refusal)


def test_only_collectors_take_and_only_managers_give(
    lent: Loan, dev: User, esha: User, nina: User, alice: User, charlie: User
) -> None:
    assert isinstance(refused(lambda: _take(alice, lent)), NotPermitted)
    assert isinstance(refused(lambda: _take(nina, lent)), NotVisible)

    def give(actor: User, to: User) -> object:
        return services.assign(actor=actor, loan=lent, collector=to, now=at(TODAY))

    assert isinstance(refused(lambda: give(dev, esha)), NotPermitted)
    for wrong in (nina, alice, charlie):
        assert refused(lambda to=wrong: give(charlie, to)).code == "collector_refused"
    give(charlie, dev)
    assert refused(lambda: give(charlie, dev)).code == "assigned_before"


def test_only_the_collector_or_a_manager_ends_it(
    lent: Loan, dev: User, esha: User, charlie: User
) -> None:
    assert (
        refused(lambda: services.release(actor=dev, loan=lent, now=at(TODAY))).code
        == "not_assigned"
    )
    _take(dev, lent)

    refusal = refused(lambda: services.release(actor=esha, loan=lent, now=at(TODAY)))

    assert isinstance(refusal, NotPermitted)
    services.release(actor=charlie, loan=lent, now=at(TODAY))
    assert selectors.standing(lent) is None


def test_a_loan_that_is_not_running_is_not_taken(lent: Loan, dev: User) -> None:
    Loan.objects.filter(pk=lent.pk).update(status="closed")

    assert refused(lambda: _take(dev, lent)).code == "not_running"


@pytest.mark.django_db(transaction=True)
def test_of_two_collectors_who_take_a_loan_at_once_one_does(
    lent: Loan, dev: User, esha: User
) -> None:
    gate = threading.Barrier(2)

    def act(actor: User) -> object:
        try:
            gate.wait(timeout=10)
            return _take(actor, lent)
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(act, (dev, esha)))

    [refusal] = [one for one in results if isinstance(one, DomainError)]
    assert refusal.code == "taken_before"
    assert Assignment.objects.count() == 1
    assert Event.objects.filter(verb="collections.case_taken").count() == 1
