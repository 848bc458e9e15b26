"""What would have turned a decline, in plain words in the language that is active."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import formatting
from apps.scoring import feature_words

NAMES = {
    "amount": gettext_lazy("Amount"),
    "term_months": gettext_lazy("Term"),
    "obligations_monthly": gettext_lazy("Existing obligations a month"),
    "revolving_balance": gettext_lazy("Owed on revolving credit"),
    "security_value": gettext_lazy("Value of the security"),
    "employment_months": gettext_lazy("Time in present work"),
    "income_verification": gettext_lazy("Verification of income"),
    "guarantor": gettext_lazy("Guarantor"),
}

_PHRASES = {
    "amount": gettext_lazy("an amount of %(to)s instead of %(from)s"),
    "term_months": gettext_lazy("a term of %(to)s instead of %(from)s"),
    "obligations_monthly": gettext_lazy(
        "existing obligations of %(to)s a month instead of %(from)s"
    ),
    "revolving_balance": gettext_lazy("%(to)s owed on revolving credit instead of %(from)s"),
    "security_value": gettext_lazy("security worth %(to)s instead of %(from)s"),
    "employment_months": gettext_lazy("%(to)s in your present work instead of %(from)s"),
    "income_verification": gettext_lazy("documents that show the income you stated"),
    "guarantor": gettext_lazy("another guarantor, who owes us nothing"),
}
_WITH_OURS = gettext_lazy(
    "existing obligations of %(to)s a month instead of %(from)s, %(own)s of them still for your"
    " other loans with us"
)
_NO_SECURITY = gettext_lazy("security worth %(to)s")
_MONTHS = frozenset({"term_months", "employment_months"})


def sentences(recourse: Mapping[str, Any]) -> tuple[str, ...]:
    """Return every suggestion as a sentence, or the one that says that there is none."""
    return suggestions(recourse) or (no_change(),)


def suggestions(recourse: Mapping[str, Any]) -> tuple[str, ...]:
    """Return every suggestion as a sentence; none where nothing realistic was found."""
    return tuple(suggestion(one) for one in recourse["suggestions"])


def of_decision(decision: Any) -> list[str]:
    """Return what would have turned a decision, as sentences; none where nobody looked."""
    recourse = None if decision is None else decision.recourse
    return [] if recourse is None else list(sentences(recourse))


def suggestion(one: Mapping[str, Any]) -> str:
    """Return one stored suggestion as a sentence."""
    words = {
        "changes": _all([phrase(each, currency=one["currency"]) for each in one["changes"]]),
        "rate": formatting.format_percent(Decimal(one["annual_rate"]), decimals=2),
        "instalment": formatting.format_money(Decimal(one["instalment"]), one["currency"]),
    }
    return (
        _(
            "With %(changes)s the application would have been approved, at %(rate)s a year and"
            " %(instalment)s a month."
        )
        % words
    )


def phrase(change: Mapping[str, Any], *, currency: str) -> str:
    """Return one change as part of a sentence."""
    what = change["what"]
    pattern = _PHRASES[what]
    if what == "security_value" and change["from"] is None:
        pattern = _NO_SECURITY
    if "own" in change:
        pattern = _WITH_OURS
    return str(pattern) % {
        "own": value(what, change.get("own"), currency=currency),
        "to": value(what, change["to"], currency=currency),
        "from": value(what, change["from"], currency=currency),
    }


def value(what: str, raw: Any, *, currency: str) -> str:
    """Return a value of what may change as people read it."""
    if raw is None:
        return _("not known")
    if what in _MONTHS:
        return feature_words.months(int(raw))
    if what in ("income_verification", "guarantor"):
        return feature_words.category(str(raw))
    return formatting.format_money(Decimal(raw), currency)


def no_change() -> str:
    """Return the honest answer when nothing the policy counts as realistic turns the outcome."""
    return _(
        "We looked for realistic changes, up to three at a time, that would have led to an"
        " approval, and found none."
    )


def _all(phrases: list[str]) -> str:
    """Return phrases as a sentence names them: `a, b and c`."""
    *others, last = phrases
    if not others:
        return last
    return _("%(others)s and %(last)s") % {"others": ", ".join(others), "last": last}
