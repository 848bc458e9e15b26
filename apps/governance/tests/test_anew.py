"""What a model is judged by is of now: the champion it is compared with, its owner, its ends."""

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.governance import (
    gates,
    held_out,
    home,
    policies,
    report_facts,
    selectors,
    services,
    standing,
)
from apps.governance import trials as trying
from apps.governance.errors import (
    NotAsSeen,
    OwnException,
    OwnModel,
    OwnTrial,
    PromotionImpossible,
    TrialImpossible,
)
from apps.governance.models import GateException, Promotion, RegisterEntry, Trial
from apps.governance.tests import factories as base
from apps.governance.tests import trial_factories as factories
from apps.scoring import selectors as scoring
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories as models
from tests.kept import kept

pytestmark = pytest.mark.django_db
NOW, TODAY = factories.NOW, factories.NOW.date()


@pytest.fixture
@kept
def stage(pune: Branch, rita: User, mark: User) -> ModelVersion:
    return models.champion(factories.SEGMENT, rita, mark)


@pytest.fixture
@kept
def model(stage: ModelVersion, rita: User) -> ModelVersion:
    """A model just trained by rita."""
    return models.registered(factories.SEGMENT, rita, seed=7)


def _judging(person: User, like: User) -> User:
    """Return the person with the roles of another."""
    person.groups.set(like.groups.all())
    return User.objects.get(pk=person.pk)


def _owned_by(model: ModelVersion, owner: User, rita: User) -> None:
    approver = factories.person(rita, "Gina", "model_approver")
    later = NOW + timedelta(minutes=RegisterEntry.objects.count())
    base.registered(model, rita, owner, approver, now=later)


def _approve(promotion: Promotion, mark: User, **changes: Any) -> Promotion:
    seen = standing.of(promotion, now=NOW).seen
    values = {"answer": "Read", "seen": seen, "now": NOW, **changes}
    return services.approve(actor=mark, promotion=promotion, **values)


def test_no_promotion_is_asked_for_on_a_report_against_no_champion(
    model: ModelVersion, rita: User
) -> None:
    asked = factories.asked_for(model, rita, champion=None)
    services.withdraw(actor=rita, promotion=asked, now=NOW)

    with pytest.raises(PromotionImpossible) as refusal:
        services.propose(actor=rita, model=model, reason="Better", now=NOW)

    assert refusal.value.code == "revalidation_required"
    assert Promotion.objects.get() == asked


def test_no_model_replaces_a_champion_it_was_not_compared_with(
    model: ModelVersion, rita: User, mark: User
) -> None:
    promotion = factories.accepted(model, rita)
    looked_at = standing.of(promotion, now=NOW).seen
    better = models.champion(factories.SEGMENT, rita, mark, seed=8)
    promotion = Promotion.objects.get()

    with pytest.raises(NotAsSeen):
        _approve(promotion, mark, seen=looked_at)
    with pytest.raises(Conflict) as refusal:
        _approve(promotion, mark)
    with pytest.raises(TrialImpossible) as also:
        services.propose_trial(
            actor=rita, model=model, plan=factories.plan("challenger"), reason="Try", now=NOW
        )

    assert refusal.value.code == also.value.code == "revalidation_required"
    promotion.refresh_from_db()
    assert (promotion.status, promotion.verdicts) == ("validated", None)
    assert not Trial.objects.exists()
    assert not Event.objects.filter(verb="governance.promotion_approved").exists()
    assert scoring.champion(factories.SEGMENT) == better


def test_of_two_models_approved_for_a_day_the_second_is_measured_anew(
    model: ModelVersion, rita: User, mark: User
) -> None:
    day = TODAY + timedelta(days=5)
    other = models.registered(factories.SEGMENT, rita, seed=8)
    first, second = (
        _approve(factories.accepted(one, rita), mark, effective_on=day) for one in (model, other)
    )

    assert services.enact_due(now=NOW + timedelta(days=5)) == 1

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("in_force", "approved")
    assert "have a report made anew" in second.failure
    assert scoring.champion(factories.SEGMENT) == model


