"""The kept sums of a measurement: equal to all its rows, kept with it, and what pages read."""

import csv
import importlib
import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from plotly import graph_objects

from apps.accounts.models import Branch, Entity, User
from apps.impairment import movement, page, rows, services, wording
from apps.impairment.models import LoanLoss, LossSum, ParameterSet, Run
from apps.impairment.rows import SUMS, Chosen
from apps.impairment.tests import factories
from apps.impairment.tests.factories import ENDS, LAST, now

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
_MIGRATION = "apps.impairment.migrations.0003_sums_of_measurements"


@pytest.fixture
def run(book: Entity, approved: ParameterSet) -> Run:
    """The losses of twelve loans with fourteen months behind them, measured twice."""
    factories.live(book)
    for day in ENDS[-2:]:
        factories.estimated(book, day)
        found = services.measure(actor="tests", entity=book, day=day, now=now(day))
    return found


@pytest.fixture
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: now(LAST + timedelta(days=1)))


def chosen(run: Run, **narrowed: Any) -> Chosen:
    return Chosen(entity=run.entity, currency=run.entity.currency, run=run, **narrowed)


def of_rows(run: Run, by: str, **narrowed: Any) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Return the sums of each group out of every loan's row."""
    names = {"product": ("product_id",), "branch": ("branch_id",), "reason": ("stage", "reason")}
    keys = names.get(by, (by,))
    found = LoanLoss.objects.filter(run=run, currency=run.entity.currency, **narrowed)
    summed = found.values_list(*keys).annotate(
        loans=Count("pk"), **{f"of_{name}": Sum(name) for name in SUMS}
    )
    return {tuple(row[: len(keys)]): tuple(row[len(keys) :]) for row in summed.order_by()}


