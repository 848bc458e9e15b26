"""What nobody has asked about is not known: no ratio on it, no submission without it."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from apps.accounts.models import Branch, User
from apps.applications import affordability, hooks, selectors, services
from apps.applications.models import Application
from apps.applications.tests import factories
from apps.customers import services as customers
from apps.customers.tests import factories as people

pytestmark = pytest.mark.django_db
BURDENS = ("dti", "foir", "pay_committed")


@pytest.fixture
def unasked(alice: User, pune: Branch) -> Application:
    """A draft of a customer whom nobody asked about obligations."""
    basic = {"basic_monthly_pay": factories.rupees(50_000)}
    return factories.application(alice, factories.borrower(pune, declares=False, employment=basic))


def _declare(actor: User, application: Application) -> None:
    customers.declare_no_obligations(
        actor=actor,
        customer=application.customer,
        entry=people.no_obligations_entry(),
        now=factories.NOW,
    )


def test_no_burden_is_known_before_somebody_asked(alice: User, unasked: Application) -> None:
    before = selectors.affordability(unasked)
    _declare(alice, unasked)
    after = selectors.affordability(unasked)

    for code in BURDENS:
        assert getattr(before, code).value is None
        assert getattr(before, code).why_missing == affordability.OBLIGATIONS_UNKNOWN
        assert getattr(after, code).value > 0
        assert getattr(after, code).numerator[0].amount == 0
    assert before.lti == after.lti


def test_what_is_paid_to_us_is_shown_beside_what_is_paid_elsewhere(
    alice: User, pune: Branch, signed_in: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.paying_us(monkeypatch, "9793")
    taken = factories.application(alice, factories.borrower(pune))
    browser = signed_in(alice)
    address = reverse("applications:detail", args=[taken.pk])

    draft = browser.get(address).content.decode()
    services.submit(actor=alice, application=taken, now=factories.NOW)
    monkeypatch.setattr(hooks, "_burdens", [])
    frozen = browser.get(address).content.decode()

    for page in (draft, frozen):
        assert "of them ₹9,793.00 to us, for other loans" in page
        assert "Paid to others a month" in page
        assert "Paid to us a month for other loans" in page
    assert "declared: none elsewhere" in draft


def test_the_api_tells_what_is_paid_to_us(
    alice: User, pune: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.paying_us(monkeypatch, "9793")
    taken = factories.submitted(alice, factories.borrower(pune))
    caller = APIClient()
    caller.force_authenticate(alice)

    found = caller.get(f"/api/v1/applications/{taken.pk}").json()

    assert found["obligations_monthly"] == found["own_obligations_monthly"] == "9793.00"


def test_another_amount_knows_no_more(unasked: Application) -> None:
    known = selectors.standing(unasked.customer, on=factories.TODAY)
    tried = selectors.WhatIf(
        product=unasked.product, amount=factories.rupees(50_000), term_months=12
    )

    assert selectors.what_if(known, tried).foir.value is None


def test_the_page_tells_the_officer_before_submitting(
    alice: User, unasked: Application, signed_in: Callable[[User], Client]
) -> None:
    browser = signed_in(alice)
    address = reverse("applications:detail", args=[unasked.pk])

    before = browser.get(address).content.decode()
    refused = browser.post(reverse("applications:submit", args=[unasked.pk]), follow=True)
    _declare(alice, unasked)
    after = browser.get(address).content.decode()

    assert "Record what the customer pays elsewhere" in before
    assert "The existing obligations are not known." in before
    assert "cannot be submitted yet" in refused.content.decode()
    unasked.refresh_from_db()
    assert unasked.status == "draft"
    assert "Record what the customer pays elsewhere" not in after
    assert "declared: none" in after


def test_the_api_refuses_to_submit_and_says_what_to_do(alice: User, unasked: Application) -> None:
    caller = APIClient()
    caller.force_authenticate(alice)
    address = f"/api/v1/applications/{unasked.pk}"

    refused = caller.post(f"{address}/submit")
    ratios = {one["code"]: one for one in caller.get(address).json()["affordability"]["ratios"]}

    assert refused.status_code == 400
    assert refused.json()["code"] == "not_ready"
    assert list(refused.json()["fields"]) == ["obligations"]
    assert (ratios["foir"]["value"], ratios["foir"]["why_missing"]) == (
        None,
        "obligations_unknown",
    )
    unasked.refresh_from_db()
    assert unasked.status == "draft"
