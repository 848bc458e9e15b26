"""Pages and API of the ends of days: who sees which, how far one is, having one done."""

import html
import io
import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, Entity, User
from apps.core import dates
from apps.loans.models import Loan
from apps.npa import tasks
from apps.npa.management.commands import day_end as command
from apps.npa.models import DayEnd, LoanDay
from apps.npa.tests import day_factories as days
from apps.npa.tests.portfolio_factories import TODAY, approved
from apps.repayments.tests import factories as repaying
from conftest import MakePerson

pytestmark = pytest.mark.django_db
SignedIn = Callable[[User], Client]


@pytest.fixture
def loan(lent: Loan) -> Loan:
    """A loan that was paid out, and the rules of its lender."""
    days.rules()
    return lent


@pytest.fixture
def manager(make_person: MakePerson) -> User:
    """Who may end days."""
    return make_person("Vidya", "credit_manager")


def _yesterday(loan: Loan) -> str:
    zone = loan.branch.entity.time_zone
    return (dates.local_date(timezone.now(), zone) - timedelta(days=1)).isoformat()


def test_it_lists_days_and_shows_the_stages_of_one(
    signed_in: SignedIn, manager: User, loan: Loan
) -> None:
    ended = days.end(loan, repaying.later(3))
    client = signed_in(manager)

    listed = client.get(reverse("npa:day_ends")).content.decode()
    shown = client.get(reverse("npa:day_end", args=[ended.pk])).content.decode()

    assert reverse("npa:day_end", args=[ended.pk]) in listed
    assert "Done, open" in listed
    assert "loans: 1" in shown
    assert shown.count("status--success") == 5
    assert "hx-get" not in shown.split('id="progress"')[1].split(">")[0]


