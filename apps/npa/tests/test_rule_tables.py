"""Rule tables in the database: loaded once, kept once used, chosen, shown and read by API."""

import copy
import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from apps.accounts.models import Entity, User
from apps.audit.models import Event
from apps.core.errors import DomainError
from apps.loans.models import Loan
from apps.npa import finding_page, rulebook, rules_page, services
from apps.npa.models import Layer, RuleTable
from apps.npa.rule_parts import Status
from apps.npa.tests import day_factories as days
from apps.npa.tests.rule_book import BASE, CBK, SASRA, installed
from apps.products.reading import CatalogueRefused
from apps.repayments.tests import factories as repaying

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
PATH = Path(settings.BASE_DIR) / "fixtures" / "classification_rules.json"


def content() -> Any:
    """Return the file that comes with the program."""
    return json.loads(PATH.read_text())


def load(data: Any) -> Any:
    """Load a file's content."""
    return services.load_rules(actor="system:tests", data=data)


@pytest.fixture
def loaded(india: Entity) -> Entity:
    """The tables are loaded; the lender in India is an NBFC of the base layer."""
    load(content())
    return india


def test_it_loads_every_table_once(india: Entity) -> None:
    call_command("load_classification_rules", stdout=io.StringIO())
    events = Event.objects.filter(verb="npa.rules_loaded").count()

    again = load(content())

    assert RuleTable.objects.count() == len(installed()) == 13
    assert Layer.objects.get(entity=india).layer == "base"
    assert (again.touched, again.unchanged) == (0, 14)
    assert Event.objects.filter(verb="npa.rules_loaded").count() == events == 1


def test_it_reads_back_what_the_file_says(loaded: Entity) -> None:
    assert {one.rules.code: one.rules for one in rulebook.tables()} == installed()


def test_it_changes_nothing_where_a_table_is_no_rule(india: Entity) -> None:
    data = content()
    data["tables"][-1]["body"]["loss"] = "nowhere"

    with pytest.raises(CatalogueRefused):
        load(data)

    assert not RuleTable.objects.exists()


def test_it_refuses_a_scope_that_no_loan_can_be_in(lent: Loan, india: Entity) -> None:
    data = content()
    data["tables"][0]["scope"] = ["agriculture", lent.product.code, "godl-loan"]

    with pytest.raises(CatalogueRefused) as refused:
        load(data)

    assert str(refused.value) == (
        f"{data['tables'][0]['code']}.scope: No product or purpose is called godl-loan."
    )
    assert not RuleTable.objects.exists()
    data["tables"][0]["scope"].pop()
    load(data)


def test_it_refuses_a_layer_of_a_lender_that_is_not_there(india: Entity) -> None:
    data = content()
    data["lenders"][0]["entity"] = "nobody"

    with pytest.raises(CatalogueRefused):
        load(data)

    assert not RuleTable.objects.exists()


def test_it_lets_an_unused_table_say_something_else(loaded: Entity) -> None:
    data = content()
    data["tables"][0]["body"]["loss"] = "doubtful_3"

    load(data)

    assert RuleTable.objects.get(code=data["tables"][0]["code"]).body["loss"] == "doubtful_3"


@pytest.mark.parametrize("field", ["body", "effective_from", "effective_to"])
def test_it_keeps_what_a_table_said_when_a_day_was_ended_by_it(
    field: str, lent: Loan, loaded: Entity
) -> None:
    day = repaying.later(3)
    days.end(lent, day)
    data = content()
    table = next(one for one in data["tables"] if one["code"] == BASE)
    changed: dict[str, Any] = {
        "body": {**table["body"], "contagion": False},
        "effective_from": "2025-12-01",
        "effective_to": (day - timedelta(days=1)).isoformat(),
    }
    table[field] = changed[field]
    before = copy.deepcopy(RuleTable.objects.get(code=BASE).__dict__)

    with pytest.raises(CatalogueRefused):
        load(data)

    after = RuleTable.objects.get(code=BASE).__dict__
    assert {k: v for k, v in after.items() if k != "_state"} == {
        k: v for k, v in before.items() if k != "_state"
    }


def test_it_lets_a_used_table_end_and_another_follow(lent: Loan, loaded: Entity) -> None:
    day = repaying.later(3)
    days.end(lent, day)
    data = content()
    table = next(one for one in data["tables"] if one["code"] == BASE)
    follower = {**copy.deepcopy(table), "code": "rbi-nbfc-base-later"}
    table["effective_to"] = day.isoformat()
    follower["effective_from"] = (day + timedelta(days=1)).isoformat()
    data["tables"].append(follower)

    load(data)

    assert rulebook.chosen(loaded, on=day).rules.code == BASE
    assert rulebook.chosen(loaded, on=day + timedelta(days=1)).rules.code == "rbi-nbfc-base-later"


def test_it_is_never_deleted(loaded: Entity) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM npa_ruletable")


def test_it_says_for_whom_no_rules_are_in_force(loaded: Entity) -> None:
    with pytest.raises(DomainError) as refused:
        rulebook.chosen(loaded, on=date(2001, 1, 1))

    assert refused.value.code == "no_rule_table"
    assert "Sahyadri Finance Ltd on 2001-01-01" in str(refused.value)


