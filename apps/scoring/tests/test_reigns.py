"""Who was the champion from when to when, and the one step back to the champion before."""

import importlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pgtrigger
import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.errors import Conflict, DomainError, NotPermitted, StaleRecord
from apps.scoring import champion, selectors, services
from apps.scoring.errors import RollbackRefused
from apps.scoring.models import ModelVersion, Reign
from apps.scoring.tests import factories
from creditrisk.local import places

pytestmark = pytest.mark.django_db
SEGMENT = "in-retail"
FIRST = factories.PROMOTED_AT
SECOND = FIRST + timedelta(days=10)
THIRD = FIRST + timedelta(days=20)


@pytest.fixture
def both(rita: User, mark: User) -> tuple[ModelVersion, ModelVersion]:
    """The champion before and the present one."""
    before = factories.champion(SEGMENT, rita, mark)
    present = factories.registered(SEGMENT, rita, seed=7)
    services.promote(model=present, approved_by=mark, now=SECOND)
    before.refresh_from_db()
    return before, present


def _roll_back(actor: User, model: ModelVersion, **changes: Any) -> ModelVersion:
    values = {"actor": actor, "model": model, "reason": "Declines doubled", "now": THIRD}
    return services.roll_back(**{**values, **changes})


def _state() -> list[Any]:
    return [
        list(ModelVersion.objects.order_by("pk").values_list("pk", "status", "promoted_at")),
        list(Reign.objects.order_by("pk").values_list("pk", "ended_at")),
        Event.objects.count(),
    ]


def test_the_champion_before_decides_again(
    both: tuple[ModelVersion, ModelVersion], mark: User
) -> None:
    before, present = both

    assert _roll_back(mark, present) == before

    assert champion.current(SEGMENT)[0] == before
    present.refresh_from_db()
    assert present.status == "retired"
    now, failed, first = selectors.reigns(SEGMENT)
    assert (now.model, now.how, now.reason, now.restores, now.ended_at) == (
        before,
        "rollback",
        "Declines doubled",
        first,
        None,
    )
    assert (failed.model, failed.began_at, failed.ended_at) == (present, SECOND, THIRD)
    assert (first.model, first.began_at, first.ended_at) == (before, FIRST, SECOND)
    event = Event.objects.get(verb="scoring.model_rolled_back")
    assert event.facts["instead_of"] == str(present.pk)


def test_it_says_who_decided_at_any_moment(
    both: tuple[ModelVersion, ModelVersion], mark: User
) -> None:
    before, present = both
    _roll_back(mark, present)
    second = timedelta(seconds=1)

    found = [
        selectors.champion_at(SEGMENT, moment)
        for moment in (FIRST - second, FIRST, SECOND - second, SECOND, THIRD - second, THIRD)
    ]

    assert found == [None, before, before, present, present, before]
    assert selectors.champion_at("elsewhere", THIRD) is None


def test_who_goes_back_twice_never_comes_forward_to_what_failed(
    both: tuple[ModelVersion, ModelVersion], rita: User, mark: User
) -> None:
    before, present = both
    _roll_back(mark, present)

    with pytest.raises(RollbackRefused) as refusal:
        _roll_back(mark, before)

    assert refusal.value.code == "no_champion_before"
    third = factories.registered(SEGMENT, rita, seed=8)
    services.promote(model=third, approved_by=mark, now=THIRD + timedelta(days=1))
    again = _roll_back(mark, third, now=THIRD + timedelta(days=2))
    assert again == before
    with pytest.raises(RollbackRefused):
        _roll_back(mark, again, now=THIRD + timedelta(days=3))


def test_it_is_refused_to_who_may_not_and_without_a_reason(
    both: tuple[ModelVersion, ModelVersion],
    rita: User,
    mark: User,
    bob: User,
    make_person: Callable[..., User],
) -> None:
    _before, present = both
    state = _state()

    for stranger in (rita, bob, make_person("Ada", "administrator")):
        with pytest.raises(NotPermitted):
            _roll_back(stranger, present)
    with pytest.raises(DomainError) as unsaid:
        _roll_back(mark, present, reason="  ")

    assert list(unsaid.value.fields) == ["reason"]
    assert _state() == state


def test_nobody_goes_back_to_a_model_of_their_own(mark: User, rita: User, bob: User) -> None:
    own = factories.registered(SEGMENT, mark)
    services.promote(model=own, approved_by=rita, now=FIRST)
    present = factories.registered(SEGMENT, rita, seed=7)
    services.promote(model=present, approved_by=bob, now=SECOND)
    state = _state()

    with pytest.raises(NotPermitted) as refusal:
        _roll_back(mark, present)

    assert refusal.value.code == "own_model"
    assert _state() == state


def test_it_is_refused_where_the_champion_before_was_altered(
    both: tuple[ModelVersion, ModelVersion], mark: User
) -> None:
    before, present = both
    ModelVersion.objects.filter(pk=before.pk).update(body=before.body + " ")
    state = _state()

    # This process has loaded it before it was altered; that must not hide it.
    with pytest.raises(RollbackRefused) as refusal:
        _roll_back(mark, present)

    assert refusal.value.code == "model_unusable"
    assert _state() == state
    assert champion.current(SEGMENT)[0] == present


