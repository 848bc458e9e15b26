"""Limits of bands, the margin round a cut-off, add-ons: what they say and what is refused."""

import json
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.decisions import (
    policy,
    policy_document,
    policy_inputs,
    policy_sentences,
    reasons,
    sentences,
    tracing,
)
from apps.decisions.policy import SEVERITY, BandFinding
from apps.decisions.policy_document import PolicyRefused
from apps.decisions.tests import factories

GOOD: dict[str, policy_inputs.Value] = {
    "pd": Decimal("0.05"),
    "age_years": Decimal(40),
    "foir": Decimal("0.30"),
    "defaults_with_us": Decimal(0),
    "bureau_report_age_days": Decimal(5),
    "amount": Decimal(200_000),
    "term_months": Decimal(24),
}
# Of the small policy of the tests and of one of its traces, before bands could hold limits.
FIRST_DOCUMENT = "6d1902b9fbd1c8e949806b8cf9d9b1eac07b1b531f14b507a4ff4a908872262d"
FIRST_TRACE = "9ed94b0dfd79f3581acb27a5cb5bfe4f4b3a425fa95197cba9a9ade0ecb7e831"


def _document(**limits: Any) -> dict[str, Any]:
    """Return a policy with a margin of 2 points, limits in band A and a dearer band B."""
    written = factories.document(bands=("0.20", "0.40"))
    written["ladders"][0]["refer_margin"] = "0.02"
    written["ladders"][0]["bands"][0].update(
        {
            "most_amount": {"INR": "500000"},
            "longest_term_months": "36",
            "beyond": "refer",
            **limits,
        }
    )
    return written


def _trace(
    document: dict[str, Any] | None = None, *, currency: str = "INR", **changes: policy_inputs.Value
) -> policy.Trace:
    parsed = policy_document.parse(document or _document())
    return policy.evaluate(parsed, {**GOOD, **changes}, product="any", currency=currency)


@pytest.mark.parametrize(
    ("pd", "outcome", "nearest"),
    [
        ("0.1799999", "approve", None),
        ("0.18", "refer", "0.20"),
        ("0.2", "refer", "0.20"),
        ("0.22", "refer", "0.20"),
        ("0.23", "refer", None),
        ("0.38", "refer", "0.40"),
        ("0.4", "decline", "0.40"),
        ("0.42", "decline", "0.40"),
        ("0.43", "decline", None),
    ],
)
def test_it_refers_what_lies_near_a_cut_off(pd: str, outcome: str, nearest: str | None) -> None:
    trace = _trace(pd=Decimal(pd))

    expected = (
        [BandFinding("pd_near_cutoff", Decimal(pd), Decimal(nearest), "refer")] if (nearest) else []
    )
    assert (trace.outcome, list(trace.findings)) == (outcome, expected)


def test_it_takes_no_bound_between_equal_outcomes_for_a_cut_off() -> None:
    written = factories.document(bands=("0.20", "0.40"))
    written["ladders"][0]["bands"][1]["outcome"] = "approve"
    written["ladders"][0]["refer_margin"] = "0.02"

    assert _trace(written, pd=Decimal("0.20")).outcome == "approve"
    assert _trace(written, pd=Decimal("0.39")).outcome == "refer"


@pytest.mark.parametrize("beyond", ["refer", "decline"])
def test_it_does_beyond_a_limit_what_the_band_says(beyond: str) -> None:
    written = _document(beyond=beyond)

    assert _trace(written, amount=Decimal(500_000), term_months=Decimal(36)).outcome == "approve"
    above = _trace(written, amount=Decimal("500000.01"), term_months=Decimal(37))
    assert above.outcome == beyond
    assert above.findings == (
        BandFinding("band_amount", Decimal("500000.01"), Decimal(500_000), beyond),  # type: ignore[arg-type]
        BandFinding("band_term", Decimal(37), Decimal(36), beyond),  # type: ignore[arg-type]
    )


def test_it_refers_where_a_limited_value_is_not_known() -> None:
    written = _document(beyond="decline")

    trace = _trace(written, term_months=None)

    assert trace.findings == (BandFinding("band_term", None, Decimal(36), "refer"),)
    assert trace.outcome == "refer"


def test_it_refers_a_currency_the_limits_do_not_name() -> None:
    trace = _trace(currency="KES")

    assert trace.findings == (BandFinding("band_amount", Decimal(200_000), None, "refer"),)
    assert trace.outcome == "refer"


def test_it_limits_only_the_band_that_holds_the_pd() -> None:
    assert _trace(pd=Decimal("0.30"), amount=Decimal(600_000)).findings == ()


def test_the_add_on_is_that_of_the_band() -> None:
    written = _document()
    written["ladders"][0]["bands"][1]["rate_addon"] = "0.025"

    assert _trace(written, pd=Decimal("0.30")).rate_addon == Decimal("0.025")
    assert _trace(written).rate_addon == 0


