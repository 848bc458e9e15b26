"""Many applications at once come to what each comes to alone: every stored row, but keys, times."""

import json
import uuid
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, connection, models, transaction

from apps.accounts.models import Branch, User
from apps.applications import entries
from apps.applications import services as applications
from apps.applications.models import Application, Guarantor
from apps.applications.tests import factories as intake
from apps.audit.models import Event
from apps.core import jobs
from apps.customers import services as customers
from apps.customers.tests import factories as people
from apps.decisions import services
from apps.decisions.fingerprint import of_decision
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.services import assessing_many
from apps.decisions.tests import factories
from apps.letters.models import Letter
from apps.scoring import champion
from apps.scoring.models import ModelVersion, ScoreRun

pytestmark = pytest.mark.django_db
NOW = factories.NOW
WORKER = "system:test"
_TIMES = {"created_at", "updated_at", "occurred_at"}
_DECIDED = ("decisions.approved", "decisions.declined", "decisions.referred")


@pytest.fixture(autouse=True)
def _stage(pune: Branch, rita: User, mark: User) -> None:
    factories.stage(pune, rita, mark)


def _one_by_one(keys: Sequence[uuid.UUID]) -> list[Decision]:
    return [services.assess(application_id=key, actor=WORKER, now=NOW) for key in keys]


def _together(keys: Sequence[uuid.UUID]) -> list[Decision]:
    return services.assess_each(application_ids=keys, actor=WORKER, now=NOW)


def _many_kinds(alice: User, charlie: User, pune: Branch) -> list[uuid.UUID]:
    """Return applications that a machine approves, declines, refers, or cannot decide at all."""
    found = [
        factories.submitted(alice),
        factories.submitted(alice, amount=Decimal(60_000), borrower={"language": "hi"}),
        # Above what a machine may approve.
        factories.submitted(alice, amount=Decimal(1_200_000)),
        factories.submitted(alice, borrower={"bureau": {"score": 420, "delinquencies_24m": 6}}),
        factories.submitted(alice, borrower={"employment": {"months_employed": 1}}),
        # Younger than the policy lends to.
        factories.submitted(alice, borrower={"employment": {"net_monthly_income": Decimal(9_000)}}),
    ]
    again = intake.submitted(alice, found[0].customer, amount=Decimal(90_000))
    blocked = factories.submitted(alice)
    entry = people.block_entry(customer_number=blocked.customer.number)
    customers.block(actor=charlie, entity=pune.entity, entry=entry, now=NOW)
    return [one.pk for one in (*found, again, blocked, _guaranteed(alice))]


def _guaranteed(alice: User) -> Application:
    taken = intake.application(alice, intake.borrower(alice.branch))
    other = intake.borrower(alice.branch)
    entry = entries.GuarantorEntry(customer=other, amount=Decimal(50_000))
    applications.add_guarantor(actor=alice, application=taken, entry=entry)
    return applications.submit(actor=alice, application=taken, now=NOW)


def _world(keys: Sequence[uuid.UUID], began: int) -> dict[str, list[Any]]:
    """Return every row that deciding wrote, made keys told by whose they are, times left out."""
    of_case = {f"applications.application:{key}": place for place, key in enumerate(keys)}
    names = {str(key): f"application {place}" for place, key in enumerate(keys)}
    rows: list[tuple[str, int, models.Model]] = []
    for place, key in enumerate(keys):
        made = Decision.objects.get(application=key)
        parts = (
            made,
            made.score_run,
            made.letter,
            ReviewCase.objects.filter(referral=made).first(),
        )
        for part in parts:
            if part is not None:
                rows.append((part._meta.label, place, part))
                names[str(part.pk)] = f"{part._meta.label} {place}"
        rows.append(("application", place, Application.objects.get(pk=key)))
    events = Event.objects.filter(pk__gt=began).order_by("pk")
    rows += [("event", of_case[event.case], event) for event in events]
    found: dict[str, list[Any]] = {}
    for label, place, row in rows:
        found.setdefault(f"{label} {place}", []).append(_said(row, names))
    return found


def _said(row: models.Model, names: dict[str, str]) -> Any:
    left_out = _TIMES | ({"id", "uid"} if isinstance(row, Event) else set())
    fields = [one.attname for one in row._meta.concrete_fields if one.name not in left_out]
    text = json.dumps({name: getattr(row, name) for name in fields}, cls=DjangoJSONEncoder)
    for key, name in names.items():
        text = text.replace(key, name)
    told = json.loads(text)
    if isinstance(row, Event) and row.verb in _DECIDED:
        # It is of the keys, too: of each row its own.
        made = Decision.objects.get(pk=row.subject.rpartition(":")[2])
        told["facts"]["content_sha256"] = row.facts["content_sha256"] == of_decision(made)
    return told


def _tried(
    decide: Callable[[Sequence[uuid.UUID]], list[Decision]], keys: Sequence[uuid.UUID]
) -> tuple[dict[str, list[Any]], list[str], int]:
    """Return what deciding writes, what it answers, and with how many statements; then undo it."""
    began = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    counted: list[int] = []

    def count(execute: Any, *asked: Any) -> Any:
        counted.append(1)
        return execute(*asked)

    with transaction.atomic():
        with connection.execute_wrapper(count):
            made = decide(keys)
        found = _world(keys, began)
        transaction.set_rollback(True)
    return found, [one.outcome for one in made], len(counted)


