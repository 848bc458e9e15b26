"""A challenger decides its share of the cases, under the same policy; a case keeps its arm."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, User
from apps.applications.models import Application
from apps.audit.models import Event
from apps.decisions import selectors, sources
from apps.decisions import services as deciding
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.services import rehearing
from apps.decisions.tests import factories as decisions
from apps.governance import services, trial_arms
from apps.governance.models import Trial
from apps.governance.tests import trial_factories as factories
from apps.scoring import arms, champion
from apps.scoring.models import Draw, Incident, ModelVersion, Placement, ScoreRun
from tests.kept import kept

pytestmark = pytest.mark.django_db
NOW = factories.NOW


@pytest.fixture(autouse=True)
def _known_book(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_sources", {"tests": decisions.nobody_defaulted})
    champion.forget()


@pytest.fixture
@kept
def stage(_known_book: None, pune: Branch, rita: User, mark: User) -> ModelVersion:
    return factories.stage(pune, rita, mark)


@pytest.fixture
@kept
def trial(stage: ModelVersion, rita: User, mark: User) -> Trial:
    return factories.running(rita, mark, "challenger")


def _assess(application: Application, **changes: Any) -> Decision:
    values = {"application_id": application.pk, "actor": "system:test", "now": NOW, **changes}
    return deciding.assess(**values)


def _in_arm(
    arm: str, alice: User, *, share: Decimal = factories.HALF, **changes: Any
) -> Application:
    """Return a submitted application that the running challenger's seed draws into an arm."""
    seed = Placement.objects.filter(ended_at=None, kind="challenger").get().seed
    for _number in range(60):
        found = decisions.submitted(alice, **changes)
        case = f"applications.application:{found.pk}"
        if arms.arm_of(case, seed=seed, share=share) == arm:
            return found
    raise AssertionError("No application fell into the arm.")


def _replayed(decision: Decision) -> tuple[Any, ...]:
    stored = selectors.decisions(decision.application).get(pk=decision.pk)
    return deciding.replay(actor="system:test", decision=stored, now=NOW).differences


def test_the_seed_draws_the_share_evenly() -> None:
    cases = [f"applications.application:{number}" for number in range(20_000)]

    fifth = {
        one for one in cases if arms.arm_of(one, seed="s", share=Decimal("0.2")) == "challenger"
    }
    half = {
        one for one in cases if arms.arm_of(one, seed="s", share=Decimal("0.5")) == "challenger"
    }
    other = {
        one for one in cases if arms.arm_of(one, seed="t", share=Decimal("0.2")) == "challenger"
    }

    # Four standard errors of 20,000 draws.
    assert len(fifth) / len(cases) == pytest.approx(0.2, abs=0.0114)
    assert fifth < half
    assert len(fifth & other) / len(fifth) == pytest.approx(0.2, abs=0.026)


def test_each_arm_is_decided_by_its_model_under_one_policy(
    trial: Trial, stage: ModelVersion, alice: User
) -> None:
    ours, theirs = (_assess(_in_arm(arm, alice)) for arm in ("champion", "challenger"))

    assert (ours.score_run.model, theirs.score_run.model) == (stage, trial.model)
    assert ours.policy == theirs.policy
    draws = {one.run_id: one for one in Draw.objects.all()}
    assert [draws[one.score_run_id].arm for one in (ours, theirs)] == ["champion", "challenger"]
    assert {one.placement.trial for one in draws.values()} == {trial.pk}
    said = champion.scorer_of(trial.model).score_one(theirs.score_run.features)
    assert theirs.score_run.pd == said.pd
    facts = Event.objects.get(verb="scoring.scored", facts__arm="challenger").facts
    assert facts["trial"] == str(trial.pk)


def test_decisions_of_both_arms_replay_also_when_the_trial_is_over(
    trial: Trial, alice: User, rita: User
) -> None:
    made = [_assess(_in_arm(arm, alice)) for arm in ("champion", "challenger")]
    assert [_replayed(one) for one in made] == [(), ()]

    services.stop_trial(actor=rita, trial=trial, reason="Seen enough", now=NOW)

    assert [_replayed(one) for one in made] == [(), ()]


