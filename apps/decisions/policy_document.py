"""Read a policy from its document and refuse one that is not sound. Pure.

Refused: unknown inputs, tests that do not fit the input, malformed thresholds, a code used twice,
bands with gaps or overlaps, two ladders for one product, requirements nobody can meet, limits of a
band that change nothing, a margin that leaves a band without a case. All numbers are text.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from apps.decisions import policy_changes, policy_reading
from apps.decisions.changes import Allowed
from apps.decisions.policy import Ladder, Policy, Rule, Threshold
from apps.decisions.policy_problems import WHOLE, Place, PolicyRefused, Problem, gettext_noop

__all__ = ["PolicyRefused", "fingerprint", "parse", "uncovered", "unknown_products"]

Part = TypeVar("Part")
_KEYS = {"name", "rules", "ladders", "changes"}
_NO_CHANGES = gettext_noop("the table of changes is empty; leave it out instead.")
_NO_RULES = gettext_noop("there are no rules.")
_NO_LADDERS = gettext_noop("there are no ladders of bands.")


def fingerprint(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the document's canonical JSON."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def parse(document: object) -> Policy:
    """Return the policy of a document. Raises PolicyRefused with everything that is wrong."""
    if not isinstance(document, Mapping):
        raise PolicyRefused([Problem(WHOLE, gettext_noop("the document is not an object."))])
    problems = policy_reading.unknown_keys(document, _KEYS, WHOLE)
    name = document.get("name")
    if not isinstance(name, str) or not name.strip():
        problems.append(Problem(WHOLE, gettext_noop("there is no name.")))
    rules = _each(document.get("rules"), _rule, problems, none=_NO_RULES)
    ladders = _each(document.get("ladders"), _ladder, problems, none=_NO_LADDERS)
    table: list[Allowed] = []
    if "changes" in document:
        table = _each(document["changes"], policy_changes.allowed, problems, none=_NO_CHANGES)
    if problems:
        raise PolicyRefused(problems)
    policy = Policy(
        name=str(name), rules=tuple(rules), ladders=tuple(ladders), changes=tuple(table)
    )
    problems = [
        *_codes_twice(policy),
        *_ladders_twice(policy),
        *_contradictions(policy),
        *policy_changes.named_twice(policy.changes),
    ]
    if problems:
        raise PolicyRefused(problems)
    return policy


def uncovered(policy: Policy, products: Sequence[str]) -> list[str]:
    """Return the products of a lender that no ladder covers."""
    if any(not ladder.products for ladder in policy.ladders):
        return []
    covered = {code for ladder in policy.ladders for code in ladder.products}
    return [code for code in products if code not in covered]


def unknown_products(policy: Policy, products: Sequence[str]) -> list[str]:
    """Return product codes the policy names that the lender does not have."""
    named = {code for rule in policy.rules for code in rule.products}
    named |= {code for ladder in policy.ladders for code in ladder.products}
    return sorted(named - set(products))


def _each(
    raw: object, read: Callable[[object, int], Part], problems: list[Problem], *, none: str
) -> list[Part]:
    """Return every part that can be read; what is wrong with the others joins `problems`."""
    if not isinstance(raw, list) or not raw:
        problems.append(Problem(WHOLE, none))
        return []
    found = []
    for number, item in enumerate(raw, start=1):
        try:
            found.append(read(item, number))
        except PolicyRefused as refusal:
            problems.extend(refusal.problems)
    return found


def _rule(raw: object, number: int) -> Rule:
    return policy_reading.rule(raw, Place(rule=number))


def _ladder(raw: object, number: int) -> Ladder:
    return policy_reading.ladder(raw, Place(ladder=number))


def _codes_twice(policy: Policy) -> list[Problem]:
    codes = [rule.code for rule in policy.rules]
    return [
        Problem(
            Place(rule=number, name=code),
            gettext_noop("the code %(code)s is used twice."),
            {"code": code},
        )
        for number, code in enumerate(codes, start=1)
        if code in codes[: number - 1]
    ]


def _ladders_twice(policy: Policy) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[str] = set()
    for number, ladder in enumerate(policy.ladders, start=1):
        place = Place(ladder=number)
        if not ladder.products and "" in seen:
            problems.append(Problem(place, gettext_noop("two ladders cover all other products.")))
        problems += [
            Problem(place, gettext_noop("two ladders cover %(product)s."), {"product": code})
            for number_of, code in enumerate(ladder.products)
            if code in seen or code in ladder.products[:number_of]
        ]
        seen.update(ladder.products or ("",))
    return problems


def _contradictions(policy: Policy) -> list[Problem]:
    """Return the pairs of knock-out rules on one input that no value can satisfy together."""
    numbered = list(enumerate(policy.rules, start=1))
    lows = [one for one in numbered if _is_knock_out(one[1], "at_least")]
    highs = [one for one in numbered if _is_knock_out(one[1], "at_most")]
    return [
        Problem(
            Place(rule=max(number, other), name=(low if number > other else high).code),
            gettext_noop("nobody can meet both %(one)s and %(other)s."),
            {"one": low.code, "other": high.code},
        )
        for number, low in lows
        for other, high in highs
        if low.input == high.input and meet(low, high) and _above(low.threshold, high.threshold)
    ]


def _is_knock_out(rule: Rule, test: str) -> bool:
    return rule.test == test and rule.outcome == "decline"


def meet(one: Rule, other: Rule) -> bool:
    """Say whether two rules can apply to the same application."""
    return all(
        not mine or not theirs or set(mine) & set(theirs)
        for mine, theirs in (
            (one.products, other.products),
            (one.currencies, other.currencies),
        )
    )


def _above(low: Threshold, high: Threshold) -> bool:
    return isinstance(low, Decimal) and isinstance(high, Decimal) and low > high
