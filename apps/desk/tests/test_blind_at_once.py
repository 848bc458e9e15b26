"""Sampling and judging at the same time: one sample, one holder, one verdict."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import DomainError
from apps.decisions.models import ReviewCase
from apps.decisions.tests import factories as decided
from apps.desk import services
from apps.desk.models import BlindSample
from apps.desk.services import BlindVerdict
from apps.desk.tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
NOW = factories.NOW
DECLINE = BlindVerdict(outcome="decline", codes=("purpose_not_financed",))


@pytest.fixture(autouse=True)
def _book(charlie: User, pune: Branch, rita: User, mark: User) -> None:
    decided.stage(pune, rita, mark)
    factories.share(charlie)


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


def test_two_sweeps_sample_a_decision_once(alice: User) -> None:
    factories.machine(alice)

    made = _at_once(lambda: services.sample(now=NOW), lambda: services.sample(now=NOW))

    assert sum(one for one in made if isinstance(one, int)) == BlindSample.objects.count()
    assert Event.objects.filter(verb="desk.blind_sampled").count() == BlindSample.objects.count()


def test_of_two_reviewers_one_gets_the_only_sample(alice: User, bob: User, beth: User) -> None:
    factories.machine(alice)
    services.sample(now=NOW)
    BlindSample.objects.exclude(pk=BlindSample.objects.earliest("sampled_at").pk).update(
        status="lapsed", ended_at=NOW
    )

    results = _at_once(
        lambda: services.take_blind(actor=bob, now=NOW),
        lambda: services.take_blind(actor=beth, now=NOW),
    )

    taken = [one for one in results if isinstance(one, BlindSample)]
    assert len(taken) == 1
    assert BlindSample.objects.get(status="claimed").claimed_by == taken[0].claimed_by


def test_two_clicks_of_one_reviewer_take_one_sample(alice: User, bob: User) -> None:
    for _n in range(3):
        factories.machine(alice)
    services.sample(now=NOW)

    def take() -> object:
        return services.take_blind(actor=bob, now=NOW)

    first, second = _at_once(take, take)

    assert isinstance(first, BlindSample)
    assert first == second
    assert BlindSample.objects.filter(status="claimed").count() == 1


def test_a_verdict_and_a_lapsing_claim_leave_one_outcome(alice: User, bob: User) -> None:
    factories.machine(alice)
    services.sample(now=NOW)
    held = services.take_blind(actor=bob, now=NOW)
    late = held.lapses_at

    _at_once(
        lambda: services.judge_blind(actor=bob, sample=held, verdict=DECLINE, now=NOW),
        lambda: services.end_blind(now=late),
    )

    held.refresh_from_db()
    assert (held.status, held.verdict) in {("disagreed", "decline"), ("lapsed", "")}


def test_of_two_follow_ups_one_counts(
    alice: User, bob: User, charlie: User, make_person: Callable[..., User]
) -> None:
    factories.machine(alice)
    services.sample(now=NOW)
    sample = services.take_blind(actor=bob, now=NOW)
    services.judge_blind(actor=bob, sample=sample, verdict=DECLINE, now=NOW)
    other = make_person("Clara", "credit_manager")

    results = _at_once(
        *(
            lambda who=who, action=action: services.follow_blind(
                actor=who, sample=sample, action=action, why="Seen.", now=NOW
            )
            for who, action in ((charlie, "reopened"), (other, "none"))
        )
    )

    assert [isinstance(one, DomainError) for one in results].count(True) == 1
    sample.refresh_from_db()
    reopened = ReviewCase.objects.filter(application=sample.application).exists()
    assert reopened == (sample.follow_up == "reopened")