def test_a_champion_that_cannot_be_read_is_not_passed_over(
    stage: ModelVersion, model: ModelVersion
) -> None:
    factories.spoil(stage)
    loans: Any = SimpleNamespace(later=None, paid_out=np.array(["2026-01-01"], dtype="M8[D]"))
    run: Any = SimpleNamespace(segment=factories.SEGMENT, model_id=model.pk)

    rival = held_out._champion(run, loans)

    assert (rival.sha256, rival.pd) == (stage.sha256, None)
    pd, bad = np.array([0.1, 0.9]), np.array([0.0, 1.0])
    found = report_facts.benchmark(pd, bad, rival)
    facts = factories.facts(champion=found)
    assert selectors.is_against_champion(SimpleNamespace(facts=facts), model)
    verdicts = gates.judge(facts, gates.read(base.EASY), is_documented=True)
    assert [one.gate for one in verdicts if not one.passed] == ["loss_to_champion"]


def test_who_became_the_owner_meanwhile_judges_nothing(
    model: ModelVersion, rita: User, vera: User, mark: User
) -> None:
    promotion = factories.asked_for(model, rita)
    seen = standing.of(promotion, now=NOW).seen
    _owned_by(model, vera, rita)

    assert not home.validations(vera).exists()
    with pytest.raises(OwnModel):
        services.validate(
            actor=vera, promotion=promotion, outcome="accepted", note="Mine", seen=seen, now=NOW
        )
    vito = factories.person(rita, "Vito", "model_validator")
    judged = {"actor": vito, "promotion": promotion, "outcome": "accepted", "note": "Read"}
    with pytest.raises(NotAsSeen):
        services.validate(**judged, seen=seen, now=NOW)
    services.validate(**judged, seen=standing.of(promotion, now=NOW).seen, now=NOW)
    promotion.refresh_from_db()
    assert list(home.promotions(mark)) == [promotion]
    _owned_by(model, mark, rita)

    assert not home.promotions(mark).exists()
    for act in (
        lambda: _approve(promotion, mark),
        lambda: services.refuse(actor=mark, promotion=promotion, answer="Not yet", now=NOW),
    ):
        with pytest.raises(OwnModel):
            act()
    promotion.refresh_from_db()
    assert (promotion.status, promotion.owner.name) == ("validated", "Owen")


def test_who_became_the_owner_meanwhile_lets_no_trial_start(
    model: ModelVersion, rita: User, mark: User
) -> None:
    factories.accepted(model, rita)
    trial = services.propose_trial(
        actor=rita, model=model, plan=factories.plan("challenger"), reason="Try", now=NOW
    )
    assert list(trying.waiting_trials(mark)) == [trial]
    _owned_by(model, mark, rita)

    assert not trying.waiting_trials(mark).exists()
    with pytest.raises(OwnTrial):
        services.start_trial(actor=mark, trial=trial, answer="", now=NOW)

    trial.refresh_from_db()
    assert trial.status == "proposed"


def _excepted(promotion: Promotion, rita: User, *, days: int) -> GateException:
    return services.grant_exception(
        actor=factories.person(rita, "Gina", "model_approver"),
        promotion=promotion,
        gate="auc",
        reason="Few loans yet",
        until=TODAY + timedelta(days=days),
        now=NOW,
    )


@pytest.fixture
def excepted(model: ModelVersion, rita: User) -> Promotion:
    """A promotion whose model was let through a gate for ten days, and once more for forty."""
    weak = {"auc": {"value": 0.4}, "ks": {"ks": 0.4}}
    promotion = factories.accepted(model, rita, ranking=weak)
    _excepted(promotion, rita, days=40)
    _excepted(promotion, rita, days=10)
    return promotion


@pytest.mark.parametrize("until", [None, 400])
def test_an_approval_rests_on_the_latest_exception_from_each_gate(
    excepted: Promotion, mark: User, until: int | None
) -> None:
    end = None if until is None else TODAY + timedelta(days=until)
    done = _approve(excepted, mark, until=end)

    def lapsed(days: int) -> bool:
        return home.lapsed(NOW + timedelta(days=days)) == [done]

    assert [lapsed(days) for days in (11, 40, 41)] == [False, False, True]
    late = NOW + timedelta(days=41)
    services.renew(
        actor=mark, promotion=done, until=late.date() + timedelta(days=9), reason="Go on", now=late
    )
    assert [lapsed(days) for days in (41, 50, 51)] == [False, False, True]


