"""The pages of expected credit loss: what stands there, files, who may what, what is out."""

import csv
import io
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, Entity, User
from apps.decisions.models import Decision
from apps.impairment import measuring, movement, rows, services
from apps.impairment.models import LoanLoss, ParameterSet, Run
from apps.impairment.rows import Chosen
from apps.impairment.tests import factories
from apps.impairment.tests.factories import ENDS, LAST, now
from apps.loans.models import Loan
from apps.npa.models import DayEnd
from apps.products.models import Product

Browser = Callable[[User], Client]
MakePerson = Callable[..., User]
BEFORE, DAY = ENDS[-2], LAST
FILES = ("summary_file", "movement_file", "loans_file", "backtests_file")


@pytest.fixture(autouse=True)
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: now(LAST + timedelta(days=1)))


@pytest.fixture
def measured(lent: Loan, india: Entity, rita: User, charlie: User) -> Loan:
    """A loan in stage 1 at the end of a month and in stage 2 at the end of the next."""
    factories.approved(india, rita, charlie)
    for day, late in ((BEFORE, 0), (DAY, 45)):
        factories.nights.ended(india, day)
        factories.stands(lent, day, late)
    for day in (BEFORE, DAY):
        factories.estimated(india, day)
        services.measure(actor="system:tests", entity=india, day=day, now=now(day))
    return lent


def _get(client: Client, name: str, *args: Any, **query: str) -> Any:
    return client.get(reverse(f"impairment:{name}", args=args), query)


def _csv(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.getvalue().decode())))


def test_before_anything_is_measured_the_pages_say_so(
    signed_in: Browser, charlie: User, lent: Loan
) -> None:
    client = signed_in(charlie)

    assert "No measurement yet" in _get(client, "summary").text
    assert "Nothing to compare yet" in _get(client, "movement").text
    assert "No loan here" in _get(client, "loans").text
    assert "The year is not over" in _get(client, "backtests").text
    assert "No parameters yet" in _get(client, "parameters").text
    assert [_csv(_get(client, name)) for name in FILES] == [[], [], [], []]
    assert _get(client, "why", lent.pk).status_code == 404


