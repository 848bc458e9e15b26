"""How people review: exact figures, whose one may see, and what they look like on pages."""

import csv
import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any

import pgtrigger
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import Branch, User
from apps.customers.models import ProtectedAttributes
from apps.decisions import tracing
from apps.decisions.models import Decision, ReviewCase
from apps.decisions.tests import factories as decided
from apps.desk import analytics_groups, analytics_page, analytics_rows, services
from apps.desk.analytics_rows import Period
from apps.desk.models import InformationRequest
from apps.desk.tests import factories
from apps.loans.models import Loan, Outcome

NOW = factories.NOW
SignedIn = Callable[[User], Client]
TRACES: dict[str, Any] = {
    "": [],
    "approve": {"outcome": "approve", "band": {"outcome": "approve"}, "results": []},
    "refer": {
        "outcome": "refer",
        "band": {"outcome": "refer"},
        "results": [{"outcome": "approve"}, {"outcome": "refer"}],
    },
    "decline": {"outcome": "decline", "band": {"outcome": "decline"}, "results": []},
    "rule": {
        "outcome": "decline",
        "band": {"outcome": "approve"},
        "results": [{"outcome": "refer"}, {"outcome": "decline"}],
    },
    "finding": {
        "outcome": "decline",
        "band": {"outcome": "approve"},
        "results": [{"outcome": "approve"}],
        "findings": [{"outcome": "decline"}],
    },
}


@pytest.fixture
def given(alice: User, pune: Branch) -> Callable[..., ReviewCase]:
    """Return a maker of cases that a person's verdict closed, as the books keep them."""
    decided.policy(pune.entity)

    def make(
        by: User,
        verdict: str,
        trace: str = "approve",
        *,
        at: datetime = NOW,
        waited: timedelta = timedelta(hours=10),
        worked: timedelta = timedelta(minutes=30),
        defaulted: bool | None = None,
    ) -> ReviewCase:
        case = decided.referred(alice)
        with pgtrigger.ignore():
            ReviewCase.objects.filter(pk=case.pk).update(
                status="closed",
                verdict=verdict,
                verdict_by=by,
                verdict_at=at,
                closed_at=at,
                opened_at=at - waited,
                claimed_by=by,
                claimed_at=at - worked,
                recommended=tracing.recommendation(TRACES[trace]),
            )
            Decision(
                application=case.application,
                number=2,
                kind="human",
                outcome=verdict,
                trace=TRACES[trace],
                amount=case.application.amount,
                term_months=24,
                annual_rate=case.application.annual_rate,
                submitted_by=alice,
                decided_by=by,
                decided_at=at,
            ).save()
            if defaulted is not None:
                _lent(case, defaulted=defaulted)
        return case

    return make


def _lent(case: ReviewCase, *, defaulted: bool) -> None:
    application = case.application
    loan = Loan.objects.create(
        number=f"L-{application.number}",
        branch=application.branch,
        customer=application.customer,
        application=application,
        product=application.product,
        principal=application.amount,
        currency=application.currency,
        annual_rate=application.annual_rate,
        term_months=24,
        instalment=Decimal(9000),
        status="active",
        opened_date=date(2026, 11, 1),
        disbursed_date=date(2026, 11, 1),
    )
    Outcome.objects.create(loan=loan, defaulted=defaulted, reported_status="ended")


def period(**changes: Any) -> Period:
    day = NOW.date()
    values = {"first": day - timedelta(days=5), "last": day + timedelta(days=1)}
    return Period(**{**values, "zone": "Asia/Kolkata", **changes})


def figures(actor: User, **changes: Any) -> analytics_rows.Figures:
    return analytics_rows.figures(actor, period(**changes)).whole


def test_it_counts_overrides_both_ways_and_what_became_of_them(
    given: Callable[..., ReviewCase], bob: User, charlie: User
) -> None:
    given(bob, "approve", "approve", defaulted=False)
    given(bob, "decline", "approve")
    given(bob, "approve", "decline", defaulted=True)
    given(bob, "approve", "rule", defaulted=False)
    given(bob, "approve", "decline")
    given(bob, "decline", "finding")
    given(bob, "approve", "", defaulted=True)
    given(bob, "decline", "refer")

    found = figures(charlie)

    assert (found.decided, found.approved) == (8, 5)
    assert (found.recommended_approve, found.to_decline) == (2, 1)
    assert (found.recommended_decline, found.to_approve) == (4, 3)
    assert (found.override_known, found.override_bad) == (2, 1)
    assert (found.followed_known, found.followed_bad) == (2, 1)
    assert (found.recommended, found.same) == (6, 2)


