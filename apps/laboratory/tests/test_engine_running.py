"""An experiment is done once, whatever breaks, and what it found can be trusted afterwards."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg2
import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, InternalError, connection, transaction
from django.utils import timezone

from apps.accounts.models import Branch, Entity, User
from apps.audit.models import Event
from apps.core import bulk, jobs
from apps.core.errors import Conflict, NotPermitted, NotVisible
from apps.decisions import rulebook
from apps.decisions.models import PolicyVersion
from apps.decisions.tests import factories as decisions
from apps.laboratory import population, services
from apps.laboratory.errors import ExperimentRefused
from apps.laboratory.lifecycle import LIFECYCLE
from apps.laboratory.models import Experiment, ExperimentRow
from apps.laboratory.services import running
from apps.laboratory.tests import engine_factories as factories
from apps.scoring import champion
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories as models
from tests.kept import kept


class Killed(BaseException):
    """What a worker feels of kill -9: no handler of ours sees it."""


@pytest.fixture(autouse=True)
def _nothing_loaded(db: None) -> Iterator[None]:
    champion.forget()
    rulebook.forget()
    yield
    champion.forget()
    rulebook.forget()


@pytest.fixture
@kept
def past(pune: Branch, rita: User, mark: User) -> ModelVersion:
    """Loans of a tape, and what is in force."""
    factories.tape(pune)
    return decisions.stage(pune, rita, mark, document=factories.without_net_income())


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What was sent to workers."""
    found: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(jobs, "_carry", lambda task, arguments: found.append((task, arguments)))
    return found


