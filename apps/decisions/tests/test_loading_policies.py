import io
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from apps.accounts.models import Branch, Entity, User
from apps.audit.models import Event
from apps.core.errors import Conflict
from apps.decisions import selectors, services
from apps.decisions.errors import OwnPolicy, PolicyNotSound
from apps.decisions.models import PolicyVersion
from apps.decisions.tests import factories
from apps.products.tests import factories as products


def test_the_version_of_the_day_is_in_force(india: Entity) -> None:
    first = factories.policy(india)
    later = factories.policy(india, bands=("0.1", "0.2"), effective_from=date(2026, 7, 1))
    factories.proposed(india, effective_from=date(2026, 8, 1))

    assert selectors.policy_in_force(india, date(2025, 12, 31)) is None
    assert selectors.policy_in_force(india, date(2026, 6, 30)) == first
    assert selectors.policy_in_force(india, date(2026, 7, 1)) == later
    assert selectors.policy_in_force(india, date(2026, 8, 1)) == later
    assert (first.number, later.number) == (1, 2)


def test_loading_the_same_again_changes_nothing(india: Entity) -> None:
    first = factories.policy(india)

    assert factories.policy(india) == first
    assert PolicyVersion.objects.count() == 1
    assert Event.objects.filter(verb="decisions.policy_loaded").count() == 1


def test_another_policy_cannot_begin_the_same_day(india: Entity) -> None:
    factories.policy(india)

    with pytest.raises(Conflict):
        factories.policy(india, bands=("0.1", "0.2"))

    assert PolicyVersion.objects.count() == 1


def test_a_policy_must_fit_the_products(india: Entity) -> None:
    products.personal_loan(india)
    strange = factories.document()
    strange["rules"][0]["products"] = ["moon-loan"]
    uncovered = factories.document()
    uncovered["ladders"][0]["products"] = ["moon-loan"]

    for document in (strange, uncovered):
        with pytest.raises(PolicyNotSound):
            factories.policy(india, document=document)

    assert not PolicyVersion.objects.exists()


def test_the_database_keeps_a_policy_as_it_was(india: Entity) -> None:
    factories.policy(india)

    for statement in (
        "UPDATE decisions_policyversion SET document = '{}'",
        "DELETE FROM decisions_policyversion",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_command_loads_files_once(india: Entity, pune: Branch, tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    content = {"entity": "sahyadri", "effective_from": "2026-01-01", "policy": factories.document()}
    path.write_text(json.dumps(content), encoding="utf-8")
    told = io.StringIO()

    call_command("load_policy", path, stdout=told)
    call_command("load_policy", path, stdout=told)

    assert told.getvalue().splitlines() == [
        "policy.json: loaded, sahyadri policy 1 in force from 2026-01-01",
        "policy.json: unchanged, sahyadri policy 1 in force from 2026-01-01",
    ]


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"entity": "nobody", "effective_from": "2026-01-01", "policy": {}}'],
)
def test_the_command_refuses_other_files(db: None, tmp_path: Path, content: str) -> None:
    path = tmp_path / "policy.json"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(CommandError):
        call_command("load_policy", path, stdout=io.StringIO())
    assert not PolicyVersion.objects.exists()


def test_the_shipped_policies_fit_the_shipped_products(db: None) -> None:
    call_command("load_products", stdout=io.StringIO())

    call_command("load_policy", stdout=io.StringIO())
    call_command("load_policy", stdout=io.StringIO())

    found = PolicyVersion.objects.order_by("entity__code").values_list("entity__code", "number")
    assert list(found) == [("prairie", 1), ("sahyadri", 1), ("umoja", 1)]


def _later_file(folder: Path, day: date) -> Path:
    path = folder / "later.json"
    content = {
        "entity": "sahyadri",
        "effective_from": day.isoformat(),
        "policy": factories.document(bands=("0.1", "0.2")),
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_later_policy_waits_for_a_person(india: Entity, mark: User, tmp_path: Path) -> None:
    first = factories.policy(india)
    day = timezone.now().date() + timedelta(days=30)
    path, told = _later_file(tmp_path, day), io.StringIO()

    call_command("load_policy", path, stdout=told)
    call_command("load_policy", path, stdout=told)

    assert told.getvalue().splitlines() == [
        f"later.json: proposed, waits for approval, sahyadri policy 2 in force from {day}",
        f"later.json: unchanged, sahyadri policy 2 in force from {day}",
    ]
    assert selectors.policy_in_force(india, day) == first
    proposed = PolicyVersion.objects.get(number=2)
    assert (proposed.status, proposed.author) == ("proposed", None)

    services.approve_policy(actor=mark, policy=proposed, now=timezone.now())

    assert selectors.policy_in_force(india, day) == proposed


def test_a_person_may_answer_for_a_later_policy(india: Entity, rita: User, tmp_path: Path) -> None:
    factories.policy(india)
    rita.user_permissions.set(Permission.objects.filter(codename="approve_policy"))
    path = _later_file(tmp_path, timezone.now().date() + timedelta(days=30))

    call_command("load_policy", path, proposed_by=rita.email, stdout=io.StringIO())

    proposed = PolicyVersion.objects.get(number=2)
    assert (proposed.author, proposed.proposed_by) == (rita, rita)
    with pytest.raises(OwnPolicy):
        services.approve_policy(
            actor=User.objects.get(pk=rita.pk), policy=proposed, now=timezone.now()
        )


def test_who_does_not_draft_answers_for_no_policy(
    india: Entity, alice: User, tmp_path: Path
) -> None:
    factories.policy(india)
    path = _later_file(tmp_path, timezone.now().date() + timedelta(days=30))

    for email in (alice.email, "nobody@lender.example"):
        with pytest.raises(CommandError):
            call_command("load_policy", path, proposed_by=email, stdout=io.StringIO())

    assert PolicyVersion.objects.count() == 1


def test_a_file_for_a_day_gone_by_is_refused(india: Entity, tmp_path: Path) -> None:
    factories.policy(india)

    with pytest.raises(CommandError, match="at the earliest"):
        call_command("load_policy", _later_file(tmp_path, date(2026, 2, 1)), stdout=io.StringIO())

    assert PolicyVersion.objects.count() == 1


def test_a_lender_keeps_its_own_policy_when_the_program_is_installed_again(
    db: None, rita: User, mark: User
) -> None:
    call_command("load_products", stdout=io.StringIO())
    india = Entity.objects.get(code="sahyadri")
    own = factories.policy(india, effective_from=date(2026, 1, 2))
    told = io.StringIO()

    call_command("load_policy", stdout=told)

    assert "sahyadri.json: unchanged, sahyadri policy 1 in force from 2026-01-02" in told.getvalue()
    assert list(PolicyVersion.objects.filter(entity=india)) == [own]
