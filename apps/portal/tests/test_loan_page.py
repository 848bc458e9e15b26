"""The borrower's page of a loan: totals, what comes next, and what paying late costs."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit.models import Event
from apps.loans.tests import factories
from apps.offers import services as offering
from apps.offers.tests import factories as offers
from apps.portal import services, tokens
from apps.products.models import Conditions
from apps.scoring.models import ModelVersion

NOW = factories.LATER + timedelta(hours=2)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _that_day(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    cache.clear()
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    yield
    cache.clear()


def _path(application: Application, purpose: str) -> str:
    link = tokens.Link(purpose, application.pk, NOW + timedelta(days=90), 0)
    return services.path(link)


def test_rule_6_8_a_borrower_sees_what_is_owed_and_what_lateness_costs(
    alice: User, bob: User, stage: ModelVersion
) -> None:
    loan = factories.opened(alice)
    factories.paid(alice, bob, loan)
    path = _path(loan.application, "letter")
    client = Client()

    assert "What you owe and what comes next" in client.get(path).content.decode()
    page = client.get(f"{path}loan/")
    text = page.content.decode()

    assert page["Cache-Control"] == "no-store, private"
    for said in ("₹2,00,000.00", "20 Dec 2026", "₹9,793.00", "To come"):
        assert said in text, said
    # From 20 December to 19 January are 29 days by 30/360: 9,793 x 16 % x 29/360; and
    # 9,793 x 24 % x 30/365.
    for figure in ("₹126.22", "₹193.18", "₹319.40"):
        assert figure in text, figure
    assert "5010" not in text
    assert Event.objects.filter(verb="portal.opened", facts__page="loan").count() == 1


def test_rule_6_5_who_stepped_back_sees_what_that_costs_and_no_instalments(
    alice: User, bob: User, stage: ModelVersion
) -> None:
    loan = factories.opened(alice)
    factories.paid(alice, bob, loan)
    exited = offering.exit(actor=alice, offer=loan.offer, now=NOW)

    text = Client().get(f"{_path(loan.application, 'letter')}loan/").content.decode()

    # On the day of the payment: the principal without the paper fee of 100.
    assert exited.exit_quote["amount"] == "199900.00"
    assert "You have stepped back from this loan." in text
    assert "₹1,99,900.00" in text
    for nothing in ("Next due", "Your instalments", "If you pay late", "Still to be paid"):
        assert nothing not in text


def test_what_was_not_paid_out_yet_owes_nothing(alice: User, stage: ModelVersion) -> None:
    loan = factories.opened(alice)

    text = Client().get(f"{_path(loan.application, 'letter')}loan/").content.decode()

    assert "Not paid out yet" in text
    assert "Next due" not in text
    assert "If you pay late" not in text


def test_a_link_that_opens_less_or_nothing_shows_no_loan(alice: User, stage: ModelVersion) -> None:
    loan = factories.opened(alice)
    other = offers.approved(alice)

    assert Client().get(f"{_path(loan.application, 'status')}loan/").status_code == 404
    assert Client().get(f"{_path(other, 'offer')}loan/").status_code == 404


def test_rule_6_8_no_interest_is_shown_where_the_product_lets_none_run_on(
    alice: User, bob: User, stage: ModelVersion
) -> None:
    loan = factories.opened(alice)
    factories.paid(alice, bob, loan)
    Conditions.objects.filter(product=loan.product).update(overdue_interest=False)

    text = Client().get(f"{_path(loan.application, 'letter')}loan/").content.decode()

    # The penal charge alone, and together.
    assert text.count("₹193.18") == 2
    assert "₹126.22" not in text
