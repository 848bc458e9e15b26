"""Legal steps: only in their order, in their time, kept for good, seen where they are needed."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise, product
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import Event
from apps.collections import legal, services
from apps.collections.legal import Stage
from apps.collections.models import LegalStep
from apps.collections.services import LegalEntry
from apps.collections.tests import factories
from apps.collections.tests.factories import NOW, TODAY, refused
from apps.core.errors import Conflict, NotPermitted, NotVisible
from apps.loans.models import Loan

Browser = Callable[[User], Client]
WAY = ("notice", "filed", "judgment", "execution", "closed")


def _record(actor: User, loan: Loan, stage: str, on: date = TODAY, ref: str = "CC 12") -> LegalStep:
    entry = LegalEntry(stage=stage, made_on=on, reference=ref)
    return services.record_legal_step(actor=actor, loan=loan, entry=entry, now=NOW)


@pytest.fixture
def late(lent: Loan) -> Loan:
    """A loan that is overdue."""
    factories.overdue(lent, 10, 20_000)
    return lent


# --- the rules ----------------------------------------------------------------------------------
def test_only_these_moves_are_allowed() -> None:
    allowed = {(a.value, b.value) for a, b in product(Stage, Stage) if legal.allows(a, b)}

    assert allowed == {
        ("none", "notice"),
        ("notice", "filed"),
        ("filed", "judgment"),
        ("judgment", "execution"),
        *((stage, "closed") for stage in WAY[:-1]),
        ("closed", "notice"),
    }


@pytest.mark.parametrize(
    ("day", "last", "expected"),
    [(0, None, True), (0, 0, True), (-1, 0, False), (1, None, False), (0, -3, True)],
)
def test_a_step_is_neither_before_the_last_nor_to_come(
    day: int, last: int | None, expected: bool
) -> None:
    before = None if last is None else TODAY + timedelta(days=last)

    assert legal.in_order(TODAY + timedelta(days=day), last=before, today=TODAY) is expected


# --- writing down -------------------------------------------------------------------------------
def test_a_matter_goes_all_the_way_and_begins_anew(late: Loan, dev: User, charlie: User) -> None:
    for stage in WAY:
        _record(dev, late, stage)
    _record(charlie, late, "notice", ref="  CC   14 ")

    steps = list(LegalStep.objects.order_by("number").values_list("before", "stage", "reference"))
    assert [(a, b) for a, b, _ref in steps] == [
        ("none", "notice"),
        *pairwise(WAY),
        ("closed", "notice"),
    ]
    assert steps[-1][2] == "CC 14"
    told = Event.objects.filter(verb="collections.legal_step_recorded").latest("pk")
    assert (told.facts["before"], told.facts["stage"]) == ("closed", "notice")
    assert "CC" not in str(told.facts)


@pytest.mark.parametrize("step", [one for one in WAY if one != "notice"])
def test_nothing_but_a_notice_begins_a_matter(late: Loan, dev: User, step: str) -> None:
    refusal = refused(lambda: _record(dev, late, step))

    assert refusal.code == "legal_move_refused"
    assert "cannot follow “None”" in str(refusal)


def test_the_same_step_is_not_taken_twice(late: Loan, dev: User) -> None:
    _record(dev, late, "notice")

    assert isinstance(refused(lambda: _record(dev, late, "notice")), Conflict)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"stage": "none"}, "stage"),
        ({"stage": "hanging"}, "stage"),
        ({"on": TODAY + timedelta(days=1)}, "made_on"),
        ({"on": date(2020, 1, 1)}, "made_on"),
        ({"ref": "  "}, "reference"),
        ({"ref": "x" * 81}, "reference"),
    ],
)
def test_what_is_not_complete_is_refused(
    late: Loan, dev: User, changes: dict[str, Any], field: str
) -> None:
    refusal = refused(lambda: _record(dev, late, **{"stage": "notice", **changes}))

    assert list(refusal.fields) == [field]


def test_a_step_before_the_last_one_is_refused(late: Loan, dev: User) -> None:
    _record(dev, late, "notice")

    refusal = refused(lambda: _record(dev, late, "filed", TODAY - timedelta(days=1)))

    assert list(refusal.fields) == ["made_on"]


def test_who_pays_on_time_gets_no_notice(lent: Loan, dev: User) -> None:
    assert refused(lambda: _record(dev, lent, "notice")).code == "not_overdue"


def test_a_matter_on_a_loan_that_is_over_can_only_be_closed(late: Loan, dev: User) -> None:
    _record(dev, late, "notice")
    Loan.objects.filter(pk=late.pk).update(status="closed")

    assert refused(lambda: _record(dev, late, "filed")).code == "not_running"

    assert _record(dev, late, "closed").number == 2


def test_other_roles_and_branches_write_no_steps(late: Loan, alice: User, nina: User) -> None:
    assert isinstance(refused(lambda: _record(alice, late, "notice")), NotPermitted)
    assert isinstance(refused(lambda: _record(nina, late, "notice")), NotVisible)


# --- the database -------------------------------------------------------------------------------
def test_the_database_keeps_every_step_and_their_order(late: Loan, dev: User) -> None:
    made = _record(dev, late, "notice")
    rows = LegalStep.objects.filter(pk=made.pk)

    for act in (lambda: rows.update(reference="other"), rows.delete):
        with pytest.raises(InternalError, match="Cannot"), transaction.atomic():
            act()
    for number, before, stage in [(2, "notice", "execution"), (2, "filed", "judgment")]:
        step = LegalStep(
            loan=late,
            number=number,
            before=before,
            stage=stage,
            made_on=TODAY,
            reference="x",
            made_by=dev,
        )
        with pytest.raises(IntegrityError), transaction.atomic():
            step.save(force_insert=True)
    assert LegalStep.objects.count() == 1


# --- pages and the API --------------------------------------------------------------------------
def test_a_step_is_written_down_on_the_page_and_narrows_the_list(
    signed_in: Browser, late: Loan, dev: User, amir: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    client, list_ = signed_in(dev), reverse("collections:worklist")
    form = reverse("collections:legal_step", args=[late.pk])
    shown = client.get(form).text
    assert "Notice sent" in shown
    assert "Judgment" not in shown
    typed = {"stage": "notice", "made_on": TODAY.isoformat(), "reference": "RPAD 77"}
    assert client.post(form, {**typed, "stage": "judgment"}).status_code == 422
    assert client.post(form, typed).status_code == 302

    case = signed_in(amir).get(reverse("collections:case", args=[late.pk])).text
    assert "RPAD 77" in case
    assert form not in case
    assert signed_in(amir).get(form).status_code == 403
    for choice, is_there in [
        *(("notice", True), ("under_way", True), ("", True)),
        *(("none", False), ("filed", False), ("closed", False)),
    ]:
        assert (late.number in client.get(list_, {"legal": choice}).text) is is_there, choice
    assert "Legal: Notice sent" in client.get(list_).text
    file = client.get(reverse("collections:worklist_file"))
    text = b"".join(file.streaming_content).decode()  # type: ignore[attr-defined]
    assert f",notice,{TODAY}" in text


def test_the_api_records_and_lists_steps(
    signed_in: Browser, late: Loan, dev: User, nina: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    address, client = f"/api/v1/collections/{late.pk}/legal", signed_in(dev)
    body = {"stage": "notice", "made_on": TODAY.isoformat(), "reference": "RPAD 77"}

    def post(by: Client, **changes: Any) -> Any:
        return by.post(address, {**body, **changes}, content_type="application/json")

    assert post(client).status_code == 201
    again = post(client)
    assert (again.status_code, again.json()["code"]) == (409, "legal_move_refused")
    assert post(client, stage="none").status_code == 400
    assert post(signed_in(nina)).status_code == 404
    [step] = client.get(address).json()
    assert (step["before"], step["stage"], step["reference"]) == ("none", "notice", "RPAD 77")
    worklist = "/api/v1/collections/worklist"
    [row] = client.get(worklist, {"legal": "notice"}).json()["results"]
    assert (row["legal_stage"], row["legal_since"]) == ("notice", TODAY.isoformat())
    assert client.get(worklist, {"legal": "none"}).json()["results"] == []
    assert client.get(worklist, {"legal": "x"}).status_code == 400
