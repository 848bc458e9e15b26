"""The pages of stress tests: what stands there, files, who may what, what is refused."""

import csv
import io
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from plotly import graph_objects

from apps.accounts.models import Entity, User
from apps.impairment.models import Run
from apps.impairment.tests.factories import LAST, now
from apps.stress import page, services
from apps.stress.models import Sums, Terms, Test
from apps.stress.reading import Kind
from apps.stress.tests import factories
from apps.stress.tests.factories import body, done, proposed, state

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: now(LAST + timedelta(days=1)))


def _get(client: Client, name: str, /, *args: Any, **query: Any) -> Any:
    return client.get(reverse(f"stress:{name}", args=args), query)


def _post(client: Client, name: str, /, *args: Any, **given: Any) -> Any:
    return client.post(reverse(f"stress:{name}", args=args), given)


def _csv(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.getvalue().decode())))


def test_before_anything_is_agreed_on_the_pages_say_so(
    signed_in: Browser, book: Entity, analyst: User
) -> None:
    client = signed_in(analyst)

    assert "No stress test yet" in _get(client, "tests").text
    assert "Nothing is agreed on yet" in _get(client, "terms").text
    form = _get(client, "ask").text
    assert "No losses are measured yet." in form
    assert "No scenario is approved yet." in form


def test_terms_are_proposed_and_approved_on_the_pages(
    signed_in: Browser, book: Entity, analyst: User, manager: User
) -> None:
    client = signed_in(analyst)
    form = _get(client, "propose", "scenario", name="Rate shock").text
    assert "Rate shock" in form
    assert "0.0375" in form

    text = json.dumps(body(Kind.SCENARIO))
    made = _post(client, "propose", "scenario", body=text, reason="As the committee decided.")
    one = Terms.objects.get()
    assert (made.status_code, one.status) == (302, "proposed")
    own = _get(client, "one", one.pk).text
    assert reverse("stress:withdraw", args=[one.pk]) in own
    assert reverse("stress:approve", args=[one.pk]) not in own

    other = signed_in(manager)
    assert "Waits for another person" in _get(other, "terms").text
    assert reverse("stress:approve", args=[one.pk]) in _get(other, "one", one.pk).text
    assert _post(other, "approve", one.pk).status_code == 302
    one.refresh_from_db()
    assert one.status == "approved"
    assert "Bank of England" in _get(other, "one", one.pk).text


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("scenario", "{", "This is no JSON"),
        (
            "scenario",
            json.dumps(
                body(
                    Kind.SCENARIO,
                    years=[{"unemployment": "0", "rates": "0", "collateral": "-2", "income": "0"}],
                )
            ),
            "years[1].collateral",
        ),
        ("figures", json.dumps(services.starting_point(Kind.FIGURES)), "source"),
    ],
)
def test_what_makes_no_sense_is_shown_and_nothing_changes(
    signed_in: Browser, book: Entity, analyst: User, kind: str, text: str, says: str
) -> None:
    client, before = signed_in(analyst), state()

    answer = _post(client, "propose", kind, body=text, reason="As the committee decided.")

    assert answer.status_code == 422
    assert says in answer.text
    assert state() == before


def test_there_are_three_kinds_of_terms(signed_in: Browser, book: Entity, analyst: User) -> None:
    client = signed_in(analyst)

    for kind in Kind:
        assert _get(client, "propose", kind.value).status_code == 200
    assert _get(client, "propose", "weather").status_code == 404


def test_who_proposed_may_not_approve_by_address_either(
    signed_in: Browser, book: Entity, manager: User
) -> None:
    one, client = proposed(book, manager, Kind.SCENARIO), signed_in(manager)
    before = state()

    _post(client, "approve", one.pk)
    answer = _post(client, "refuse", one.pk, note="No.")

    assert answer.status_code == 422
    assert state() == before


def test_it_is_refused_with_a_reason_or_taken_back(
    signed_in: Browser, book: Entity, analyst: User, manager: User
) -> None:
    one, other = (proposed(book, analyst, kind) for kind in (Kind.SCENARIO, Kind.FIGURES))

    assert _get(signed_in(manager), "refuse", one.pk).status_code == 200
    _post(signed_in(manager), "refuse", one.pk, note="Too mild.")
    _post(signed_in(analyst), "withdraw", other.pk)

    assert Terms.objects.get(pk=one.pk).status == "refused"
    assert Terms.objects.get(pk=other.pk).status == "withdrawn"
    assert "Too mild." in _get(signed_in(manager), "one", one.pk).text