def test_a_refused_renewal_changes_nothing(excepted: Promotion, mark: User) -> None:
    done = _approve(excepted, mark)
    with pytest.raises(DomainError):
        services.renew(actor=mark, promotion=done, until=TODAY, reason="Back", now=NOW)

    assert home.lapsed(NOW + timedelta(days=41)) == [done]


_COPIED = (
    "INSERT INTO governance_promotion SELECT (jsonb_populate_record(one, %(again)s)).*"
    " FROM governance_promotion one"
)
_APPROVED = "decided_by_id=%(mark)s, decided_at=now(), effective_on=current_date"


@pytest.mark.parametrize(
    ("sql", "match"),
    [
        ("UPDATE governance_promotion SET status='in_force'", "Invalid transition"),
        ("UPDATE governance_promotion SET status='proposed'", "Invalid transition"),
        (
            "UPDATE governance_promotion SET status='approved', {approved}",
            "governance_promotion_judged_by_gates",
        ),
        (
            "UPDATE governance_promotion SET status='approved', verdicts='[]', {approved}",
            "governance_promotion_judged_by_gates",
        ),
        (_COPIED, "Cannot insert rows"),
    ],
)
def test_the_database_takes_no_step_out_of_order_and_none_without_gates(
    model: ModelVersion, rita: User, mark: User, sql: str, match: str
) -> None:
    promotion = factories.accepted(model, rita)
    again = json.dumps({"id": str(model.pk), "status": "in_force", "model_id": str(model.pk)})

    with (
        pytest.raises(DatabaseError, match=match),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql.format(approved=_APPROVED), {"mark": mark.pk, "again": again})

    promotion.refresh_from_db()
    assert (promotion.status, promotion.decided_by) == ("validated", None)
    assert Promotion.objects.count() == 1


def test_of_a_model_promoted_twice_the_later_approval_counts(
    model: ModelVersion, rita: User, mark: User
) -> None:
    _approve(factories.accepted(model, rita), mark, until=TODAY + timedelta(days=3))
    models.champion(factories.SEGMENT, rita, mark, seed=8)
    model.refresh_from_db()
    again = factories.accepted(model, rita)
    hour = NOW + timedelta(hours=1)
    later = _approve(again, mark, until=TODAY + timedelta(days=9), now=hour)

    assert scoring.champion(factories.SEGMENT) == model
    assert home.lapsed(NOW + timedelta(days=4)) == []
    assert home.lapsed(NOW + timedelta(days=10)) == [later]


def test_who_let_a_model_through_a_gate_does_not_approve_it(
    excepted: Promotion, mark: User, signed_in: Any
) -> None:
    gina = User.objects.get(name="Gina")
    page = reverse("governance:promotion", args=[excepted.pk])

    assert (list(home.promotions(mark)), list(home.promotions(gina))) == ([excepted], [])
    assert "so another person approves it" in signed_in(gina).get(page).content.decode()
    with pytest.raises(OwnException):
        _approve(excepted, gina)
    with (
        pytest.raises(DatabaseError, match="governance_promotion_excepted_by_another"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE governance_promotion SET status='approved', decided_by_id=%s, decided_at=now()",
            [gina.pk],
        )

    excepted.refresh_from_db()
    assert (excepted.status, excepted.decided_by) == ("validated", None)
    assert "so another person approves it" not in signed_in(mark).get(page).content.decode()
    assert _approve(excepted, mark).status == "in_force"


def test_an_approver_closes_no_finding_of_a_model_that_is_judged(
    model: ModelVersion, rita: User, vera: User, mark: User
) -> None:
    promotion = factories.asked_for(model, rita)
    finding = services.raise_finding(
        actor=vera,
        model=model,
        promotion=promotion,
        found=services.Found(
            severity="medium", what="Leaks", owner=rita, due_on=TODAY + timedelta(days=9)
        ),
        now=NOW,
    )
    assert [policies.may_close(one, finding) for one in (mark, vera)] == [False, True]
    with pytest.raises(NotPermitted) as refusal:
        services.close_finding(actor=mark, finding=finding, closing="Mended", now=NOW)
    assert refusal.value.code == "validator_closes"
    finding.refresh_from_db()
    assert finding.status == "open"

    services.withdraw(actor=rita, promotion=promotion, now=NOW)

    assert policies.may_close(mark, finding)
    done = services.close_finding(actor=mark, finding=finding, closing="Mended", now=NOW)
    assert done.closed_by == mark