def test_a_trace_is_stored_with_findings_only_where_there_are_any() -> None:
    plain, limited = tracing.to_json(_trace()), tracing.to_json(_trace(amount=Decimal(600_000)))

    assert plain.keys() == {"outcome", "pd", "band", "results"}
    assert plain["band"].keys() == {"name", "from", "below", "outcome", "rate_addon"}
    assert limited["findings"] == [
        {"code": "band_amount", "value": "600000", "limit": "500000", "outcome": "refer"}
    ]
    assert json.loads(json.dumps(limited)) == limited


def test_a_finding_that_declines_speaks_for_a_decline() -> None:
    written = _document(beyond="decline")
    above = tracing.to_json(_trace(written, amount=Decimal(600_000)))

    assert tracing.recommends_decline(above)
    assert tracing.recommendation(above) == "decline"
    assert not tracing.recommends_decline(tracing.to_json(_trace(written)))


def test_a_document_of_the_first_format_replays_to_the_letter() -> None:
    trace = _trace(factories.document(), foir=Decimal("0.70"))

    assert policy_document.fingerprint(factories.document()) == FIRST_DOCUMENT
    assert policy_document.fingerprint(tracing.to_json(trace)) == FIRST_TRACE


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        (
            {"amount": Decimal(600_000)},
            "You asked for ₹6,00,000.00; at this level of risk the limit is ₹5,00,000.00.",
        ),
        (
            {"term_months": Decimal(48)},
            "You asked for a term of 48 months; at this level of risk the limit is 36 months.",
        ),
        ({"amount": None}, "The limit for the amount at this level of risk is not known."),
        ({"pd": Decimal("0.19")}, "The risk lies so near a limit that a person decides."),
    ],
)
def test_a_finding_is_a_reason_with_the_own_value(
    inputs: dict[str, policy_inputs.Value], sentence: str
) -> None:
    written = _document()
    written["rules"] = written["rules"][:3]

    found = reasons.of_outcome(_trace(written, **inputs), [])

    assert [sentences.reason(one, currency="INR") for one in found] == [sentence]
    assert reasons.cause_codes(found)[0] in policy.FINDING_CODES
    assert reasons.Reason.from_json(json.loads(json.dumps(found[0].to_json()))) == found[0]


def test_a_limit_that_declines_is_the_reason_of_the_decline() -> None:
    trace = _trace(_document(beyond="decline"), amount=Decimal(600_000))

    assert [one.code for one in reasons.of_outcome(trace, [])] == ["band.band_amount"]


Change = Callable[[dict[str, Any], dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda ladder, a: ladder.update(refer_margin="wide"), "“refer_margin” is malformed"),
        (lambda ladder, a: ladder.update(refer_margin=0.02), "“refer_margin” is malformed"),
        (lambda ladder, a: ladder.update(refer_margin="0"), "must lie between 0 and 1"),
        (lambda ladder, a: ladder.update(refer_margin="0.20"), "covers it whole"),
        (lambda ladder, a: ladder.update(cutoff="0.2"), "“cutoff” means nothing here"),
        (lambda ladder, a: a.update(most_amount="500000"), "given by currency"),
        (lambda ladder, a: a.update(most_amount={}), "given by currency"),
        (lambda ladder, a: a.update(most_amount={"rupees": "5"}), "given by currency"),
        (lambda ladder, a: a.update(most_amount={"INR": 5}), "“INR” is malformed"),
        (lambda ladder, a: a.update(most_amount={"INR": "0"}), "no limit but a decline"),
        (lambda ladder, a: a.update(longest_term_months="3.5"), "whole number of months"),
        (lambda ladder, a: a.update(longest_term_months="0"), "whole number of months"),
        (lambda ladder, a: a.update(longest_term_months=36), "is malformed"),
        (lambda ladder, a: a.pop("beyond"), "must say whether a request beyond"),
        (lambda ladder, a: a.update(beyond="approve"), "must say whether a request beyond"),
        (lambda ladder, a: a.update(beyond=["refer"]), "must say whether a request beyond"),
        (lambda ladder, a: a.update(outcome="refer"), "its limits contradict its outcome"),
        (lambda ladder, a: ladder["bands"][1].update(beyond="refer"), "but has no limit"),
        (lambda ladder, a: a.update(rate_addon="1"), "the add-on is a fraction a year"),
    ],
)
def test_limits_that_mean_nothing_are_refused(change: Change, problem: str) -> None:
    written = _document()
    change(written["ladders"][0], written["ladders"][0]["bands"][0])

    with pytest.raises(PolicyRefused) as refusal:
        policy_document.parse(written)

    assert problem in str(refusal.value)


def test_a_margin_without_a_cut_off_is_refused() -> None:
    written = factories.document()
    written["ladders"][0]["refer_margin"] = "0.02"
    for band in written["ladders"][0]["bands"]:
        band["outcome"] = "refer"

    with pytest.raises(PolicyRefused, match="no cut-off between two outcomes"):
        policy_document.parse(written)


