"""Two people at once, leases that lapse, roles that are withdrawn: one wins, nothing is lost."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.core.errors import DomainError, NotPermitted
from apps.decisions import services as cases
from apps.decisions.errors import NotHolder
from apps.decisions.models import Decision, DeclaredInterest, ReviewCase
from apps.decisions.services import Verdict
from apps.desk import services
from apps.desk.models import Escalation, InformationRequest
from apps.desk.tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
NOW = factories.NOW
APPROVE = Verdict(outcome="approve", codes=("income_confirmed",), note="Payslips seen.")


def _at_once(*actions: Callable[[], object]) -> list[object]:
    """Return what each action gave or refused, run at the same moment on own connections."""
    gate = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> object:
        try:
            gate.wait(timeout=20)
            return action()
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def _refusals(results: list[object]) -> list[str]:
    return [one.code for one in results if isinstance(one, DomainError)]


def test_of_a_claim_and_a_case_given_away_one_holder_is_left(
    bob: User, beth: User, charlie: User, case: ReviewCase
) -> None:
    case.refresh_from_db()
    seen = case.version

    results = _at_once(
        lambda: cases.claim(actor=bob, case=case, now=NOW),
        lambda: services.assign(
            actor=charlie, case=case, person=beth, why="Take it.", now=NOW, version=seen
        ),
    )

    case.refresh_from_db()
    refused = _refusals(results)
    assert len(refused) == 1
    assert refused[0] in {"claimed_by_another", "stale_record"}
    assert case.claimed_by == (beth if refused[0] == "claimed_by_another" else bob)


def test_the_same_declared_twice_at_once_is_written_once(bob: User, case: ReviewCase) -> None:
    number = case.application.customer.number
    entry = cases.InterestEntry(relation="friend", reason="Old friend.", customer_number=number)

    results = _at_once(*[lambda: cases.declare_interest(actor=bob, entry=entry, now=NOW)] * 2)

    assert DeclaredInterest.objects.get() == results[0] == results[1]


def test_of_two_escalations_one_stands(
    bob: User, beth: User, charlie: User, case: ReviewCase
) -> None:
    results = _at_once(
        lambda: services.escalate(actor=bob, case=case, to=charlie, why="Unclear.", now=NOW),
        lambda: services.escalate(actor=beth, case=case, to=charlie, why="Unclear.", now=NOW),
    )

    assert _refusals(results) == ["escalated_already"]
    assert Escalation.objects.count() == 1


def test_information_that_comes_as_its_day_ends_moves_the_clock_once(
    bob: User, case: ReviewCase
) -> None:
    due = case.due_at
    asked = factories.asked(bob, case)
    end = asked.lapses_at

    results = _at_once(
        lambda: services.receive_information(actor=bob, asked=asked, answer="There.", now=end),
        lambda: services.lapse_information(now=end),
    )

    case.refresh_from_db()
    asked.refresh_from_db()
    assert asked.status in {"arrived", "lapsed"}
    assert (asked.status == "lapsed") == (_refusals(results) == ["information_ended"])
    assert (case.due_at, case.paused_at) == (due + (end - NOW), None)


def test_a_request_at_the_moment_of_the_decision_leaves_nothing_open(
    bob: User, beth: User, case: ReviewCase
) -> None:
    cases.claim(actor=bob, case=case, now=NOW)

    _at_once(
        lambda: cases.decide(actor=bob, case=case, verdict=APPROVE, now=NOW),
        lambda: factories.asked(beth, case),
    )

    assert Decision.objects.filter(kind="human").count() == 1
    assert not InformationRequest.objects.filter(status="open").exists()


def test_a_lease_that_lapses_while_deciding_decides_nothing(
    bob: User, beth: User, case: ReviewCase
) -> None:
    cases.claim(actor=bob, case=case, now=NOW)
    late = NOW + timedelta(minutes=31)

    results = _at_once(
        lambda: cases.decide(actor=bob, case=case, verdict=APPROVE, now=late),
        lambda: cases.claim(actor=beth, case=case, now=late),
        lambda: cases.release_lapsed(now=late),
    )

    case.refresh_from_db()
    assert isinstance(results[0], NotHolder)
    assert case.claimed_by == beth
    assert Decision.objects.count() == 1


def test_who_lost_the_role_between_opening_and_deciding_decides_nothing(
    bob: User, case: ReviewCase
) -> None:
    cases.claim(actor=bob, case=case, now=NOW)
    bob.groups.clear()

    # As the next request of an open page finds the person.
    with pytest.raises(NotPermitted):
        cases.decide(actor=User.objects.get(pk=bob.pk), case=case, verdict=APPROVE, now=NOW)

    case.refresh_from_db()
    assert (case.status, Decision.objects.count()) == ("claimed", 1)
