"""Reasons, causes and changes as sentences, in the language that is active.

Each reason carries its values; the words are chosen here, so that a letter in another language
says the same. A sentence names the applicant's own value and, where there is one, the limit.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from apps.core import formatting
from apps.decisions import reason_patterns
from apps.decisions.policy_inputs import INPUTS
from apps.decisions.reasons import Reason
from apps.decisions.recourse import Change
from apps.scoring import feature_words

INPUT_WORDS = {
    "pd": gettext_lazy("probability of default"),
    "amount": gettext_lazy("amount asked for"),
    "term_months": gettext_lazy("term"),
    "age_years": gettext_lazy("age"),
    "age_at_maturity_years": gettext_lazy("age when the loan ends"),
    "country": gettext_lazy("country of residence"),
    "annual_income": gettext_lazy("gross income a year"),
    "net_monthly_income": gettext_lazy("net income a month"),
    "income_verification": gettext_lazy("verification of income"),
    "income_gap": gettext_lazy("share of the declared net income that no document shows"),
    "employment_months": gettext_lazy("time in present work"),
    "dti": gettext_lazy("obligations as a share of gross income"),
    "foir": gettext_lazy("obligations as a share of net income"),
    "lti": gettext_lazy("loan as a share of yearly income"),
    "ltv": gettext_lazy("loan as a share of the security"),
    "pay_committed": gettext_lazy("obligations as a share of basic pay"),
    "bureau_report": gettext_lazy("credit bureau report"),
    "bureau_report_age_days": gettext_lazy("age of the bureau report"),
    "bureau_score": gettext_lazy("bureau score"),
    "credit_history_months": gettext_lazy("length of credit history"),
    "delinquencies_24m": gettext_lazy("late payments in two years"),
    "accounts_delinquent_now": gettext_lazy("accounts late now"),
    "bankruptcies": gettext_lazy("bankruptcies"),
    "public_records": gettext_lazy("public records"),
    "enquiries_6m": gettext_lazy("credit enquiries in six months"),
    "blocked": gettext_lazy("entry on our block list"),
    "defaults_with_us": gettext_lazy("loans in default with us"),
    "guarantees_with_us": gettext_lazy("guarantees for other people's loans with us"),
    "guarantor_exposure": gettext_lazy(
        "what a guarantor borrows from us, this guarantee and others included"
    ),
    "exposure_with_us": gettext_lazy(
        "borrowing from us, this loan and guarantees for others included"
    ),
}

_CAUSES = {
    "no_champion": gettext_lazy("No model is in use for this product."),
    "model_unusable": gettext_lazy("The model in use failed its checks."),
    "features_refused": gettext_lazy("A value lies outside what the model was trained on."),
    "no_policy": gettext_lazy("No credit policy is in force."),
    "policy_unusable": gettext_lazy("The credit policy in force cannot be applied to this case."),
    "borrower_blocked": gettext_lazy("The block list names the borrower."),
    "co_borrower_blocked": gettext_lazy("The block list names a co-borrower."),
    "no_specific_reason": gettext_lazy("No specific reason for a decline could be named."),
    "letter_refused": gettext_lazy("The letter could not be written from what is on record."),
    "not_scored_in_time": gettext_lazy("The application was not scored in time."),
    "automation_stopped": gettext_lazy("Automated decisions were stopped."),
    "reopened": gettext_lazy("The decision was taken up anew after a mistake."),
    "appealed": gettext_lazy("The applicant asked for a review of the decision."),
    "unexpected_error": gettext_lazy("The automatic assessment failed unexpectedly."),
    "pd_band": gettext_lazy("The risk lies near the cut-off."),
    "pd_near_cutoff": gettext_lazy("The risk lies within the margin of a cut-off."),
    "band_amount": gettext_lazy("The amount is above what the band of this risk allows."),
    "band_term": gettext_lazy("The term is longer than the band of this risk allows."),
}

# Enough to tell a share from its limit.
_MOST_DECIMALS = 6
_TESTS = {
    "at_least": gettext_lazy("at least %(limit)s"),
    "at_most": gettext_lazy("at most %(limit)s"),
    "is": gettext_lazy("%(limit)s"),
    "one_of": gettext_lazy("one of: %(limit)s"),
}

# How an income stands, said to the applicant; elsewhere the words of the feature serve.
_VERIFICATIONS = {
    "none": gettext_lazy("not verified"),
    "declared": gettext_lazy("declared but not yet verified"),
    "source": gettext_lazy("verified at its source"),
    "documents": gettext_lazy("verified by documents"),
}

_COUNTRIES = {
    "IN": gettext_lazy("India"),
    "KE": gettext_lazy("Kenya"),
    "US": gettext_lazy("the United States"),
}


def reason(one: Reason, *, currency: str) -> str:
    """Return one reason as a sentence to the applicant."""
    if one.source == "cause":
        return cause(one.about)
    by_source = {"rule": _rule, "band": _finding, "model": _factor, "person": _code}
    return by_source[one.source](one, currency)


def reasons(stored: list[Mapping[str, Any]], *, currency: str) -> list[str]:
    """Return stored reasons as sentences."""
    return [reason(Reason.from_json(one), currency=currency) for one in stored]


def code(name: str) -> str:
    """Return a reviewer's reason code in words."""
    return str(reason_patterns.CODES.get(name, name))


