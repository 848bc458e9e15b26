"""The switch of automated decisions: one person stops, two start again, no case is lost."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, InternalError, connection, transaction

from apps.accounts.models import Branch, Entity, User
from apps.applications.models import Application
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted, NotVisible, StaleRecord
from apps.decisions import automation, selectors, sentences, services
from apps.decisions.models import AutomationStop, Decision, ReviewCase
from apps.decisions.models.automation import LIFECYCLE
from apps.decisions.services import Verdict
from apps.decisions.tests import factories
from apps.letters.models import Letter
from apps.scoring.models import ModelVersion

NOW = factories.NOW
WHY = "Approvals doubled since ten o'clock."
REFUSED = (IntegrityError, InternalError)


@pytest.fixture
def kenya(db: None) -> Entity:
    """Another lender."""
    return Entity.objects.create(
        code="tumaini",
        name="Tumaini Sacco",
        kind=Entity.Kind.SACCO,
        country="KE",
        currency="KES",
        time_zone="Africa/Nairobi",
    )


def _stop(actor: User, entity: Entity | None = None, *, reason: str = WHY) -> AutomationStop:
    return services.stop_automation(actor=actor, entity=entity, reason=reason, now=NOW)


def _ask(actor: User, stop: AutomationStop) -> AutomationStop:
    return services.ask_restart(actor=actor, stop=stop, note="The feed is mended.", now=NOW)


def _restart(actor: User, stop: AutomationStop) -> AutomationStop:
    return services.restart_automation(actor=actor, stop=stop, now=NOW)


def _assess(application: Application) -> Decision:
    return services.assess(application_id=application.pk, actor="system:test", now=NOW)


def _is_standing(stop: AutomationStop, status: str = "stopped") -> bool:
    stop.refresh_from_db()
    return stop.status == status and stop.restarted_by is None


@pytest.mark.parametrize("everywhere", [True, False])
def test_it_refers_what_a_machine_would_approve_and_keeps_its_judgement(
    alice: User, stage: ModelVersion, charlie: User, pune: Branch, everywhere: bool
) -> None:
    application = factories.submitted(alice)
    stop = _stop(charlie, None if everywhere else pune.entity)

    decision = _assess(application)

    application.refresh_from_db()
    case = ReviewCase.objects.get()
    assert (application.status, decision.outcome) == ("in_review", "refer")
    assert decision.failure == "automation_stopped"
    assert decision.score_run is not None
    assert application.score_run == decision.score_run
    assert decision.trace["outcome"] == "approve"
    assert [one["code"] for one in decision.reasons] == ["cause.automation_stopped"]
    assert decision.reasons[0]["value"] == str(stop.pk)
    assert (case.causes, case.referral) == (["automation_stopped"], decision)
    assert not Letter.objects.exists()
    assert sentences.reasons(decision.reasons, currency="INR") == [
        "Automated decisions were stopped."
    ]


def test_it_refers_a_decline_with_what_spoke_for_it(
    alice: User, stage: ModelVersion, charlie: User
) -> None:
    _stop(charlie)

    decision = factories.assessed(
        alice,
        amount=Decimal(790_000),
        borrower={"employment": {"net_monthly_income": Decimal(50_000)}},
    )

    assert (decision.outcome, decision.trace["outcome"]) == ("refer", "decline")
    codes = [one["code"] for one in decision.reasons]
    assert codes == ["cause.automation_stopped", "rule.foir_cap"]
    assert ReviewCase.objects.get().causes == ["automation_stopped", "foir_cap"]
    assert decision.letter is None


def test_it_names_the_stop_beside_the_rule_that_refers_anyway(
    alice: User, stage: ModelVersion, charlie: User
) -> None:
    _stop(charlie)

    decision = factories.assessed(alice, amount=Decimal(900_000), term_months=60)

    assert decision.trace["outcome"] == "refer"
    assert ReviewCase.objects.get().causes == ["automation_stopped", "amount_authority"]


def test_what_cannot_be_judged_keeps_its_own_cause_beside_the_stop(
    alice: User, pune: Branch, charlie: User
) -> None:
    factories.policy(pune.entity)
    _stop(charlie)

    decision = factories.assessed(alice)

    assert (decision.failure, decision.score_run) == ("no_champion", None)
    assert ReviewCase.objects.get().causes == ["automation_stopped", "no_champion"]


@pytest.mark.parametrize("amount", [200_000, 790_000, 900_000])
def test_what_was_held_back_replays(
    alice: User, stage: ModelVersion, charlie: User, amount: int
) -> None:
    _stop(charlie)
    decision = factories.assessed(
        alice,
        amount=Decimal(amount),
        borrower={"employment": {"net_monthly_income": Decimal(50_000)}},
    )

    result = services.replay(actor="system:test", decision=decision, now=NOW)

    assert result.differences == ()


def test_what_failed_while_stopped_replays(alice: User, pune: Branch, charlie: User) -> None:
    factories.policy(pune.entity)
    _stop(charlie)
    decision = factories.assessed(alice)

    result = services.replay(actor="system:test", decision=decision, now=NOW)

    assert result.differences == ()


def test_another_lenders_machine_goes_on(
    alice: User, stage: ModelVersion, charlie: User, kenya: Entity
) -> None:
    _stop(charlie, kenya)

    assert factories.assessed(alice).outcome == "approve"


def test_it_decides_again_after_two_people_started_it(
    alice: User, stage: ModelVersion, charlie: User, mark: User
) -> None:
    stop = _stop(charlie)
    held_back = factories.assessed(alice)
    _ask(charlie, stop)
    assert factories.assessed(alice).failure == "automation_stopped"

    ended = _restart(mark, stop)

    assert (ended.status, ended.asked_by, ended.restarted_by) == ("ended", charlie, mark)
    assert factories.assessed(alice).outcome == "approve"
    # What went to people stays with them.
    assert held_back.application.review_cases.get().status == "open"
    assert _assess(held_back.application) == held_back
    verbs = Event.objects.filter(subject=f"decisions.automationstop:{stop.pk}").order_by("id")
    assert list(verbs.values_list("verb", "actor")) == [
        ("decisions.automation_stopped", charlie.audit_reference),
        ("decisions.restart_asked", charlie.audit_reference),
        ("decisions.automation_restarted", mark.audit_reference),
    ]


def test_a_person_declines_what_was_held_back_and_the_letter_is_silent_about_the_stop(
    alice: User, bob: User, stage: ModelVersion, charlie: User
) -> None:
    _stop(charlie)
    case = factories.referred(alice)
    services.claim(actor=bob, case=case, now=NOW)
    verdict = Verdict(
        outcome="decline",
        codes=("documents_incomplete", "override_facts_unseen"),
        note="No payslips were handed in.",
    )

    services.decide(actor=bob, case=case, verdict=verdict, now=NOW)

    letter = Letter.objects.get()
    assert [one["code"] for one in letter.facts["reasons"]] == ["person.documents_incomplete"]
    told = str(letter.facts).lower()
    assert "stopped" not in told
    assert WHY.lower() not in told


def test_a_reviewer_who_departs_from_what_the_policy_says_must_say_why(
    alice: User, stage: ModelVersion, charlie: User
) -> None:
    _stop(charlie)
    case = factories.referred(alice)

    assert services.must_justify("decline", services.basis_of(case, now=NOW))
    assert not services.must_justify("approve", services.basis_of(case, now=NOW))


def test_the_queue_is_filtered_by_the_stop(
    alice: User, bob: User, stage: ModelVersion, charlie: User
) -> None:
    other = factories.referred(alice, amount=900_000, term_months=60)
    _stop(charlie)
    held_back = factories.referred(alice)

    found = selectors.waiting(bob).filter(causes__contains=["automation_stopped"])

    assert list(found) == [held_back]
    assert other.causes == ["amount_authority"]


@pytest.mark.parametrize("role", ["credit_manager", "model_approver", "administrator"])
def test_one_person_stops(make_person: object, role: str) -> None:
    person = make_person("Someone", role)

    stop = _stop(person)

    assert _is_standing(stop)
    assert (stop.entity, stop.stopped_by, stop.stopped_at, stop.reason) == (None, person, NOW, WHY)


@pytest.mark.parametrize("name", ["alice", "bob", "amir"])
def test_who_may_not_stop_changes_nothing(request: pytest.FixtureRequest, name: str) -> None:
    with pytest.raises(NotPermitted):
        _stop(request.getfixturevalue(name))

    assert not AutomationStop.objects.exists()
    assert not Event.objects.filter(verb="decisions.automation_stopped").exists()


def test_a_stop_needs_a_reason(charlie: User) -> None:
    with pytest.raises(DomainError) as refusal:
        _stop(charlie, reason="  ")

    assert refusal.value.code == "reason_required"
    assert not AutomationStop.objects.exists()


def test_stopping_twice_is_stopped_once(charlie: User, mark: User) -> None:
    first = _stop(charlie)

    again = _stop(mark, reason="I did not know.")
    _stop(mark, reason="I did not know.")
    _stop(mark)

    assert again == first
    assert (again.reason, again.stopped_by) == (WHY, charlie)
    # What the second person said is kept once, and read on every page beside the first reason.
    [said] = again.statements.all()
    assert (said.reason, said.said_by, said.said_at) == ("I did not know.", mark, NOW)
    [event] = Event.objects.filter(verb="decisions.stop_reason_added")
    assert event.facts == {"scope": "all", "statement": str(said.pk)}
    assert f"{WHY}; I did not know." in str(automation.notices(mark)[0].text)
    with pytest.raises(InternalError, match="Cannot update or delete"), transaction.atomic():
        said.delete()
    assert Event.objects.filter(verb="decisions.automation_stopped").count() == 1


def test_a_stop_beats_a_restart_that_waits(charlie: User, mark: User) -> None:
    stop = _stop(charlie)
    _ask(charlie, stop)

    again = _stop(mark)

    assert again == stop
    assert _is_standing(stop)
    assert stop.asked_by is None
    with pytest.raises(Conflict):
        _restart(mark, stop)


def test_one_lender_and_all_are_stopped_apart(
    alice: User, stage: ModelVersion, charlie: User, mark: User, pune: Branch
) -> None:
    one, every = _stop(charlie, pune.entity), _stop(charlie)

    _ask(charlie, every)
    _restart(mark, every)

    assert _is_standing(one)
    assert factories.assessed(alice).reasons[0]["value"] == str(one.pk)


def test_nobody_confirms_what_they_asked_for(charlie: User) -> None:
    stop = _ask(charlie, _stop(charlie))

    with pytest.raises(NotPermitted) as refusal:
        _restart(charlie, stop)

    assert refusal.value.code == "own_request"
    assert _is_standing(stop, "restart_asked")


@pytest.mark.parametrize("name", ["rita", "diana", "bob", "amir"])
def test_who_may_not_confirm_changes_nothing(
    request: pytest.FixtureRequest, charlie: User, name: str
) -> None:
    stop = _ask(charlie, _stop(charlie))

    with pytest.raises(NotPermitted):
        _restart(request.getfixturevalue(name), stop)

    assert _is_standing(stop, "restart_asked")


def test_an_analyst_asks_and_a_manager_confirms(rita: User, charlie: User) -> None:
    stop = _ask(rita, _stop(charlie))

    assert _restart(charlie, stop).status == "ended"


def test_a_restart_needs_a_note(charlie: User) -> None:
    stop = _stop(charlie)

    with pytest.raises(DomainError) as refusal:
        services.ask_restart(actor=charlie, stop=stop, note=" ", now=NOW)

    assert refusal.value.code == "note_required"
    assert _is_standing(stop)


def test_a_restart_is_turned_down(charlie: User, mark: User) -> None:
    stop = _ask(charlie, _stop(charlie))

    services.keep_stopped(actor=mark, stop=stop)

    assert _is_standing(stop)
    assert (stop.asked_by, stop.asked_at, stop.ask_note) == (None, None, "")
    turned_down = Event.objects.get(verb="decisions.restart_turned_down")
    assert turned_down.facts == {"scope": "all", "asked_by": str(charlie.pk)}


def test_nobody_confirms_a_request_they_did_not_read(charlie: User, mark: User) -> None:
    stop = _ask(charlie, _stop(charlie))
    seen = stop.version
    with transaction.atomic():
        services.keep_stopped(actor=mark, stop=stop)
    AutomationStop.objects.filter(pk=stop.pk).update(updated_at=NOW + timedelta(seconds=1))

    with pytest.raises(StaleRecord):
        services.restart_automation(actor=mark, stop=stop, now=NOW, version=seen)

    assert _is_standing(stop)


def test_what_ended_is_not_started_again(charlie: User, mark: User) -> None:
    stop = _ask(charlie, _stop(charlie))
    _restart(mark, stop)

    for act in (lambda: _restart(mark, stop), lambda: _ask(charlie, stop)):
        with pytest.raises(Conflict):
            act()

    assert Event.objects.filter(verb="decisions.automation_restarted").count() == 1


def test_a_person_of_one_lender_moves_only_its_switch(
    make_person: object, charlie: User, pune: Branch, kenya: Entity
) -> None:
    paul = make_person("Paul", "credit_reviewer")
    paul.user_permissions.set(Permission.objects.filter(codename="stop_automation"))
    theirs = _stop(charlie, kenya)

    for entity in (None, kenya):
        with pytest.raises(NotPermitted):
            _stop(paul, entity)
    with pytest.raises(NotVisible):
        _ask(paul, theirs)

    assert _is_standing(theirs)
    assert AutomationStop.objects.count() == 1
    assert _stop(paul, pune.entity).scope == "sahyadri"


# --- what the database refuses whoever asks --------------------------------------------------
def _sql(statement: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.mark.parametrize("outcome", ["approve", "decline"])
def test_the_database_takes_no_machines_outcome_while_stopped(
    alice: User, stage: ModelVersion, charlie: User, pune: Branch, outcome: str
) -> None:
    approved = factories.assessed(alice)
    _stop(charlie, pune.entity)
    copied = Decision.objects.get(pk=approved.pk)
    copied.pk, copied._state.adding, copied.number, copied.outcome = None, True, 2, outcome

    with pytest.raises(IntegrityError, match="automation_stopped"), transaction.atomic():
        copied.save()

    assert Decision.objects.count() == 1


def test_the_database_starts_nothing_by_one_person(charlie: User) -> None:
    stop = _ask(charlie, _stop(charlie))

    with pytest.raises(IntegrityError, match="restarted_by_another"):
        _sql(
            "UPDATE decisions_automationstop SET status = 'ended', restarted_at = now(),"
            " restarted_by_id = asked_by_id WHERE id = %s",
            stop.pk,
        )

    assert _is_standing(stop, "restart_asked")


def test_the_database_lets_nobody_be_named_as_asker_in_the_same_breath(
    charlie: User, mark: User
) -> None:
    stop = _ask(charlie, _stop(charlie))

    with pytest.raises(REFUSED, match="decisions_automationstop"):
        _sql(
            "UPDATE decisions_automationstop SET status = 'ended', restarted_at = now(),"
            " asked_by_id = %s, restarted_by_id = %s WHERE id = %s",
            mark.pk,
            charlie.pk,
            stop.pk,
        )

    assert _is_standing(stop, "restart_asked")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE decisions_automationstop SET status = 'ended'",
        "UPDATE decisions_automationstop SET reason = 'Nothing.'",
        "UPDATE decisions_automationstop SET stopped_at = now()",
        "UPDATE decisions_automationstop SET entity_id = (SELECT id FROM accounts_entity LIMIT 1)",
        "DELETE FROM decisions_automationstop",
        "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE decisions_automationstop CASCADE",
    ],
)
def test_the_database_keeps_what_was_said(charlie: User, change: str) -> None:
    stop = _stop(charlie)

    with pytest.raises(REFUSED):
        _sql(change)

    assert _is_standing(stop)
    assert stop.reason == WHY


def test_the_database_keeps_what_ended(charlie: User, mark: User) -> None:
    stop = _ask(charlie, _stop(charlie))
    _restart(mark, stop)

    with pytest.raises(REFUSED):
        _sql("UPDATE decisions_automationstop SET ask_note = 'Another.'")

    stop.refresh_from_db()
    assert stop.ask_note == "The feed is mended."


def test_a_stop_is_written_only_as_a_stop(charlie: User, mark: User) -> None:
    ended = AutomationStop(
        status="ended",
        reason=WHY,
        stopped_by=charlie,
        stopped_at=NOW,
        asked_by=charlie,
        asked_at=NOW,
        ask_note="Mended.",
        restarted_by=mark,
        restarted_at=NOW,
    )

    with pytest.raises(REFUSED), transaction.atomic():
        ended.save(force_insert=True)

    assert not AutomationStop.objects.exists()


@pytest.mark.parametrize("state", LIFECYCLE.states)
@pytest.mark.parametrize("action", ["ask_restart", "keep_stopped", "restart"])
def test_its_life_has_only_these_steps(action: str, state: str) -> None:
    steps = {
        ("ask_restart", "stopped"): "restart_asked",
        ("keep_stopped", "restart_asked"): "stopped",
        ("restart", "restart_asked"): "ended",
    }

    assert LIFECYCLE.allows(action, state) is ((action, state) in steps)
    if (action, state) in steps:
        assert LIFECYCLE.target(action, state) == steps[action, state]
