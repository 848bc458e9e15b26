"""By columns a policy says exactly what it says about one application after the other."""

import itertools
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.decisions import policy, policy_inputs
from apps.decisions.policy import Band, Ladder, Policy, Rule
from apps.laboratory import judging

PRODUCT, CURRENCY = "in-personal", "INR"
OUTCOMES = ("approve", "refer", "decline")
# Neighbours that no float can tell apart, numbers at the ends of what floats hold, equal numbers
# written otherwise: where a threshold meets one of them, only the decimals decide.
NUMBERS = (
    *("0", "0.1", "0.10", "0.1000000000000000000001", "0.09999999999999999999999"),
    *("0.3", "0.30000000000000004", "0.30000000000000001", "1", "1.0", "21", "60", "60.000"),
    *("9007199254740993", "9007199254740992", "123456.78", "1E-30", "1E+30", "1E+400", "2E+400"),
)
PDS = (0.1, 0.3, 0.30000000000000004, 0.2, 0.25, 0.5, 1e-9, 0.9999999999999999, 0.15, 0.35)
NUMERIC = ("foir", "age_years", "amount", "term_months", "annual_income", "pd")

numbers = st.sampled_from(NUMBERS).map(Decimal)
names = st.sampled_from(["A", "B", "C"])


@st.composite
def rules(draw: Any) -> list[Rule]:
    found = []
    for place in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(["number", "boolean", "is", "one_of"]))
        test, name, threshold = {
            "number": (
                draw(st.sampled_from(["at_least", "at_most"])),
                draw(st.sampled_from(NUMERIC)),
                draw(numbers),
            ),
            "boolean": ("is", "bureau_report", draw(st.booleans())),
            "is": ("is", "country", draw(names)),
            "one_of": ("one_of", "country", tuple(draw(st.lists(names, min_size=1)))),
        }[kind]
        found.append(
            Rule(
                code=f"rule_{place}",
                sentence="As the policy has it.",
                input=name,
                test=test,
                threshold=threshold,
                outcome=draw(st.sampled_from(["refer", "decline"])),
                products=draw(st.sampled_from([(), (PRODUCT,), ("another",)])),
                currencies=draw(st.sampled_from([(), (CURRENCY,), ("KES",)])),
            )
        )
    return found


@st.composite
def ladders(draw: Any) -> Ladder:
    inner = draw(
        st.lists(
            st.sampled_from(["0.1", "0.15", "0.2", "0.25", "0.3", "0.30000000000000004", "0.35"]),
            max_size=4,
            unique=True,
        )
    )
    bounds = [Decimal(0), *sorted(map(Decimal, inner)), Decimal(1)]
    bands = tuple(draw(_bands(low, high)) for low, high in itertools.pairwise(bounds))
    margin = draw(st.sampled_from([None, "0", "0.05", "0.1", "0.00000000000000004"]))
    return Ladder((PRODUCT,), bands, None if margin is None else Decimal(margin))


@st.composite
def _bands(draw: Any, low: Decimal, high: Decimal) -> Band:
    most = draw(st.sampled_from([None, {}, {CURRENCY: 1}, {"KES": 1}]))
    longest = draw(st.sampled_from([None, 12, 60]))
    return Band(
        name=f"from {low}",
        start=low,
        below=high,
        outcome=draw(st.sampled_from(OUTCOMES)),
        rate_addon=Decimal(draw(st.sampled_from(["0", "0.01"]))),
        most_amount={code: draw(numbers) for code in most or {}},
        longest_term_months=longest,
        beyond=draw(st.sampled_from(["refer", "decline"])) if most or longest else None,
    )


applications = st.fixed_dictionaries(
    {
        "pd": st.one_of(
            st.sampled_from(PDS),
            st.floats(1e-12, 1, exclude_max=True, allow_nan=False),
        ),
        **{name: st.none() | numbers for name in NUMERIC if name != "pd"},
        "country": st.none() | names,
        "bureau_report": st.none() | st.booleans(),
    }
)


@settings(max_examples=400, deadline=None)
@given(rules(), ladders(), st.lists(applications, min_size=1, max_size=12))
def test_it_says_what_the_policy_says_about_each(
    asked: list[Rule], ladder: Ladder, people: list[dict[str, Any]]
) -> None:
    tried = Policy("Tried", tuple(asked), (ladder,))
    stored = [policy_inputs.to_json({n: v for n, v in one.items() if n != "pd"}) for one in people]
    columns = {name: judging.column(name, [one[name] for one in stored]) for name in stored[0]}

    found = judging.judge(
        tried,
        judging.Numbers.of_floats(np.array([one["pd"] for one in people])),
        columns,
        product=PRODUCT,
        currency=CURRENCY,
    )

    causes = found.causes()
    for place, person in enumerate(people):
        trace = policy.evaluate(
            tried,
            {**person, "pd": Decimal(repr(person["pd"]))},
            product=PRODUCT,
            currency=CURRENCY,
        )
        results = ["passed", "failed", "missing"]
        assert found.outcomes[place] == trace.outcome
        assert found.bands[found.band[place]] is trace.band
        assert [results[one] for one in found.results[:, place]] == [
            one.result for one in trace.results
        ]
        assert {
            code: OUTCOMES[asks[place]] for code, asks in found.findings.items() if asks[place] >= 0
        } == {one.code: one.outcome for one in trace.findings}
        assert causes[place].split() == _causes(trace)


def _causes(trace: policy.Trace) -> list[str]:
    asked = [
        *((one.rule.code, one.outcome) for one in trace.results),
        *((one.code, one.outcome) for one in sorted(trace.findings, key=_order)),
        ("pd_band", trace.band.outcome),
    ]
    return [code for level in ("decline", "refer") for code, outcome in asked if outcome == level]


def _order(finding: policy.BandFinding) -> int:
    return ["pd_near_cutoff", "band_amount", "band_term"].index(finding.code)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "much", ""])
def test_it_refuses_a_stored_number_that_is_none(value: str) -> None:
    with pytest.raises((ValueError, ArithmeticError)):
        judging.column("foir", [value])


@pytest.mark.parametrize(("name", "value"), [("country", True), ("bureau_report", "yes")])
def test_it_refuses_a_value_of_another_kind(name: str, value: object) -> None:
    with pytest.raises(ValueError, match="another kind"):
        judging.column(name, [value])


@pytest.mark.parametrize("pd", [np.nan, 1.0, -0.1])
def test_it_judges_nobody_without_a_probability(pd: float) -> None:
    ladder = Ladder((), (Band("A", Decimal(0), Decimal(1), "approve", Decimal(0)),))

    with pytest.raises(ValueError, match="probability"):
        judging.judge(
            Policy("Tried", (), (ladder,)),
            judging.Numbers.of_floats(np.array([0.5, pd])),
            {},
            product=PRODUCT,
            currency=CURRENCY,
        )
