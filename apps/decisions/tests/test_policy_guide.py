"""The policy in the guide can be read, passes every check, and decides as the guide says."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.decisions import policy, policy_checks, policy_document
from apps.decisions.policy import Trace
from apps.decisions.policy_inputs import Value

GUIDE = Path(__file__).parents[3] / "docs" / "policy.md"
MET: dict[str, Value] = {
    "age_years": Decimal(40),
    "foir": Decimal("0.3"),
    "income_verification": "documents",
    "amount": Decimal(300_000),
    "term_months": Decimal(24),
}


def example() -> policy.Policy:
    [written] = re.findall(r"```json\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    return policy_document.parse(json.loads(written))


def decided(pd: str, **changes: Any) -> Trace:
    inputs = {**MET, "pd": Decimal(pd), **changes}
    return policy.evaluate(example(), inputs, product="in-personal", currency="INR")


def test_its_policy_is_sound() -> None:
    offer = policy_checks.Offer(
        code="in-personal",
        currency="INR",
        smallest_amount=Decimal(25_000),
        largest_amount=Decimal(1_500_000),
        shortest_term_months=6,
        longest_term_months=60,
    )

    assert policy_checks.within(example()) == []
    assert policy_checks.against(example(), [offer]) == []


@pytest.mark.parametrize(
    ("case", "outcome", "addon", "findings"),
    [
        ({"pd": "0.03"}, "approve", "0", []),
        ({"pd": "0.06"}, "approve", "0.015", []),
        ({"pd": "0.06", "amount": Decimal(600_000)}, "refer", "0.015", ["band_amount"]),
        ({"pd": "0.098"}, "refer", "0.015", ["pd_near_cutoff"]),
        ({"pd": "0.03", "age_years": None}, "refer", "0", []),
        ({"pd": "0.03", "age_years": Decimal(19)}, "decline", "0", []),
    ],
)
def test_it_decides_as_the_table_says(
    case: dict[str, Any], outcome: str, addon: str, findings: list[str]
) -> None:
    trace = decided(**case)

    assert trace.outcome == outcome
    assert trace.rate_addon == Decimal(addon)
    assert [one.code for one in trace.findings] == findings