def test_the_summary_leads_to_the_loan_and_why(
    signed_in: Browser, measured: Loan, charlie: User, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(charlie)
    _get(client, "summary")
    row = LoanLoss.objects.get(run__day=DAY)

    with django_assert_max_num_queries(20):
        page = _get(client, "summary").text

    assert "Stage 2: lifetime" in page
    assert "more than 30 days past due" in page
    listed = _get(client, "loans", stage="2").text
    assert measured.number in listed
    assert measured.number not in _get(client, "loans", stage="1").text
    assert reverse("impairment:why", args=[measured.pk]) in listed
    why = _get(client, "why", measured.pk).text
    assert "Computed anew just now, it comes to what was stored" in why
    assert "Month by month" in why
    assert row.stage == 2
    earlier = _get(client, "why", measured.pk, month=BEFORE.isoformat()).text
    assert "Stage 1: twelve months" in earlier


def test_why_says_where_what_is_stored_is_something_else(
    signed_in: Browser, measured: Loan, charlie: User
) -> None:
    row = LoanLoss.objects.get(run__day=DAY)
    wrong = row.loss_lifetime + Decimal("0.02")
    with pgtrigger.ignore("impairment.LoanLoss:impairment_loss_as_measured"):
        LoanLoss.objects.filter(pk=row.pk).update(loss=wrong, loss_lifetime=wrong)

    page = _get(signed_in(charlie), "why", measured.pk).text

    assert "it comes to something else" in page


def test_the_movement_explains_itself(
    signed_in: Browser, measured: Loan, india: Entity, charlie: User
) -> None:
    client = signed_in(charlie)
    was, now_ = (LoanLoss.objects.get(run__day=day).loss for day in (BEFORE, DAY))

    assert "By stage" in _get(client, "movement").text
    found = {row["stage"]: row for row in _csv(_get(client, "movement_file"))}
    assert Decimal(found["1"]["transfers_out"]) == was > 0
    assert Decimal(found["2"]["transfers_in"]) == was
    assert Decimal(found["2"]["remeasured"]) == now_ - was
    assert Decimal(found["all"]["closing"]) == now_


def test_loans_that_leave_stand_by_how_they_left(
    measured: Loan, india: Entity, charlie: User
) -> None:
    after = DAY + timedelta(days=31)
    factories.nights.ended(india, after)
    factories.gone(measured, after - timedelta(days=9), written_off=True)
    factories.estimated(india, after)
    run = services.measure(actor="system:tests", entity=india, day=after, now=now(after))
    was = LoanLoss.objects.get(run__day=DAY).loss

    lines = rows.moves(
        charlie, Chosen(entity=india, currency="INR", run=run), Run.objects.get(day=DAY)
    )

    assert run.loans == 0
    assert [line.written_off for line in lines] == [0, was, 0]
    assert movement.total(lines).unexplained == 0


def test_it_is_discounted_at_the_rate_the_offer_states(measured: Loan) -> None:
    offer: Any = measured.offer
    row = LoanLoss.objects.get(run__day=DAY)

    assert row.effective_rate == round(Decimal(offer.key_facts["effective_annual"]), 8)


def test_its_pd_at_origination_is_of_the_score_it_was_decided_on(
    signed_in: Browser, measured: Loan, charlie: User
) -> None:
    row = LoanLoss.objects.get(run__day=DAY)
    decided = Decision.objects.filter(application=measured.application_id)
    scored = decided.get(score_run__isnull=False).score_run
    pd = round(Decimal(scored.pd), 6)
    # 45 days late: one month is yet to pass to default.
    months = row.months_left + 1
    scenarios = factories.terms().scenarios

    expected = measuring.lifetime_pd(pd, months, scenarios)

    assert abs(row.pd_expected - expected) < Decimal("1e-8")
    page = _get(signed_in(charlie), "why", measured.pk).text
    assert "was to be expected by its score at origination" in page


@pytest.mark.parametrize(("last", "column"), [(True, "written_off"), (False, "derecognised")])
def test_a_loan_that_left_twice_leaves_once(
    measured: Loan, india: Entity, charlie: User, last: bool, column: str
) -> None:
    """Written off, written back, and then written off again, or repaid: as it left last."""
    after = DAY + timedelta(days=31)
    factories.nights.ended(india, after)
    factories.gone(measured, after - timedelta(days=19), written_off=True)
    factories.gone(measured, after - timedelta(days=9), written_off=last)
    factories.estimated(india, after)
    run = services.measure(actor="system:tests", entity=india, day=after, now=now(after))
    was = LoanLoss.objects.get(run__day=DAY).loss

    lines = rows.moves(
        charlie, Chosen(entity=india, currency="INR", run=run), Run.objects.get(day=DAY)
    )

    whole = movement.total(lines)
    assert (whole.opening, getattr(whole, column), whole.closing) == (was, was, 0)
    assert whole.unexplained == 0


def test_the_files_hold_what_the_pages_show(
    signed_in: Browser, measured: Loan, charlie: User
) -> None:
    client = signed_in(charlie)
    row = LoanLoss.objects.get(run__day=DAY)

    [one] = _csv(_get(client, "loans_file"))
    assert (one["loan"], Decimal(one["loss"])) == (measured.number, row.loss)
    assert _csv(_get(client, "loans_file", stage="3")) == []
    summary = _csv(_get(client, "summary_file"))
    assert {line["by"] for line in summary} == {"stage", "product", "branch", "reason", "security"}
    assert {Decimal(line["loss"]) for line in summary} == {row.loss}


def test_another_branch_is_out_of_reach(
    signed_in: Browser, measured: Loan, make_person: MakePerson, nashik: Branch
) -> None:
    client = signed_in(make_person("Nina", "credit_reviewer", branch=nashik))

    assert measured.number not in _get(client, "loans").text
    assert _csv(_get(client, "loans_file")) == []
    assert "Nothing here" in _get(client, "summary").text
    assert _get(client, "why", measured.pk).status_code == 404
    moved = {row["stage"]: row for row in _csv(_get(client, "movement_file"))}
    assert Decimal(moved["all"]["closing"]) == 0


def test_two_people_decide_on_the_pages(
    signed_in: Browser, india: Entity, rita: User, charlie: User
) -> None:
    analyst, manager = signed_in(rita), signed_in(charlie)
    form = _get(analyst, "propose")
    assert "prior_lateness" in form.text
    typed = {"effective_from": LAST.isoformat(), "reason": "As decided.", "body": "{"}
    assert analyst.post(reverse("impairment:propose"), typed).status_code == 422
    typed["body"] = json.dumps(factories.body(conversion={"others": "7"}))
    assert "Must lie between 0 and 1" in analyst.post(reverse("impairment:propose"), typed).text
    assert ParameterSet.objects.count() == 0

    typed["body"] = json.dumps(factories.body())
    assert analyst.post(reverse("impairment:propose"), typed).status_code == 302
    one = ParameterSet.objects.get()
    assert analyst.post(reverse("impairment:approve", args=[one.pk])).status_code == 403
    assert "Approve" in _get(manager, "parameter_set", one.pk).text
    manager.post(reverse("impairment:approve", args=[one.pk]))

    assert ParameterSet.objects.in_force(india, LAST) == one
    assert "Approved" in _get(manager, "parameters").text


@pytest.mark.parametrize(
    "text",
    ["[" * 20_000, '{"a": ' * 3_000, "9" * 5_000, "[]", '{"\\u0000": 1}', '{"\\ud800": 1}'],
    ids=["deep", "deep and open", "long", "no object", "NUL", "half a pair"],
)
def test_what_is_no_body_is_said_on_the_page(
    signed_in: Browser, india: Entity, rita: User, text: str
) -> None:
    typed = {"effective_from": LAST.isoformat(), "reason": "As decided.", "body": text}

    answer = signed_in(rita).post(reverse("impairment:propose"), typed)

    assert answer.status_code == 422
    assert 'id="id_body_error"' in answer.text
    assert ParameterSet.objects.count() == 0


def test_a_day_that_was_ended_anew_is_said_on_the_page(
    signed_in: Browser, measured: Loan, india: Entity, charlie: User
) -> None:
    client = signed_in(charlie)
    said = "This day was ended anew since"
    assert said not in _get(client, "summary").text

    DayEnd.objects.filter(entity=india, day=DAY).update(run=2)

    assert said in _get(client, "summary").text
    assert said not in _get(client, "summary", month=BEFORE.isoformat()).text


def test_a_segment_narrows_every_page_and_file(
    signed_in: Browser, measured: Loan, charlie: User
) -> None:
    other = Product.objects.get(pk=measured.product_id)
    own = other.scoring_segment
    other.pk, other.code, other.scoring_segment = uuid.uuid4(), "elsewhere", "elsewhere"
    other.save(force_insert=True)
    client = signed_in(charlie)

    assert "segment=elsewhere" in _get(client, "loans", segment="elsewhere").text
    for segment, number in ((own, 1), ("elsewhere", 0)):
        given = {"segment": segment}
        assert ("Nothing here" in _get(client, "summary", **given).text) == (number == 0)
        assert (measured.number in _get(client, "loans", **given).text) == (number == 1)
        assert len(_csv(_get(client, "loans_file", **given))) == number
        assert bool(_csv(_get(client, "summary_file", **given))) == (number == 1)
        moved = {row["stage"]: row for row in _csv(_get(client, "movement_file", **given))}
        assert (Decimal(moved["all"]["closing"]) > 0) == (number == 1)
    given = {"segment": own, "product": str(other.pk)}
    assert _csv(_get(client, "loans_file", **given)) == []
    moved = {row["stage"]: row for row in _csv(_get(client, "movement_file", **given))}
    assert Decimal(moved["all"]["closing"]) == 0


def test_a_proposal_is_refused_and_taken_back_on_the_pages(
    signed_in: Browser, india: Entity, rita: User, charlie: User
) -> None:
    analyst, manager = signed_in(rita), signed_in(charlie)
    one = factories.proposed(india, rita)
    assert _get(manager, "refuse", one.pk).status_code == 200
    manager.post(reverse("impairment:refuse", args=[one.pk]), {"note": "Too mild."})
    two = factories.proposed(india, rita)
    analyst.post(reverse("impairment:withdraw", args=[two.pk]))

    assert {row.pk: row.status for row in ParameterSet.objects.all()} == {
        one.pk: "refused",
        two.pk: "withdrawn",
    }