@pytest.mark.parametrize("name", TRACES)
def test_earlier_verdicts_learn_what_was_recommended(
    given: Callable[..., ReviewCase], bob: User, charlie: User, name: str
) -> None:
    given(bob, "approve", name)
    with pgtrigger.ignore():
        ReviewCase.objects.update(recommended="")
    migration = import_module("apps.decisions.migrations.0019_recommended")

    with connection.cursor() as cursor:
        cursor.execute(migration.FROM_TRACES)

    said = tracing.recommendation(TRACES[name])
    found = figures(charlie)
    assert ReviewCase.objects.get().recommended == said
    counted = (found.recommended_approve, found.recommended_decline)
    assert counted == (int(said == "approve"), int(said == "decline"))


def test_it_measures_time_from_claim_to_verdict_without_pauses(
    given: Callable[..., ReviewCase], bob: User, charlie: User
) -> None:
    case = given(bob, "approve", worked=timedelta(hours=5), waited=timedelta(hours=20))
    spans = [(-7, -3), (-4, -2), (-1, 2)]  # hours from the verdict; they overlap and stick out
    with pgtrigger.ignore():
        for start, end in spans:
            InformationRequest(
                case=case,
                item="other",
                text="What?",
                source="officer",
                asked_by=bob,
                asked_at=NOW + timedelta(hours=start),
                by_date=NOW.date(),
                lapses_at=NOW + timedelta(days=1),
                status="arrived",
                ended_at=NOW + timedelta(hours=end),
            ).save(force_insert=True)

    found = figures(charlie)

    # Of five hours, three to two before the verdict and the last one were waited through.
    assert found.work_seconds == (5 - 3 - 1) * 3600
    assert found.age_seconds == 20 * 3600


def test_it_counts_by_reviewer_branch_product_and_day_of_the_lender(
    given: Callable[..., ReviewCase], bob: User, beth: User, charlie: User, pune: Branch
) -> None:
    # 20:00 UTC is the next day in India.
    evening = NOW.replace(hour=20, minute=0)
    given(bob, "approve")
    given(beth, "decline", at=evening)

    found = analytics_rows.figures(charlie, period())

    assert {key: one.decided for key, one in found.by["reviewer"].items()} == {
        bob.pk: 1,
        beth.pk: 1,
    }
    assert {key: one.decided for key, one in found.by["branch"].items()} == {pune.pk: 2}
    assert [one.decided for one in found.by["product"].values()] == [2]
    assert evening.date() + timedelta(days=1) in found.by["day"]
    assert sum(one.decided for one in found.by["day"].values()) == found.whole.decided == 2


def test_it_filters_by_days_branch_and_product(
    given: Callable[..., ReviewCase], bob: User, charlie: User, nashik: Branch
) -> None:
    case = given(bob, "approve")
    given(bob, "approve", at=NOW - timedelta(days=40))
    code = case.application.product.code

    assert figures(charlie).decided == 1
    assert figures(charlie, first=date(2026, 1, 1)).decided == 2
    assert figures(charlie, product=code).decided == 1
    assert figures(charlie, product="no-such").decided == 0
    assert figures(charlie, branch="pune").decided == 1
    assert figures(charlie, branch=nashik.code).decided == 0


def test_a_reviewer_sees_own_figures_only(
    given: Callable[..., ReviewCase], bob: User, beth: User, amir: User
) -> None:
    given(bob, "approve")
    given(beth, "approve")
    given(beth, "decline")

    assert figures(bob).decided == 1
    assert figures(bob, reviewer=beth.pk).decided == 1
    assert figures(amir).decided == 3
    assert figures(amir, reviewer=beth.pk).decided == 2


def test_it_flags_a_rubber_stamp_by_the_lenders_limits_and_nobody_without(
    given: Callable[..., ReviewCase], bob: User, beth: User, charlie: User
) -> None:
    for _n in range(10):
        given(bob, "approve", worked=timedelta(seconds=20))
        given(beth, "approve", worked=timedelta(minutes=20))

    def flagged() -> list[str]:
        lines = analytics_page.build(charlie, period())["lines"]["reviewer"]
        return [one.name for one in lines if one.is_flagged]

    assert flagged() == []
    entry = services.StampEntry(
        entity=charlie.branch.entity,
        least_verdicts=10,
        same_share=Decimal("0.98"),
        median_seconds=60,
        why="Trial.",
    )
    services.set_stamp_limit(actor=charlie, entry=entry, now=NOW)
    assert flagged() == ["Bob"]


