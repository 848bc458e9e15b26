"""The band's add-on is part of the price, and the burden is formed at the price."""

import copy
from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.models import Branch, User
from apps.applications import features
from apps.applications import selectors as applications
from apps.decisions import policy, policy_inputs, rulebook, services, tracing
from apps.decisions.models import Decision
from apps.decisions.tests import factories
from apps.products import pricing
from apps.scoring import services as scoring

NOW = factories.NOW
RUPEE = Decimal("0.01")


def _document(addon: str, **changes: Any) -> dict[str, Any]:
    """Return the policy of the tests with an add-on in every band; `changes` for the first."""
    written = copy.deepcopy(factories.document())
    bands = written["ladders"][0]["bands"]
    for band in bands:
        band["rate_addon"] = addon
    bands[0].update(changes)
    return written


@pytest.fixture
def dear(pune: Branch, rita: User, mark: User) -> None:
    """A policy that adds four points to the rate of band A."""
    factories.stage(pune, rita, mark, document=_document("0.04"))


def _replayed(decision: Decision) -> dict[str, Any]:
    assert decision.policy is not None
    again = policy.evaluate(
        rulebook.policy_of(decision.policy),
        policy_inputs.from_json(decision.inputs),
        product=decision.application.product.code,
        currency=decision.application.currency,
    )
    return tracing.to_json(again)


def test_no_feature_of_the_model_depends_on_the_price(alice: User, dear: None) -> None:
    application = factories.submitted(alice)
    cheap = applications.feature_row(application)
    application.annual_rate = Decimal("0.99")

    assert applications.feature_row(application) == cheap
    names = set(features.Facts.__dataclass_fields__)
    assert not {name for name in names if "rate" in name or "instalment" in name}


def test_the_decided_rate_is_the_list_rate_and_the_add_on(alice: User, dear: None) -> None:
    decision = factories.assessed(alice)

    decision.application.refresh_from_db()
    instalment = pricing.level_payment(Decimal(200_000), Decimal("0.20"), 24, "INR")
    assert (decision.outcome, decision.annual_rate) == ("approve", Decimal("0.20"))
    assert decision.application.annual_rate == Decimal("0.16")
    assert Decimal(decision.inputs["foir"]) == instalment / 60_000
    assert decision.inputs["dti"] == str(instalment / (Decimal(900_000) / 12))


def test_a_burden_bearable_only_at_the_list_rate_declines(alice: User, dear: None) -> None:
    # 612,000 over 24 months take 59.9 % of 50,000 at 16 %, but 62.3 % at 20 %.
    poor = {"employment": {"net_monthly_income": Decimal(50_000)}}

    decision = factories.assessed(alice, amount=Decimal(612_000), borrower=poor)

    assert (decision.outcome, decision.annual_rate) == ("decline", Decimal("0.20"))
    assert [one["code"] for one in decision.reasons] == ["rule.foir_cap"]
    assert decision.reasons[0]["value"] == decision.inputs["foir"]
    assert Decimal(decision.inputs["foir"]) > Decimal("0.60")


@pytest.mark.parametrize("amount", [200_000, 790_000, 900_000])
def test_the_stored_inputs_give_the_stored_trace(alice: User, dear: None, amount: int) -> None:
    decision = factories.assessed(alice, amount=Decimal(amount), term_months=36)

    assert _replayed(decision) == decision.trace


def test_the_letter_states_the_decided_rate_and_its_working(alice: User, dear: None) -> None:
    decision = factories.assessed(alice)

    assert decision.letter is not None
    stated = decision.letter.facts["approval"]
    assert Decimal(stated["annual_rate"]) == Decimal("0.20")
    assert stated["instalment"] == str(
        pricing.level_payment(Decimal(200_000), Decimal("0.20"), 24, "INR")
    )
    (working,) = stated["working"]
    assert working == (
        "The rate of 20.00\u202f% a year is our list rate of 16.00\u202f% and 4.00\u202f% for the"
        " risk we found; the instalment is the equal monthly payment at this rate over"
        " 24 months."
    )


def test_without_an_add_on_the_letter_needs_no_working(alice: User, stage: object) -> None:
    decision = factories.assessed(alice)

    assert decision.letter is not None
    assert decision.letter.facts["approval"]["working"] == []
    assert decision.annual_rate == Decimal("0.16")


def test_a_failure_carries_the_list_rate(alice: User, pune: Branch) -> None:
    factories.policy(pune.entity, document=_document("0.04"))

    decision = factories.assessed(alice)

    assert (decision.outcome, decision.failure) == ("refer", "no_champion")
    assert decision.annual_rate == Decimal("0.16")
    assert decision.recommendation == []


