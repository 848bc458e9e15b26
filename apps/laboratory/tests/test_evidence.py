"""An experiment lies beside what it is evidence for, and says how far it is about that."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Branch, User
from apps.audit.models import AppendOnly, Event
from apps.core.errors import NotPermitted
from apps.decisions.models import PolicyVersion
from apps.decisions.services import policymaking
from apps.decisions.tests import factories as decisions
from apps.laboratory import services
from apps.laboratory.errors import EvidenceRefused
from apps.laboratory.models import Evidence, Experiment
from apps.laboratory.tests import engine_factories as factories
from apps.scoring import services as scoring
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories as models
from tests.kept import kept

SignedIn = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
CHANGED = "changed after the experiment was attached"
OTHERWISE = "tried something else"


@pytest.fixture
@kept
def version(pune: Branch) -> PolicyVersion:
    return factories.draft(pune.entity, decisions.document())


@pytest.fixture
@kept
def challenger(rita: User) -> ModelVersion:
    return models.registered(decisions.SEGMENT, rita, seed=7)


def attached(rita: User, experiment: Experiment, policy: PolicyVersion) -> Evidence:
    return services.attach(actor=rita, experiment=experiment, policy=policy, now=factories.NOW)


def part(browser: Client, name: str, about: PolicyVersion | ModelVersion) -> str:
    address = reverse(f"laboratory:{name}", args=[about.pk])
    return browser.get(address, headers=HTMX).content.decode()


def test_it_is_evidence_for_a_draft(
    finished: Experiment, version: PolicyVersion, rita: User
) -> None:
    laid = attached(rita, finished, version)

    assert (laid.results_sha256, laid.content_sha256) == (finished.results_sha256, version.sha256)
    assert not laid.tried_what_it_lies_beside
    event = Event.objects.get(verb="laboratory.evidence_attached")
    assert event.facts["experiment"] == str(finished.pk)
    with pytest.raises(EvidenceRefused, match="already"):
        attached(rita, finished, version)
    with pytest.raises(AppendOnly):
        laid.delete()
    assert Evidence.objects.count() == 1


def test_it_says_whether_it_tried_that_very_version(
    finished: Experiment, version: PolicyVersion, pune: Branch, rita: User
) -> None:
    tried = factories.done(rita, pune.entity, policy=version)
    moved = factories.done(rita, pune.entity, policy=version, **factories.CUT_OFFS)

    assert attached(rita, tried, version).tried_what_it_lies_beside
    assert not attached(rita, moved, version).tried_what_it_lies_beside


def test_it_says_that_the_draft_was_changed_since(
    finished: Experiment, version: PolicyVersion, pune: Branch, rita: User, signed_in: SignedIn
) -> None:
    laid = attached(rita, factories.done(rita, pune.entity, policy=version), version)
    browser = signed_in(rita)
    assert not laid.is_outdated
    assert CHANGED not in part(browser, "evidence", version)

    policymaking.edit_policy(
        actor=version.author, policy=version, document=decisions.document(bands=("0.5", "0.8"))
    )

    laid = Evidence.objects.get()
    assert laid.is_outdated
    assert laid.tried_what_it_lies_beside
    shown = part(browser, "evidence", version)
    assert CHANGED in shown
    assert OTHERWISE not in shown


def test_it_is_no_evidence_once_people_decided(finished: Experiment, rita: User) -> None:
    with pytest.raises(EvidenceRefused, match="decided on"):
        attached(rita, finished, PolicyVersion.objects.get(status="approved"))

    assert not Evidence.objects.exists()


def test_it_is_no_evidence_before_it_is_done(
    finished: Experiment, version: PolicyVersion, pune: Branch, rita: User
) -> None:
    waiting = factories.asked(rita, pune.entity, **factories.CUT_OFFS)

    with pytest.raises(EvidenceRefused, match="finished"):
        attached(rita, waiting, version)
    with pytest.raises(IntegrityError), transaction.atomic():
        Evidence(
            experiment=waiting,
            policy=version,
            results_sha256="",
            content_sha256=version.sha256,
            attached_by=rita,
            attached_at=factories.NOW,
        ).save()

    assert not Evidence.objects.exists()


def test_it_is_evidence_for_the_model_it_tried(
    finished: Experiment,
    challenger: ModelVersion,
    pune: Branch,
    rita: User,
    mark: User,
    signed_in: SignedIn,
) -> None:
    tried = factories.done(rita, pune.entity, model=challenger)

    page = signed_in(rita).post(reverse("laboratory:attach_to_model", args=[tried.pk]))

    assert page.status_code == 302
    laid = Evidence.objects.get()
    assert (laid.model, laid.policy, laid.content_sha256) == (challenger, None, challenger.sha256)
    assert laid.tried_what_it_lies_beside
    assert not laid.is_outdated
    assert Event.objects.get(verb="laboratory.evidence_attached").subject.startswith("scoring.")
    shown = part(signed_in(mark), "model_evidence", challenger)
    assert reverse("laboratory:experiment", args=[tried.pk]) in shown
    assert CHANGED not in shown


def test_it_is_no_evidence_for_another_model_or_a_champion(
    finished: Experiment, challenger: ModelVersion, pune: Branch, rita: User, mark: User
) -> None:
    tried = factories.done(rita, pune.entity, model=challenger)

    def lay(experiment: Experiment, model: ModelVersion, actor: User = rita) -> Evidence:
        return services.attach_to_model(
            actor=actor, experiment=experiment, model=model, now=factories.NOW
        )

    with pytest.raises(EvidenceRefused, match="did not try"):
        lay(finished, challenger)
    with pytest.raises(NotPermitted):
        lay(tried, challenger, actor=mark)
    with pytest.raises(IntegrityError), transaction.atomic():
        Evidence(
            experiment=finished,
            model=challenger,
            results_sha256=finished.results_sha256,
            content_sha256=challenger.sha256,
            attached_by=rita,
            attached_at=factories.NOW,
        ).save()
    scoring.promote(model=challenger, approved_by=mark, now=factories.NOW)
    with pytest.raises(EvidenceRefused, match="champion already"):
        lay(tried, challenger)

    assert not Evidence.objects.exists()


@pytest.mark.parametrize("beside", ["both", "neither"])
def test_it_lies_beside_one_thing(
    finished: Experiment,
    version: PolicyVersion,
    challenger: ModelVersion,
    pune: Branch,
    rita: User,
    beside: str,
) -> None:
    tried = factories.done(rita, pune.entity, model=challenger)
    places: dict[str, Any] = {"policy": version, "model": challenger} if beside == "both" else {}

    with pytest.raises(IntegrityError, match="beside_one_thing"), transaction.atomic():
        Evidence(
            experiment=tried,
            results_sha256=tried.results_sha256,
            content_sha256=version.sha256,
            attached_by=rita,
            attached_at=factories.NOW,
            **places,
        ).save()


def test_it_asks_no_more_queries_for_more_evidence(
    finished: Experiment,
    version: PolicyVersion,
    pune: Branch,
    rita: User,
    signed_in: SignedIn,
    django_assert_max_num_queries: Any,
) -> None:
    browser = signed_in(rita)
    part(browser, "evidence", version)
    tried = [factories.done(rita, pune.entity, policy=version) for _ in range(4)]
    for one in tried:
        attached(rita, one, version)

    # Session, person, rights, the version, and everything laid beside it at once.
    with django_assert_max_num_queries(9):
        shown = part(browser, "evidence", version)

    assert shown.count("Approval rate") == 4