def own_words(words: Mapping[str, str]) -> str:
    """Return the sentence in the active language, or in English where it has none."""
    active = (get_language() or "en").partition("-")[0]
    return words.get(active) or words["en"]


def causes() -> dict[str, str]:
    """Return every referral cause of the house, rules apart, by code."""
    return {code: str(words) for code, words in _CAUSES.items()}


def cause(name: str) -> str:
    """Return a referral cause in words; a rule's code that is none is shown as it is."""
    return str(_CAUSES.get(name, name.replace("_", " ")))


def input_name(name: str) -> str:
    """Return a policy input in words."""
    return str(INPUT_WORDS[name])


def requirement(
    test: str, threshold: object, *, about: str, currency: str, beside: object = None
) -> str:
    """Return what a rule requires of its input, for example `at most 50.0 %`.

    `beside` is the value it is read beside, from which it must be told apart.
    """
    _value, limit = apart(about, beside, threshold, currency=currency)
    return str(_TESTS[test]) % {"limit": limit}


def apart(about: str, value: object, limit: object, *, currency: str) -> tuple[str, str]:
    """Return a value and its limit as people read them, never alike where they differ.

    55.04 % is above a limit of 55 %; rounded alike, the sentence would contradict itself.
    """
    shown = tuple(policy_value(about, one, currency=currency) for one in (value, limit))
    is_share = INPUTS[about].unit == "share" and value is not None and limit is not None
    if is_share and shown[0] == shown[1]:
        shares = [Decimal(str(one)) for one in (value, limit)]
        for decimals in range(2, _MOST_DECIMALS + 1):
            finer = tuple(formatting.format_percent(one, decimals=decimals) for one in shares)
            if finer[0] != finer[1]:
                return finer[0], finer[1]
    return shown[0], shown[1]


def policy_value(about: str, raw: object, *, currency: str) -> str:
    """Return a policy input's stored value or threshold as people read it."""
    if raw is None:
        return _("not known")
    if isinstance(raw, bool):
        return _("yes") if raw else _("no")
    if isinstance(raw, list | tuple):
        return ", ".join(policy_value(about, item, currency=currency) for item in raw)
    declared = INPUTS[about]
    if declared.kind == "text":
        words = _COUNTRIES.get(str(raw)) if about == "country" else None
        return str(words or feature_words.category(str(raw)))
    return _figure(Decimal(str(raw)), declared.unit, currency)


def change(one: Change, *, asked_amount: Decimal, currency: str) -> str:
    """Return a verified change as a sentence."""
    words = {
        "amount": formatting.format_money(one.amount, currency),
        "term": feature_words.months(one.term_months),
    }
    if one.amount < asked_amount:
        return _("An application for %(amount)s over %(term)s would have been approved.") % words
    return _("The same amount over %(term)s would have been approved.") % words


def no_change() -> str:
    """Return the honest answer when no change of amount or term turns the outcome."""
    return _("A smaller amount or another term alone would not have changed this decision.")


