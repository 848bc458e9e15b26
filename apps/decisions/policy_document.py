"""Read a policy from its document and refuse one that is not sound. Pure.

Refused: unknown inputs, tests that do not fit the input, malformed thresholds, a code used twice,
bands with gaps or overlaps, two ladders for one product, requirements nobody can meet, limits of a
band that change nothing, a margin that leaves a band without a case.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from apps.decisions.policy import (
    SEVERITY,
    TESTS,
    Band,
    Ladder,
    Outcome,
    Policy,
    Rule,
    Test,
    Threshold,
)
from apps.decisions.policy_inputs import INPUTS

_RULE_KEYS = {"code", "sentence", "input", "test", "threshold", "outcome"}
_RULE_EXTRAS = {"products", "currencies"}
_BAND_KEYS = {"name", "from", "below", "outcome", "rate_addon"}
_BAND_EXTRAS = {"most_amount", "longest_term_months", "beyond"}
# No exponents out of proportion, no signs, blanks or digits of other scripts.
_NUMBER = re.compile(r"[0-9]{1,30}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_LONGEST_CODE = 40
_HIGHEST_ADDON = Decimal(1)
_MOST_MONTHS = 1000


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
    if not isinstance(given, str) or not _NUMBER.fullmatch(given):
        raise PolicyRefused([wrong])
    return Decimal(given)


def _codes(raw: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
    given = raw.get(key, [])
    if not isinstance(given, list) or not all(isinstance(item, str) and item for item in given):
        raise PolicyRefused([f"{place}: {key} must be a list of codes."])
    return tuple(given)


def _ladder(raw: object, place: str) -> Ladder:
    if not isinstance(raw, Mapping):
        raise PolicyRefused([f"{place} is not an object."])
    problems = _unknown_keys(raw, {"products", "bands", "refer_margin"}, place)
    bands = raw.get("bands")
    if problems or not isinstance(bands, list) or not bands:
        raise PolicyRefused(problems or [f"{place} has no bands."])
    read = [_band(band, f"{place}, band {number}") for number, band in enumerate(bands, 1)]
    problems = _joints(read, place)
    if problems:
        raise PolicyRefused(problems)
    ladder = Ladder(
        products=_codes(raw, "products", place),
        bands=tuple(read),
        refer_margin=_margin(raw, place),
    )
    problems = _swallowed(ladder, place)
    if problems:
        raise PolicyRefused(problems)
    return ladder


def _margin(raw: Mapping[str, Any], place: str) -> Decimal | None:
    if "refer_margin" not in raw:
        return None
    given = raw["refer_margin"]
    margin = _number(given, f"{place}: the margin {given!r} is malformed.")
    if not 0 < margin < 1:
        raise PolicyRefused([f"{place}: the margin must lie between 0 and 1."])
    return margin


def _swallowed(ladder: Ladder, place: str) -> list[str]:
    """Return what the margin makes meaningless: no cut-off at all, or a band it covers whole."""
    margin = ladder.refer_margin
    if margin is None:
        return []
    if not ladder.cutoffs:
        return [f"{place}: there is a margin but no cut-off between two outcomes."]
    spans = [(bound - margin, bound + margin) for bound in ladder.cutoffs]
    return [
        f"{place}: the margin covers band {band.name} whole, so nothing in it is approved."
        for band in ladder.bands
        if band.outcome == "approve" and _is_covered(band, spans)
    ]


def _is_covered(band: Band, spans: Sequence[tuple[Decimal, Decimal]]) -> bool:
    """Say whether closed spans, in order, leave no PD of the band free."""
    free_from = band.start
    for low, high in spans:
        if low > free_from:
            break
        free_from = max(free_from, high)
    return free_from >= band.below


def _band(raw: object, place: str) -> Band:
    _require_band(raw, place)
    given = cast(Mapping[str, Any], raw)
    numbers = {
        key: _number(given[key], f"{place}: {key} {given[key]!r} is malformed.")
        for key in ("from", "below", "rate_addon")
    }
    if numbers["from"] >= numbers["below"]:
        raise PolicyRefused([f"{place} is empty: it ends where it begins or before."])
    if numbers["rate_addon"] >= _HIGHEST_ADDON:
        raise PolicyRefused([f"{place}: the add-on is a fraction a year, below 1."])
    return Band(
        name=given["name"],
        start=numbers["from"],
        below=numbers["below"],
        outcome=cast(Outcome, given["outcome"]),
        rate_addon=numbers["rate_addon"],
        most_amount=_most_amount(given, place),
        longest_term_months=_longest_term(given, place),
        beyond=_beyond(given, place),
    )


def _require_band(raw: object, place: str) -> None:
    if not isinstance(raw, Mapping) or not raw.keys() >= _BAND_KEYS:
        raise PolicyRefused([f"{place} must have {', '.join(sorted(_BAND_KEYS))}."])
    problems = _unknown_keys(raw, _BAND_KEYS | _BAND_EXTRAS, place)
    if raw["outcome"] not in ("approve", "refer", "decline"):
        problems.append(f"{place}: {raw['outcome']!r} is no outcome.")
    if not isinstance(raw["name"], str) or not raw["name"]:
        problems.append(f"{place} has no name.")
    if problems:
        raise PolicyRefused(problems)


def _most_amount(raw: Mapping[str, Any], place: str) -> dict[str, Decimal]:
    given = raw.get("most_amount", {})
    wrong = f"{place}: the largest amount {given!r} is malformed."
    if not isinstance(given, Mapping) or ("most_amount" in raw and not given):
        raise PolicyRefused([wrong])
    if not all(isinstance(code, str) and _CURRENCY.fullmatch(code) for code in given):
        raise PolicyRefused([f"{place}: the largest amount is given by currency, such as INR."])
    found = {code: _number(number, wrong) for code, number in given.items()}
    if not all(found.values()):
        raise PolicyRefused([f"{place}: a largest amount of 0 is no limit but a decline."])
    return found


def _longest_term(raw: Mapping[str, Any], place: str) -> int | None:
    if "longest_term_months" not in raw:
        return None
    wrong = f"{place}: the longest term {raw['longest_term_months']!r} is malformed."
    months = _number(raw["longest_term_months"], wrong)
    if months != int(months) or not 0 < months < _MOST_MONTHS:
        raise PolicyRefused([wrong])
    return int(months)


def _beyond(raw: Mapping[str, Any], place: str) -> Outcome | None:
    """Return what happens above a limit of the band; it must be worse than the band's outcome."""
    is_limited = "most_amount" in raw or "longest_term_months" in raw
    if not is_limited:
        if "beyond" in raw:
            raise PolicyRefused([f"{place} says what happens beyond a limit but has no limit."])
        return None
    if raw.get("beyond") not in ("refer", "decline"):
        raise PolicyRefused(
            [f"{place} must say whether a request beyond its limit is referred or declined."]
        )
    if SEVERITY[raw["beyond"]] <= SEVERITY[raw["outcome"]]:
        same = f"{place}: its limits change nothing; beyond them it is no worse than before."
        raise PolicyRefused([same])
    return cast(Outcome, raw["beyond"])


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
