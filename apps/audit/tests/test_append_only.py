"""The trail is never changed: not by Python, not by SQL; and a change forced in shows."""

import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import InternalError, ProgrammingError, connection, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import selectors, services
from apps.audit.models import AppendOnly, Event, Seal


@pytest.fixture
def sealed(alice: User) -> list[Event]:
    """Ten events of Alice's, sealed."""
    events = [
        services.record(alice, "accounts.signed_in", alice, number=number)
        for number in range(1, 11)
    ]
    services.seal_all(sealed_at=timezone.now())
    return events


def _run(sql: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def _force(sql: str, *values: object) -> None:
    """Change a row behind the trigger's back, as somebody with the database's keys could."""
    _run("SET CONSTRAINTS ALL IMMEDIATE")
    for table in ("audit_event", "audit_seal"):
        _run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    _run(sql, *values)
    for table in ("audit_event", "audit_seal"):
        _run(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.mark.parametrize("model", [Event, Seal])
def test_it_refuses_changes_in_python(sealed: list[Event], model: type[Event]) -> None:
    row = model.objects.first()

    with pytest.raises(AppendOnly):
        row.save()
    with pytest.raises(AppendOnly):
        row.delete()
    with pytest.raises(AppendOnly):
        model.objects.update()
    with pytest.raises(AppendOnly):
        model.objects.all().delete()

    assert selectors.verify().sealed == 10


@pytest.mark.parametrize("table", ["audit_event", "audit_seal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_it_refuses_changes_by_raw_sql(sealed: list[Event], table: str, statement: str) -> None:
    column = "actor = 'nobody'" if table == "audit_event" else "hash = 'none'"
    _run("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises((InternalError, ProgrammingError)) as refused, transaction.atomic():
        _run(statement.format(table, column))

    assert "append-only" in str(refused.value) or "Cannot update or delete" in str(refused.value)
    found = selectors.verify()
    assert (found.sealed, found.broken) == (10, None)


def test_it_names_row_five_when_row_five_was_altered(sealed: list[Event]) -> None:
    _force("UPDATE audit_event SET facts = '{\"number\": 55}' WHERE id = %s", sealed[4].pk)

    found = selectors.verify()

    assert found.broken is not None
    assert found.broken.position == 5
    assert found.broken.reason == "the event differs from what was sealed"
    assert found.broken_event == f"event {sealed[4].pk} (accounts.signed_in)"


@pytest.mark.parametrize("column", ["actor", "verb", "subject", '"case"', "origin"])
def test_it_notices_a_change_of_any_column(sealed: list[Event], column: str) -> None:
    _force(f"UPDATE audit_event SET {column} = 'altered' WHERE id = %s", sealed[4].pk)  # noqa: S608

    broken = selectors.verify().broken

    assert broken is not None
    assert broken.position == 5


def test_it_notices_a_moved_time(sealed: list[Event]) -> None:
    _force(
        "UPDATE audit_event SET occurred_at = occurred_at - interval '1 day' WHERE id = %s",
        sealed[4].pk,
    )

    broken = selectors.verify().broken

    assert broken is not None
    assert broken.position == 5


def test_it_notices_a_deleted_row(sealed: list[Event]) -> None:
    _run("SET CONSTRAINTS ALL IMMEDIATE")
    _force("DELETE FROM audit_seal WHERE position = 5")

    broken = selectors.verify().broken

    assert broken is not None
    assert (broken.position, broken.reason) == (5, "position 5 is missing")


def test_it_proves_a_whole_chain_by_command(sealed: list[Event]) -> None:
    out = io.StringIO()

    call_command("verify_audit", stdout=out)

    head = Seal.objects.get(position=10).hash
    assert out.getvalue() == f"The chain is whole: 10 events sealed, 0 waiting. Head {head}\n"


def test_it_names_the_broken_row_by_command(sealed: list[Event]) -> None:
    _force("UPDATE audit_event SET actor = 'nobody' WHERE id = %s", sealed[4].pk)

    with pytest.raises(CommandError, match=rf"position 5, event {sealed[4].pk} "):
        call_command("verify_audit", stdout=io.StringIO())


def test_it_fails_by_command_when_an_event_waits_too_long(alice: User) -> None:
    services.record(alice, "accounts.signed_in", alice)

    with pytest.raises(CommandError, match="Is the worker running"):
        call_command("verify_audit", "--no-seal", "--unsealed-minutes=-1", stdout=io.StringIO())

    assert Seal.objects.count() == 0


def test_it_leaves_no_event_when_the_change_is_rolled_back(alice: User) -> None:
    with transaction.atomic():
        services.record(alice, "accounts.signed_in", alice)
        transaction.set_rollback(True)

    assert Event.objects.count() == 0


def test_it_refuses_a_verb_without_a_sentence(alice: User) -> None:
    with pytest.raises(services.UnknownVerb):
        services.record(alice, "accounts.dismissed", alice)

    assert Event.objects.count() == 0