def test_it_is_refused_where_applications_fit_the_champion_before_no_more(
    both: tuple[ModelVersion, ModelVersion], mark: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    _before, present = both
    state = _state()
    monkeypatch.setattr(
        "apps.scoring.artefact_checks.SCHEMA", type("Newer", (), {"hash": "0" * 64})
    )

    with pytest.raises(RollbackRefused) as refusal:
        _roll_back(mark, present)

    assert refusal.value.code == "schema_unknown"
    assert _state() == state


def test_a_model_that_decides_no_more_is_not_rolled_back(
    both: tuple[ModelVersion, ModelVersion], mark: User
) -> None:
    before, present = both
    state = _state()

    with pytest.raises(Conflict):
        _roll_back(mark, before)

    assert _state() == state
    assert champion.current(SEGMENT)[0] == present


def test_the_database_keeps_times_apart_and_as_they_were(
    both: tuple[ModelVersion, ModelVersion],
) -> None:
    before, _present = both
    with pytest.raises(IntegrityError, match="one_at_a_time"), transaction.atomic():
        Reign.objects.create(
            segment=SEGMENT,
            model=before,
            began_at=FIRST + timedelta(days=1),
            ended_at=FIRST + timedelta(days=2),
            how="promotion",
        )
    for sql in (
        "UPDATE scoring_reign SET began_at = began_at - interval '1 day'",
        "UPDATE scoring_reign SET ended_at = NULL WHERE ended_at IS NOT NULL",
        "DELETE FROM scoring_reign",
    ):
        with (
            pytest.raises(DatabaseError, match="Cannot"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
    other = Reign.objects.create(segment="elsewhere", model=before, began_at=FIRST, how="promotion")
    assert other.ended_at is None


def test_the_page_shows_history_and_the_way_back_to_who_may_take_it(
    both: tuple[ModelVersion, ModelVersion],
    rita: User,
    mark: User,
    signed_in: Callable[[User], Client],
) -> None:
    before, present = both
    shown, back = (reverse(f"scoring:{name}", args=[present.pk]) for name in ("model", "roll_back"))

    assert "Go back at once" not in signed_in(rita).get(shown).content.decode()
    browser = signed_in(mark)
    page = browser.get(shown).content.decode()
    assert "Go back at once" in page
    assert "When it was the champion" in page
    assert signed_in(rita).post(back, {"reason": "x"}).status_code == 403
    assert browser.post(back, {"reason": ""}).status_code == 422
    done = browser.post(back, {"reason": "Declines doubled"})
    assert done["Location"] == reverse("scoring:model", args=[before.pk])
    assert champion.current(SEGMENT)[0] == before
    assert "Declines doubled" in browser.get(done["Location"]).content.decode()
    assert browser.post(back, {"reason": "Again"}).status_code == 422


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_wins(rita: User, mark: User) -> None:
    factories.champion(SEGMENT, rita, mark)
    present = factories.registered(SEGMENT, rita, seed=7)
    services.promote(model=present, approved_by=mark, now=SECOND)
    third = factories.registered(SEGMENT, rita, seed=8)
    gate = threading.Barrier(2)

    def at_once(act: Callable[[], Any]) -> object:
        gate.wait(timeout=10)
        try:
            return act()
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        promoting = pool.submit(
            at_once, lambda: services.promote(model=third, approved_by=mark, now=THIRD)
        )
        back = pool.submit(at_once, lambda: _roll_back(mark, present))
        results = [promoting.result(timeout=30), back.result(timeout=30)]

    refused = [one for one in results if isinstance(one, DomainError)]
    assert len(refused) == 1
    assert isinstance(refused[0], StaleRecord | Conflict)
    [deciding] = ModelVersion.objects.filter(status="champion")
    assert deciding in results
    [standing] = Reign.objects.filter(ended_at=None)
    assert standing.model == deciding
    assert Reign.objects.count() == 3


WATCHER = """
import sys, time
import django
django.setup()
from apps.scoring import champion

for _number in range(600):
    print(champion.current(sys.argv[1])[0].pk, flush=True)
    time.sleep(0.05)
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_another_process_scores_with_it_within_five_seconds(rita: User, mark: User) -> None:
    before = factories.champion(SEGMENT, rita, mark)
    present = factories.registered(SEGMENT, rita, seed=7)
    services.promote(model=present, approved_by=mark, now=SECOND)
    parts = urlsplit(os.environ["DATABASE_URL"])
    address = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    process = subprocess.Popen(
        [sys.executable, "-c", WATCHER, SEGMENT],
        env={**os.environ, "DATABASE_URL": address},
        cwd=places.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        seen = (line.strip() for line in iter(process.stdout.readline, ""))
        assert str(present.pk) in seen
        _roll_back(mark, present)
        since = time.monotonic()
        assert str(before.pk) in seen
        assert time.monotonic() - since < 5
    finally:
        process.kill()
        process.wait(timeout=10)


def test_what_was_promoted_before_times_were_kept_is_written_down(
    both: tuple[ModelVersion, ModelVersion],
) -> None:
    before, present = both
    migration = importlib.import_module("apps.scoring.migrations.0004_reigns_and_trials")
    with pgtrigger.ignore():
        Reign.objects.all().delete()

    migration.write_down_who_decided(apps, None)

    rows = Reign.objects.order_by("began_at").values_list("model", "began_at", "ended_at", "how")
    assert list(rows) == [
        (before.pk, FIRST, SECOND, "promotion"),
        (present.pk, SECOND, None, "promotion"),
    ]
