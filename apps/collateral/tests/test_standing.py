"""What lacks of an application's security before money is paid out."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Branch, Entity, User
from apps.applications.models import Application
from apps.applications.tests import factories as applications
from apps.collateral import selectors, services
from apps.collateral.standings import Standing
from apps.collateral.tests import factories
from apps.products.tests import factories as products

pytestmark = pytest.mark.django_db
NOW, TODAY = factories.NOW, factories.TODAY


@pytest.fixture
def application(alice: User) -> Application:
    return factories.secured(alice)


def _standing(application: Application, on: date = TODAY, **options: Any) -> Standing:
    rows = Application.objects.select_related("branch__entity", "product")
    return selectors.standing(rows.get(pk=application.pk), on, **options)


def _codes(found: Standing) -> list[str]:
    return [lack.code for lack in found.lacks]


def test_nothing_lacks_where_all_is_in_order(alice: User, application: Application) -> None:
    factories.ready(alice, application)

    found = _standing(application)

    assert found.is_ready
    assert (found.value, found.realisable) == (Decimal(300_000), Decimal("200000.00"))
    assert found.ltv == found.ltv_decided == Decimal(200_000) / Decimal(300_000)
    assert not found.is_unsecured


def test_a_loan_without_security_needs_none(alice: User, pune: Branch) -> None:
    plain = applications.submitted(alice, applications.borrower(pune))

    found = _standing(plain)

    assert (found.is_demanded, found.is_ready, found.is_unsecured) == (False, True, True)


def test_it_says_that_nothing_is_in_the_register(application: Application) -> None:
    assert _codes(_standing(application)) == ["not_registered"]


def test_it_says_what_is_not_pledged_and_not_insured(alice: User, application: Application) -> None:
    item = factories.item(alice)
    factories.charged(alice, item, application)

    found = _standing(application)

    assert _codes(found) == ["not_pledged", "not_insured"]
    assert all(item.number in lack.sentence for lack in found.lacks)


def test_it_says_that_the_valuation_is_stale(alice: User, application: Application) -> None:
    factories.ready(alice, application)

    later = TODAY + timedelta(days=366)

    assert _codes(_standing(application, later)) == ["valuation_stale", "not_insured"]


def test_it_says_that_the_insurance_is_too_low(alice: User, application: Application) -> None:
    item = factories.pledged(alice, application)
    services.insure(
        actor=alice, item=item, entry=factories.insurance(sum_insured=Decimal(199_999)), now=NOW
    )

    assert _codes(_standing(application)) == ["insured_too_low"]


def test_it_says_that_the_value_is_below_what_was_decided_on(
    alice: User, application: Application
) -> None:
    item = factories.ready(alice, application)
    factories.valued(alice, item, amount=Decimal(299_999))

    found = _standing(application)

    assert _codes(found) == ["ltv_above_decided"]
    assert "66.7" in found.lacks[0].sentence


def test_a_smaller_loan_keeps_what_was_decided(alice: User, application: Application) -> None:
    item = factories.ready(alice, application)
    factories.valued(alice, item, amount=Decimal(250_000))

    assert not _standing(application).is_ready
    assert _standing(application, amount=Decimal(150_000)).is_ready


def test_a_lien_before_ours_takes_from_the_value(alice: User, application: Application) -> None:
    item = factories.item(alice)
    factories.others(alice, item, 50_000)
    factories.charged(alice, item, application)
    services.insure(actor=alice, item=item, entry=factories.insurance(), now=NOW)
    services.pledge(actor=alice, item=item, deed=services.Deed(TODAY, "D"), now=NOW)

    found = _standing(application)

    assert found.value == Decimal(250_000)
    assert found.realisable == Decimal("160000.00")
    assert _codes(found) == ["ltv_above_decided"]


def test_the_liens_secure_the_whole_loan(alice: User, application: Application) -> None:
    item = factories.pledged(alice, application, 150_000)
    services.insure(actor=alice, item=item, entry=factories.insurance(), now=NOW)

    assert _codes(_standing(application)) == ["secured_too_low"]


def test_what_is_no_security_does_not_count(alice: User, application: Application) -> None:
    item = factories.item(alice, kind="other")
    factories.charged(alice, item, application)

    found = _standing(application)

    assert _codes(found) == ["does_not_count", "ltv_above_decided"]
    assert (found.value, found.ltv, found.is_unsecured) == (Decimal(0), None, True)


def test_beside_security_that_counts_the_rest_does_not_matter(
    alice: User, application: Application
) -> None:
    factories.ready(alice, application)
    other = factories.item(alice, kind="other")
    factories.charged(alice, other, application, 1_000)

    found = _standing(application)

    assert found.is_ready
    assert found.value == Decimal(300_000)


def test_gold_is_lent_on_up_to_its_cap(alice: User, india: Entity) -> None:
    """Rule book 6.11: up to 250,000 gold is lent on up to 85 %."""
    product = products.vehicle_loan(india, code="gold-loan", purposes=["medical"])
    application = factories.secured(alice, product=product, purpose="medical")
    factories.pledged(alice, application, kind="gold")

    found = _standing(application)

    assert found.most_lent == Decimal(255_000)
    assert found.is_ready


def test_it_says_that_a_cap_is_broken(alice: User, india: Entity) -> None:
    """Rule book 6.11: above 250,000 gold is lent on up to 80 %."""
    product = products.vehicle_loan(india, code="gold-loan", purposes=["medical"])
    application = factories.secured(
        alice, product=product, purpose="medical", amount=Decimal(260_000)
    )
    factories.pledged(alice, application, 260_000, kind="gold", worth=310_000)

    found = _standing(application)

    assert _codes(found) == ["ltv_above_cap"]
    assert "₹2,48,000.00" in found.lacks[0].sentence


def test_the_cap_on_gold_goes_by_all_that_is_owed_on_gold(alice: User, india: Entity) -> None:
    """Rule book 6.11: 200,000 twice is 400,000, on which gold is lent on up to 80 %."""
    product = products.vehicle_loan(india, code="gold-loan", purposes=["medical"])
    asked = {"product": product, "purpose": "medical"}
    first = factories.secured(alice, **asked)
    factories.pledged(alice, first, kind="gold", worth=240_000)
    alone = _standing(first)
    borrower = first.customer
    second = factories.secured(alice, borrower=borrower, **asked)
    factories.pledged(alice, second, kind="gold", worth=240_000)
    # What is only asked for is not owed, and neither is what a vehicle secures.
    third = factories.secured(alice, borrower=borrower, state="submitted", **asked)
    factories.charged(alice, factories.item(alice, kind="gold"), third)
    factories.pledged(alice, factories.secured(alice, borrower=borrower))

    found = _standing(first)

    assert alone.most_lent == Decimal(204_000)
    assert "ltv_above_cap" not in _codes(alone)
    assert found.most_lent == Decimal(192_000)
    assert "ltv_above_cap" in _codes(found)


def test_it_asks_as_much_for_ten_items_as_for_two(
    alice: User, application: Application, django_assert_num_queries: Callable[..., Any]
) -> None:
    for _number in range(2):
        factories.charged(alice, factories.item(alice), application, 1_000)
    row = Application.objects.select_related("branch__entity", "product", "employment").get(
        pk=application.pk
    )
    with django_assert_num_queries(5):
        selectors.standing(row, TODAY)
    for _number in range(8):
        factories.charged(alice, factories.item(alice), application, 1_000)

    with django_assert_num_queries(5):
        found = selectors.standing(row, TODAY)

    assert len(found.covers) == 10