def test_it_says_which_two_tables_are_in_force(loaded: Entity) -> None:
    data = content()
    another = copy.deepcopy(next(one for one in data["tables"] if one["code"] == BASE))
    data["tables"].append({**another, "code": "zz-twice"})
    load(data)

    with pytest.raises(DomainError) as refused:
        rulebook.chosen(loaded, on=date(2026, 6, 30))

    assert refused.value.code == "two_rule_tables"
    assert "rbi-nbfc-base-iracp-2025, zz-twice" in str(refused.value)


def test_it_moves_to_another_layer_on_its_day(loaded: Entity) -> None:
    Layer.objects.create(entity=loaded, layer="middle", effective_from=date(2026, 7, 1))

    codes = [rulebook.chosen(loaded, on=date(2026, month, 1)).rules.code for month in (6, 7)]

    assert codes == [BASE, "rbi-nbfc-middle-iracp-2025"]


@pytest.mark.parametrize(
    ("code", "today", "standing"),
    [
        ("rbi-bank-acpir-2026", date(2027, 3, 31), Status.FUTURE),
        ("rbi-bank-acpir-2026", date(2027, 4, 1), Status.IN_FORCE),
        ("rbi-bank-iracp-2025", date(2027, 4, 1), Status.RESCINDED),
    ],
)
def test_it_tells_by_the_day_what_stands(code: str, today: date, standing: Status) -> None:
    assert rules_page.standing(installed()[code], today) == standing


# --- pages and API --------------------------------------------------------------------------------
def test_its_list_names_all_tables_and_the_lenders_own(
    signed_in: Browser, charlie: User, loaded: Entity
) -> None:
    shown = signed_in(charlie).get("/npa/rules/").text

    assert all(rules.name in shown for rules in installed().values())
    assert "Sahyadri Finance Ltd today" in shown
    assert "one rate is disputed" in shown


def test_it_names_by_tables_that_are_for_some_loans_alone(
    signed_in: Browser, charlie: User, loaded: Entity
) -> None:
    table = RuleTable.objects.get(code=BASE)
    named = finding_page.segments(loaded, date(2026, 6, 30))
    table.scope = ["agriculture"]
    table.save(update_fields=["scope"])

    shown = signed_in(charlie).get("/npa/rules/").text

    assert "Sahyadri Finance Ltd today" in shown
    assert "No rules are in force" not in shown
    assert finding_page.segments(loaded, date(2026, 6, 30)) == named
    assert named


def test_its_list_says_that_nothing_is_in_force(signed_in: Browser, charlie: User) -> None:
    shown = signed_in(charlie).get("/npa/rules/").text

    assert "No rules are in force for Sahyadri Finance Ltd today" in shown


def test_its_page_shows_each_table(signed_in: Browser, charlie: User, loaded: Entity) -> None:
    client = signed_in(charlie)

    for code, rules in installed().items():
        response = client.get(f"/npa/rules/{code}/")
        assert response.status_code == 200, code
        assert all(segment.name in response.text for segment in rules.segments), code


def test_its_page_says_what_is_disputed(signed_in: Browser, charlie: User, loaded: Entity) -> None:
    shown = signed_in(charlie).get(f"/npa/rules/{CBK}/").text

    assert "Disputed: the rate of Doubtful, unsecured" in shown


def test_it_is_read_over_the_api(signed_in: Browser, charlie: User, loaded: Entity) -> None:
    client = signed_in(charlie)

    listed = client.get("/api/v1/rule-tables").json()
    one = client.get(f"/api/v1/rule-tables/{SASRA}").json()

    assert [row["code"] for row in listed if row["entity_kind"] == "sacco"] == [SASRA]
    assert one["standing"] == "in_force"
    assert [band["from_days"] for band in one["body"]["bands"]] == [0, 1, 31, 181, 361]
    assert client.get("/api/v1/rule-tables/none").status_code == 404


def test_it_is_read_by_nobody_without_a_role(
    signed_in: Browser, diana: User, loaded: Entity
) -> None:
    client = signed_in(diana)

    assert client.get("/npa/rules/").status_code == 403
    assert client.get("/api/v1/rule-tables").status_code == 403


def test_it_says_why_over_the_api(
    signed_in: Browser, charlie: User, lent: Loan, loaded: Entity
) -> None:
    bad = repaying.due_dates(lent)[0] + timedelta(days=90)
    days.end(lent, bad)

    found = signed_in(charlie).get(f"/api/v1/loans/{lent.pk}/why?day={bad}").json()

    assert (found["asset_class"], found["days_past_due_due_date_counted"]) == ("substandard", 91)
    assert (found["equals_snapshot"], found["differences"]) == (True, [])
    assert found["working"][-1]["result"] == str(days.of_day(lent, bad).provision)


@pytest.mark.parametrize(
    ("day", "status"), [("2001-01-01", 400), ("never", 400)], ids=["too-early", "no-day"]
)
def test_it_refuses_a_day_over_the_api(
    day: str, status: int, signed_in: Browser, charlie: User, lent: Loan, loaded: Entity
) -> None:
    found = signed_in(charlie).get(f"/api/v1/loans/{lent.pk}/why?day={day}")

    assert found.status_code == status