def test_every_offer_is_the_largest_that_was_verified(alice: User, dear: None) -> None:
    poor = {"employment": {"net_monthly_income": Decimal(50_000)}}
    decision = factories.assessed(alice, amount=Decimal(790_000), borrower=poor)

    run = decision.score_run
    assert run is not None
    assert decision.policy is not None
    offers = decision.recommendation
    assert [one["term_months"] for one in offers] == [24, 18, 30, 12, 36]
    for one in offers:
        amount, term = Decimal(one["amount"]), one["term_months"]
        payment = pricing.level_payment(amount, Decimal("0.20"), term, "INR")
        assert (Decimal(one["annual_rate"]), Decimal(one["instalment"])) == (
            Decimal("0.20"),
            payment,
        )
        assert Decimal(one["inputs"]["foir"]) == payment / 50_000
        above = pricing.level_payment(amount + 1_000, Decimal("0.20"), term, "INR")
        assert payment / 50_000 <= Decimal("0.60") < above / 50_000 or amount == 800_000
        again = policy.evaluate(
            rulebook.policy_of(decision.policy),
            policy_inputs.from_json({**decision.inputs, **one["inputs"]}),
            product=decision.application.product.code,
            currency="INR",
        )
        assert again.outcome == "approve"
        changed = {
            **run.features,
            "amount": float(amount),
            "term_months": term,
            "amount_to_income": float(amount / 900_000),
        }
        assert one["inputs"]["pd"] == repr(scoring.probability(model=run.model, features=changed))


def test_a_bands_largest_amount_limits_the_offer(
    alice: User, pune: Branch, rita: User, mark: User
) -> None:
    limited = _document("0", most_amount={"INR": "150000"}, beyond="refer")
    factories.stage(pune, rita, mark, document=limited)

    decision = factories.assessed(alice)

    assert decision.outcome == "refer"
    assert {one["amount"] for one in decision.recommendation} == {"150000"}


def test_an_approved_request_shows_how_much_more_there_is(alice: User, stage: object) -> None:
    decision = factories.assessed(alice)

    assert decision.outcome == "approve"
    # At 24 months FOIR allows 735,000 of 60,000 a month at 16 %.
    assert decision.recommendation[0]["amount"] == "735000"
    assert decision.recommendation[0]["term_months"] == 24


def test_what_only_people_clear_is_set_aside(alice: User, stage: object) -> None:
    old = {"bureau": {"pulled_date": NOW.date().replace(month=9)}}

    decision = factories.assessed(alice, borrower=old)

    assert decision.outcome == "refer"
    assert decision.recommendation[0]["amount"] == "735000"


def test_a_letter_promises_nothing_that_people_must_clear(alice: User, stage: object) -> None:
    poor_and_old = {
        "bureau": {"pulled_date": NOW.date().replace(month=9)},
        "employment": {"net_monthly_income": Decimal(50_000)},
    }

    decision = factories.assessed(alice, amount=Decimal(790_000), borrower=poor_and_old)

    assert decision.outcome == "decline"
    assert decision.recommendation[0]["amount"] == "612000"
    assert decision.letter is not None
    assert decision.letter.facts["could_change"] == []
    assert decision.letter.facts["no_change"] == (
        "A smaller amount or another term alone would not have changed this decision."
    )


def test_a_counter_offer_is_scored_priced_and_judged_anew(
    alice: User, charlie: User, dear: None
) -> None:
    case = factories.referred(alice, amount=900_000, term_months=60)
    services.claim(actor=charlie, case=case, now=NOW)
    verdict = services.Verdict(
        outcome="approve",
        codes=("burden_confirmed_bearable",),
        amount=Decimal(500_000),
        term_months=36,
    )

    services.decide(actor=charlie, case=case, verdict=verdict, now=NOW)

    made = Decision.objects.get(number=2)
    assert made.score_run is not None
    assert case.referral.score_run is not None
    assert made.score_run != case.referral.score_run
    assert made.score_run.model == case.referral.score_run.model
    assert made.score_run.features["amount"] == 500_000.0
    assert (made.amount, made.term_months, made.annual_rate) == (500_000, 36, Decimal("0.20"))
    assert made.inputs["pd"] == repr(made.score_run.pd)
    assert _replayed(made) == made.trace
    assert services.replay(actor=charlie, decision=made, now=NOW).identical
