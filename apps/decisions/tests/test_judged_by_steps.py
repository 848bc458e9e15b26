"""A loan whose instalments step is judged by the largest one that its term reaches."""

from collections.abc import Callable
from decimal import Decimal

from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.applications.models import Application
from apps.decisions import selectors, services
from apps.decisions.models import Decision
from apps.decisions.tests import factories
from apps.offers.tests import factories as offering
from apps.products import pricing
from apps.products.models import Product
from apps.products.pricing import LEVEL, Repaid, Steps
from apps.products.tests import factories as products
from apps.scoring.models import ModelVersion

# Of 200,000 over 24 months at 16 %, with a step of 1.5 in the second year.
STEPPED = Repaid("stepped", Steps(12, Decimal("1.5"), 12))


def _asked(repaid: Repaid) -> Decimal:
    return pricing.asked_payment(Decimal(200_000), Decimal("0.16"), 24, "INR", repaid=repaid)


def _stepping(product: Product) -> None:
    Product.objects.filter(pk=product.pk).update(schedule="stepped")
    offering.complete(product, step_every=12, step_factor=Decimal("1.5"))


def _decided(alice: User, *, net: int) -> Decision:
    """Return the decision on a request for a product whose instalments step."""
    application = factories.submitted(
        alice, borrower={"employment": {"net_monthly_income": Decimal(net)}}
    )
    _stepping(application.product)
    return services.assess(application_id=application.pk, actor="system:test", now=factories.NOW)


def _replayed(decision: Decision) -> services.ReplayResult:
    stored = selectors.decisions(decision.application).get(pk=decision.pk)
    return services.replay(actor="system:test", decision=stored, now=factories.NOW)


def test_9_2_the_burden_is_formed_by_the_largest_instalment(
    alice: User, stage: ModelVersion
) -> None:
    decision = _decided(alice, net=60_000)

    assert Decimal(decision.inputs["foir"]) == _asked(STEPPED) / 60_000
    application = Application.objects.get(pk=decision.application_id)
    offering.bring_papers(application)
    offer = offering.made(alice, application)
    largest = max(Decimal(row["instalment"]) for row in offer.key_facts["schedule"][1:-1])
    # What is offered is rounded to whole rupees.
    assert abs(largest - _asked(STEPPED)) <= Decimal("0.5")


def test_9_2_who_can_carry_level_instalments_alone_is_declined(
    alice: User, stage: ModelVersion
) -> None:
    # Level instalments take 55 % of 17,800, the later ones of these 67 %.
    decision = _decided(alice, net=17_800)

    assert _asked(LEVEL) / 17_800 < Decimal("0.60") < _asked(STEPPED) / 17_800
    assert decision.outcome == "decline"
    assert [one["code"] for one in decision.reasons] == ["rule.foir_cap"]
    # What would be approved is what the largest instalment leaves room for.
    [same] = [one for one in decision.recommendation if one["term_months"] == 24]
    most = pricing.asked_payment(
        Decimal(same["amount"]), Decimal("0.16"), 24, "INR", repaid=STEPPED
    )
    assert Decimal(same["instalment"]) == most <= 17_800 * Decimal("0.60")


def test_what_was_decided_by_level_instalments_replays_as_it_was(
    alice: User, stage: ModelVersion
) -> None:
    decision = factories.assessed(
        alice, borrower={"employment": {"net_monthly_income": Decimal(17_800)}}
    )
    before = Decision.objects.values().get(pk=decision.pk)
    _stepping(decision.application.product)

    result = _replayed(decision)

    assert (result.differences, decision.outcome) == ((), "approve")
    assert Decision.objects.values().get(pk=decision.pk) == before
    assert Decimal(before["inputs"]["foir"]) == _asked(LEVEL) / 17_800


def test_what_was_decided_by_steps_comes_out_the_same(alice: User, stage: ModelVersion) -> None:
    assert _replayed(_decided(alice, net=17_800)).differences == ()


def test_the_page_says_which_instalment_was_judged(
    alice: User, stage: ModelVersion, signed_in: Callable[[User], Client]
) -> None:
    decision = _decided(alice, net=60_000)
    client = signed_in(alice)

    for address in ("applications:detail", "decisions:working_panel"):
        page = client.get(reverse(address, args=[decision.application_id])).content.decode()
        assert "the one after the last step within the term" in page


def test_a_balloon_is_named_beside_the_instalment(
    alice: User, stage: ModelVersion, signed_in: Callable[[User], Client]
) -> None:
    application = factories.submitted(alice)
    Product.objects.filter(pk=application.product_id).update(schedule="balloon")
    products.conditions(application.product, balloon_share=Decimal("0.3"))
    client = signed_in(alice)

    page = client.get(reverse("applications:detail", args=[application.pk])).content.decode()

    assert "60,000.00 of the loan falls due in one sum at the end" in page
