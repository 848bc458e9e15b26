import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.decisions import policy, policy_document, policy_inputs
from apps.decisions.policy_document import PolicyRefused
from apps.decisions.tests import factories

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "policies"
GOOD: dict[str, policy_inputs.Value] = {
    "pd": Decimal("0.05"),
    "age_years": Decimal(40),
    "foir": Decimal("0.30"),
    "defaults_with_us": Decimal(0),
    "bureau_report_age_days": Decimal(5),
    "amount": Decimal(200_000),
}


def _trace(**changes: policy_inputs.Value) -> policy.Trace:
    parsed = policy_document.parse(factories.document())
    return policy.evaluate(parsed, {**GOOD, **changes}, product="any", currency="INR")


def test_it_approves_when_every_requirement_is_met() -> None:
    trace = _trace()

    assert trace.outcome == "approve"
    assert [one.result for one in trace.results] == ["passed"] * 5
    assert trace.band.name == "A"


@pytest.mark.parametrize("name", [name for name in GOOD if name != "pd"])
def test_a_missing_value_never_passes(name: str) -> None:
    for trace in (_trace(**{name: None}), _without(name)):
        judged = next(one for one in trace.results if one.rule.input == name)

        assert (judged.result, judged.outcome, trace.outcome) == ("missing", "refer", "refer")


def _without(name: str) -> policy.Trace:
    parsed = policy_document.parse(factories.document())
    known = {key: value for key, value in GOOD.items() if key != name}
    return policy.evaluate(parsed, known, product="any", currency="INR")


def test_without_a_pd_there_is_no_outcome() -> None:
    with pytest.raises(policy.PolicyGap):
        _trace(pd=None)


@pytest.mark.parametrize(
    ("foir", "result"),
    [("0.60", "passed"), ("0.6000000000000000000000000001", "failed"), ("0.59", "passed")],
)
def test_a_threshold_belongs_to_the_passing_side(foir: str, result: str) -> None:
    judged = next(one for one in _trace(foir=Decimal(foir)).results if one.rule.input == "foir")

    assert judged.result == result


@pytest.mark.parametrize(
    ("pd", "band"), [("0", "A"), ("0.5999", "A"), ("0.60", "B"), ("0.80", "C"), ("0.9999", "C")]
)
def test_a_band_begins_with_its_start(pd: str, band: str) -> None:
    assert _trace(pd=Decimal(pd)).band.name == band


def test_the_most_severe_result_decides() -> None:
    assert _trace(foir=None, age_years=Decimal(18)).outcome == "decline"
    assert _trace(foir=None, pd=Decimal("0.9")).outcome == "decline"
    assert _trace(amount=Decimal(900_000)).outcome == "refer"


def test_a_rule_speaks_only_of_its_products_and_currencies() -> None:
    written = factories.document()
    written["rules"][1]["products"] = ["secured"]
    written["rules"][0]["currencies"] = ["KES"]
    parsed = policy_document.parse(written)

    codes = [rule.code for rule in parsed.rules_for(product="personal", currency="INR")]

    assert codes == ["default_with_us", "bureau_fresh", "amount_authority"]


def test_a_float_is_never_compared() -> None:
    with pytest.raises(TypeError):
        _trace(foir=0.3)  # type: ignore[arg-type]


