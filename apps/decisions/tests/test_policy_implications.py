"""What is found of rules on different inputs: one implies the other, or nobody meets both."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.decisions import policy_checks, policy_document
from apps.decisions.policy import Rule
from apps.decisions.policy_checks import Offer
from apps.decisions.tests import factories

PERSONAL = Offer("personal", "INR", Decimal(50_000), Decimal(900_000), 36, 60)


def _rule(code: str, about: str, test: str, threshold: str, **changes: Any) -> dict[str, Any]:
    return {
        "code": code,
        "sentence": "As the policy has it.",
        "input": about,
        "test": test,
        "threshold": threshold,
        "outcome": "decline",
        **changes,
    }


def _said(*rules: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return refusals and warnings of a policy of these rules."""
    written = {**factories.document(), "rules": list(rules)}
    parsed = policy_document.parse(written)
    found = [*policy_checks.within(parsed), *policy_checks.against(parsed, [PERSONAL])]
    refusals = [str(one) for one in found if not one.is_warning]
    return refusals, [str(one) for one in found if one.is_warning]


@pytest.mark.parametrize(
    ("rules", "refusal"),
    [
        (
            [
                _rule("grown", "age_years", "at_least", "70"),
                _rule("end", "age_at_maturity_years", "at_most", "65"),
            ],
            "Rule end: nobody can meet both grown and end.",
        ),
        (
            [
                _rule("grown", "age_years", "at_least", "64"),
                _rule("end", "age_at_maturity_years", "at_most", "65"),
            ],
            "Rule end: whoever meets grown is too old at the end of the shortest term of personal.",
        ),
        (
            [
                _rule("oldest", "age_years", "at_most", "65"),
                _rule("end", "age_at_maturity_years", "at_most", "65"),
            ],
            "Rule oldest: it never makes a difference: who fails it fails end, too.",
        ),
        (
            [
                _rule("grown", "age_years", "at_least", "21"),
                _rule("late", "age_at_maturity_years", "at_least", "20", outcome="refer"),
            ],
            "Rule late: it never makes a difference: who fails it fails grown, too.",
        ),
        (
            [
                _rule("largest", "amount", "at_least", "600000"),
                _rule("exposure", "exposure_with_us", "at_most", "500000"),
            ],
            "Rule exposure: nobody can meet both largest and exposure.",
        ),
        (
            [_rule("exposure", "exposure_with_us", "at_most", "49999.99")],
            "Rule exposure: no request for personal can meet it.",
        ),
        (
            [
                _rule("floor", "annual_income", "at_least", "300000"),
                _rule("multiple", "lti", "at_most", "3"),
            ],
            (
                "Rule multiple: it never makes a difference: at the largest amount who fails it"
                " fails floor, too."
            ),
        ),
        (
            [_rule("pd_cap", "pd", "at_most", "0.8")],
            "Rule pd_cap: it never makes a difference: the bands decline every PD above it.",
        ),
        (
            [_rule("pd_cap", "pd", "at_most", "0.5")],
            "Ladder 1, band B: nobody reaches it: pd_cap declines every PD it holds.",
        ),
    ],
    ids=[
        "too old already",
        "too old at the end",
        "age now",
        "age at the end",
        "amount above exposure",
        "exposure below amounts",
        "loan to income",
        "PD above the bands",
        "band above the PD",
    ],
)
def test_what_cannot_be_meant_is_refused(rules: list[dict[str, Any]], refusal: str) -> None:
    assert _said(*rules) == ([refusal], [])


@pytest.mark.parametrize(
    ("rules", "warning"),
    [
        (
            [_rule("gross", "dti", "at_most", "0.6"), _rule("net", "foir", "at_most", "0.6")],
            (
                "Rule gross: it makes a difference only where net is not known: who fails it fails"
                " net, too."
            ),
        ),
        (
            [
                _rule("yearly", "annual_income", "at_least", "120000"),
                _rule("monthly", "net_monthly_income", "at_least", "10000"),
            ],
            (
                "Rule yearly: it makes a difference only where monthly is not known: who fails it"
                " fails monthly, too."
            ),
        ),
        (
            [
                _rule("most", "amount", "at_most", "500000"),
                _rule("exposure", "exposure_with_us", "at_most", "500000"),
            ],
            (
                "Rule most: it makes a difference only where exposure is not known: who fails it"
                " fails exposure, too."
            ),
        ),
    ],
    ids=["burden", "income", "exposure"],
)
def test_what_only_an_unknown_value_tells_apart_is_a_warning(
    rules: list[dict[str, Any]], warning: str
) -> None:
    assert _said(*rules) == ([], [warning])


@pytest.mark.parametrize(
    "rules",
    [
        [_rule("gross", "dti", "at_most", "0.5"), _rule("net", "foir", "at_most", "0.6")],
        [
            _rule("oldest", "age_years", "at_most", "60"),
            _rule("end", "age_at_maturity_years", "at_most", "65"),
        ],
        [
            _rule("oldest", "age_years", "at_most", "65"),
            _rule("end", "age_at_maturity_years", "at_most", "65", outcome="refer"),
        ],
        [
            _rule("oldest", "age_years", "at_most", "65"),
            _rule("end", "age_at_maturity_years", "at_most", "65", currencies=["KES", "INR"]),
        ],
        [
            _rule("grown", "age_years", "at_least", "62"),
            _rule("end", "age_at_maturity_years", "at_most", "65"),
        ],
        [
            _rule("floor", "annual_income", "at_least", "299999"),
            _rule("multiple", "lti", "at_most", "3"),
        ],
        [_rule("pd_cap", "pd", "at_most", "0.7")],
        [_rule("exposure", "exposure_with_us", "at_most", "50000")],
    ],
    ids=["stricter", "earlier", "milder", "narrower", "young", "income", "pd", "exposure"],
)
def test_what_makes_a_difference_is_left_alone(rules: list[dict[str, Any]]) -> None:
    assert _said(*rules) == ([], [])


AGES = st.integers(min_value=18, max_value=80).map(Decimal)


@given(now=AGES, end=AGES, age=AGES, years=st.integers(min_value=0, max_value=30))
def test_a_rule_said_to_make_no_difference_never_does(
    now: Decimal, end: Decimal, age: Decimal, years: int
) -> None:
    rules = [
        _rule("oldest", "age_years", "at_most", str(now)),
        _rule("end", "age_at_maturity_years", "at_most", str(end)),
    ]
    refusals, _warnings = _said(*rules)
    oldest, at_end = (
        Rule(one["code"], "", one["input"], "at_most", Decimal(one["threshold"]), "decline")
        for one in rules
    )

    if refusals:
        assert oldest.is_met_by(age) or not at_end.is_met_by(age + years)