def kept(actor: User, choice: Chosen, by: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Return the same as the pages have it."""
    found = {}
    for key, sums in rows.grouped(actor, choice, by):
        names = [name for name in key if not name.endswith("__name")]
        amounts = tuple(getattr(sums, name) for name in SUMS)
        found[tuple(key[name] for name in names)] = (sums.loans, *amounts)
    return found


def test_they_are_the_full_computation(run: Run, analyst: User) -> None:
    loan = LoanLoss.objects.filter(run=run).select_related("product").first()
    assert loan is not None
    narrowings: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, {}),
        ({"branch": loan.branch_id}, {"branch": loan.branch_id}),
        ({"product": loan.product_id}, {"product": loan.product_id}),
        (
            {"segment": loan.product.scoring_segment},
            {"product__scoring_segment": loan.product.scoring_segment},
        ),
        ({"segment": "nowhere"}, {"product__scoring_segment": "nowhere"}),
    ]

    for given, filters in narrowings:
        for by in wording.GROUPS:
            assert kept(analyst, chosen(run, **given), by) == of_rows(run, by, **filters)
    assert kept(analyst, chosen(run), "stage")
    under = LoanLoss.objects.filter(run=run).aggregate(
        base=Sum("loss_base"), upside=Sum("loss_upside"), downside=Sum("loss_downside")
    )
    assert rows.scenarios(analyst, chosen(run)) == under


def test_measured_anew_they_are_written_anew(run: Run, analyst: User) -> None:
    before = kept(analyst, chosen(run), "reason")

    again = services.measure(actor="tests", entity=run.entity, day=LAST, now=now(), again=True)

    assert again.run == 2
    assert kept(analyst, chosen(again), "reason") == before


def test_what_was_measured_before_gets_its_sums_by_the_migration(run: Run) -> None:
    names = [one.attname for one in LossSum._meta.concrete_fields if one.name != "id"]
    before = sorted(LossSum.objects.values_list(*names))
    with pgtrigger.ignore():
        LossSum.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(importlib.import_module(_MIGRATION).SUMS)

    assert sorted(LossSum.objects.values_list(*names)) == before != []


def test_nothing_is_added_to_a_finished_measurement(run: Run) -> None:
    loss, sums = LoanLoss.objects.filter(run=run).first(), LossSum.objects.filter(run=run).first()
    assert loss is not None
    assert sums is not None
    counted = (LoanLoss.objects.count(), LossSum.objects.count())
    loss.pk, loss.loan_id = None, run.parameters_id
    sums.pk, sums.reason = None, "watched"

    for one in (loss, sums):
        with pytest.raises(DatabaseError, match="finished measurement"), transaction.atomic():
            one.save(force_insert=True)
    for rows_ in (LossSum.objects.filter(run=run), LoanLoss.objects.filter(run=run)):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows_.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        LossSum.objects.filter(run=run).update(loss=0)
    assert (LoanLoss.objects.count(), LossSum.objects.count()) == counted


@pytest.mark.usefixtures("_later")
def test_the_summary_reads_no_single_loan(signed_in: Browser, run: Run, analyst: User) -> None:
    client = signed_in(analyst)

    for name in ("summary", "summary_file", "months_file"):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse(f"impairment:{name}")).status_code == 200
        assert not [one for one in asked if "impairment_loanloss" in one["sql"]]
        assert [one for one in asked if "impairment_losssum" in one["sql"]]


@pytest.mark.usefixtures("_later")
def test_stages_stand_month_by_month(signed_in: Browser, run: Run, analyst: User) -> None:
    client = signed_in(analyst)
    trend = rows.trend(analyst, chosen(run))

    shown = client.get(reverse("impairment:summary")).text
    file = client.get(reverse("impairment:months_file")).content.decode()

    assert [day for day, _stages in trend] == ENDS[-2:]
    assert {stage: one.loss for stage, one in trend[-1][1].items()} == {
        key[0]: row[-1] for key, row in of_rows(run, "stage").items()
    }
    assert "months-figure" in shown
    lines = list(csv.DictReader(io.StringIO(file)))
    whole = sum(Decimal(one["loss"]) for one in lines if one["day"] == LAST.isoformat())
    assert whole == sum(row[-1] for row in of_rows(run, "stage").values())
    figure = graph_objects.Figure(page.trend_chart(trend))
    assert len(figure.data) == 3
    assert page.trend_chart(trend[:1]) is None


@pytest.mark.usefixtures("_later")
def test_the_movement_is_drawn_from_opening_to_closing(
    signed_in: Browser, run: Run, analyst: User
) -> None:
    opening = Run.objects.get(day=ENDS[-2])
    lines = rows.moves(analyst, chosen(run), opening)
    whole = movement.total(lines)
    [bars] = graph_objects.Figure(page.movement_chart(whole)).data

    assert (bars.y[0], bars.y[-1]) == (float(whole.opening), float(whole.closing))
    # Each step begins where the one before ended, and the last ends at the closing.
    ends = [base + height for base, height in zip(bars.base, bars.y, strict=True)]
    assert list(bars.base[1:-1]) == pytest.approx(ends[:-2])
    assert ends[-2] == pytest.approx(ends[-1])
    assert "movement-figure" in signed_in(analyst).get(reverse("impairment:movement")).text


# --- Over the API ---------------------------------------------------------------------------------
def _get(client: Client, **asked: str) -> Any:
    return client.get("/api/v1/impairment/losses", asked)


def test_the_api_gives_the_totals_of_a_run(signed_in: Browser, run: Run, analyst: User) -> None:
    found = _get(signed_in(analyst)).json()

    sums = of_rows(run, "stage")
    assert (found["day"], found["run"], found["lender"]) == (LAST.isoformat(), 1, run.entity.code)
    assert {one["stage"]: Decimal(one["loss"]) for one in found["stages"]} == {
        key[0]: row[-1] for key, row in sums.items()
    }
    assert Decimal(found["total"]["loss"]) == sum(row[-1] for row in sums.values())
    assert found["total"]["loans"] == run.loans
    assert set(found["scenarios"]) == {"base", "upside", "downside"}
    earlier = _get(signed_in(analyst), day=ENDS[-2].isoformat()).json()
    assert earlier["day"] == ENDS[-2].isoformat()


def test_the_api_refuses_what_is_not_there(
    signed_in: Browser, run: Run, analyst: User, manager: User
) -> None:
    client = signed_in(analyst)

    wrong = [{"day": "2020-01-31"}, {"day": "May"}, {"currency": "XXX"}, {"lender": "nobody"}]
    assert [_get(client, **one).status_code for one in wrong] == [404, 400, 400, 404]


def test_the_api_adds_up_the_branches_in_reach(
    signed_in: Browser, run: Run, make_person: Callable[..., User]
) -> None:
    away = Branch.objects.create(entity=run.entity, code="away", name="Away")

    found = _get(signed_in(make_person("Nina", "credit_reviewer", branch=away))).json()

    assert (found["stages"], found["total"]["loans"]) == ([], 0)
