from dataclasses import dataclass
from decimal import Decimal

import pytest
from django.utils import translation

from apps.decisions import policy, policy_document, reason_codes, reasons, sentences
from apps.decisions.policy_inputs import INPUTS, Value
from apps.decisions.reasons import NoReason, Reason
from apps.decisions.tests import factories
from apps.letters import vagueness
from apps.scoring import feature_words
from apps.scoring.tests.factories import SCHEMA


@dataclass(frozen=True)
class Share:
    """A made-up attribution."""

    feature: str
    group: str
    contribution: float
    value: object = 1
    unit: str = "count"


def _trace(pd: str, **changes: Value) -> policy.Trace:
    known: dict[str, Value] = {
        "pd": Decimal(pd),
        "age_years": Decimal(40),
        "foir": Decimal("0.30"),
        "defaults_with_us": Decimal(0),
        "bureau_report_age_days": Decimal(5),
        "amount": Decimal(200_000),
        **changes,
    }
    parsed = policy_document.parse(factories.document())
    return policy.evaluate(parsed, known, product="any", currency="INR")


SHARES = (
    Share("existing_dti", "affordability", 0.9),
    Share("amount_to_income", "affordability", -0.1),
    Share("delinquencies_24m", "payment_history", 0.5),
    Share("accounts_delinquent_now", "payment_history", 0.2),
    Share("open_accounts", "credit_depth", 0.4),
    Share("revolving_utilisation", "credit_usage", 0.3),
    Share("enquiries_6m", "enquiries", 0.2),
    Share("annual_income", "income", -2.0),
    Share("employment_months", "employment", -0.3),
    Share("employment_type", "employment", 0.1),
    Share("purpose", "purpose", 0.001),
)


def _codes(found: tuple[Reason, ...]) -> list[str]:
    return [one.code for one in found]


def test_it_names_the_four_strongest_groups_in_order() -> None:
    # Rule book 4.3 T4.
    found = reasons.of_outcome(_trace("0.9"), SHARES)

    assert _codes(found) == [
        "model.affordability",
        "model.payment_history",
        "model.credit_depth",
        "model.credit_usage",
    ]
    assert found[0].contribution == pytest.approx(0.8)
    assert (found[1].about, found[1].factors) == (
        "delinquencies_24m",
        ("accounts_delinquent_now", "delinquencies_24m"),
    )


def test_it_never_names_what_helped_or_hardly_mattered() -> None:
    found = reasons.of_model(SHARES)

    named = {factor for one in found for factor in one.factors}
    adverse = {share.feature for share in SHARES if share.contribution > 0}
    assert named <= adverse
    assert not {"model.income", "model.employment", "model.purpose"} & {one.code for one in found}


def test_knock_out_rules_come_first_and_alone_when_the_pd_did_not_decline() -> None:
    by_rule = reasons.of_outcome(_trace("0.1", age_years=Decimal(19)), SHARES)
    by_both = reasons.of_outcome(_trace("0.9", age_years=Decimal(19)), SHARES)

    assert _codes(by_rule) == ["rule.age_minimum"]
    assert _codes(by_both)[0] == "rule.age_minimum"
    assert len(by_both) == 4


def test_an_approval_has_no_reasons() -> None:
    assert reasons.of_outcome(_trace("0.1"), SHARES) == ()


def test_a_decline_without_an_adverse_factor_is_not_decided() -> None:
    with pytest.raises(NoReason):
        reasons.of_outcome(_trace("0.9"), [Share("annual_income", "income", -1.0)])


def test_a_referral_names_every_rule_and_the_band() -> None:
    trace = _trace("0.7", foir=None, amount=Decimal(900_000))

    found = reasons.of_outcome(trace, SHARES)

    assert _codes(found)[:3] == ["rule.foir_cap", "rule.amount_authority", "cause.pd_band"]
    assert reasons.cause_codes(found) == ["foir_cap", "amount_authority", "pd_band"]
    assert found[0].test == "missing"


def test_a_reason_survives_storage() -> None:
    for one in reasons.of_outcome(_trace("0.9", age_years=Decimal(19)), SHARES):
        assert Reason.from_json(one.to_json()) == one


# Values as people have them, one for each kind of unit.
_VALUES = {"currency": 1000.0, "months": 7, "count": 3, "fraction": 0.62}


@pytest.mark.parametrize("name", SCHEMA.names)
@pytest.mark.parametrize("known", [True, False])
def test_every_feature_has_a_specific_sentence(name: str, known: bool) -> None:
    feature = SCHEMA.feature(name)
    unit = feature.unit.split(" ")[0]
    raw = feature.categories[0] if feature.kind == "category" else _VALUES[unit]
    one = Reason(
        code=f"model.{feature.group}",
        source="model",
        about=name,
        value=raw if known else None,
        unit=feature.unit,
    )

    text = sentences.reason(one, currency="INR")

    assert name in feature_words.FEATURES
    assert feature.group in feature_words.GROUPS
    assert not vagueness.says_nothing(text)
    assert not vagueness.prohibited_basis(text)
    if known:
        shown = feature_words.value(raw, unit=feature.unit, currency="INR")
        assert shown in text


@pytest.mark.parametrize("name", INPUTS)
def test_every_input_of_a_policy_has_a_specific_sentence(name: str) -> None:
    declared = INPUTS[name]
    tests = policy.TESTS[declared.kind]
    for test in (*tests, "missing"):
        value = {"number": "2", "boolean": False, "text": "KE"}[declared.kind]
        limit = {"number": "1", "boolean": True, "text": ["IN"]}[declared.kind]
        one = Reason(code="rule.x", source="rule", about=name, test=test, value=value, limit=limit)

        text = sentences.reason(one, currency="INR")

        assert text.endswith(".")
        assert "%(" not in text
        assert not vagueness.says_nothing(text)


