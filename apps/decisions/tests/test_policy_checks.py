"""What is found in a policy that can be read: rules without effect, worse risks treated better."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.customers.models import Employment
from apps.decisions import policy, policy_checks, policy_document
from apps.decisions.policy_checks import Offer
from apps.decisions.policy_inputs import INPUTS
from apps.decisions.tests import factories

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
PERSONAL = Offer("personal", "INR", Decimal(50_000), Decimal(900_000), 6, 60)

VERIFICATIONS = "none, declared, source, documents"

Change = Callable[[dict[str, Any]], object]


def _found(change: Change, *offers: Offer) -> tuple[list[str], list[str]]:
    """Return refusals and warnings of the small policy after a change."""
    written = factories.document()
    change(written)
    parsed = policy_document.parse(written)
    found = [*policy_checks.within(parsed), *policy_checks.against(parsed, offers)]
    refusals = [str(one) for one in found if not one.is_warning]
    return refusals, [str(one) for one in found if one.is_warning]


def _rule(number: int, **changes: Any) -> Change:
    """Return a change that adds a copy of a rule."""
    return lambda d: d["rules"].append({**d["rules"][number], "code": "added", **changes})


def _bands(*changes: dict[str, Any]) -> Change:
    def change(written: dict[str, Any]) -> None:
        for band, new in zip(written["ladders"][0]["bands"], changes, strict=False):
            band.update(new)

    return change


def test_a_sound_policy_has_nothing_to_mend() -> None:
    assert _found(lambda d: None, PERSONAL) == ([], [])


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (
            _rule(1, threshold="0.70"),
            "Rule added: it never makes a difference: foir_cap asks for as much or more.",
        ),
        (
            _rule(1, threshold="0.65", products=["personal"]),
            "Rule added: it never makes a difference: foir_cap asks for as much or more.",
        ),
        (
            _rule(1),
            "Rule added: it never makes a difference: foir_cap asks for as much or more.",
        ),
        (
            _rule(1, threshold="0.50"),
            "Rule foir_cap: it never makes a difference: added asks for as much or more.",
        ),
        (
            _rule(0, threshold="18", outcome="refer"),
            "Rule added: it never makes a difference: age_minimum asks for as much or more.",
        ),
    ],
)
def test_a_rule_that_can_never_matter_is_refused(change: Change, refusal: str) -> None:
    assert _found(change, PERSONAL) == ([refusal], [])


@pytest.mark.parametrize(
    "change",
    [
        _rule(1, threshold="0.50", products=["personal"]),
        _rule(1, threshold="0.50", outcome="refer"),
        _rule(3, threshold="60", outcome="decline"),
        _rule(0, threshold="23", currencies=["INR"]),
    ],
)
def test_a_rule_that_adds_something_stands(change: Change) -> None:
    assert _found(change, PERSONAL) == ([], [])


def test_choices_that_exclude_each_other_are_refused() -> None:
    def change(written: dict[str, Any]) -> None:
        country = {**written["rules"][0], "input": "country", "test": "one_of"}
        written["rules"] += [
            {**country, "code": "here", "threshold": ["IN", "LK"]},
            {**country, "code": "there", "threshold": ["KE", "UG"]},
            {**country, "code": "either", "threshold": ["LK", "KE"]},
        ]

    refusals, _warnings = _found(change, PERSONAL)

    assert refusals == ["Rule there: nobody can meet both here and there."]


@pytest.mark.parametrize(
    ("name", "values", "refusals"),
    [
        ("country", ["IN", "KE"], []),
        (
            "country",
            ["IN", "Indja"],
            ["Rule added: “Indja” is no country; write its two letters, as IN."],
        ),
        ("income_verification", ["source", "documents"], []),
        (
            "income_verification",
            ["paper"],
            [f"Rule added: “paper” is none of the values it can have: {VERIFICATIONS}."],
        ),
    ],
)
def test_a_value_that_no_application_can_hold_is_refused(
    name: str, values: list[str], refusals: list[str]
) -> None:
    change = _rule(0, input=name, test="one_of", threshold=values)

    assert _found(change, PERSONAL) == (refusals, [])


def test_the_verifications_a_rule_may_name_are_those_an_applicant_can_have() -> None:
    assert INPUTS["income_verification"].values == tuple(Employment.Verification.values)


@pytest.mark.parametrize(
    ("threshold", "warnings"),
    [("10", []), ("55", ["Rule added: 55 stands for 5500 %; 55 % is written 0.55."])],
)
def test_a_share_in_per_cent_is_pointed_out(threshold: str, warnings: list[str]) -> None:
    change = _rule(0, input="lti", test="at_most", threshold=threshold)

    assert _found(change, PERSONAL) == ([], warnings)


def test_two_bands_of_one_name_are_refused() -> None:
    assert _found(_bands({}, {"name": "A"})) == (
        ["Ladder 1, band A: two bands are called A."],
        [],
    )


def test_a_worse_risk_must_not_have_a_milder_outcome() -> None:
    change = _bands({}, {"outcome": "decline"}, {"outcome": "refer"})

    assert _found(change) == (
        ["Ladder 1, band C: a worse risk has a milder outcome than band B."],
        [],
    )


def test_add_ons_must_not_fall_with_a_worse_risk() -> None:
    falling = _bands({"rate_addon": "0.03"}, {"rate_addon": "0.02"})
    rising = _bands({"rate_addon": "0.02"}, {"rate_addon": "0.03"})

    assert _found(falling) == (
        ["Ladder 1, band B: a worse risk pays a smaller add-on than band A."],
        [],
    )
    assert _found(rising) == ([], [])


def test_an_add_on_that_only_an_exception_pays_is_pointed_out() -> None:
    assert _found(_bands({}, {}, {"rate_addon": "0.09"})) == (
        [],
        ["Ladder 1, band C: it declines, so that only an exception pays its add-on."],
    )


def test_an_add_on_finer_than_a_rate_is_refused() -> None:
    assert _found(_bands({"rate_addon": "0.0123456"}, {"rate_addon": "0.0123456"})) == (
        [
            "Ladder 1, band A: the add-on has more than 6 decimals.",
            "Ladder 1, band B: the add-on has more than 6 decimals.",
        ],
        [],
    )
    assert _found(_bands({"rate_addon": "0.01234500"}, {"rate_addon": "0.012345"})) == ([], [])


def test_a_wider_limit_for_a_worse_risk_is_pointed_out() -> None:
    limit = {"most_amount": {"INR": "500000"}, "beyond": "decline"}
    wider = {"most_amount": {"INR": "600000"}, "beyond": "decline"}
    warning = "Ladder 1, band B: a worse risk has a wider limit than band A."

    assert _found(_bands(limit, wider)) == ([], [warning])
    assert _found(_bands(limit)) == ([], [warning])
    assert _found(_bands(wider, limit)) == ([], [])


def test_it_must_fit_the_products() -> None:
    def change(written: dict[str, Any]) -> None:
        written["rules"][0]["products"] = ["moon-loan"]
        written["ladders"][0]["products"] = ["moon-loan"]

    refusals, _warnings = _found(change, PERSONAL)

    assert refusals == [
        "Rule age_minimum: the lender has no product moon-loan.",
        "Ladder 1: the lender has no product moon-loan.",
        "The policy: no bands cover the product personal.",
        "Rule age_minimum: it is never asked: no product has its currency.",
    ]


def test_a_requirement_no_request_can_meet_is_refused() -> None:
    change = _rule(4, threshold="40000", outcome="decline")

    refusals, _warnings = _found(change, PERSONAL)

    assert "Rule added: no request for personal can meet it." in refusals


def test_a_limit_is_needed_in_the_currency_of_every_product() -> None:
    shilling = Offer("development", "KES", Decimal(10_000), Decimal(90_000), 6, 60)
    change = _bands({"most_amount": {"INR": "500000"}, "beyond": "refer"})

    refusals, _warnings = _found(change, PERSONAL, shilling)

    assert refusals == ["Ladder 1, band A: its largest amount is not given in KES for development."]


def test_a_limit_below_the_smallest_loan_is_pointed_out() -> None:
    change = _bands(
        {"most_amount": {"INR": "49999"}, "beyond": "refer"},
        {"longest_term_months": "5", "beyond": "decline"},
    )

    _refusals, warnings = _found(change, PERSONAL)

    assert warnings == [
        "Ladder 1, band B: a worse risk has a wider limit than band A.",
        "Ladder 1, band A: no request for personal is within its limits.",
        "Ladder 1, band B: no request for personal is within its limits.",
    ]


@pytest.mark.parametrize(
    "path", sorted((FIXTURES / "policies").glob("*.json")), ids=lambda path: path.stem
)
def test_the_policies_we_ship_pass_every_check(path: Path) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    catalogue = json.loads((FIXTURES / "products.json").read_text(encoding="utf-8"))
    offers = [
        Offer(
            one["code"],
            one["currency"],
            Decimal(one["minimum_amount"]),
            Decimal(one["maximum_amount"]),
            one["minimum_term_months"],
            one["maximum_term_months"],
        )
        for one in catalogue["products"]
        if one["entity"] == content["entity"]
    ]
    parsed = policy_document.parse(content["policy"])

    found = [*policy_checks.within(parsed), *policy_checks.against(parsed, offers)]

    assert [str(one) for one in found if not one.is_warning] == []


caps = st.lists(
    st.tuples(
        st.sampled_from(["0.3", "0.5", "0.7"]),
        st.sampled_from(["refer", "decline"]),
        st.sampled_from([[], ["personal"], ["secured"]]),
    ),
    min_size=1,
    max_size=4,
)


@given(
    written=caps,
    foir=st.sampled_from([None, "0.2", "0.4", "0.6", "0.8"]),
    product=st.sampled_from(["personal", "secured"]),
)
def test_leaving_out_what_makes_no_difference_changes_no_outcome(
    written: list[tuple[str, str, list[str]]], foir: str | None, product: str
) -> None:
    whole = factories.document()
    cap = whole["rules"].pop(1)
    whole["rules"] = [
        {**cap, "code": f"cap_{number}", "threshold": share, "outcome": outcome, "products": codes}
        for number, (share, outcome, codes) in enumerate(written)
    ]
    found = policy_checks.within(policy_document.parse(whole))
    idle = {one.place.name for one in found if "never makes a difference" in one.pattern}
    kept = {**whole, "rules": [rule for rule in whole["rules"] if rule["code"] not in idle]}
    known = {"pd": Decimal("0.1"), "foir": None if foir is None else Decimal(foir)}

    outcomes = [
        policy.evaluate(policy_document.parse(one), known, product=product, currency="INR").outcome
        for one in (whole, kept)
    ]

    assert kept["rules"]
    assert outcomes[0] == outcomes[1]