def test_it_counts_approval_by_protected_group_with_caution(
    given: Callable[..., ReviewCase], bob: User, charlie: User
) -> None:
    for verdict, gender in (("approve", "female"), ("decline", "male"), ("approve", "")):
        case = given(bob, verdict)
        ProtectedAttributes.objects.filter(customer=case.application.customer).delete()
        if gender:
            ProtectedAttributes(
                customer=case.application.customer, values={"gender": gender}
            ).save()

    found = analytics_groups.gather(charlie, period())

    assert (found.counted, found.is_all) == (3, True)
    shares = {name: (one.share.hits, one.share.total) for name, one in found.by["gender"].items()}
    assert shares == {"female": (1, 1), "male": (0, 1), "not stated": (1, 1)}
    verdicts = {one.verdict for one in found.by["gender"].values() if not one.is_reference}
    assert verdicts == {"insufficient sample"}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


def test_the_page_shows_figures_definitions_and_a_chart(
    given: Callable[..., ReviewCase], signed_in: SignedIn, bob: User, charlie: User, clock: None
) -> None:
    given(bob, "approve", "decline")

    shown = signed_in(charlie).get(reverse("desk:analytics")).content.decode()

    for text in ("Bob", "days-figure", 'id="what-work"', 'href="#what-work"', "1 of 1"):
        assert text in shown
    assert (
        "No verdict in this period"
        in (
            signed_in(charlie).get(reverse("desk:analytics"), {"product": "no-such", "last": "x"})
        ).content.decode()
        or "Bob" in shown
    )


def test_the_page_stays_within_its_queries_however_many_verdicts(
    given: Callable[..., ReviewCase],
    signed_in: SignedIn,
    bob: User,
    beth: User,
    charlie: User,
    clock: None,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    browser = signed_in(charlie)
    for person in (bob, beth, charlie):
        given(person, "approve")
    browser.get(reverse("desk:analytics"))

    with django_assert_max_num_queries(16):
        browser.get(reverse("desk:analytics"))


def test_a_table_comes_as_csv_that_no_spreadsheet_runs(
    given: Callable[..., ReviewCase], signed_in: SignedIn, bob: User, charlie: User, clock: None
) -> None:
    User.objects.filter(pk=bob.pk).update(name="=HYPERLINK(1)")
    given(bob, "approve", "decline")

    answer = signed_in(charlie).get(reverse("desk:analytics_table", args=["reviewer"]))

    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [one["reviewer"] for one in rows] == ["'=HYPERLINK(1)"]
    assert (rows[0]["decided"], rows[0]["to_approve"], rows[0]["work_seconds"]) == (
        "1",
        "1",
        "1800",
    )
    unknown = signed_in(charlie).get(reverse("desk:analytics_table", args=["colour"]))
    assert unknown.status_code == 404


def test_pages_and_api_refuse_the_wrong_person(
    given: Callable[..., ReviewCase],
    signed_in: SignedIn,
    alice: User,
    bob: User,
    amir: User,
    clock: None,
) -> None:
    given(bob, "approve")

    assert signed_in(alice).get(reverse("desk:analytics")).status_code == 403
    assert signed_in(bob).get(reverse("desk:analytics")).status_code == 200
    assert signed_in(bob).get(reverse("desk:analytics_groups")).status_code == 403
    assert signed_in(amir).get(reverse("desk:analytics_groups")).status_code == 200
    assert signed_in(amir).get(reverse("desk:analytics_limit")).status_code == 403
    assert signed_in(alice).get("/api/v1/review/analytics").status_code == 403


def test_the_api_gives_the_same_figures(
    given: Callable[..., ReviewCase], signed_in: SignedIn, bob: User, charlie: User, clock: None
) -> None:
    given(bob, "approve", "decline")

    found = signed_in(charlie).get("/api/v1/review/analytics", {"by": "branch"}).json()

    assert found["whole"]["to_approve"] == 1
    assert [one["name"] for one in found["groups"]] == ["Pune"]


@pytest.mark.parametrize("days", [{"first": "0001-01-01"}, {"last": "0001-01-05"}])
def test_the_api_refuses_days_nobody_means(
    days: dict[str, str], signed_in: SignedIn, charlie: User, clock: None
) -> None:
    answer = signed_in(charlie).get("/api/v1/review/analytics", days)

    assert answer.status_code == 400
    assert answer.json()["fields"].keys() == days.keys()