def test_it_writes_what_deciding_one_by_one_writes(
    alice: User, charlie: User, pune: Branch
) -> None:
    keys = _many_kinds(alice, charlie, pune)

    alone, outcomes, asked_alone = _tried(_one_by_one, keys)
    together, same_outcomes, asked_together = _tried(_together, keys)

    assert same_outcomes == outcomes
    assert {"approve", "decline", "refer"} <= set(outcomes)
    assert together == alone
    assert asked_together < asked_alone


def test_it_asks_no_more_for_many_than_for_a_few(alice: User) -> None:
    few = [factories.submitted(alice).pk for _ in range(2)]
    many = [factories.submitted(alice).pk for _ in range(6)]
    # What a connection and a process ask once.
    _tried(_together, few)

    _world_of_few, _outcomes, for_few = _tried(_together, few)
    _world_of_many, outcomes, for_many = _tried(_together, many)

    assert set(outcomes) == {"approve"}
    assert for_many == for_few


def test_the_second_of_one_borrower_counts_the_first(alice: User) -> None:
    borrower = intake.borrower(alice.branch)
    keys = [intake.submitted(alice, borrower, amount=Decimal(60_000)).pk for _ in range(3)]

    made = _together(keys)

    owed = [Decimal(one.inputs["exposure_with_us"]) for one in made]
    assert owed == [Decimal(60_000), Decimal(120_000), Decimal(180_000)]


def test_it_returns_what_stands_for_one_that_was_decided_before(alice: User) -> None:
    first, second, third = (factories.submitted(alice).pk for _ in range(3))
    [before] = _one_by_one([second])

    made = _together([first, second, third])

    assert [one.application_id for one in made] == [first, second, third]
    assert made[1] == before
    assert Decision.objects.count() == 3


def test_it_decides_in_parts(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assessing_many, "TOGETHER", 2)
    keys = [factories.submitted(alice).pk for _ in range(5)]

    made = _together(keys)

    assert [one.application_id for one in made] == keys
    assert _together([]) == []


def test_without_a_model_each_goes_to_people_with_that_cause(alice: User) -> None:
    keys = [factories.submitted(alice).pk for _ in range(2)]
    with pgtrigger.ignore():
        ModelVersion.objects.update(body="tree")
    champion.forget()

    made = _together(keys)

    assert [(one.outcome, one.failure) for one in made] == [("refer", "model_unusable")] * 2
    assert ReviewCase.objects.count() == 2
    assert not ScoreRun.objects.exists()


def test_one_that_breaks_among_them_holds_up_no_other(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [factories.submitted(alice).pk for _ in range(3)]
    real = assessing_many.assessing.judged

    def breaks(case: Any, **known: Any) -> Any:
        if case.judge.application.pk == keys[1]:
            raise RuntimeError("broken")
        return real(case, **known)

    monkeypatch.setattr(assessing_many.assessing, "judged", breaks)

    made = _together(keys)

    assert [one.outcome for one in made] == ["approve", "refer", "approve"]
    assert made[1].failure == "unexpected_error"
    assert Decision.objects.count() == Event.objects.filter(verb="letters.issued").count() + 1 == 3


def test_where_writing_them_together_breaks_each_is_decided_alone(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [factories.submitted(alice).pk for _ in range(2)]

    def refused(**_known: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    monkeypatch.setattr(assessing_many.recording, "record_all", refused)

    made = _together(keys)

    assert [one.outcome for one in made] == ["approve", "approve"]
    assert ScoreRun.objects.count() == Letter.objects.count() == 2


def test_a_database_that_goes_away_decides_nothing(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [factories.submitted(alice).pk for _ in range(2)]

    def gone(**_known: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '1ms'; SELECT pg_sleep(1)")

    monkeypatch.setattr(assessing_many.recording, "record_all", gone)

    with transaction.atomic(), pytest.raises(DatabaseError):
        _together(keys)

    assert not Decision.objects.exists()
    assert set(Application.objects.values_list("status", flat=True)) == {"submitted"}


def test_letters_are_asked_for_once_all_is_written(
    alice: User, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [factories.submitted(alice).pk for _ in range(2)]
    sent: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(jobs, "_carry", lambda task, told: sent.append((task, told)))

    with django_capture_on_commit_callbacks(execute=True):
        made = _together(keys)

    asked = [told["letter_ids"] for task, told in sent if task == "letters.render"]
    assert asked == [[str(one.letter_id)] for one in made]


def test_nobody_who_answers_with_others_is_decided_beside_them(alice: User) -> None:
    keys = [factories.submitted(alice).pk, _guaranteed(alice).pk, factories.submitted(alice).pk]
    found = {one.pk: one for one in Application.objects.filter(pk__in=keys)}

    apart = assessing_many._apart([found[key] for key in keys])

    assert [one.pk for one in apart] == [keys[0], keys[2]]
    assert Guarantor.objects.get().application_id == keys[1]
