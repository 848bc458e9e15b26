"""The managed list of reasons a reviewer gives for a verdict. Pure; words stand in `sentences`.

A decline reason may name the policy input whose own value belongs into the letter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from apps.decisions.policy_inputs import INPUTS

MOST_CODES = 4
# Counts speak of something the applicant may have none of; so do these.
_NONE_AT_ZERO = frozenset({"guarantees_with_us", "income_gap"})


@dataclass(frozen=True)
class ReasonCode:
    """One reason on the list, for one verdict. `input` is the applicant's value it speaks of.

    `judges` is false where the reason doubts the value instead of judging it.
    """

    code: str
    verdict: Literal["approve", "decline"]
    input: str = ""
    judges: bool = True


CODES: dict[str, ReasonCode] = {
    one.code: one
    for one in (
        ReasonCode("burden_confirmed_bearable", "approve"),
        ReasonCode("income_confirmed", "approve"),
        ReasonCode("payment_record_sound", "approve"),
        ReasonCode("security_sufficient", "approve"),
        ReasonCode("referral_cause_cleared", "approve"),
        ReasonCode("exception_justified", "approve"),
        ReasonCode("obligations_high_on_net_income", "decline", "foir"),
        ReasonCode("obligations_high_on_gross_income", "decline", "dti"),
        ReasonCode("amount_high_for_income", "decline", "lti"),
        ReasonCode("income_not_confirmed", "decline", "annual_income", judges=False),
        ReasonCode("work_too_recent", "decline", "employment_months"),
        ReasonCode("late_payments", "decline", "delinquencies_24m"),
        ReasonCode("accounts_late_now", "decline", "accounts_delinquent_now"),
        ReasonCode("bankruptcy", "decline", "bankruptcies"),
        ReasonCode("credit_history_short", "decline", "credit_history_months"),
        ReasonCode("many_enquiries", "decline", "enquiries_6m"),
        ReasonCode("security_insufficient", "decline", "ltv"),
        ReasonCode("owed_to_us_high", "decline", "exposure_with_us"),
        ReasonCode("guarantees_high", "decline", "guarantees_with_us"),
        ReasonCode("income_not_as_documented", "decline", "income_gap"),
        ReasonCode("on_block_list", "decline", "blocked"),
        ReasonCode("documents_incomplete", "decline"),
        ReasonCode("identity_not_confirmed", "decline"),
        ReasonCode("purpose_not_financed", "decline"),
    )
}


def of_verdict(verdict: str) -> list[str]:
    """Return the codes that fit a verdict, in the list's order."""
    return [one.code for one in CODES.values() if one.verdict == verdict]


def misfits(codes: list[str], *, verdict: str) -> list[str]:
    """Return the codes that are unknown or belong to the other verdict."""
    fitting = set(of_verdict(verdict))
    return [code for code in codes if code not in fitting]


def groundless(codes: Iterable[str], known: Mapping[str, object]) -> list[str]:
    """Return the codes that speak of something of which the applicant has none.

    `known` holds the policy inputs as stored, numbers as text. "0 late payments" helped and is no
    reason for a decline, nor is a block list without an entry; a figure that is not known is left
    to the reviewer.
    """
    return [code for code in codes if _has_none_of(CODES[code].input, known)]


def _has_none_of(about: str, known: Mapping[str, object]) -> bool:
    value = known.get(about) if about else None
    if value is None:
        return False
    if isinstance(value, bool):
        return not value
    counted = INPUTS[about].unit == "count" or about in _NONE_AT_ZERO
    return counted and Decimal(str(value)) == 0


def contradicted(codes: Iterable[str], trace: Mapping[str, Any]) -> list[str]:
    """Return the codes whose input the policy judged, where it met every rule on it.

    `trace` is the stored one, empty where no policy was asked. An input no rule looked at is left
    to the reviewer.
    """
    results: dict[str, list[str]] = {}
    for one in trace["results"] if trace else ():
        results.setdefault(one["input"], []).append(one["result"])
    found = []
    for code in codes:
        about = CODES[code]
        judged = results.get(about.input, []) if about.judges else []
        if judged and all(result == "passed" for result in judged):
            found.append(code)
    return found