def test_a_test_is_asked_for_followed_and_read(
    signed_in: Browser, measured: Run, presets: list[Terms], analyst: User
) -> None:
    client = signed_in(analyst)
    keys = [str(one.pk) for one in presets]

    made = _post(client, "ask", title="September", measured=measured.pk, scenarios=keys)

    test = Test.objects.get()
    assert made.url == reverse("stress:test", args=[test.pk])
    waiting = client.get(made.url).text
    assert "The loans are being counted." in waiting
    part = client.get(reverse("stress:progress", args=[test.pk]), headers={"hx-request": "true"})
    assert "every 2s" in part.text
    assert _get(client, "progress", test.pk).status_code == 302
    services.run(test_id=test.pk, now=now())
    part = client.get(reverse("stress:progress", args=[test.pk]), headers={"hx-request": "true"})
    assert part.headers["HX-Refresh"] == "true"
    found = client.get(made.url).text
    for word in ("Base case", "Recession", "Rate shock", "data-chart", "Capital ratio", "Year 3"):
        assert word in found
    listed = _get(client, "tests").text
    assert "September" in listed
    assert "before=" not in listed
    assert "after=" not in listed


def test_a_form_without_scenarios_is_shown_again(
    signed_in: Browser, measured: Run, presets: list[Terms], analyst: User
) -> None:
    client, before = signed_in(analyst), state()

    answer = _post(client, "ask", title="September", measured=measured.pk)

    assert (answer.status_code, state()) == (422, before)


def test_run_again_says_that_the_figures_are_the_same(
    signed_in: Browser, measured: Run, presets: list[Terms], analyst: User
) -> None:
    client, first = signed_in(analyst), done(analyst, measured, *presets)

    made = _post(client, "again", first.pk)
    other = Test.objects.exclude(pk=first.pk).get()
    services.run(test_id=other.pk, now=now())

    assert made.url == reverse("stress:test", args=[other.pk])
    assert "the same figures" in client.get(made.url).text


def test_its_charts_are_such_as_the_library_takes(
    measured: Run, presets: list[Terms], analyst: User
) -> None:
    test = done(analyst, measured, *presets)

    for one in page.charts(test):
        figure = graph_objects.Figure(one["figure"])
        assert [line.name for line in figure.data] == ["Base case", "Recession", "Rate shock"]
        assert len({line.line.dash for line in figure.data}) == 3


def test_files_hold_every_figure(
    signed_in: Browser, measured: Run, presets: list[Terms], analyst: User
) -> None:
    test, client = done(analyst, measured, *presets), signed_in(analyst)

    years = _csv(_get(client, "years_file", test.pk))
    sums = _csv(_get(client, "sums_file", test.pk))

    assert len(years) == 3 * 4
    assert years[0]["case"] == "base"
    assert years[-1]["capital"] == test.results[2]["years"][3]["capital"]
    assert len(sums) == Sums.objects.filter(test=test).count() > 0
    assert {row["case"] for row in sums} == {"base", "Recession", "Rate shock"}


def test_a_year_of_a_case_leads_to_its_loans(
    signed_in: Browser,
    measured: Run,
    presets: list[Terms],
    analyst: User,
    django_assert_max_num_queries: Any,
) -> None:
    test, client = done(analyst, measured, *presets), signed_in(analyst)
    _get(client, "sums", test.pk)

    with django_assert_max_num_queries(14):
        found = _get(client, "sums", test.pk, case="1", year="3").text
    listed = reverse("impairment:loans")

    assert "Recession" in found
    assert f"{listed}?lender={measured.entity.code}" in found
    assert "Unsecured" in _get(client, "sums", test.pk, by="security").text
    odd = _get(client, "sums", test.pk, case="99", year="x" * 9)
    assert odd.status_code == 200
    assert "Rate shock" in odd.text


def test_a_failed_test_says_why(
    signed_in: Browser, measured: Run, presets: list[Terms], analyst: User
) -> None:
    test = factories.asked(analyst, measured, *presets)
    Test.objects.filter(pk=test.pk).update(starts=9)
    services.run(test_id=test.pk, now=now())

    found = _get(signed_in(analyst), "test", test.pk).text

    assert "It broke off several times" in found
    assert _csv(_get(signed_in(analyst), "years_file", test.pk)) == []


def test_a_branch_alone_sees_no_test(
    signed_in: Browser, measured: Run, presets: list[Terms], analyst: User, alice: User
) -> None:
    test, client = done(analyst, measured, *presets), signed_in(alice)

    for name, args in (("tests", []), ("test", [test.pk]), ("terms", []), ("sums", [test.pk])):
        assert _get(client, name, *args).status_code == 403


def test_what_is_not_there_is_not_found(signed_in: Browser, book: Entity, analyst: User) -> None:
    for name in ("test", "sums", "years_file", "sums_file", "one", "progress"):
        assert _get(signed_in(analyst), name, uuid.uuid4()).status_code in {302, 404}
