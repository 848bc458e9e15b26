"""Nothing is offered whose instalments became larger, by its product, than a decision judged."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.applications.models import Application
from apps.audit.models import Event
from apps.core.formatting import format_money
from apps.decisions import instalments, selectors, services, terms_panel
from apps.decisions.errors import BeyondDecision
from apps.decisions.models import Decision
from apps.decisions.tests import factories
from apps.letters.models import Letter
from apps.loans import services as lending
from apps.offers import services as offering
from apps.offers.models import Offer
from apps.offers.tests import factories as offers
from apps.products import pricing
from apps.products.models import Conditions, Product
from apps.products.pricing import Repaid, Steps
from apps.scoring.models import ModelVersion

NOW, LATER = factories.NOW, factories.NOW + timedelta(hours=1)
# What is decided, and what the product asks for since: steps of 1.5 and of 2 in the second year.
BEFORE = Repaid("stepped", Steps(12, Decimal("1.5"), 12))
SINCE = Repaid("stepped", Steps(12, Decimal(2), 12))


def _asked(repaid: Repaid, amount: int = 200_000) -> Decimal:
    return pricing.asked_payment(Decimal(amount), Decimal("0.16"), 24, "INR", repaid=repaid)


def _again(application: Application) -> Application:
    return Application.objects.select_related("product", "branch__entity").get(pk=application.pk)


def _steeper(application: Application) -> Application:
    """Let the product's instalments rise more steeply; return the application read anew."""
    Conditions.objects.filter(product=application.product_id).update(step_factor=Decimal(2))
    return _again(application)


@pytest.fixture
def decided(alice: User, stage: ModelVersion) -> Decision:
    """A decision on 200,000 over 24 months of instalments that step."""
    application = factories.submitted(
        alice, borrower={"employment": {"net_monthly_income": Decimal(60_000)}}
    )
    Product.objects.filter(pk=application.product_id).update(schedule="stepped")
    offers.complete(application.product, step_every=12, step_factor=Decimal("1.5"))
    decision = services.assess(application_id=application.pk, actor="system:test", now=NOW)
    offers.bring_papers(_again(application))
    return decision


def _written() -> dict[str, Any]:
    return {
        "offers": Offer.objects.count(),
        "letters": Letter.objects.count(),
        "events": Event.objects.count(),
        "decisions": list(Decision.objects.values()),
        "applications": list(Application.objects.values()),
    }


def _make(alice: User, application: Application, **changes: Any) -> Offer:
    return offering.make(actor=alice, application=application, now=LATER, **changes)


def test_a_decision_keeps_the_instalment_it_judged(decided: Decision) -> None:
    assert decided.instalment == _asked(BEFORE)
    assert Decimal(decided.inputs["foir"]) == decided.instalment / 60_000


def test_9_2_what_became_steeper_is_not_offered(alice: User, decided: Decision) -> None:
    application = _steeper(decided.application)
    before = _written()

    with pytest.raises(BeyondDecision) as refusal:
        _make(alice, application)

    assert refusal.value.code == "instalment_beyond_decision"
    for amount in (_asked(SINCE), _asked(BEFORE)):
        assert format_money(amount, "INR") in str(refusal.value)
    assert _written() == before


def test_less_whose_largest_instalment_was_judged_is_offered(
    alice: User, decided: Decision
) -> None:
    application = _steeper(decided.application)
    most = int(200_000 * _asked(BEFORE) / _asked(SINCE))

    with pytest.raises(BeyondDecision):
        _make(alice, application, principal=Decimal(most + 10))
    offer = _make(alice, application, principal=Decimal(most))

    largest = max(Decimal(row["instalment"]) for row in offer.key_facts["schedule"][1:-1])
    # What is offered is rounded to whole rupees.
    assert largest <= _asked(BEFORE) + Decimal("0.5")


def test_a_product_that_asks_for_less_since_is_offered(alice: User, decided: Decision) -> None:
    Conditions.objects.filter(product=decided.application.product_id).update(
        step_factor=Decimal("1.2")
    )

    assert _make(alice, _again(decided.application)).principal == 200_000


def test_the_same_terms_are_decided_anew_by_what_is_asked_now(
    alice: User, decided: Decision
) -> None:
    application = _steeper(decided.application)

    changed = services.change_request(
        actor=alice, application=application, amount=Decimal(200_000), term_months=24, now=LATER
    )
    again = services.assess(application_id=changed.pk, actor="system:test", now=LATER)

    assert (again.number, again.outcome, again.instalment) == (2, "approve", _asked(SINCE))
    assert _make(alice, _again(application)).decision_id == again.pk


def test_what_was_offered_before_is_lent_as_it_was_offered(alice: User, decided: Decision) -> None:
    offer = offers.accepted(alice, _again(decided.application))
    application = _steeper(decided.application)

    loan = lending.open_loan(actor=alice, application=application, now=LATER)

    rows = loan.schedules.get().instalments.order_by("number")
    paid = [row.principal + row.interest + row.fee for row in rows]
    assert paid == [Decimal(row["instalment"]) for row in offer.key_facts["schedule"]]
    assert abs(max(paid[1:-1]) - _asked(BEFORE)) <= Decimal("0.5")


def test_its_burden_is_shown_by_what_it_judged(
    alice: User, decided: Decision, signed_in: Callable[[User], Client]
) -> None:
    decided.application = _steeper(decided.application)

    price = terms_panel.price(decided.application, decided)

    assert price["instalment"] == _asked(BEFORE)
    [foir] = [line for line in price["ratios"] if line.code == "foir"]
    assert foir.value == _asked(BEFORE) / 60_000
    address = reverse("decisions:working_panel", args=[decided.application_id])
    page = signed_in(alice).get(address).content.decode()
    assert "have become larger since" in page
    assert format_money(_asked(SINCE), "INR") in page


def test_nothing_is_said_of_instalments_that_are_as_they_were(decided: Decision) -> None:
    assert terms_panel.price(_again(decided.application), decided)["larger"] is None


def _decided_before_it_was_kept(decided: Decision) -> Decision:
    with pgtrigger.ignore(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE decisions_decision SET instalment = NULL WHERE id = %s", [decided.pk]
        )
    return Decision.objects.get(pk=decided.pk)


def test_one_from_before_it_was_kept_says_so_by_its_ratios(alice: User, decided: Decision) -> None:
    old = _decided_before_it_was_kept(decided)
    application = _steeper(decided.application)
    before = _written()

    assert instalments.judged(application, old) == _asked(BEFORE)
    assert terms_panel.price(application, old)["instalment"] == _asked(BEFORE)
    with pytest.raises(BeyondDecision, match="have become larger"):
        _make(alice, application)
    assert _written() == before


def test_one_that_formed_no_ratio_says_nothing(decided: Decision) -> None:
    old = _decided_before_it_was_kept(decided)
    old.inputs = {}

    assert instalments.judged(_again(decided.application), old) is None
    told = instalments.told(_steeper(decided.application), old)
    assert told == _asked(SINCE)


def test_it_replays_as_it_was_decided(decided: Decision) -> None:
    application = _steeper(decided.application)
    stored = selectors.decisions(application).get(pk=decided.pk)

    result = services.replay(actor="system:test", decision=stored, now=LATER)

    assert result.differences == ()