def test_a_case_keeps_its_arm_when_it_is_judged_anew_at_another_share(
    trial: Trial, alice: User, rita: User, mark: User, bob: User
) -> None:
    decision = _assess(_in_arm("challenger", alice))
    change = services.propose_share(
        actor=rita, trial=trial, share=Decimal("0.001"), reason="Nearly none", now=NOW
    )
    services.approve_share(actor=mark, change=change, now=NOW)
    seed = Placement.objects.get(ended_at=None).seed
    case = f"applications.application:{decision.application_id}"
    assert arms.arm_of(case, seed=seed, share=Decimal("0.001")) == "champion"

    again = rehearing.judge_anew(actor=bob, application=decision.application, now=NOW)

    assert again.score_run.model == trial.model
    assert again.score_run.draw.arm == "challenger"
    assert again.score_run.draw.placement.share == Decimal("0.001")


def test_many_together_come_to_the_arms_they_have_alone(
    trial: Trial, stage: ModelVersion, alice: User
) -> None:
    found = [decisions.submitted(alice) for _number in range(8)]
    seed = Placement.objects.get().seed

    deciding.assess_each(application_ids=[one.pk for one in found], actor="system:test", now=NOW)

    by_arm = {"champion": stage.pk, "challenger": trial.model_id}
    for one in found:
        case = f"applications.application:{one.pk}"
        expected = arms.arm_of(case, seed=seed, share=factories.HALF)
        run = Decision.objects.get(application=one).score_run
        assert (run.draw.arm, run.model_id) == (expected, by_arm[expected])


def test_a_challenger_that_was_altered_leaves_its_cases_to_the_champion(
    trial: Trial, stage: ModelVersion, alice: User
) -> None:
    one, other = (_in_arm("challenger", alice) for _number in range(2))
    factories.spoil(trial.model)

    made = [_assess(one), _assess(one), _assess(other)]

    assert made[0] == made[1]
    assert [each.outcome for each in made] == ["approve"] * 3
    assert {each.score_run.model for each in made} == {stage}
    draws = Draw.objects.values_list("arm", "fell_back")
    assert list(draws) == [("challenger", "model_unusable")] * 2
    incident = Incident.objects.get()
    assert (incident.code, incident.placement.trial) == ("model_unusable", trial.pk)
    assert Event.objects.filter(verb="scoring.trial_incident").count() == 1
    assert Decision.objects.count() == ScoreRun.objects.count() == 2
    assert _replayed(made[0]) == ()


def test_many_together_fall_back_as_one_alone(
    trial: Trial, stage: ModelVersion, alice: User
) -> None:
    found = [_in_arm("challenger", alice), _in_arm("champion", alice)]
    factories.spoil(trial.model)

    made = deciding.assess_each(
        application_ids=[one.pk for one in found], actor="system:test", now=NOW
    )

    assert {one.score_run.model for one in made} == {stage}
    assert Incident.objects.count() == 1
    assert not ReviewCase.objects.exists()


def test_a_challenger_of_another_schema_leaves_its_cases_to_the_champion(
    trial: Trial, stage: ModelVersion, alice: User
) -> None:
    application = _in_arm("challenger", alice)
    ModelVersion.objects.filter(pk=trial.model_id).update(schema_hash="0" * 64)

    decision = _assess(application)

    assert (decision.outcome, decision.score_run.model) == ("approve", stage)
    assert Draw.objects.get().fell_back == "model_unusable"


def test_the_champion_scores_while_automation_is_stopped(
    trial: Trial, stage: ModelVersion, alice: User, charlie: User
) -> None:
    application = _in_arm("challenger", alice)
    deciding.stop_automation(actor=charlie, entity=None, reason="Odd.", now=NOW)

    decision = _assess(application)

    assert (decision.outcome, decision.failure) == ("refer", "automation_stopped")
    assert decision.score_run.model == stage
    assert not Draw.objects.exists()


