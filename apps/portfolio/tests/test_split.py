"""Figures side by side: each row is the summary of its own, and segments narrow every page."""

import csv
import io
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Branch, Entity, User
from apps.loans.models import Loan
from apps.npa.tests import portfolio_factories as nights
from apps.portfolio import services, split_page, summary_wording
from apps.portfolio.figures import Figure, Period
from apps.portfolio.months import last_of
from apps.portfolio.summary_page import shown
from apps.products.models import Product

Browser = Callable[[User], Client]
TODAY, at = nights.TODAY, nights.at
DAY = timedelta(days=1)
FIRST = last_of(TODAY)
SECOND = last_of(FIRST + DAY)


@pytest.fixture
def summed(lent: Loan, india: Entity, monkeypatch: pytest.MonkeyPatch) -> Loan:
    """A loan paid out today that is non-performing at the end of the next month."""
    monkeypatch.setattr(timezone, "now", lambda: at(SECOND + DAY))
    nights.ended(india, FIRST)
    nights.snapshot(lent, FIRST)
    nights.ended(india, SECOND)
    nights.npa(lent, SECOND)
    services.summarise(entity=india, now=at(SECOND))
    return lent


def _get(client: Client, name: str, **query: str) -> Any:
    return client.get(reverse(f"portfolio:{name}"), query)


@pytest.mark.parametrize("by", list(split_page.BY))
def test_each_row_is_the_summary_of_its_own(
    signed_in: Browser, summed: Loan, charlie: User, by: Any
) -> None:
    client = signed_in(charlie)

    page = _get(client, "split", split=by.value)

    one, whole = page.context["rows"]
    named = {
        "product": summed.product.name,
        "branch": summed.branch.name,
        "segment": summed.product.scoring_segment,
    }
    assert one["name"] == named[by.value]
    assert one["cells"] == whole["cells"]
    npa = dict(one["cells"])[summary_wording.NAMES[Figure.NPA_RATIO]]
    assert npa == shown(Figure.NPA_RATIO, Decimal(1), "INR")
    assert 'id="is-npa_ratio"' in page.text
    summary = client.get(f"{reverse('portfolio:summary')}?{one['query']}")
    assert not summary.context["is_empty"]
    assert summary.context["chosen"].narrowed
    rows = list(csv.DictReader(io.StringIO(_get(client, "split_file", split=by.value).text)))
    assert [(row["of"], row["npa_ratio"]) for row in rows] == [(named[by.value], "1")]


def test_what_became_of_loans_is_of_the_last_end_of_a_month(
    signed_in: Browser, summed: Loan, charlie: User, india: Entity
) -> None:
    nights.ended(india, SECOND + DAY)
    nights.npa(summed, SECOND + DAY)
    services.summarise(entity=india, now=at(SECOND + 2 * DAY))
    client = signed_in(charlie)

    assert _get(client, "split").context["chosen"].day == SECOND + DAY
    page = _get(client, "split", period=Period.WINDOW.value)
    assert page.context["chosen"].day == SECOND
    assert 'id="is-default_12"' in page.text


def test_a_segment_narrows_vintages_cohorts_and_roll_rates(
    signed_in: Browser, summed: Loan, charlie: User
) -> None:
    client = signed_in(charlie)
    own = summed.product.scoring_segment
    other = Product.objects.get(pk=summed.product_id)
    other.pk, other.code, other.scoring_segment = uuid.uuid4(), "other", "other"
    other.save(force_insert=True)

    for name in ("vintages", "cohorts", "roll_rates"):
        assert _get(client, name, segment=own).context["rows"], name
        assert _get(client, name, segment=other.scoring_segment).context["rows"] == [], name
    rolled = {"was": "current", "became": "90-119"}
    assert summed.number in _get(client, "roll_loans", segment=own, **rolled).text
    missing = _get(client, "roll_loans", segment=other.scoring_segment, **rolled)
    assert summed.number not in missing.text


def test_another_branch_sees_nothing_of_it(
    signed_in: Browser, summed: Loan, make_person: Any, nashik: Branch
) -> None:
    nina = make_person("Nina", "credit_reviewer", branch=nashik)

    assert _get(signed_in(nina), "split").context["rows"] == []


@pytest.mark.parametrize(
    "query", [{"split": "weight", "period": "never", "day": "x"}, {"day": "1999-01-01"}]
)
def test_what_is_not_valid_narrows_nothing(
    signed_in: Browser, summed: Loan, charlie: User, query: dict[str, str]
) -> None:
    for name in ("split", "split_file"):
        assert _get(signed_in(charlie), name, **query).status_code == 200


def test_roles_without_the_right_are_refused(signed_in: Browser, alice: User) -> None:
    for name in ("split", "split_file"):
        assert _get(signed_in(alice), name).status_code == 403