def test_the_night_reports_the_classes_that_people_set_1_16(
    signed_in: SignedIn, bob: User, charlie: User, loan: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    day, after, now = (repaying.later(1), repaying.later(2), repaying.at(repaying.later(3)))
    days.end(loan, TODAY)
    approved(loan, bob, charlie, from_date=day, until_date=day)
    monkeypatch.setattr(command, "timezone", SimpleNamespace(now=lambda: now))
    said = io.StringIO()
    call_command(
        *("day_end", "--date", day.isoformat(), "--until", after.isoformat()),
        *("--entity", "sahyadri", "--keep-open"),
        stdout=said,
    )
    client = signed_in(charlie)

    with_one, without = DayEnd.objects.filter(day__gte=day).order_by("day")
    shown, other = (
        client.get(reverse("npa:day_end", args=[one.pk])).text for one in (with_one, without)
    )

    assert said.getvalue().count("in a class set by people: 1 loans.") == 1
    assert "1 loan stands in a class that two people set instead of the rules." in shown
    assert "in a class set by people: 1" in shown
    assert "set instead of the rules" not in other
    [link] = re.findall(rf'href="({reverse("npa:loans")}[?][^"]*)"', shown)
    assert loan.number in client.get(html.unescape(link)).text


def test_it_says_who_keeps_the_books_open(signed_in: SignedIn, manager: User, loan: Loan) -> None:
    kept = days.end(loan, repaying.later(3), actor=manager.audit_reference)
    closed = days.end(loan, repaying.later(3), close=True)
    again = days.end(loan, repaying.later(4), actor=manager.audit_reference)
    client = signed_in(manager)

    listed = client.get(reverse("npa:day_ends")).content.decode()
    shown = client.get(reverse("npa:day_end", args=[again.pk])).content.decode()
    lifted = client.get(reverse("npa:day_end", args=[closed.pk])).content.decode()

    assert (kept.pk, kept.keep_open, closed.keep_open) == (closed.pk, True, False)
    assert listed.count("Kept open") == 1
    assert f"{manager.name} keeps the books of this day open" in shown
    assert "keeps the books" not in lifted


def test_it_names_who_began_a_run(signed_in: SignedIn, manager: User, loan: Loan) -> None:
    nightly = days.end(loan, repaying.later(3), actor="system:day-end")
    asked = days.end(loan, repaying.later(4), actor=manager.audit_reference)
    client = signed_in(manager)

    by_night, by_person = (
        client.get(reverse("npa:day_end_progress", args=[one.pk])).text for one in (nightly, asked)
    )

    assert "by the nightly run." in by_night
    assert "the nightly run keeps the books of this day open" in by_night
    assert f"by {manager.name}." in by_person
    assert not any(
        raw in shown for raw in ("system:", "accounts.user:") for shown in (by_night, by_person)
    )


def test_it_shows_what_another_run_found_otherwise(
    signed_in: SignedIn, alice: User, manager: User, loan: Loan
) -> None:
    due = repaying.due_dates(loan)[0]
    days.end(loan, due)
    instalment = loan.instalments.order_by("number")[0]
    repaying.pay(alice, loan, due, instalment.due, now=repaying.at(due + timedelta(days=1)))
    ended = days.end(loan, due)
    client = signed_in(manager)

    shown = client.get(reverse("npa:day_end", args=[ended.pk])).content.decode()

    assert loan.number in shown
    assert "SMA-0" in shown
    assert "₹200,000.00" in shown or "₹2,00,000.00" in shown


def test_the_command_says_what_another_run_found_otherwise(
    alice: User, loan: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = repaying.due_dates(loan)[0]
    days.end(loan, due)
    instalment = loan.instalments.order_by("number")[0]
    now = repaying.at(due + timedelta(days=1))
    repaying.pay(alice, loan, due, instalment.due, now=now)
    monkeypatch.setattr(command, "timezone", SimpleNamespace(now=lambda: now))
    said = io.StringIO()

    call_command(
        "day_end", "--date", due.isoformat(), "--entity", "sahyadri", "--keep-open", stdout=said
    )

    first, line = said.getvalue().splitlines()
    assert "run 2, 1 loans, 1 changed" in first
    assert line.startswith(f"  run 2, {loan.number}: ")
    assert "Bucket: SMA-0 -> Standard" in line
    assert "Principal: ₹2" in line


def test_the_page_shows_what_each_run_changed_and_who_had_it_run(
    signed_in: SignedIn, alice: User, manager: User, loan: Loan
) -> None:
    due = repaying.due_dates(loan)[0]
    days.end(loan, due)
    instalment = loan.instalments.order_by("number")[0]
    repaying.pay(alice, loan, due, instalment.due, now=repaying.at(due + timedelta(days=1)))
    days.end(loan, due, actor=manager.audit_reference)
    ended = days.end(loan, due)

    shown = signed_in(manager).get(reverse("npa:day_end", args=[ended.pk]))
    runs, changes = shown.content.decode().split("What each run found otherwise", 1)

    assert (ended.run, ended.changed) == (3, 0)
    assert [(run.number, run.changed) for run in shown.context["runs"]] == [(3, 0), (2, 1), (1, 0)]
    assert shown.context["runs"][1].by == manager.name
    assert [run in runs for run in ("Run 3", "Run 2", "Run 1")] == [True] * 3
    listed = signed_in(manager).get(reverse("npa:day_ends")).context["rows"]
    # The last run changed nothing, the one before it did: of the day it is one loan.
    assert [row["changed"] for row in listed if row["one"] == ended] == [1]
    assert {one.run for one in shown.context["differences"]} == {2}
    assert loan.number in changes
    assert "SMA-0" in changes


@pytest.mark.parametrize(
    ("column", "value", "label", "before"),
    [
        ("secured", "1.00", "Secured", "₹1"),
        ("interest_earned", "1.00", "Interest not due yet", "₹1"),
        ("stage", 2, "Stage", "2"),
        ("reason", "weak", "Reason", "weak"),
        ("rate", "0.150000", "Rate", "15.00"),
        ("computed", "substandard", "Class by the rules", "Sub-standard"),
        ("flags", "R", "Flags", "restructured"),
        ("rule_table_id", 0, "Rule table", "0"),
    ],
)
def test_whatever_differs_stands_in_the_list(
    signed_in: SignedIn,
    manager: User,
    loan: Loan,
    column: str,
    value: Any,
    label: str,
    before: str,
) -> None:
    day = repaying.due_dates(loan)[0]
    days.end(loan, day)
    LoanDay.objects.filter(day=day).update(**{column: value})
    ended = days.end(loan, day)

    shown = signed_in(manager).get(reverse("npa:day_end", args=[ended.pk]))

    assert ended.changed == 1
    [difference] = shown.context["differences"]
    [(said, was, now)] = difference.columns
    assert (said, now != was) == (label, True)
    assert was.startswith(before)
    assert label in shown.text.split("What each run found otherwise", 1)[1]


def test_who_sees_no_loan_that_changed_reads_that_there_are_some(
    signed_in: SignedIn, manager: User, loan: Loan, make_person: Any, nashik: Branch
) -> None:
    day = repaying.due_dates(loan)[0]
    days.end(loan, day)
    LoanDay.objects.filter(day=day).update(stage=2)
    ended = days.end(loan, day)
    Branch.objects.filter(pk=nashik.pk).update(entity=loan.branch.entity)
    elsewhere = make_person("Nina", "credit_reviewer", branch=nashik)

    text = signed_in(elsewhere).get(reverse("npa:day_end", args=[ended.pk])).text

    assert "1 more loan that you may not see." in text
    assert "Nothing: every loan stands" not in text
    assert loan.number not in text
    assert (
        "you may not see"
        not in signed_in(manager).get(reverse("npa:day_end", args=[ended.pk])).text
    )


def test_the_command_says_what_became_of_the_days_after_it_that_are_open(
    alice: User, loan: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = repaying.due_dates(loan)[0]
    days.end_until(loan, due, due + timedelta(days=1))
    instalment = loan.instalments.order_by("number")[0]
    now = repaying.at(due + timedelta(days=2))
    repaying.pay(alice, loan, due, instalment.due, now=now)
    monkeypatch.setattr(command, "timezone", SimpleNamespace(now=lambda: now))

    def said() -> list[str]:
        out = io.StringIO()
        call_command(
            *("day_end", "--date", due.isoformat(), "--entity", "sahyadri", "--keep-open"),
            stdout=out,
        )
        return out.getvalue().splitlines()

    first, its, later = said()

    assert "run 2, 1 loans, 1 changed" in first
    assert its.startswith(f"  run 2, {loan.number}: ")
    assert later == f"  {due + timedelta(days=1)}, run again up to run 2: 1 changed."
    again = said()
    assert len(again) == 1
    assert "run 3, 1 loans, 0 changed" in again[0]


def test_it_asks_again_while_a_day_is_under_way(
    signed_in: SignedIn, manager: User, loan: Loan
) -> None:
    running = DayEnd.objects.create(
        entity=loan.branch.entity,
        day=repaying.later(3),
        started_by="system:test",
        started_at=repaying.NOW,
        progress={"stage": "classify"},
        stages={"accrue": {"loans": 1200, "charges": 0, "problems": 0, "seconds": 1.5}},
    )
    client = signed_in(manager)

    shown = client.get(reverse("npa:day_end_progress", args=[running.pk])).content.decode()

    assert 'hx-trigger="every 2s"' in shown
    assert "loans: 1,200" in shown


def test_it_hides_days_of_a_lender_somebody_does_not_work_for(
    signed_in: SignedIn, make_person: MakePerson, loan: Loan
) -> None:
    ended = days.end(loan, repaying.later(3))
    other = Entity.objects.create(
        code="umoja",
        name="Umoja SACCO",
        kind=Entity.Kind.SACCO,
        country="KE",
        currency="KES",
        time_zone="Africa/Nairobi",
    )
    nairobi = Branch.objects.create(entity=other, code="nairobi", name="Nairobi")
    stranger = make_person("Wanjiru", "collections_officer", branch=nairobi)
    client = signed_in(stranger)

    listed = client.get(reverse("npa:day_ends"))
    shown = client.get(reverse("npa:day_end", args=[ended.pk]))

    assert "No day was ended yet" in listed.content.decode()
    assert shown.status_code == 404


def test_it_sends_a_day_to_the_worker(
    signed_in: SignedIn,
    manager: User,
    loan: Loan,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: object,
) -> None:
    sent = []
    monkeypatch.setattr("apps.core.jobs._dispatch", lambda task, given: sent.append((task, given)))
    client = signed_in(manager)
    form = {"entity": str(loan.branch.entity_id), "day": _yesterday(loan), "keep_open": "on"}

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("npa:day_ends"), form)

    assert answer.status_code == 302
    assert sent == [
        (
            "npa.end_day",
            {
                "entity_id": str(loan.branch.entity_id),
                "day": _yesterday(loan),
                "asked_by": str(manager.pk),
                "close": False,
            },
        )
    ]


def test_whoever_may_not_end_days_is_told_so(
    signed_in: SignedIn, loan: Loan, make_person: MakePerson
) -> None:
    client = signed_in(make_person("Asha", "auditor"))
    form = {"entity": str(loan.branch.entity_id), "day": _yesterday(loan)}

    answer = client.post(reverse("npa:day_ends"), form)

    assert answer.status_code == 403
    assert "Your role does not allow this." in answer.text
    assert not DayEnd.objects.exists()


def test_it_says_in_the_form_why_a_day_cannot_be_ended(
    signed_in: SignedIn, manager: User, loan: Loan
) -> None:
    client = signed_in(manager)
    form = {"entity": str(loan.branch.entity_id), "day": "2099-01-01"}

    answer = client.post(reverse("npa:day_ends"), form)

    assert answer.status_code == 422
    assert "A day is ended when it is over." in answer.content.decode()
    assert not DayEnd.objects.exists()


def test_it_answers_programs(signed_in: SignedIn, manager: User, loan: Loan) -> None:
    ended = days.end(loan, repaying.later(3))
    client = signed_in(manager)

    page = client.get("/api/v1/day-ends").json()
    one = client.get(f"/api/v1/day-ends/{ended.pk}").json()
    refused = client.post(
        "/api/v1/day-ends",
        {"entity": str(loan.branch.entity_id), "day": "2099-01-01"},
        content_type="application/json",
    )

    assert [each["id"] for each in page["results"]] == [ended.pk]
    assert (one["status"], one["loans"], one["stages"]["classify"]["loans"]) == ("finished", 1, 1)
    assert refused.status_code == 409


def test_a_program_that_says_nothing_of_the_books_leaves_them_as_they_are(
    signed_in: SignedIn, manager: User, loan: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.core.jobs._dispatch", lambda *_: None)
    kept = days.end(loan, repaying.later(3))
    client = signed_in(manager)
    asked = {"entity": str(loan.branch.entity_id), "day": kept.day.isoformat()}
    found = []

    for said in ({}, {"keep_open": False}, {"keep_open": True}, {"keep_open": None}):
        answer = client.post("/api/v1/day-ends", asked | said, content_type="application/json")
        found.append((answer.status_code, client.get(f"/api/v1/day-ends/{kept.pk}").json()))

    assert [code for code, _ in found] == [202] * 4
    assert [one["keep_open"] for _, one in found] == [True, False, True, True]


def test_it_ends_a_day_as_a_task_and_finds_it_done_the_second_time(loan: Loan) -> None:
    day = repaying.later(1)

    for _ in range(2):
        tasks.end_day(entity_id=str(loan.branch.entity_id), day=day.isoformat())

    assert list(DayEnd.objects.values_list("day", "status", "run")) == [(day, "closed", 1)]


def test_the_task_does_what_a_person_asked_for_only_while_they_may(
    loan: Loan, manager: User, make_person: MakePerson
) -> None:
    day = repaying.later(1)
    entity = str(loan.branch.entity_id)
    other = Entity.objects.create(
        code="umoja",
        name="Umoja SACCO",
        kind=Entity.Kind.SACCO,
        country="KE",
        currency="KES",
        time_zone="Africa/Nairobi",
    )
    nairobi = Branch.objects.create(entity=other, code="nairobi", name="Nairobi")
    elsewhere = make_person("Wanjiru", "collections_officer", branch=nairobi)
    right = Permission.objects.get(codename="run_day_end", content_type__app_label="npa")
    elsewhere.user_permissions.add(right)

    manager.groups.clear()
    for person in (manager, elsewhere):
        tasks.end_day(entity_id=entity, day=day.isoformat(), asked_by=str(person.pk))
    assert not DayEnd.objects.exists()

    again = make_person("Asha", "credit_manager")
    tasks.end_day(entity_id=entity, day=day.isoformat(), asked_by=str(again.pk))
    assert DayEnd.objects.get().started_by == again.audit_reference