def test_every_problem_is_told_with_its_place() -> None:
    written = _document(beyond="approve")
    written["rules"][2]["threshold"] = "none"
    written["ladders"][0]["bands"][1]["rate_addon"] = "dear"

    with pytest.raises(PolicyRefused) as refusal:
        policy_document.parse(written)

    assert [(str(one.place), one.place.anchor) for one in refusal.value.problems] == [
        ("Rule default_with_us", "rule-3"),
        ("Ladder 1, band A", "ladder-1-band-1"),
        ("Ladder 1, band B", "ladder-1-band-2"),
    ]


shares = st.integers(0, 999).map(lambda thousandths: Decimal(thousandths).scaleb(-3))
OUTCOMES = st.sampled_from(["approve", "refer", "decline"])


@st.composite
def ladders(draw: st.DrawFn) -> dict[str, Any]:
    """Return a ladder whose bounds may or may not fit, as somebody might write it."""
    bounds = sorted(draw(st.lists(shares, min_size=1, max_size=5)))
    ends = [Decimal(0), *bounds, Decimal(1)]
    bands = []
    for number, (start, below) in enumerate(pairwise(ends)):
        slip = draw(st.sampled_from(["0", "0", "0", "0.05"]))
        band: dict[str, Any] = {
            "name": f"B{number}",
            "from": str(start + Decimal(slip)),
            "below": str(below),
            "outcome": draw(OUTCOMES),
            "rate_addon": str(draw(shares)),
        }
        if draw(st.booleans()):
            band |= {"most_amount": {"INR": "100000"}, "beyond": draw(OUTCOMES)}
        bands.append(band)
    ladder: dict[str, Any] = {"products": [], "bands": bands}
    if draw(st.booleans()):
        ladder["refer_margin"] = str(draw(shares))
    return ladder


@given(ladder=ladders(), pds=st.lists(shares, min_size=1))
def test_it_refuses_a_policy_or_judges_every_pd(ladder: dict[str, Any], pds: list[Decimal]) -> None:
    written = factories.document() | {"ladders": [ladder]}
    try:
        parsed = policy_document.parse(written)
    except PolicyRefused:
        return

    for pd in [*pds, Decimal(0), Decimal("0.9999999999999999")]:
        trace = policy.evaluate(parsed, {**GOOD, "pd": pd}, product="any", currency="INR")
        assert trace.band.start <= pd < trace.band.below


values = st.fixed_dictionaries(
    {
        "pd": shares,
        "age_years": st.none() | st.integers(16, 80).map(Decimal),
        "foir": st.none() | shares,
        "defaults_with_us": st.none() | st.integers(0, 2).map(Decimal),
        "bureau_report_age_days": st.none() | st.integers(0, 60).map(Decimal),
        "amount": st.none() | st.integers(1, 1_000_000).map(Decimal),
        "term_months": st.none() | st.integers(1, 60).map(Decimal),
    }
)


@given(inputs=values, rule=st.integers(0, 4))
def test_a_more_severe_rule_never_makes_an_outcome_milder(
    inputs: dict[str, policy_inputs.Value], rule: int
) -> None:
    severe = _document()
    severe["rules"][rule]["outcome"] = "decline"
    mild = _document()
    mild["rules"][rule]["outcome"] = "refer"

    assert _severity(severe, inputs) >= _severity(mild, inputs)


@given(inputs=values, worse=shares)
def test_a_worse_risk_is_never_judged_more_mildly(
    inputs: dict[str, policy_inputs.Value], worse: Decimal
) -> None:
    pd = inputs["pd"]
    assert isinstance(pd, Decimal)
    higher = {**inputs, "pd": max(pd, worse)}
    written = _document()
    # Only a limit of the better band that the worse one lacks could turn the order round.
    for key in ("most_amount", "longest_term_months", "beyond"):
        written["ladders"][0]["bands"][0].pop(key)

    assert _severity(written, higher) >= _severity(written, inputs)


@given(inputs=values)
def test_limits_and_margin_only_ever_add(inputs: dict[str, policy_inputs.Value]) -> None:
    without = factories.document(bands=("0.20", "0.40"))

    assert _severity(_document(), inputs) >= _severity(without, inputs)


def _severity(document: dict[str, Any], inputs: dict[str, policy_inputs.Value]) -> int:
    parsed = policy_document.parse(document)
    return SEVERITY[policy.evaluate(parsed, inputs, product="any", currency="INR").outcome]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"rate_addon": "2 %"}, "“Add-on to the rate” is malformed: '2 %'."),
        ({"most_amount": {"INR": "5,00"}}, "“Largest amount in INR” is malformed: '5,00'."),
    ],
)
def test_a_malformed_figure_is_named_as_the_page_names_it(
    given: dict[str, Any], problem: str
) -> None:
    written = factories.document()
    written["ladders"][0]["bands"][0].update(given)

    with pytest.raises(PolicyRefused) as refusal:
        policy_document.parse(written)

    said = [policy_sentences.problem(one) for one in refusal.value.problems]
    assert said == [f"{problem} Write digits and a point, such as 0.015."]