LISTED = factories.installed_reasons()


@pytest.mark.parametrize("code", reason_codes.of_verdict(LISTED, "decline"))
def test_every_code_of_a_decline_is_specific_with_and_without_its_value(code: str) -> None:
    about = LISTED[code].input
    for value in ("2", None):
        one = Reason(code=f"person.{code}", source="person", about=about, value=value)

        text = sentences.reason(one, currency="INR")

        assert text.endswith(".")
        assert not vagueness.says_nothing(text)


def test_no_code_of_the_list_lacks_words() -> None:
    assert [code for code in LISTED if sentences.code(code) == code] == []


def test_sentences_follow_the_active_language() -> None:
    one = reasons.of_cause("no_champion")

    with translation.override("en"):
        assert sentences.reason(one, currency="INR") == "No model is in use for this product."


def test_a_reviewer_cannot_name_what_the_applicant_has_none_of() -> None:
    known: dict[str, object] = {
        "delinquencies_24m": "0",
        "bankruptcies": "1",
        "employment_months": "0",
        "blocked": False,
        "guarantees_with_us": "0.00",
        "income_gap": "0.25",
    }

    found = reason_codes.groundless(
        [
            "late_payments",
            "bankruptcy",
            "many_enquiries",
            "work_too_recent",
            "purpose_not_financed",
            "on_block_list",
            "guarantees_high",
            "income_not_as_documented",
        ],
        LISTED,
        known,
    )

    assert found == ["late_payments", "on_block_list", "guarantees_high"]


def test_a_reviewer_may_name_the_block_list_where_it_holds_an_entry_or_is_not_known() -> None:
    codes = ["on_block_list", "guarantees_high"]
    on_record: dict[str, object] = {"blocked": True, "guarantees_with_us": "9.50"}

    assert reason_codes.groundless(codes, LISTED, on_record) == []
    assert reason_codes.groundless(codes, LISTED, {}) == []


def _judged(*judged: tuple[str, str]) -> dict[str, object]:
    return {"results": [{"input": about, "result": result} for about, result in judged]}


def test_a_reviewer_cannot_name_what_met_every_limit_of_the_policy() -> None:
    trace = _judged(
        *(("foir", "passed"), ("foir", "passed"), ("dti", "passed"), ("dti", "failed")),
        *(("lti", "missing"), ("annual_income", "passed")),
    )
    codes = [
        "obligations_high_on_net_income",
        "obligations_high_on_gross_income",
        "amount_high_for_income",
        # A stated income above the minimum may still be one that nobody could confirm.
        "income_not_confirmed",
        "work_too_recent",
        "documents_incomplete",
    ]

    assert reason_codes.contradicted(codes, LISTED, trace) == ["obligations_high_on_net_income"]
    assert reason_codes.contradicted(codes, LISTED, {}) == []


def _unmet(about: str, test: str, value: object, limit: object) -> str:
    one = Reason(code="rule.x", source="rule", about=about, test=test, value=value, limit=limit)
    return sentences.reason(one, currency="INR")


def test_a_choice_that_was_not_met_reads_as_a_sentence() -> None:
    assert _unmet("income_verification", "one_of", "declared", ["source", "documents"]) == (
        "Your income is declared but not yet verified;"
        " it must be verified at its source or verified by documents."
    )
    assert _unmet("country", "one_of", "US", ["IN"]) == (
        "You live in the United States; we lend to residents of India."
    )
    assert _unmet("country", "one_of", "US", ["IN", "KE"]) == (
        "You live in the United States; we lend to residents of India or Kenya."
    )


def test_one_reads_as_well_as_many() -> None:
    assert _unmet("accounts_delinquent_now", "at_most", "1", "0") == (
        "Accounts with a payment overdue now: 1; we accept at most 0."
    )
    late = Reason(code="person.late_payments", source="person", about="delinquencies_24m", value=1)
    assert sentences.reason(late, currency="INR") == (
        "Payments 30 or more days late in the last two years: 1."
    )


@pytest.mark.parametrize(
    ("about", "value", "limit", "shown"),
    [
        ("foir", "0.62", "0.55", ("62.0\u202f%", "55.0\u202f%")),
        ("foir", "0.5504", "0.55", ("55.04\u202f%", "55.00\u202f%")),
        ("ltv", "0.85000001", "0.85", ("85.000001\u202f%", "85.000000\u202f%")),
        (
            "pay_committed",
            "0.6666833333333333333333333333",
            "0.666666666666666666666666667",
            ("66.668\u202f%", "66.667\u202f%"),
        ),
        ("foir", "0.55", "0.55", ("55.0\u202f%", "55.0\u202f%")),
        ("amount", "200000.01", "200000", ("₹2,00,000.01", "₹2,00,000.00")),
        ("foir", None, "0.55", ("not known", "55.0\u202f%")),
    ],
)
def test_a_value_is_told_apart_from_the_limit_it_passes(
    about: str, value: str | None, limit: str, shown: tuple[str, str]
) -> None:
    assert sentences.apart(about, value, limit, currency="INR") == shown


def test_a_letter_says_how_far_a_burden_lies_above_its_limit() -> None:
    one = Reason(
        code="rule.foir_cap",
        source="rule",
        about="foir",
        test="at_most",
        value="0.5504",
        limit="0.55",
    )

    assert sentences.reason(one, currency="INR") == (
        "Your fixed obligations with the new instalment would take 55.04\u202f% of your net income;"
        " the limit is 55.00\u202f%."
    )
