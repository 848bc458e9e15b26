"""Which documents and consents a case needs, what is there, and what is missing or too old. Pure.

What is needed follows from the law (who somebody is, where they live, what they agreed to), from
the product (security) and from the rules of the policy that judged the case (income, bureau).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

State = Literal["present", "missing", "expired"]
By = Literal["law", "product", "policy"]

_INCOME_INPUTS = frozenset(
    {"income_verification", "income_gap", "annual_income", "net_monthly_income", "foir", "dti"}
)
_INCOME_PAPERS = ("income", "bank_statement")
CONSENTS = ("credit_assessment", "automated_decision")


@dataclass(frozen=True)
class Held:
    """What is on record: the newest day of each kind of document, consents, bureau report."""

    documents: Mapping[str, date]
    consents: Collection[str]
    has_bureau_report: bool


@dataclass(frozen=True)
class Item:
    """One thing the case needs. `day` is of the newest one held, `most_days` how old it may be."""

    code: str
    by: By
    state: State
    day: date | None = None
    age_days: int | None = None
    most_days: int | None = None


def items(held: Held, *, is_secured: bool, rules: Collection[Mapping[str, Any]]) -> list[Item]:
    """Return what the case needs, what is missing or expired first.

    `rules` are those of the stored trace, with their thresholds as text and what was found.
    """
    found = [_paper(kind, "law", held, kinds=(kind,)) for kind in ("identity", "address")]
    found += [
        Item(f"consent_{name}", "law", "present" if name in held.consents else "missing")
        for name in CONSENTS
    ]
    if any(rule["input"] in _INCOME_INPUTS for rule in rules):
        found.append(_paper("income", "policy", held, kinds=_INCOME_PAPERS))
    if is_secured:
        found.append(_paper("collateral", "product", held, kinds=("collateral",)))
    bureau = [rule for rule in rules if rule["input"].startswith("bureau_report")]
    if bureau:
        found.append(_bureau(held, bureau))
    return sorted(found, key=lambda item: item.state == "present")


def _paper(code: str, by: By, held: Held, *, kinds: tuple[str, ...]) -> Item:
    days = [held.documents[kind] for kind in kinds if kind in held.documents]
    if not days:
        return Item(code, by, "missing")
    return Item(code, by, "present", day=max(days))


def _bureau(held: Held, rules: Collection[Mapping[str, Any]]) -> Item:
    """Return the bureau report by the policy's own findings: its age is that of the application."""
    if not held.has_bureau_report:
        return Item("bureau_report", "policy", "missing")
    ages = [rule for rule in rules if rule["input"] == "bureau_report_age_days"]
    if not ages:
        return Item("bureau_report", "policy", "present")
    strictest = min(ages, key=lambda rule: int(rule["threshold"]))
    age = None if strictest["value"] is None else int(strictest["value"])
    state: State = "present" if strictest["result"] == "passed" else "expired"
    return Item(
        "bureau_report", "policy", state, age_days=age, most_days=int(strictest["threshold"])
    )
