"""What waits to be paid out is found without going through the book, by who may take it on."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.loans import policies, selectors
from apps.loans.models import Loan
from apps.loans.tests import factories
from apps.products.models import Conditions
from apps.products.tests import factories as products


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for one in plan.get("Plans", []):
        yield from _nodes(one)


def _touched(actor: User) -> tuple[int, int]:
    """Return how many loans were read, and of how many it was summed what payments hold."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    text = selectors.to_request(actor).explain(format="json", analyze=True)
    nodes = list(_nodes(json.loads(text)[0]["Plan"]))
    read = [one for one in nodes if one.get("Relation Name") == "loans_loan"]
    summed = [one for one in nodes if one.get("Relation Name") == "loans_disbursement"]
    return (
        sum(
            (one["Actual Rows"] + one.get("Rows Removed by Filter", 0)) * one["Actual Loops"]
            for one in read
        ),
        sum(one["Actual Loops"] for one in summed),
    )


def test_loans_that_were_paid_out_are_not_gone_through(alice: User, bob: User, stage: None) -> None:
    lent = factories.paid(alice, bob).loan
    waits = factories.opened(alice)
    assert Loan.objects.get(pk=lent.pk).status == "active"

    assert list(selectors.to_request(alice)) == [waits]
    # The sum is asked for twice: to keep the row, and to say it.
    assert _touched(alice) == (1, 2)


def test_of_a_product_paid_out_in_stages_a_running_loan_waits_for_its_rest(
    alice: User, bob: User, stage: None
) -> None:
    loan = factories.opened(alice)
    if not Conditions.objects.filter(product=loan.product).exists():
        products.conditions(loan.product)
    Conditions.objects.filter(product=loan.product).update(is_staged=True, staged_clause="4")
    rest = factories.TODAY + timedelta(days=30)
    first = factories.paid(alice, bob, loan, amount=loan.principal / 2, rest_planned_date=rest)
    assert Loan.objects.get(pk=loan.pk).status == "active"
    # Later contracts of the product are paid out at once: what was agreed before still follows.
    Conditions.objects.filter(product=loan.product).update(is_staged=False, staged_clause="")

    assert list(selectors.to_request(alice)) == [first.loan]


def test_no_step_is_counted_that_the_person_may_not_take(
    alice: User, bob: User, stage: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.requested(alice)
    assert not bob.has_perm(policies.REQUEST)

    def not_asked(_actor: User) -> Any:
        raise AssertionError

    monkeypatch.setattr(selectors, "to_request", not_asked)

    assert selectors.my_count(bob) == 1