def test_one_third_of_basic_pay_must_remain() -> None:
    content = json.loads((FIXTURES / "umoja.json").read_text(encoding="utf-8"))
    parsed = policy_document.parse(content["policy"])
    rule = next(one for one in parsed.rules if one.code == "one_third_rule")

    # Rule book 9.2 T3 and T4: of 60,000 basic pay 40,000 may be deducted, 40,001 may not.
    assert rule.is_met_by(Decimal(40_000) / Decimal(60_000))
    assert not rule.is_met_by(Decimal(40_001) / Decimal(60_000))


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda d: d["rules"][0].update(input="star_sign"), "unknown input 'star_sign'"),
        (lambda d: d["rules"][0].update(input=""), "does not say what it looks at"),
        (lambda d: d["rules"][0].update(threshold=""), "there is no threshold"),
        (
            lambda d: d["rules"][0].update(threshold="7" * 99),
            f"threshold '{'7' * 39}… is malformed",
        ),
        (lambda d: d["rules"][0].update(test="is"), "“is” is no test for age_years"),
        (lambda d: d["rules"][0].update(threshold="plenty"), "threshold 'plenty' is malformed"),
        (lambda d: d["rules"][0].update(threshold=0.5), "threshold 0.5 is malformed"),
        (lambda d: d["rules"][0].update(threshold="NaN"), "threshold 'NaN' is malformed"),
        (lambda d: d["rules"][0].update(threshold="-1"), "threshold '-1' is malformed"),
        (lambda d: d["rules"][0].update(threshold="1_8"), "threshold '1_8' is malformed"),
        (lambda d: d["rules"][0].update(threshold=" 18"), "threshold ' 18' is malformed"),
        (lambda d: d["rules"][0].update(threshold="१८"), "threshold '१८' is malformed"),
        (lambda d: d["rules"][0].update(threshold="1e999"), "threshold '1e999' is malformed"),
        (lambda d: d["rules"][0].update(code="band_term"), "code band_term is kept for the bands"),
        (lambda d: d["rules"][0].update(outcome="approve"), "must refer or decline"),
        (lambda d: d["rules"][0].update(colour="red"), "“colour” means nothing here"),
        (lambda d: d["rules"][0].pop("sentence"), "“sentence” is missing"),
        (lambda d: d["rules"][1].update(code="age_minimum"), "age_minimum is used twice"),
        (lambda d: d["rules"].clear(), "there are no rules"),
        (lambda d: d.pop("ladders"), "there are no ladders"),
        (lambda d: d["ladders"].append(d["ladders"][0]), "two ladders cover all other products"),
        (
            lambda d: d["ladders"][0]["bands"][1].update({"from": "0.65"}),
            "there is a gap from 0.60 to 0.65",
        ),
        (
            lambda d: d["ladders"][0]["bands"][1].update({"from": "0.55"}),
            "bands overlap from 0.55 to 0.60",
        ),
        (lambda d: d["ladders"][0]["bands"].pop(), "must end at 1, not at 0.80"),
        (lambda d: d["ladders"][0]["bands"].pop(0), "there is a gap from 0 to 0.60"),
        (
            lambda d: d["ladders"][0]["bands"][0].update({"below": "0"}),
            "is empty",
        ),
        (
            lambda d: d["rules"].append(
                {**d["rules"][0], "code": "too_old", "test": "at_most", "threshold": "20"}
            ),
            "nobody can meet both age_minimum and too_old",
        ),
    ],
)
def test_an_unsound_policy_is_refused(change: Change, problem: str) -> None:
    written = factories.document()
    change(written)

    with pytest.raises(PolicyRefused) as refusal:
        policy_document.parse(written)

    assert problem in str(refusal.value)


@pytest.mark.parametrize("raw", [None, [], "policy", 7])
def test_something_else_is_no_policy(raw: object) -> None:
    with pytest.raises(PolicyRefused):
        policy_document.parse(raw)


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.json")), ids=lambda path: path.stem)
def test_the_policies_we_ship_are_sound(path: Path) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    catalogue = json.loads((FIXTURES.parent / "products.json").read_text(encoding="utf-8"))
    products = [one["code"] for one in catalogue["products"] if one["entity"] == content["entity"]]

    parsed = policy_document.parse(content["policy"])

    assert products
    assert policy_document.uncovered(parsed, products) == []
    assert policy_document.unknown_products(parsed, products) == []


def test_inputs_survive_storage_exactly() -> None:
    known = {**GOOD, "foir": Decimal(1) / Decimal(3), "bureau_report": True, "country": None}

    stored = json.loads(json.dumps(policy_inputs.to_json(known)))

    assert policy_inputs.from_json(stored) == known


@pytest.mark.parametrize("stored", [{"star_sign": "leo"}, {"foir": 0.3}, {"bureau_report": "yes"}])
def test_inputs_that_nobody_stored_are_refused(stored: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"policy|holds"):
        policy_inputs.from_json(stored)


@given(
    pd=st.decimals(min_value="0", max_value="0.999", places=3),
    amount=st.none() | st.integers(1, 9_000_000).map(Decimal),
    term_months=st.none() | st.integers(1, 120).map(Decimal),
    others=st.fixed_dictionaries(
        {},
        optional={
            name: st.none() | st.decimals(min_value="0", max_value="100", places=2)
            for name in ("age_years", "foir", "defaults_with_us", "bureau_report_age_days")
        },
    ),
    limited=st.booleans(),
)
def test_whether_it_approves_is_the_outcome_it_would_write_down(
    pd: Decimal,
    amount: Decimal | None,
    term_months: Decimal | None,
    others: dict[str, Decimal | None],
    limited: bool,
) -> None:
    parsed = policy_document.parse(factories.document())
    if limited:
        parsed = replace(parsed, ladders=tuple(_limited(one) for one in parsed.ladders))
    known = {**GOOD, **others, "pd": pd, "amount": amount, "term_months": term_months}

    found = policy.approves(parsed, known, product="any", currency="INR")

    trace = policy.evaluate(parsed, known, product="any", currency="INR")
    assert found == (trace.outcome == "approve")


def _limited(ladder: policy.Ladder) -> policy.Ladder:
    """Return a ladder whose bands limit amount and term, and that refers near a cut-off."""
    limits: dict[str, Any] = {
        "most_amount": {"INR": Decimal(1_000_000)},
        "longest_term_months": 60,
        "beyond": "decline",
    }
    bands = tuple(replace(band, **limits) for band in ladder.bands)
    return replace(ladder, bands=bands, refer_margin=Decimal("0.02"))
