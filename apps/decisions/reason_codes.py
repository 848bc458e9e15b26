"""The managed list of reasons a reviewer gives for a verdict: what fits, and what is true. Pure.

The list itself is data (`ListedReason`), kept by two people; here stands what a reason means. A
decline reason may name the policy input whose own value belongs into the letter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from apps.decisions.policy_inputs import INPUTS

MOST_CODES = 4
APPROVE, DECLINE, COUNTER_OFFER, OVERRIDE = "approve", "decline", "counter_offer", "override"
# Counts speak of something the applicant may have none of; so do these.
_NONE_AT_ZERO = frozenset({"guarantees_with_us", "income_gap"})

Kind = Literal["approve", "decline", "counter_offer", "override"]


@dataclass(frozen=True)
class ReasonCode:
    """One reason on the list. `input` is the applicant's value it speaks of.

    A reason of the kind `override` says why a verdict departs from the recommendation; it fits the
    verdict it names, or both where it names none. `judges` is false where the reason doubts the
    value instead of judging it. `words` holds a lender's own sentence by language; empty for the
    reasons that come with the program, which are translated with it.
    """

    code: str
    kind: Kind
    verdict: str = ""
    input: str = ""
    judges: bool = True
    words: Mapping[str, str] = field(default_factory=dict)


Listed = Mapping[str, ReasonCode]


def of_verdict(listed: Listed, verdict: str) -> list[str]:
    """Return the codes that may be given for a verdict, in the list's order, overrides apart."""
    return [one.code for one in listed.values() if one.verdict == verdict and one.kind != OVERRIDE]


def of_override(listed: Listed, verdict: str) -> list[str]:
    """Return the codes that say why a verdict departs from the recommendation."""
    return [
        one.code for one in listed.values() if one.kind == OVERRIDE and one.verdict in ("", verdict)
    ]


def misfits(codes: Iterable[str], listed: Listed, *, verdict: str) -> list[str]:
    """Return the codes that are not on the list or belong to the other verdict."""
    fitting = {*of_verdict(listed, verdict), *of_override(listed, verdict)}
    return [code for code in codes if code not in fitting]


def overrides(codes: Iterable[str], listed: Listed) -> list[str]:
    """Return the codes among these that say why a verdict departs from the recommendation."""
    return [code for code in codes if code in listed and listed[code].kind == OVERRIDE]


def counter_offers(codes: Iterable[str], listed: Listed) -> list[str]:
    """Return the codes among these that speak of another amount or term than was asked for."""
    return [code for code in codes if code in listed and listed[code].kind == COUNTER_OFFER]


def told(codes: Iterable[str], listed: Listed, *, verdict: str) -> list[str]:
    """Return the codes that become reasons of the decision, each once, in their order.

    Why a decline departs from the recommendation is for the record, not for the applicant.
    """
    given = dict.fromkeys(codes)
    if verdict != DECLINE:
        return list(given)
    return [code for code in given if listed[code].kind != OVERRIDE]


def groundless(codes: Iterable[str], listed: Listed, known: Mapping[str, object]) -> list[str]:
    """Return the codes that speak of something of which the applicant has none.

    `known` holds the policy inputs as stored, numbers as text. "0 late payments" helped and is no
    reason for a decline, nor is a block list without an entry; a figure that is not known is left
    to the reviewer.
    """
    return [code for code in codes if _has_none_of(listed[code], known)]


def _has_none_of(one: ReasonCode, known: Mapping[str, object]) -> bool:
    value = known.get(one.input) if one.input and one.kind == DECLINE else None
    if value is None:
        return False
    if isinstance(value, bool):
        return not value
    counted = INPUTS[one.input].unit == "count" or one.input in _NONE_AT_ZERO
    return counted and Decimal(str(value)) == 0


def contradicted(codes: Iterable[str], listed: Listed, trace: Mapping[str, Any]) -> list[str]:
    """Return the codes whose input the policy judged, where it met every rule on it.

    `trace` is the stored one, empty where no policy was asked. An input no rule looked at is left
    to the reviewer.
    """
    results: dict[str, list[str]] = {}
    for one in trace["results"] if trace else ():
        results.setdefault(one["input"], []).append(one["result"])
    found = []
    for code in codes:
        about = listed[code]
        judged = results.get(about.input, []) if about.judges and about.kind == DECLINE else []
        if judged and all(result == "passed" for result in judged):
            found.append(code)
    return found


def fault_of_words(words: Mapping[str, str], languages: Iterable[str], *, about: str) -> str:
    """Return the language whose sentence cannot be used, or an empty text.

    Each language needs a sentence; `%(value)s` stands for the applicant's value, where the reason
    is about one, and nothing else may be filled in.
    """
    for language in languages:
        sentence = words.get(language, "").strip()
        if not sentence or not _can_be_said(sentence, about=about):
            return language
    return ""


def _can_be_said(sentence: str, *, about: str) -> bool:
    try:
        sentence % ({"value": "1"} if about else {})
    except (KeyError, TypeError, ValueError):
        return False
    return True