def _rule(one: Reason, currency: str) -> str:
    if one.test == "missing":
        return _("Not known: %(what)s.") % {"what": input_name(one.about)}
    value = _to_applicant(one.about, one.value, currency)
    if one.test == "one_of":
        limit = _either([_to_applicant(one.about, item, currency) for item in one.limit])
    elif one.test == "is":
        limit = _to_applicant(one.about, one.limit, currency)
    else:
        value, limit = apart(one.about, one.value, one.limit, currency=currency)
    pattern = reason_patterns.RULES.get((one.about, one.test))
    if pattern is not None:
        return str(pattern) % {"value": value, "limit": limit}
    if one.test == "one_of":
        named = {"what": input_name(one.about), "value": value, "limit": limit}
        return _("Your %(what)s: %(value)s; we accept %(limit)s.") % named
    return _("Your %(what)s: %(value)s; required: %(requirement)s.") % {
        "what": input_name(one.about),
        "value": value,
        "requirement": str(_TESTS[one.test]) % {"limit": limit},
    }


def _finding(one: Reason, currency: str) -> str:
    name = one.code.partition(".")[2]
    if one.value is None or one.limit is None:
        return str(reason_patterns.FINDINGS_UNKNOWN[name])
    return str(reason_patterns.FINDINGS[name]) % {
        "value": policy_value(one.about, one.value, currency=currency),
        "limit": policy_value(one.about, one.limit, currency=currency),
    }


def _to_applicant(about: str, raw: object, currency: str) -> str:
    if about == "income_verification" and str(raw) in _VERIFICATIONS:
        return str(_VERIFICATIONS[str(raw)])
    return policy_value(about, raw, currency=currency)


def _either(choices: list[str]) -> str:
    """Return choices as a sentence names them: `a, b or c`."""
    *others, last = choices
    if not others:
        return last
    return _("%(others)s or %(last)s") % {"others": ", ".join(others), "last": last}


def _factor(one: Reason, currency: str) -> str:
    said = _own_value(one, currency)
    if one.beside is None:
        return said
    return f"{said} {_beside(one.beside.value, one, currency)}"


def _own_value(one: Reason, currency: str) -> str:
    """Return the applicant's own value of a factor as a sentence."""
    if one.value is None:
        name = feature_words.feature(one.about)
        return _("Nothing is known about this: %(what)s.") % {"what": name}
    value = feature_words.value(one.value, unit=one.unit, currency=currency)
    pattern = reason_patterns.FACTORS.get(one.about)
    if pattern is None:
        return f"{feature_words.feature(one.about)}: {value}."
    return str(pattern) % {"value": value}


def _beside(typical: object, one: Reason, currency: str) -> str:
    """Return what is typical of those whom we just approve, as a sentence."""
    if typical is None:
        return _("Most of those whom we just approve have nothing of the kind on file.")
    if isinstance(typical, str):
        words = {"typical": feature_words.category(typical)}
        return _("Most common among those whom we just approve: %(typical)s.") % words
    shown = feature_words.value(typical, unit=one.unit, currency=currency)
    return _("Typical of those whom we just approve: %(typical)s.") % {"typical": shown}


def _code(one: Reason, currency: str) -> str:
    name = one.code.partition(".")[2]
    if one.words:
        return _own_sentence(one, currency)
    pattern = reason_patterns.CODE_SENTENCES.get(name)
    if pattern is None or (one.about and one.value is None):
        return f"{code(name)}."
    if not one.about:
        return str(pattern)
    return str(pattern) % {"value": policy_value(one.about, one.value, currency=currency)}


def _own_sentence(one: Reason, currency: str) -> str:
    sentence = own_words(one.words)
    if not one.about:
        return sentence % {}
    return sentence % {"value": policy_value(one.about, one.value, currency=currency)}


def _figure(number: Decimal, unit: str, currency: str) -> str:
    if unit == "share":
        return formatting.format_percent(number)
    if unit == "money":
        return formatting.format_money(number, currency)
    if unit == "months":
        return feature_words.months(int(number))
    if unit in ("years", "days"):
        figure = formatting.format_number(number)
        return (_("%(n)s years") if unit == "years" else _("%(n)s days")) % {"n": figure}
    return formatting.format_number(number)
