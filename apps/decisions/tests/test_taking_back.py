"""An approved policy is taken back until its day comes, and never once anything rests on it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, Entity, User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError
from apps.decisions import selectors, services
from apps.decisions.errors import OwnPolicy
from apps.decisions.models import Decision, PolicyVersion
from apps.decisions.services import assessing
from apps.decisions.tests import factories

SignedIn = Callable[[User], Client]
NOW = factories.NOW
BEGINS = date(2026, 12, 1)
# The last moment of 30 November in Pune, and the first of 1 December.
BEFORE = datetime(2026, 11, 30, 18, 29, 59, tzinfo=UTC)
TAKEN = "status = 'withdrawn', taken_back_by_id = approved_by_id, taken_back_at = '2026-11-20'"
BEGUN = datetime(2026, 11, 30, 18, 30, tzinfo=UTC)


def _approved(author: User, approver: User, begins: date = BEGINS) -> PolicyVersion:
    draft = services.draft_policy(actor=author, entity=author.branch.entity)
    written = factories.document(bands=("0.5", "0.8"))
    services.edit_policy(actor=author, policy=draft, document=written)
    day_before = datetime.combine(begins - timedelta(days=1), datetime.min.time(), UTC)
    services.propose_policy(
        actor=author, policy=draft, effective_from=begins, note="Better.", now=day_before
    )
    return services.approve_policy(actor=approver, policy=draft, now=day_before)


def _take_back(actor: User, version: PolicyVersion, now: datetime = NOW) -> PolicyVersion:
    return services.take_back_policy(actor=actor, policy=version, note="Wrong bands.", now=now)


def test_what_is_in_force_stays_in_force(rita: User, mark: User, india: Entity) -> None:
    first = factories.policy(india)
    second = _approved(rita, mark)
    assert selectors.policy_in_force(india, BEGINS) == second

    taken = _take_back(mark, second, BEFORE)

    assert (taken.status, taken.taken_back_by, taken.taken_back_at) == ("withdrawn", mark, BEFORE)
    assert (taken.approved_by, taken.note) == (mark, "Wrong bands.")
    assert selectors.policy_in_force(india, BEGINS) == first
    event = Event.objects.get(verb="decisions.policy_taken_back")
    assert event.facts["number"] == 2
    assert "Wrong bands." not in str(event.facts)
    assert [(said.step, said.text) for said in second.notes.all()][-1][1] == "Wrong bands."
    # Another may begin that day instead.
    assert _approved(rita, mark).effective_from == BEGINS


def test_what_has_begun_is_not_taken_back(rita: User, mark: User, india: Entity) -> None:
    factories.policy(india)
    version = _approved(rita, mark)

    with pytest.raises(Conflict) as refusal:
        _take_back(mark, version, BEGUN)

    version.refresh_from_db()
    assert (refusal.value.code, version.status) == ("policy_has_begun", "approved")


def test_an_author_takes_nothing_back_and_nobody_without_a_word(
    rita: User, mark: User, india: Entity
) -> None:
    factories.policy(india)
    version = _approved(rita, mark)
    rita.user_permissions.set(mark.groups.get().permissions.all())
    both = User.objects.get(pk=rita.pk)

    with pytest.raises(OwnPolicy):
        _take_back(both, version)
    with pytest.raises(DomainError) as refusal:
        services.take_back_policy(actor=mark, policy=version, note=" ", now=NOW)

    version.refresh_from_db()
    assert (refusal.value.code, version.status) == ("note_required", "approved")


@pytest.mark.parametrize(
    "assignment",
    [
        "status = 'withdrawn'",
        "status = 'withdrawn', taken_back_by_id = author_id, taken_back_at = '2026-11-20'",
        "status = 'withdrawn', taken_back_by_id = approved_by_id, taken_back_at = '2026-12-02'",
        "status = 'withdrawn', taken_back_at = '2026-11-20'",
        f"{TAKEN}, number = 9",
        f"{TAKEN}, document = '{{}}'",
        "taken_back_by_id = approved_by_id, taken_back_at = '2026-11-20'",
    ],
)
def test_the_database_says_the_same(rita: User, mark: User, india: Entity, assignment: str) -> None:
    factories.policy(india)
    version = _approved(rita, mark)

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE decisions_policyversion SET {assignment} WHERE id = %s",  # noqa: S608
            [version.pk],
        )

    version.refresh_from_db()
    assert (version.status, version.taken_back_by) == ("approved", None)


def test_what_decided_is_not_taken_back_even_by_a_clock_put_back(
    alice: User, rita: User, mark: User, pune: Branch
) -> None:
    factories.stage(pune, rita, mark)
    policy = factories.assessed(alice).policy
    assert policy is not None

    with (
        pytest.raises(IntegrityError, match="has begun is not taken back"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE decisions_policyversion SET status = 'withdrawn', taken_back_by_id = %s,"
            " taken_back_at = '2025-12-01' WHERE id = %s",
            [mark.pk, policy.pk],
        )


@pytest.mark.parametrize("status", ["draft", "proposed", "withdrawn"])
def test_no_decision_rests_on_a_policy_that_is_not_approved(
    alice: User, rita: User, mark: User, pune: Branch, status: str
) -> None:
    factories.stage(pune, rita, mark)
    made = factories.assessed(alice)
    version = services.draft_policy(actor=rita, entity=pune.entity)
    if status == "proposed":
        services.edit_policy(actor=rita, policy=version, document=factories.document())
        services.propose_policy(
            actor=rita, policy=version, effective_from=BEGINS, note="Better.", now=NOW
        )
    if status == "withdrawn":
        services.withdraw_policy(actor=rita, policy=version, note="Not needed.")
    made.pk, made.number, made.policy, made._state.adding = None, 2, version, True

    with (
        pytest.raises(IntegrityError, match="decisions_decision_policy_stands"),
        transaction.atomic(),
    ):
        made.save()

    assert Decision.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_decision_under_way_at_midnight_is_waited_for_or_goes_to_people(
    alice: User,
    rita: User,
    mark: User,
    pune: Branch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factories.stage(pune, rita, mark)
    version = _approved(rita, mark)
    application = factories.submitted(alice)
    read, go_on = threading.Event(), threading.Event()
    scored = assessing._scored

    def slowly(*args: object, **known: object) -> object:
        case = scored(*args, **known)  # type: ignore[arg-type]
        read.set()
        go_on.wait(timeout=10)
        return case

    monkeypatch.setattr(assessing, "_scored", slowly)

    def assess() -> Decision:
        try:
            return services.assess(application_id=application.pk, actor="system:test", now=BEGUN)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        deciding = pool.submit(assess)
        read.wait(timeout=10)
        # The clock of who takes it back is a second behind that of the worker.
        _take_back(mark, version, BEFORE)
        go_on.set()
        decision = deciding.result(timeout=30)

    assert (decision.outcome, decision.policy) == ("refer", None)
    assert decision.failure == "unexpected_error"


def test_the_page_offers_it_to_the_right_person(
    rita: User, mark: User, bob: User, india: Entity, signed_in: SignedIn
) -> None:
    factories.policy(india)
    version = _approved(rita, mark, timezone.now().date() + timedelta(days=7))
    page = reverse("decisions:policy", args=[version.pk])
    action = reverse("decisions:policy_take_back", args=[version.pk])

    for person, is_offered in ((rita, False), (bob, False), (mark, True)):
        assert (action in signed_in(person).get(page).content.decode()) is is_offered
    assert signed_in(rita).post(action, {"note": "Mine."}).status_code == 403
    refused = signed_in(mark).post(action, {"note": " "})
    assert refused.status_code == 422
    assert "Say why it is withdrawn." in refused.content.decode()
    done = signed_in(mark).post(action, {"note": "Wrong.", "version": version.version})

    version.refresh_from_db()
    assert (done.status_code, version.status) == (302, "withdrawn")
    shown = signed_in(mark).get(page).content.decode()
    assert "Taken back by" in shown
    assert action not in shown


def test_the_api_takes_it_back(rita: User, mark: User, india: Entity, signed_in: SignedIn) -> None:
    factories.policy(india)
    version = _approved(rita, mark, timezone.now().date() + timedelta(days=7))
    address = reverse("api:policy_take_back", args=[version.pk])

    assert signed_in(rita).post(address, {"note": "Mine."}).status_code == 403
    done = signed_in(mark).post(address, {"note": "Wrong."}, content_type="application/json")

    assert (done.status_code, done.json()["state"]) == (200, "withdrawn")
