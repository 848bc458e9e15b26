"""Gates, exceptions, conditions, findings and the day on which a model begins to decide."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.governance import gates, home, services, standing
from apps.governance.errors import GatesFailed, OwnGates, OwnModel
from apps.governance.models import Finding, GateException, GateSet, Promotion, ValidationReport
from apps.governance.tests import factories
from apps.scoring import selectors as scoring
from apps.scoring.models import ModelVersion

pytestmark = pytest.mark.django_db
NOW, TODAY = factories.NOW, factories.NOW.date()
LATER = TODAY + timedelta(days=30)


@pytest.fixture
def strict(train: Any, rita: User, olga: User, vera: User, mark: User) -> Promotion:
    """A validated promotion whose model fails the gate on ranking."""
    factories.gates(vera, mark, least_auc="0.99")
    run = train(rita)
    factories.papers(run, rita, olga, mark)
    asked = services.propose(actor=rita, model=run.model, reason="Better", now=NOW)
    return factories.validated(asked, vera)


@pytest.fixture
def gina(make_person: Any) -> User:
    """Another approver: who lets a model through a gate does not approve it."""
    person: User = make_person("Gina", "model_approver")
    return person


def finding(promotion: Promotion, actor: User, owner: User, **changes: Any) -> Finding:
    values = {"severity": "medium", "what": "Too few loans", "owner": owner, "due_on": LATER}
    return services.raise_finding(
        actor=actor,
        model=promotion.model,
        promotion=promotion,
        found=services.Found(**{**values, **changes}),
        now=NOW,
    )


def test_it_blocks_what_fails_a_gate(strict: Promotion, mark: User) -> None:
    with pytest.raises(GatesFailed) as refusal:
        factories.approved(strict, mark)

    assert "AUC" in str(refusal.value.sentence)
    strict.refresh_from_db()
    assert (strict.status, strict.verdicts) == ("validated", None)
    assert scoring.champion(factories.SEGMENT) is None


def test_it_lets_through_a_gate_by_a_dated_reasoned_exception(
    strict: Promotion, mark: User, gina: User
) -> None:
    made = services.grant_exception(
        actor=gina, promotion=strict, gate="auc", reason="Few loans yet", until=LATER, now=NOW
    )

    done = factories.approved(strict, mark)

    assert done.status == "in_force"
    assert (made.granted_by, made.until) == (gina, LATER)
    event = Event.objects.get(verb="governance.promotion_approved")
    assert event.facts["excepted"] == ["auc"]


def test_it_grants_no_exception_to_the_wrong_person_or_without_need(
    strict: Promotion, rita: User, vera: User, mark: User
) -> None:
    def granted(actor: User, **changes: Any) -> None:
        values = {"gate": "auc", "reason": "Few loans yet", "until": LATER, **changes}
        services.grant_exception(actor=actor, promotion=strict, now=NOW, **values)

    for person in (rita, vera):
        with pytest.raises(NotPermitted):
            granted(person)
    with pytest.raises(Conflict):
        granted(mark, gate="psi")
    for changes in ({"reason": " "}, {"until": TODAY}, {"until": TODAY + timedelta(days=367)}):
        with pytest.raises(DomainError):
            granted(mark, **changes)

    assert not GateException.objects.exists()
    granted(mark, until=TODAY + timedelta(days=366))


def test_it_forgets_an_exception_whose_day_is_over(
    strict: Promotion, mark: User, gina: User
) -> None:
    services.grant_exception(
        actor=gina, promotion=strict, gate="auc", reason="Few loans yet", until=LATER, now=NOW
    )

    late = NOW + timedelta(days=40)
    seen = standing.of(Promotion.objects.get(), now=late).seen
    with pytest.raises(GatesFailed):
        services.approve(actor=mark, promotion=strict, answer="", seen=seen, now=late)

    assert scoring.champion(factories.SEGMENT) is None


def test_it_blocks_where_nobody_has_agreed_on_gates(
    train: Any, rita: User, olga: User, vera: User, mark: User
) -> None:
    run = train(rita)
    factories.papers(run, rita, olga, mark)
    asked = services.propose(actor=rita, model=run.model, reason="Better", now=NOW)
    factories.validated(asked, vera)

    with pytest.raises(GatesFailed) as refusal:
        factories.approved(asked, mark)

    assert refusal.value.code == "no_gates"


def test_it_wants_an_end_where_findings_are_open(
    proposed: Promotion, rita: User, vera: User, mark: User
) -> None:
    with pytest.raises(Conflict):
        factories.validated(proposed, vera, outcome="with_findings")
    finding(proposed, vera, rita)
    with pytest.raises(Conflict):
        factories.validated(proposed, vera, outcome="accepted")
    factories.validated(proposed, vera, outcome="with_findings")

    with pytest.raises(DomainError) as refusal:
        factories.approved(proposed, mark)
    assert list(refusal.value.fields) == ["until"]
    done = factories.approved(proposed, mark, until=LATER)

    assert done.status == "in_force"
    assert standing.condition(done).until == LATER


def test_it_warns_when_a_condition_ends_and_the_champion_goes_on(
    proposed: Promotion, rita: User, vera: User, mark: User
) -> None:
    found = finding(proposed, vera, rita)
    factories.validated(proposed, vera, outcome="with_findings")
    done = factories.approved(proposed, mark, until=LATER)
    late = NOW + timedelta(days=40)

    assert home.lapsed(NOW) == []
    assert home.lapsed(late) == [done]
    assert scoring.champion(factories.SEGMENT) == done.model
    assert list(home.overdue(late)) == [found]

    services.renew(
        actor=mark,
        promotion=done,
        until=late.date() + timedelta(days=30),
        reason="Nearly done",
        now=late,
    )
    assert home.lapsed(late) == []
    with pytest.raises(DomainError):
        services.renew(actor=mark, promotion=done, until=None, reason="Forever", now=late)
    services.close_finding(actor=vera, finding=found, closing="More loans", now=late)
    later = late + timedelta(minutes=1)
    services.renew(actor=mark, promotion=done, until=None, reason="Put right", now=later)
    assert home.lapsed(late + timedelta(days=900)) == []


def test_it_lets_nobody_of_the_promotion_renew_it(
    judged: Promotion, rita: User, vera: User, mark: User
) -> None:
    done = factories.approved(judged, mark, until=LATER)

    for person in (rita, vera):
        with pytest.raises(NotPermitted):
            services.renew(actor=person, promotion=done, until=LATER, reason="Mine", now=NOW)

    assert done.conditions.count() == 1


def test_it_closes_a_finding_by_another_person(
    proposed: Promotion, rita: User, vera: User, mark: User, bob: User
) -> None:
    found = finding(proposed, vera, mark)

    for person in (mark, bob, rita):
        with pytest.raises(NotPermitted):
            services.close_finding(actor=person, finding=found, closing="Done", now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE governance_finding SET status='closed', closing='x', closed_at=now(),"
            " closed_by_id=%s",
            [mark.pk],
        )
    found.refresh_from_db()
    assert found.status == "open"

    done = services.close_finding(actor=vera, finding=found, closing="More loans", now=NOW)

    assert (done.status, done.closed_by) == ("closed", vera)
    with pytest.raises(Conflict):
        services.close_finding(actor=vera, finding=found, closing="Again", now=NOW)


def test_it_refuses_findings_of_who_does_not_judge(
    proposed: Promotion, rita: User, bob: User, vera: User
) -> None:
    for person in (rita, bob):
        with pytest.raises(NotPermitted):
            finding(proposed, person, rita)
    for changes in ({"what": " "}, {"severity": "odd"}, {"due_on": TODAY - timedelta(days=1)}):
        with pytest.raises(DomainError):
            finding(proposed, vera, rita, **changes)

    assert not Finding.objects.exists()


def test_it_waits_for_its_day(judged: Promotion, mark: User) -> None:
    done = factories.approved(judged, mark, effective_on=LATER)

    assert done.status == "approved"
    assert services.enact_due(now=NOW) == 0
    assert scoring.champion(factories.SEGMENT) is None

    day = NOW + timedelta(days=30)
    assert services.enact_due(now=day) == 1
    assert services.enact_due(now=day) == 0

    done.refresh_from_db()
    assert (done.status, done.in_force_at) == ("in_force", day)
    champion = scoring.champion(factories.SEGMENT)
    assert (champion, champion.approved_by) == (judged.model, mark)
    with pytest.raises(DomainError):
        services.renew(actor=mark, promotion=done, until=date(2020, 1, 1), reason="Old", now=day)


def test_it_keeps_the_champion_and_says_why_where_a_model_is_spoilt_before_its_day(
    judged: Promotion, mark: User
) -> None:
    factories.approved(judged, mark, effective_on=LATER)
    ModelVersion.objects.filter(pk=judged.model_id).update(signature="00")

    assert services.enact_due(now=NOW + timedelta(days=30)) == 0

    judged.refresh_from_db()
    assert judged.status == "approved"
    assert judged.failure != ""
    assert list(home.stuck()) == [judged]
    assert scoring.champion(factories.SEGMENT) is None


def test_it_takes_no_day_of_the_past(judged: Promotion, mark: User) -> None:
    with pytest.raises(DomainError) as refusal:
        factories.approved(judged, mark, effective_on=TODAY - timedelta(days=1))

    assert list(refusal.value.fields) == ["effective_on"]
    judged.refresh_from_db()
    assert judged.status == "validated"


def test_it_agrees_on_gates_by_two_people(vera: User, mark: User, rita: User) -> None:
    asked = services.propose_gates(
        actor=vera, effective_from=TODAY, body=factories.EASY, reason="First", now=NOW
    )
    vera.groups.add(*mark.groups.all())
    both = User.objects.get(pk=vera.pk)

    with pytest.raises(OwnGates):
        services.approve_gates(actor=both, gate_set=asked, seen=asked.sha256, now=NOW)
    with pytest.raises(NotPermitted):
        services.approve_gates(actor=rita, gate_set=asked, seen=asked.sha256, now=NOW)
    with pytest.raises(Conflict):
        services.approve_gates(actor=mark, gate_set=asked, seen="other", now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE governance_gateset SET status='approved', answered_at=now(),"
            " answered_by_id=proposed_by_id"
        )
    assert GateSet.objects.in_force(TODAY) is None

    services.approve_gates(actor=mark, gate_set=asked, seen=asked.sha256, now=NOW)

    assert GateSet.objects.in_force(TODAY) == asked
    assert GateSet.objects.in_force(TODAY - timedelta(days=1)) is None
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE governance_gateset SET answer_note='x'")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("least_auc", "0.2"),
        ("least_auc", "nan"),
        ("least_auc", None),
        ("most_red_bands", "1.5"),
        ("months_high", "0"),
        ("made_up", "1"),
    ],
)
def test_it_refuses_a_limit_that_makes_no_sense(vera: User, name: str, value: Any) -> None:
    body = {**factories.EASY, name: value}

    with pytest.raises(DomainError) as refusal:
        services.propose_gates(actor=vera, effective_from=TODAY, body=body, reason="No", now=NOW)

    assert list(refusal.value.fields) == [name]
    assert not GateSet.objects.exists()


def test_it_comes_with_gates_that_can_be_read() -> None:
    assert gates.read(services.starting_gates()) == services.starting_gates()


def test_it_fails_a_gate_that_cannot_be_measured(proposed: Promotion) -> None:
    facts = ValidationReport.objects.get().facts
    limits = gates.read(factories.EASY)
    facts["ranking"]["auc"] = None
    facts["population"] = None

    verdicts = {one.gate: one for one in gates.judge(facts, limits, is_documented=False)}

    assert (verdicts["auc"].passed, verdicts["auc"].measured) == (False, None)
    assert verdicts["psi"].passed is False
    assert verdicts["documentation"].passed is False
    assert verdicts["impact_ratio"].passed is True
    needed = gates.judge(facts, {**limits, "treatment_needed": "1"}, is_documented=True)
    assert {one.gate: one.passed for one in needed}["impact_ratio"] is False


def test_it_judges_exactly_at_the_limit() -> None:
    limits = {"limit": "0.7"}

    assert gates._least("auc", 0.7, limits["limit"]).passed is True
    assert gates._least("auc", 0.6999, limits["limit"]).passed is False
    assert gates._most("psi", 0.7, limits["limit"]).passed is True
    assert gates._most("psi", 0.7001, limits["limit"]).passed is False


def test_it_keeps_its_verdicts_when_gates_change_later(
    judged: Promotion, vera: User, mark: User
) -> None:
    done = factories.approved(judged, mark)
    later = NOW + timedelta(days=2)
    asked = services.propose_gates(
        actor=vera,
        effective_from=later.date(),
        body={**factories.EASY, "least_auc": "0.99"},
        reason="Harder",
        now=later,
    )
    services.approve_gates(actor=mark, gate_set=asked, seen=asked.sha256, now=later)

    found = standing.of(Promotion.objects.get(pk=done.pk), now=later)

    assert found.failed == []
    assert found.gate_set == done.gate_set


def test_it_counts_on_the_start_page_only_what_the_person_may_answer(
    proposed: Promotion, rita: User, vera: User, mark: User
) -> None:
    assert list(home.validations(vera)) == [proposed]
    assert list(home.validations(rita)) == []
    assert list(home.promotions(mark)) == []

    factories.validated(proposed, vera)

    assert list(home.validations(vera)) == []
    assert list(home.promotions(mark)) == [proposed]
    assert list(home.promotions(vera)) == []
    with pytest.raises(OwnModel):
        factories.validated(proposed, rita_as_validator(rita))


def rita_as_validator(rita: User) -> User:
    from django.contrib.auth.models import Group  # noqa: PLC0415

    rita.groups.add(Group.objects.get(name="model_validator"))
    return User.objects.get(pk=rita.pk)
