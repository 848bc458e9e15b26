"""Two connections at once: one wins, nothing happens twice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import DomainError
from apps.decisions import services
from apps.decisions.models import Decision, PolicyVersion, ReviewCase
from apps.decisions.services import Verdict
from apps.decisions.tests import factories
from apps.letters.models import Letter
from apps.scoring.models import ModelVersion, ScoreRun

pytestmark = pytest.mark.django_db(transaction=True)
NOW = factories.NOW


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


def test_of_two_reviewers_one_gets_the_case(
    alice: User, bob: User, charlie: User, pune: Branch
) -> None:
    factories.policy(pune.entity)
    for _round in range(5):
        case = factories.referred(alice)

        results = _at_once(
            lambda case=case: services.claim(actor=bob, case=case, now=NOW),
            lambda case=case: services.claim(actor=charlie, case=case, now=NOW),
        )

        refused = [one for one in results if isinstance(one, DomainError)]
        held = [one for one in results if isinstance(one, ReviewCase)]
        case.refresh_from_db()
        assert (len(refused), len(held)) == (1, 1)
        assert case.claimed_by == held[0].claimed_by


def test_a_verdict_sent_twice_decides_once(alice: User, bob: User, pune: Branch) -> None:
    factories.policy(pune.entity)
    case = factories.referred(alice)
    services.claim(actor=bob, case=case, now=NOW)
    verdict = Verdict(outcome="approve", codes=("income_confirmed",), note="Seen.")

    def decide() -> object:
        return services.decide(actor=bob, case=case, verdict=verdict, now=NOW)

    first, second = _at_once(decide, decide)

    assert first == second == case
    assert Decision.objects.filter(kind="human").count() == 1
    assert Letter.objects.count() == 1


def test_two_workers_with_one_application_decide_once(
    alice: User, pune: Branch, rita: User, mark: User
) -> None:
    factories.stage(pune, rita, mark)
    application = factories.submitted(alice)

    def assess() -> object:
        return services.assess(application_id=application.pk, actor="system:test", now=NOW)

    first, second = _at_once(assess, assess)

    assert first == second
    assert isinstance(first, Decision)
    assert (Decision.objects.count(), ScoreRun.objects.count(), Letter.objects.count()) == (1, 1, 1)
    assert ModelVersion.objects.count() == 1


def test_of_two_who_propose_one_draft_one_does(rita: User, diana: User, pune: Branch) -> None:
    factories.policy(pune.entity)
    draft = services.draft_policy(actor=rita, entity=pune.entity)
    services.edit_policy(actor=rita, policy=draft, document=factories.document())

    def propose(actor: User) -> object:
        return services.propose_policy(
            actor=actor, policy=draft, effective_from=date(2026, 12, 1), note="Now.", now=NOW
        )

    results = _at_once(lambda: propose(rita), lambda: propose(diana))

    refused = [one for one in results if isinstance(one, DomainError)]
    draft.refresh_from_db()
    assert [one.code for one in refused] == ["action_not_possible"]
    assert draft.status == "proposed"
    assert Event.objects.filter(verb="decisions.policy_proposed").count() == 1


def test_of_two_policies_approved_for_one_day_one_is(
    rita: User, mark: User, charlie: User, pune: Branch
) -> None:
    factories.policy(pune.entity)
    first, second = (factories.proposed(pune.entity) for _time in range(2))

    results = _at_once(
        lambda: services.approve_policy(actor=mark, policy=first, now=NOW),
        lambda: services.approve_policy(actor=charlie, policy=second, now=NOW),
    )

    refused = [one for one in results if isinstance(one, DomainError)]
    assert len(refused) == 1
    assert "Another policy" in str(refused[0])
    approved = PolicyVersion.objects.approved().filter(effective_from=date(2026, 12, 1))
    assert approved.count() == 1
