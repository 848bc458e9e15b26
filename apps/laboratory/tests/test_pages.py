"""The laboratory's pages: who may open them, what they say, and what they refuse."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts import roles
from apps.accounts.models import Branch, User
from apps.audit.models import Event
from apps.core.spreadsheets import csv_lines
from apps.decisions.tests import factories as decisions
from apps.laboratory import policies
from apps.laboratory.models import Evidence, Experiment, ExperimentRow
from apps.laboratory.tests import engine_factories as factories
from apps.laboratory.views import rows as row_views
from apps.products.models import Product
from apps.scoring.models import ModelVersion
from tests.kept import kept

SignedIn = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


def url(name: str, *args: Any) -> str:
    return reverse(f"laboratory:{name}", args=args)


def form(product: Product, **changes: Any) -> dict[str, Any]:
    """Return the form of an experiment with other cut-offs."""
    return {
        "title": "Approve fewer",
        "from_date": "2023-01-01",
        "to_date": "2027-01-01",
        "products": [product.code],
        "approve_below": "5",
        "decline_from": "10",
        "loss_given_default": "60",
        "cost_of_funds": "8.25",
        "fee_share": "1",
        "operating_cost": "1,500.00",
        **changes,
    }


@pytest.fixture
@kept
def product(stage: ModelVersion, pune: Branch) -> Product:
    return factories.tape(pune, rows=10)


@pytest.fixture
@kept
def waiting(stage: ModelVersion, product: Product, pune: Branch, rita: User) -> Experiment:
    return factories.asked(rita, pune.entity, **factories.CUT_OFFS)


def test_it_asks_for_an_experiment_in_fractions(
    product: Product, rita: User, signed_in: SignedIn
) -> None:
    page = signed_in(rita).post(url("ask"), form(product))

    found = Experiment.objects.get()
    assert page.status_code == 302
    assert page["Location"] == url("experiment", found.pk)
    assert (found.approve_below, found.decline_from) == (Decimal("0.05"), Decimal("0.1"))
    assert found.loss_given_default == Decimal("0.6")
    assert found.cost_of_funds == Decimal("0.0825")
    assert found.operating_cost == Decimal(1500)
    assert (found.products, found.status) == ([product.code], "waiting")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"from_date": "yesterday"}, "from_date"),
        ({"to_date": "2022-01-01"}, "to_date"),
        ({"products": []}, "products"),
        ({"products": ["nothing"]}, "products"),
        ({"policy": "nothing"}, "policy"),
        ({"approve_below": "", "decline_from": ""}, "policy"),
        ({"approve_below": ""}, "approve_below"),
        ({"decline_from": "4"}, "decline_from"),
        ({"approve_below": "101"}, "approve_below"),
        ({"loss_given_default": "-1"}, "loss_given_default"),
        ({"loss_given_default": "100.5"}, "loss_given_default"),
        ({"cost_of_funds": "NaN"}, "cost_of_funds"),
        ({"fee_share": "100"}, "fee_share"),
        ({"operating_cost": "-1"}, "operating_cost"),
    ],
)
def test_it_says_beside_a_field_what_cannot_be_tried(
    changes: dict[str, Any], field: str, product: Product, rita: User, signed_in: SignedIn
) -> None:
    page = signed_in(rita).post(url("ask"), form(product, **changes))

    assert page.status_code == 422
    assert field in page.context["form"].errors
    assert not Experiment.objects.exists()


def test_it_asks_again_with_the_cut_off_chosen(
    finished: Experiment, rita: User, signed_in: SignedIn
) -> None:
    page = signed_in(rita).get(url("ask"), {"from": str(finished.pk), "cut_off": "0.0725"})

    text = page.content.decode()
    assert text.count('value="7.25"') == 2
    assert 'value="60"' in text
    assert 'value="2023-01-01"' in text


@pytest.mark.parametrize(
    "query", ["from=x", "lender=nobody", "cut_off=sNaN", "policy=%00", "model=%00"]
)
def test_it_withstands_a_mangled_link(
    query: str, stage: ModelVersion, rita: User, signed_in: SignedIn
) -> None:
    assert signed_in(rita).get(f"{url('ask')}?{query}").status_code in (200, 404)


def test_it_polls_until_the_experiment_ends(
    waiting: Experiment, rita: User, signed_in: SignedIn
) -> None:
    browser = signed_in(rita)
    polling = f'hx-get="{url("progress", waiting.pk)}"'
    assert polling in browser.get(url("experiment", waiting.pk)).content.decode()
    assert polling in browser.get(url("progress", waiting.pk), headers=HTMX).content.decode()

    factories.services.run(experiment_id=waiting.pk, now=factories.NOW)

    assert browser.get(url("progress", waiting.pk), headers=HTMX)["HX-Refresh"] == "true"
    assert polling not in browser.get(url("experiment", waiting.pk)).content.decode()


def test_it_stops_a_waiting_experiment(
    waiting: Experiment, rita: User, signed_in: SignedIn
) -> None:
    signed_in(rita).post(url("cancel", waiting.pk))

    waiting.refresh_from_db()
    assert waiting.status == "cancelled"


def test_it_shows_what_was_found_on_both_sides(
    finished: Experiment, rita: User, signed_in: SignedIn
) -> None:
    page = signed_in(rita).get(url("experiment", finished.pk))

    lines = {line.label: line for line in page.context["page"].lines}
    rows = ExperimentRow.objects.filter(experiment=finished)
    assert lines["Approved"].before == str(rows.filter(outcome_before="approve").count())
    assert lines["Approved"].after == str(rows.filter(outcome_after="approve").count())
    assert sum(page.context["page"].counts.values()) == rows.count() > 0
    assert {swap.code: swap.n for swap in page.context["page"].swaps} == {
        "in": 0,
        "out": rows.filter(outcome_before="approve").exclude(outcome_after="approve").count(),
    }


def test_it_draws_only_what_the_browser_may_run(
    finished: Experiment, rita: User, signed_in: SignedIn
) -> None:
    for name in ("experiment", "cutoffs"):
        page = signed_in(rita).get(url(name, finished.pk))
        text = page.content.decode()
        assert ' style="' not in text
        policy = page.headers["Content-Security-Policy"]
        nonce = text.partition('nonce="')[2].partition('"')[0]
        assert nonce
        assert f"'nonce-{nonce}'" in policy


def test_it_lists_only_the_applications_that_moved_so(
    finished: Experiment, rita: User, signed_in: SignedIn
) -> None:
    page = signed_in(rita).get(url("applications", finished.pk), {"move": "out"})

    listed = [line.row for line in page.context["rows"]]
    assert listed
    assert all(row.outcome_before == "approve" != row.outcome_after for row in listed)
    amounts = [row.amount for row in listed]
    assert amounts == sorted(amounts, reverse=True)


def test_every_number_of_the_moves_leads_to_as_many_applications(
    finished: Experiment, rita: User, signed_in: SignedIn
) -> None:
    browser = signed_in(rita)
    text = browser.get(url("experiment", finished.pk)).content.decode()
    links = re.findall(r'href="([^"]*in_force=[^"]*)">(?:<strong>)?([0-9,]+)<', text)

    assert links
    for address, number in links:
        listed = browser.get(address.replace("&amp;", "&"))
        assert listed.status_code == 200, address
        file = browser.get(f"{url('download', finished.pk)}?{listed.context['query']}")
        lines = b"".join(file.streaming_content).splitlines()  # type: ignore[attr-defined]
        assert len(lines) - 1 == int(number.replace(",", ""))


def test_a_band_of_the_candidate_leads_to_its_applications(
    finished: Experiment, rita: User, signed_in: SignedIn
) -> None:
    browser = signed_in(rita)
    text = browser.get(url("experiment", finished.pk)).content.decode()
    (address, _number), *_others = re.findall(r'href="([^"]*band=[^"]*)">([0-9,]+)<', text)

    listed = browser.get(address)

    name = address.rpartition("=")[2]
    assert {line.row.band_after for line in listed.context["rows"]} == {name}


def test_it_says_that_nobody_asked_in_the_period(
    product: Product, pune: Branch, rita: User, signed_in: SignedIn
) -> None:
    days = {"from_date": date(1990, 1, 1), "to_date": date(1990, 2, 1)}
    empty = factories.done(rita, pune.entity, **factories.CUT_OFFS, **days)

    text = signed_in(rita).get(url("experiment", empty.pk)).content.decode()

    assert "No application in this period" in text


def test_it_names_a_declining_band_as_what_it_is(
    finished: Experiment, rita: User, signed_in: SignedIn
) -> None:
    page = signed_in(rita).get(url("experiment", finished.pk))

    said = {cause.code: cause.words for cause in page.context["page"].causes}
    assert said["pd_band"] == "The band of its risk does not approve."
    listed = signed_in(rita).get(url("applications", finished.pk), {"cause": "pd_band"})
    assert listed.context["cause"] == said["pd_band"]


def test_it_asks_as_many_queries_for_many_rows_as_for_one(
    finished: Experiment, rita: User, signed_in: SignedIn, django_assert_max_num_queries: Any
) -> None:
    browser = signed_in(rita)
    address = url("applications", finished.pk)
    one = ExperimentRow.objects.filter(experiment=finished)[0].application.number
    browser.get(address)

    for query, rows in (({"number": one}, 1), ({}, 25)):
        # Session, person, rights, roles, the experiment, its products, the rows; the page's frame.
        with django_assert_max_num_queries(10):
            page = browser.get(address, query)
        assert len(page.context["rows"]) == rows


def test_it_withstands_mangled_filters(
    finished: Experiment, rita: User, signed_in: SignedIn
) -> None:
    browser = signed_in(rita)
    for query in ("move=sideways", "cause=(((", "cause=%00", "number=%27", "after=x", "before=x"):
        found = browser.get(f"{url('applications', finished.pk)}?{query}")
        assert found.status_code in (200, 400), query


def test_it_gives_the_rows_as_a_file(finished: Experiment, rita: User, signed_in: SignedIn) -> None:
    page = signed_in(rita).get(url("download", finished.pk), {"move": "out"})

    text = b"".join(page.streaming_content).decode()  # type: ignore[attr-defined]
    lines = list(csv.DictReader(io.StringIO(text)))
    rows = ExperimentRow.objects.filter(experiment=finished, outcome_before="approve").exclude(
        outcome_after="approve"
    )
    assert len(lines) == rows.count() > 0
    assert sum(Decimal(line["amount"]) for line in lines) == sum(row.amount for row in rows)
    assert page["Content-Disposition"].startswith("attachment")
    event = Event.objects.get(verb="laboratory.rows_downloaded")
    assert (event.actor, event.facts) == (
        rita.audit_reference,
        {"count": len(lines), "filters": {"move": "out"}},
    )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1", "\n=1"])
def test_it_writes_no_formula(text: str) -> None:
    values = ("A-2026-000001", text, Decimal("-1.00"))
    written = "".join(csv_lines(row_views._table([values])))

    [_heading, line] = csv.reader(io.StringIO(written, newline=""))

    assert line == ["A-2026-000001", f"'{text}", "-1.00"]


def test_it_lays_an_experiment_beside_a_draft(
    finished: Experiment, pune: Branch, rita: User, signed_in: SignedIn
) -> None:
    draft = factories.draft(pune.entity, decisions.document())

    page = signed_in(rita).post(url("attach", finished.pk), {"policy": str(draft.pk)})

    assert page.status_code == 302
    assert Evidence.objects.get().policy == draft
    laid = signed_in(rita).get(url("evidence", draft.pk), headers=HTMX).content.decode()
    assert finished.title in laid
    assert "tried something else" in laid
    assert "<html" not in laid


def test_it_lays_nothing_beside_what_is_in_force(
    finished: Experiment, rita: User, signed_in: SignedIn
) -> None:
    page = signed_in(rita).post(url("attach", finished.pk), {"policy": str(finished.in_force_id)})

    assert page.status_code == 422
    assert not Evidence.objects.exists()


def test_it_shows_the_best_cut_off_and_its_table(
    finished: Experiment, rita: User, signed_in: SignedIn
) -> None:
    page = signed_in(rita).get(url("cutoffs", finished.pk))

    best = page.context["best"]
    lines = page.context["lines"]
    assert best.point.expected_profit == max(line.point.expected_profit for line in lines)
    assert [line.is_best for line in lines].count(True) == 1
    rows = ExperimentRow.objects.filter(experiment=finished, pd_after__lt=float(best.below))
    found = page.context["found"]
    assert best.point.approved <= rows.count()
    assert len(found.sample.pd) + found.sample.others == finished.total_rows
    assert found.sample.others == found.declined + found.referred + found.unscored
    figure = page.context["figure"]
    assert json.loads(json.dumps(figure)) == figure


def test_it_says_that_no_cut_off_keeps_the_limits(
    finished: Experiment, rita: User, signed_in: SignedIn
) -> None:
    limits = {"least_approval_rate": "99", "largest_bad_rate": "0.001"}

    page = signed_in(rita).get(url("cutoffs", finished.pk), limits)

    assert page.context["best"] is None
    assert "No cut-off keeps both limits" in page.content.decode()


def test_it_refuses_limits_beside_their_field(
    finished: Experiment, rita: User, signed_in: SignedIn
) -> None:
    browser = signed_in(rita)
    wrong = {
        "least_approval_rate": "101",
        "largest_bad_rate": "x",
        "goal": "x",
        "side": "x",
        "basis": "x",
    }
    for field, value in wrong.items():
        page = browser.get(url("cutoffs", finished.pk), {field: value})
        assert page.status_code == 422
        assert list(page.context["form"].errors) == [field]
        assert page.context["lines"]


def test_it_asks_for_an_approval_rate_beside_the_least_loss(
    finished: Experiment, rita: User, signed_in: SignedIn
) -> None:
    page = signed_in(rita).get(url("cutoffs", finished.pk), {"goal": "loss"})

    assert page.status_code == 422
    assert list(page.context["form"].errors) == ["least_approval_rate"]


def test_it_shows_no_cut_offs_before_the_end(
    waiting: Experiment, rita: User, signed_in: SignedIn
) -> None:
    assert signed_in(rita).get(url("cutoffs", waiting.pk)).status_code == 404


def test_only_who_sees_experiments_and_applications_sees_the_rows() -> None:
    needed = {policies.SEE, "applications.view_application"}

    for role in roles.ROLES:
        if policies.ROWS in role.permissions:
            assert needed <= set(role.permissions), role.code


def test_it_is_closed_to_a_loan_officer(
    finished: Experiment, alice: User, signed_in: SignedIn
) -> None:
    browser = signed_in(alice)
    for name in ("experiments", "ask", "sandbox", "sandbox_typed"):
        assert browser.get(url(name)).status_code == 403
    for name in ("experiment", "progress", "cutoffs", "applications", "download"):
        assert browser.get(url(name, finished.pk)).status_code == 403


def test_it_shows_an_approver_figures_but_no_applications(
    finished: Experiment, mark: User, signed_in: SignedIn
) -> None:
    browser = signed_in(mark)

    text = browser.get(url("experiment", finished.pk)).content.decode()

    assert url("applications", finished.pk) not in text
    for name in ("applications", "download"):
        assert browser.get(url(name, finished.pk)).status_code == 403
    for name in ("cancel", "attach", "attach_to_model"):
        assert browser.post(url(name, finished.pk)).status_code == 403
    assert not Event.objects.filter(verb="laboratory.rows_downloaded").exists()
    assert not Event.objects.filter(verb="laboratory.evidence_attached").exists()
