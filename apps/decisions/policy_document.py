"""Read a policy from its document and refuse one that is not sound. Pure.

Refused: unknown inputs, tests that do not fit the input, malformed thresholds, a code used twice,
bands with gaps or overlaps, two ladders for one product, requirements nobody can meet.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from apps.decisions.policy import TESTS, Band, Ladder, Outcome, Policy, Rule, Test, Threshold
from apps.decisions.policy_inputs import INPUTS

_RULE_KEYS = {"code", "sentence", "input", "test", "threshold", "outcome"}
_RULE_EXTRAS = {"products", "currencies"}
_BAND_KEYS = {"name", "from", "below", "outcome", "rate_addon"}
_LONGEST_CODE = 40
_HIGHEST_ADDON = Decimal(1)


class PolicyRefused(ValueError):
    """The document is not a sound policy; `problems` names each thing to mend."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = list(problems)


def fingerprint(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the document's canonical JSON."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def parse(document: object) -> Policy:
    """Return the policy of a document. Raises PolicyRefused with everything that is wrong."""
    if not isinstance(document, Mapping):
        raise PolicyRefused(["The document is not an object."])
    problems = _unknown_keys(document, {"name", "rules", "ladders"}, "The policy")
    name = document.get("name")
    if not isinstance(name, str) or not name.strip():
        problems.append("The policy has no name.")
    rules = _all(document.get("rules"), "rules", _rule, problems)
    ladders = _all(document.get("ladders"), "ladders", _ladder, problems)
    if problems:
        raise PolicyRefused(problems)
    policy = Policy(name=str(name), rules=tuple(rules), ladders=tuple(ladders))
    problems = [*_twice(policy), *_contradictions(policy)]
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


def _all(raw: object, what: str, read: Any, problems: list[str]) -> list[Any]:
    if not isinstance(raw, list) or not raw:
        problems.append(f"The policy has no {what}.")
        return []
    found = []
    for position, item in enumerate(raw, start=1):
        try:
            found.append(read(item, f"{what[:-1].capitalize()} {position}"))
        except PolicyRefused as refusal:
            problems.extend(refusal.problems)
    return found


def _rule(raw: object, place: str) -> Rule:
    if not isinstance(raw, Mapping):
        raise PolicyRefused([f"{place} is not an object."])
    place = f"Rule {raw['code']}" if isinstance(raw.get("code"), str) else place
    problems = _unknown_keys(raw, _RULE_KEYS | _RULE_EXTRAS, place)
    problems += [f"{place} has no {key}." for key in sorted(_RULE_KEYS - raw.keys())]
    if problems:
        raise PolicyRefused(problems)
    declared = INPUTS.get(raw["input"]) if isinstance(raw["input"], str) else None
    if declared is None:
        raise PolicyRefused([f"{place} asks for the unknown input {raw['input']!r}."])
    if raw["test"] not in TESTS[declared.kind]:
        raise PolicyRefused([f"{place}: {raw['test']!r} is no test for {declared.name}."])
    _require_words(raw, place)
    return Rule(
        code=raw["code"],
        sentence=raw["sentence"],
        input=declared.name,
        test=cast(Test, raw["test"]),
        threshold=_threshold(raw, declared.kind, place),
        outcome=raw["outcome"],
        products=_codes(raw, "products", place),
        currencies=_codes(raw, "currencies", place),
    )


def _require_words(raw: Mapping[str, Any], place: str) -> None:
    code, sentence = raw["code"], raw["sentence"]
    if not isinstance(code, str) or not code.isidentifier() or len(code) > _LONGEST_CODE:
        raise PolicyRefused([f"{place}: the code must be one word of at most 40 letters."])
    if not isinstance(sentence, str) or not sentence.strip():
        raise PolicyRefused([f"{place} has no sentence."])
    if raw["outcome"] not in ("refer", "decline"):
        raise PolicyRefused([f"{place} must refer or decline, not {raw['outcome']!r}."])


def _threshold(raw: Mapping[str, Any], kind: str, place: str) -> Threshold:
    given, wrong = raw["threshold"], f"{place}: the threshold {raw['threshold']!r} is malformed."
    if kind == "number":
        return _number(given, wrong)
    if kind == "boolean":
        if not isinstance(given, bool):
            raise PolicyRefused([wrong])
        return given
    if raw["test"] == "is":
        if not isinstance(given, str) or not given:
            raise PolicyRefused([wrong])
        return given
    if not isinstance(given, list) or not given or not all(isinstance(x, str) for x in given):
        raise PolicyRefused([wrong])
    return tuple(given)


def _number(given: object, wrong: str) -> Decimal:
    """Return a number written as text; a JSON float has already lost digits."""
    if not isinstance(given, str):
        raise PolicyRefused([wrong])
    try:
        number = Decimal(given)
    except InvalidOperation:
        raise PolicyRefused([wrong]) from None
    if not number.is_finite() or number < 0:
        raise PolicyRefused([wrong])
    return number


def _codes(raw: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
    given = raw.get(key, [])
    if not isinstance(given, list) or not all(isinstance(item, str) and item for item in given):
        raise PolicyRefused([f"{place}: {key} must be a list of codes."])
    return tuple(given)


def _ladder(raw: object, place: str) -> Ladder:
    if not isinstance(raw, Mapping):
        raise PolicyRefused([f"{place} is not an object."])
    problems = _unknown_keys(raw, {"products", "bands"}, place)
    bands = raw.get("bands")
    if problems or not isinstance(bands, list) or not bands:
        raise PolicyRefused(problems or [f"{place} has no bands."])
    read = [_band(band, f"{place}, band {number}") for number, band in enumerate(bands, 1)]
    problems = _joints(read, place)
    if problems:
        raise PolicyRefused(problems)
    return Ladder(products=_codes(raw, "products", place), bands=tuple(read))


def _band(raw: object, place: str) -> Band:
    if not isinstance(raw, Mapping) or raw.keys() != _BAND_KEYS:
        raise PolicyRefused([f"{place} must have exactly {', '.join(sorted(_BAND_KEYS))}."])
    if raw["outcome"] not in ("approve", "refer", "decline"):
        raise PolicyRefused([f"{place}: {raw['outcome']!r} is no outcome."])
    if not isinstance(raw["name"], str) or not raw["name"]:
        raise PolicyRefused([f"{place} has no name."])
    numbers = {
        key: _number(raw[key], f"{place}: {key} {raw[key]!r} is malformed.")
        for key in ("from", "below", "rate_addon")
    }
    if numbers["from"] >= numbers["below"]:
        raise PolicyRefused([f"{place} is empty: it ends where it begins or before."])
    if numbers["rate_addon"] >= _HIGHEST_ADDON:
        raise PolicyRefused([f"{place}: the add-on is a fraction a year, below 1."])
    return Band(
        name=raw["name"],
        start=numbers["from"],
        below=numbers["below"],
        outcome=cast(Outcome, raw["outcome"]),
        rate_addon=numbers["rate_addon"],
    )


def _joints(bands: Sequence[Band], place: str) -> list[str]:
    """Return the gaps and overlaps of bands that must run from 0 to 1."""
    problems = []
    expected = Decimal(0)
    for band in bands:
        if band.start > expected:
            problems.append(f"{place}: there is a gap from {expected} to {band.start}.")
        elif band.start < expected:
            problems.append(f"{place}: bands overlap from {band.start} to {expected}.")
        expected = band.below
    if expected != 1:
        problems.append(f"{place}: the bands must end at 1, not at {expected}.")
    return problems


def _twice(policy: Policy) -> list[str]:
    codes = [rule.code for rule in policy.rules]
    problems = [
        f"The code {code} is used twice." for code in sorted({*codes}) if codes.count(code) > 1
    ]
    named = [
        code for ladder in policy.ladders for code in ladder.products or ("all other products",)
    ]
    problems += [f"Two ladders cover {code}." for code in sorted({*named}) if named.count(code) > 1]
    return problems


def _contradictions(policy: Policy) -> list[str]:
    """Return the pairs of knock-out rules on one input that no value can satisfy together."""
    lows = [one for one in policy.rules if one.test == "at_least" and one.outcome == "decline"]
    highs = [one for one in policy.rules if one.test == "at_most" and one.outcome == "decline"]
    return [
        f"Nobody can meet both {low.code} and {high.code}."
        for low in lows
        for high in highs
        if low.input == high.input and _meet(low, high) and _above(low.threshold, high.threshold)
    ]


def _meet(one: Rule, other: Rule) -> bool:
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


def _unknown_keys(raw: Mapping[str, Any], known: set[str], place: str) -> list[str]:
    return [f"{place} has the unknown key {key!r}." for key in sorted(raw.keys() - known)]