def killed_after(chunks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a worker read ten rows at a time and die while it writes the chunk after so many."""
    read, write, written = population.chunk, bulk.copy_into, []

    def copy_into(*given: Any) -> int:
        if len(written) == chunks:
            written.append(-1)
            write(*given)
            raise Killed
        written.append(write(*given))
        return written[-1]

    monkeypatch.setattr(
        population, "chunk", lambda experiment, *, after: read(experiment, after=after, size=10)
    )
    monkeypatch.setattr(bulk, "copy_into", copy_into)


def test_it_is_queued_with_what_is_in_force(
    past: ModelVersion,
    pune: Branch,
    rita: User,
    sent: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        found = factories.asked(rita, pune.entity, **factories.CUT_OFFS)

    assert found.status == "waiting"
    assert found.products == ["sahyadri-personal"]
    assert found.champions == {"in-retail": str(past.pk)}
    assert found.in_force == PolicyVersion.objects.get()
    bands = found.document["ladders"][0]["bands"]
    assert [band["below"] for band in bands] == ["0.03", "0.08", "1"]
    assert sent == [("laboratory.run", {"experiment_id": str(found.pk)})]
    event = Event.objects.get(verb="laboratory.experiment_asked")
    assert event.facts["cut_offs"] == ["0.03", "0.08"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, "policy"),
        ({"title": "  ", **factories.CUT_OFFS}, "title"),
        ({"to_date": date(2023, 1, 1), **factories.CUT_OFFS}, "to_date"),
        ({"products": ("no-such",), **factories.CUT_OFFS}, "products"),
        ({"approve_below": Decimal("0.1")}, "decline_from"),
        ({"decline_from": Decimal("0.1")}, "approve_below"),
        ({"approve_below": Decimal(0), "decline_from": Decimal(1)}, "approve_below"),
        ({"approve_below": Decimal("NaN"), "decline_from": Decimal(1)}, "approve_below"),
        ({"approve_below": Decimal("0.2"), "decline_from": Decimal("NaN")}, "decline_from"),
        ({"approve_below": Decimal("0.2"), "decline_from": Decimal("0.1")}, "decline_from"),
        ({"loss_given_default": Decimal("1.01"), **factories.CUT_OFFS}, "loss_given_default"),
        ({"cost_of_funds": Decimal(-1), **factories.CUT_OFFS}, "cost_of_funds"),
        ({"fee_share": Decimal(1), **factories.CUT_OFFS}, "fee_share"),
        ({"operating_cost": Decimal("Infinity"), **factories.CUT_OFFS}, "operating_cost"),
    ],
)
def test_it_refuses_what_cannot_be_tried(
    past: ModelVersion, pune: Branch, rita: User, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(ExperimentRefused) as refusal:
        factories.asked(rita, pune.entity, **changes)

    assert list(refusal.value.fields) == [field]
    assert not Experiment.objects.exists()
    assert not Event.objects.filter(verb="laboratory.experiment_asked").exists()


def test_it_refuses_a_draft_that_is_no_policy_yet(
    past: ModelVersion, pune: Branch, rita: User
) -> None:
    broken = decisions.document()
    broken["rules"][0]["threshold"] = "twenty-one"

    with pytest.raises(ExperimentRefused) as refusal:
        factories.asked(rita, pune.entity, policy=factories.draft(pune.entity, broken))

    assert list(refusal.value.fields) == ["policy"]


def test_it_refuses_a_model_of_another_segment(
    past: ModelVersion, pune: Branch, rita: User
) -> None:
    other = models.registered("ke-retail", rita)

    with pytest.raises(ExperimentRefused) as refusal:
        factories.asked(rita, pune.entity, model=other)

    assert list(refusal.value.fields) == ["model"]


@pytest.mark.parametrize("person", ["mark", "amir", "alice", "charlie", "diana"])
def test_it_is_asked_for_by_analysts_only(
    past: ModelVersion, pune: Branch, request: pytest.FixtureRequest, person: str, rita: User
) -> None:
    waiting = factories.asked(rita, pune.entity, **factories.CUT_OFFS)
    other = request.getfixturevalue(person)

    with pytest.raises(NotPermitted):
        factories.asked(other, pune.entity, **factories.CUT_OFFS)
    with pytest.raises(NotPermitted):
        services.cancel(actor=other, experiment=waiting, now=factories.NOW)
    with pytest.raises(NotPermitted):
        services.attach(
            actor=other,
            experiment=waiting,
            policy=PolicyVersion.objects.get(),
            now=factories.NOW,
        )

    assert Experiment.objects.get().status == "waiting"


def test_it_shows_experiments_to_people_of_the_lender(
    past: ModelVersion, pune: Branch, rita: User, amir: User, alice: User
) -> None:
    found = factories.asked(rita, pune.entity, **factories.CUT_OFFS)
    elsewhere = Entity.objects.create(code="umoja", name="Umoja", kind="sacco", currency="KES")
    stranger = User.objects.create(
        email="s@umoja.example",
        name="S",
        branch=Branch.objects.create(entity=elsewhere, code="kisumu", name="Kisumu"),
    )

    assert list(Experiment.objects.visible_to(amir)) == [found]
    assert list(Experiment.objects.visible_to(alice)) == [found]
    assert not Experiment.objects.visible_to(stranger).exists()


def test_it_is_done_once(past: ModelVersion, pune: Branch, rita: User) -> None:
    found = factories.done(rita, pune.entity, **factories.CUT_OFFS)
    events = Event.objects.count()

    again = services.run(experiment_id=found.pk, now=factories.NOW)

    # The moment it ended, not the one the worker took it up.
    assert found.started_at == factories.NOW
    assert abs(found.ended_at - timezone.now()) < timedelta(minutes=5)
    assert (found.status, found.done_rows, found.total_rows) == ("done", 60, 60)
    assert again.results_sha256 == found.results_sha256
    assert ExperimentRow.objects.count() == 60
    assert Event.objects.count() == events
    assert Event.objects.filter(verb="laboratory.experiment_done").count() == 1


def test_it_goes_on_where_a_worker_was_killed(
    past: ModelVersion, pune: Branch, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = factories.done(rita, pune.entity, **factories.CUT_OFFS)
    broken = factories.asked(rita, pune.entity, **factories.CUT_OFFS)
    killed_after(3, monkeypatch)
    with pytest.raises(Killed):
        services.run(experiment_id=broken.pk, now=factories.NOW)
    broken.refresh_from_db()
    standing = (broken.status, broken.done_rows, broken.rows.count(), broken.progress)

    found = services.run(experiment_id=broken.pk, now=factories.NOW)

    assert standing == ("running", 30, 30, 0.5)
    assert (found.status, found.done_rows, found.starts) == ("done", 60, 2)
    assert found.results == whole.results
    assert found.results_sha256 == whole.results_sha256
    assert [row.outcome_after for row in factories.rows(found)] == [
        row.outcome_after for row in factories.rows(whole)
    ]


def test_it_hashes_the_same_inputs_the_same(past: ModelVersion, pune: Branch, rita: User) -> None:
    first = factories.done(rita, pune.entity, **factories.CUT_OFFS)
    second = factories.done(rita, pune.entity, title="Again", **factories.CUT_OFFS)
    dearer = factories.done(
        rita, pune.entity, **{**factories.CUT_OFFS, "cost_of_funds": Decimal("0.09")}
    )

    assert first.inputs_sha256 == second.inputs_sha256
    assert first.results_sha256 == second.results_sha256
    assert dearer.inputs_sha256 != first.inputs_sha256
    assert dearer.results_sha256 != first.results_sha256


def test_it_gives_up_what_breaks_off_again_and_again(
    past: ModelVersion, pune: Branch, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = factories.asked(rita, pune.entity, **factories.CUT_OFFS)

    def die(*_: Any) -> None:
        raise Killed

    monkeypatch.setattr(bulk, "copy_into", die)
    for _ in range(running.MOST_STARTS):
        with pytest.raises(Killed):
            services.run(experiment_id=broken.pk, now=factories.NOW)

    found = services.run(experiment_id=broken.pk, now=factories.NOW)

    assert found.status == "failed"
    assert "several times" in found.failure


def test_it_says_why_it_failed(past: ModelVersion, pune: Branch, rita: User) -> None:
    waiting = factories.asked(rita, pune.entity, **factories.CUT_OFFS)
    ModelVersion.objects.filter(pk=past.pk).update(body="altered")
    champion.forget()

    found = services.run(experiment_id=waiting.pk, now=factories.NOW)

    assert found.status == "failed"
    assert "cannot be trusted" in found.failure
    assert not ExperimentRow.objects.exists()
    assert Event.objects.filter(verb="laboratory.experiment_failed").count() == 1


def test_it_notes_what_nobody_foresaw(
    past: ModelVersion, pune: Branch, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = factories.asked(rita, pune.entity, **factories.CUT_OFFS)

    def break_down(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(bulk, "copy_into", break_down)

    with pytest.raises(ZeroDivisionError):
        services.run(experiment_id=waiting.pk, now=factories.NOW)

    waiting.refresh_from_db()
    assert (waiting.status, waiting.failure != "") == ("failed", True)


def test_it_stops_when_it_is_cancelled(
    past: ModelVersion, pune: Branch, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = factories.asked(rita, pune.entity, **factories.CUT_OFFS)
    read = population.chunk

    def chunk(experiment: Experiment, *, after: Any) -> list[population.Past]:
        if after is not None:
            standing = Experiment.objects.get(pk=experiment.pk)
            services.cancel(actor=rita, experiment=standing, now=factories.NOW)
        return read(experiment, after=after, size=10)

    monkeypatch.setattr(population, "chunk", chunk)

    found = services.run(experiment_id=waiting.pk, now=factories.NOW)

    assert found.status == "cancelled"
    assert not ExperimentRow.objects.exists()
    assert Event.objects.filter(verb="laboratory.experiment_cancelled").count() == 1
    with pytest.raises(Conflict):
        services.cancel(actor=rita, experiment=found, now=factories.NOW)


@pytest.mark.django_db(transaction=True)
def test_it_is_left_to_the_worker_that_has_it(past: ModelVersion, pune: Branch, rita: User) -> None:
    waiting = factories.asked(rita, pune.entity, **factories.CUT_OFFS)
    half = int.from_bytes(waiting.pk.bytes[:4], "big") - 2**31
    other = psycopg2.connect(connection.connection.dsn, **_password())
    other.cursor().execute("SELECT pg_advisory_lock(%s, %s)", [running._RUNNING, half])

    busy = services.run(experiment_id=waiting.pk, now=factories.NOW)
    other.close()
    found = services.run(experiment_id=waiting.pk, now=factories.NOW)

    assert busy.status == "waiting"
    assert found.status == "done"


def _password() -> dict[str, Any]:
    given = connection.settings_dict["PASSWORD"]
    return {"password": given} if given else {}


def test_it_sends_lost_experiments_again(
    past: ModelVersion,
    pune: Branch,
    rita: User,
    sent: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    lost = factories.asked(rita, pune.entity, **factories.CUT_OFFS)
    lost.move("start")
    factories.done(rita, pune.entity, **factories.CUT_OFFS)

    with django_capture_on_commit_callbacks(execute=True):
        early = services.sweep(now=timezone.now())
        late = services.sweep(now=timezone.now() + timedelta(minutes=3))

    assert (early, late) == (0, 1)
    assert sent == [("laboratory.run", {"experiment_id": str(lost.pk)})]


@pytest.mark.parametrize("action", ["start", "complete", "fail", "cancel"])
@pytest.mark.parametrize("state", LIFECYCLE.states)
def test_it_moves_only_along_its_table(state: str, action: str) -> None:
    ways = {
        "waiting": {"start": "running", "fail": "failed", "cancel": "cancelled"},
        "running": {
            "start": "running",
            "complete": "done",
            "fail": "failed",
            "cancel": "cancelled",
        },
    }
    wanted = ways.get(state, {}).get(action)

    assert LIFECYCLE.allows(action, state) is (wanted is not None)
    if wanted is not None:
        assert LIFECYCLE.target(action, state) == wanted


class TestWhatIsDone:
    """The database keeps it, whoever asks."""

    @pytest.fixture
    @kept
    def finished(self, past: ModelVersion, pune: Branch, rita: User) -> Experiment:
        return factories.done(rita, pune.entity, **factories.CUT_OFFS)

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE laboratory_experiment SET title = 'Better'",
            "UPDATE laboratory_experiment SET results = '{}'",
            "DELETE FROM laboratory_experiment",
            "UPDATE laboratory_experimentrow SET outcome_after = 'approve'",
            "DELETE FROM laboratory_experimentrow",
            """INSERT INTO laboratory_experimentrow SELECT (jsonb_populate_record(r,
            jsonb_build_object('id', gen_random_uuid()))).* FROM laboratory_experimentrow r""",
        ],
    )
    def test_it_never_changes(self, finished: Experiment, sql: str) -> None:
        before = ExperimentRow.objects.count(), finished.results_sha256

        with (
            pytest.raises((InternalError, IntegrityError)),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)

        finished.refresh_from_db()
        assert (ExperimentRow.objects.count(), finished.results_sha256) == before


def test_it_is_asked_of_ones_own_lender(past: ModelVersion, pune: Branch, rita: User) -> None:
    rita.groups.clear()
    rita.user_permissions.add(Permission.objects.get(codename="run_experiment"))
    elsewhere = Entity.objects.create(code="umoja", name="Umoja", kind="sacco", currency="KES")

    with pytest.raises(NotVisible):
        factories.asked(User.objects.get(pk=rita.pk), elsewhere, **factories.CUT_OFFS)
