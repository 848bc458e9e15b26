"""Lifecycle tables, and the compare-and-set that keeps two people from both winning."""

import importlib
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from threading import Barrier

import pytest
from django.db import IntegrityError, connections, transaction
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.core import lifecycle
from apps.core.errors import Conflict, StaleRecord
from apps.core.lifecycle import Lifecycle
from apps.scoring.models import ModelVersion

TABLES = {
    name: importlib.import_module(f"apps.{name}.lifecycle").LIFECYCLE
    for name in ("applications", "decisions", "governance", "scoring")
}


def _door() -> Lifecycle:
    return Lifecycle(
        initial="open",
        steps=[
            ("close", ["open"], "closed"),
            ("lock", ["closed"], "locked"),
            ("open", ["closed"], "open"),
        ],
    )


def _model() -> ModelVersion:
    return ModelVersion.objects.create(
        segment="personal",
        number=1,
        name="A",
        body="",
        manifest={},
        sha256="a" * 64,
        signature="b",
        schema_hash="c" * 64,
    )


def test_it_knows_states_targets_and_ends() -> None:
    door = _door()

    assert door.states == ("open", "closed", "locked")
    assert door.target("close", "open") == "closed"
    assert door.actions("closed") == ["lock", "open"]
    assert door.final == ("locked",)


def test_what_is_not_possible_is_said_in_the_language_of_the_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(Conflict, match="Reload the page") as refusal:
        _door().target("lock", "open")
    monkeypatch.setattr(lifecycle, "_voices", [lambda text: text.upper()])

    assert refusal.value.code == "action_not_possible"
    assert str(refusal.value).startswith("THIS CANNOT BE DONE ANY MORE")


def test_it_is_said_by_translation() -> None:
    assert lifecycle._voices == [gettext]


def test_it_refuses_two_rows_for_one_action_and_state() -> None:
    with pytest.raises(ValueError, match="same action and state"):
        Lifecycle(initial="a", steps=[("go", ["a"], "b"), ("go", ["a"], "c")])


@pytest.mark.parametrize("app", TABLES)
def test_it_answers_every_pair_of_action_and_state(app: str) -> None:
    table = TABLES[app]
    actions = {step.action for step in table.steps}
    allowed = {
        (step.action, source): step.target for step in table.steps for source in step.sources
    }

    for action, state in product(actions, table.states):
        if (action, state) in allowed:
            assert table.target(action, state) == allowed[action, state]
        else:
            assert not table.allows(action, state)
            with pytest.raises(Conflict):
                table.target(action, state)


@pytest.mark.parametrize("app", TABLES)
def test_it_can_reach_every_state_but_the_first_ones(app: str) -> None:
    table = TABLES[app]
    reached = {table.initial} | {step.target for step in table.steps}

    # Historic applications come from a tape, never by a step.
    assert set(table.states) - reached <= {"historic"}


def test_it_moves_with_other_columns_in_one_write(mark: User) -> None:
    model = _model()

    model.move("promote", approved_by=mark)

    stored = ModelVersion.objects.get()
    assert (stored.status, stored.approved_by) == ("champion", mark)
    assert stored.updated_at > stored.created_at


@pytest.mark.django_db
def test_it_lets_only_the_faster_of_two_move() -> None:
    model = _model()
    first, second = ModelVersion.objects.get(), ModelVersion.objects.get()
    first.move("retire")

    with pytest.raises(StaleRecord) as stale:
        second.move("retire")

    assert "Somebody else has changed this" in str(stale.value)
    model.refresh_from_db()
    assert model.status == "retired"


@pytest.mark.django_db
def test_it_refuses_what_the_table_does_not_allow_and_writes_nothing() -> None:
    model = _model()
    model.move("retire")

    with pytest.raises(Conflict):
        model.move("retire")

    assert ModelVersion.objects.get().status == "retired"


@pytest.mark.django_db
def test_it_keeps_unknown_states_out_of_the_database() -> None:
    _model()

    with pytest.raises(IntegrityError), transaction.atomic():
        ModelVersion.objects.update(status="emperor")

    assert ModelVersion.objects.get().status == "registered"


@pytest.mark.django_db(transaction=True)
def test_it_lets_one_of_many_win_a_race() -> None:
    _model()
    racers = 6
    start = Barrier(racers)

    def race(number: int) -> str:
        try:
            model = ModelVersion.objects.get()
            start.wait(timeout=20)
            model.move("retire", name=f"racer {number}")
        except StaleRecord:
            return "stale"
        finally:
            connections.close_all()
        return f"racer {number}"

    with ThreadPoolExecutor(racers) as pool:
        results = list(pool.map(race, range(racers)))

    winners = [result for result in results if result != "stale"]
    assert len(winners) == 1
    assert ModelVersion.objects.get().name == winners[0]