def test_it_serves_no_more_when_stopped_or_over(
    trial: Trial, stage: ModelVersion, alice: User, rita: User
) -> None:
    late, after = _in_arm("challenger", alice), _in_arm("challenger", alice)

    over = _assess(late, now=factories.UNTIL + timedelta(seconds=1))
    services.stop_trial(actor=rita, trial=trial, reason="Seen enough", now=NOW)
    stopped = _assess(after)

    assert {over.score_run.model, stopped.score_run.model} == {stage}
    assert not Draw.objects.exists()


def test_the_report_counts_arm_by_arm(trial: Trial, alice: User) -> None:
    for arm in ("champion", "champion", "challenger"):
        _assess(_in_arm(arm, alice))

    first, second = trial_arms.of_trial(trial)

    assert (first.name, first.drawn, first.approved.hits, first.approved.total) == (
        "champion",
        2,
        2,
        2,
    )
    assert (second.name, second.drawn, second.fell_back) == ("challenger", 1, 0)
    assert second.share.rate == pytest.approx(1 / 3)
    assert second.bands == {"A": 1}
    assert second.bad.rate is None
    assert second.missing == trial.plan["least"]["challenger"]


def test_the_page_shows_plan_arms_and_incidents(
    trial: Trial,
    alice: User,
    rita: User,
    mark: User,
    signed_in: Callable[[User], Client],
) -> None:
    application = _in_arm("challenger", alice)
    factories.spoil(trial.model)
    _assess(application)
    address = reverse("governance:trial", args=[trial.pk])

    page = " ".join(signed_in(rita).get(address).content.decode().split())

    assert "Ended loans needed in the challenger's arm" in page.replace("&#x27;", "'")
    assert "model_unusable" in page
    assert "Ended loans still needed" in page
    assert "Stop the trial" in page
    done = signed_in(mark).post(
        reverse("governance:trial_incident", args=[Incident.objects.get().pk]),
        {"note": "Restored from the backup."},
    )
    assert done.status_code == 302
    assert Incident.objects.get().acknowledged_by == mark


def test_pages_lead_from_the_request_to_the_share(
    stage: ModelVersion,
    rita: User,
    mark: User,
    bob: User,
    signed_in: Callable[[User], Client],
) -> None:
    model = factories.proposed(rita, "shadow").model
    factories.accepted(model, rita)
    analyst, approver = signed_in(rita), signed_in(mark)
    until = (timezone.now() + timedelta(days=60)).date().isoformat()
    entered = {"model": model.pk, "kind": "challenger", "until": until, "reason": "Try"}

    refused = analyst.post(reverse("governance:trial_new"), entered)
    assert refused.status_code == 422
    entered |= {"share": "20", "baseline": "8", "difference": "3", "power": "80"}
    asked = analyst.post(reverse("governance:trial_new"), entered)
    trial = Trial.objects.get(kind="challenger")
    assert asked["Location"] == reverse("governance:trial", args=[trial.pk])
    assert trial.share == Decimal("0.2")
    start = reverse("governance:trial_start", args=[trial.pk])
    assert analyst.post(start, {"answer": ""}).status_code == 403
    assert signed_in(bob).post(start, {"answer": ""}).status_code == 403
    listed = " ".join(approver.get(reverse("governance:trials")).content.decode().split())
    assert "Waits for you" in listed
    assert approver.post(start, {"answer": "Read"}).status_code == 302
    share = reverse("governance:trial_share", args=[trial.pk])
    assert analyst.post(share, {"share": "50", "reason": "More"}).status_code == 302
    change = trial.share_changes.get()
    approve = reverse("governance:share_approve", args=[change.pk])
    assert analyst.post(approve).status_code == 403
    assert approver.post(approve).status_code == 302
    assert Placement.objects.get(ended_at=None).share == Decimal("0.5")
    stop = reverse("governance:trial_stop", args=[trial.pk])
    assert analyst.post(stop, {"reason": ""}).status_code == 422
    assert analyst.post(stop, {"reason": "Enough"}).status_code == 302
    assert not Placement.objects.filter(ended_at=None).exists()
