"""Why the system itself enters things on accounts and takes them back: codes, and their words."""

from collections.abc import Callable
from functools import partial

from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _

from apps.core import stored_reasons

CAPPED, LIFTED = "repayments.interest_capped", "repayments.interest_runs"
CAP_OTHERWISE = "repayments.cap_otherwise"
CHARGED_ANEW = "repayments.charged_anew"
NEVER_LENT = "repayments.never_lent"
# With each the sentence that was kept before there were codes, as it was kept.
_WORDS: dict[str, tuple[str | Lazy, str]] = {
    CAPPED: (
        _("Interest stopped at the principal owed when the loan ceased to perform"),
        "Interest stopped at the principal owed when the loan ceased to perform",
    ),
    LIFTED: (_("The loan performs again"), "The loan performs again"),
    CAP_OTHERWISE: (
        _("When the loan ceased to perform, or performed again, is known otherwise"),
        "When the loan ceased to perform, or performed again, is known otherwise",
    ),
    CHARGED_ANEW: (
        _("What is owed for being late was computed anew"),
        "What is owed for being late was computed anew",
    ),
    NEVER_LENT: (_("All of the loan came back"), "All of the loan came back"),
}


def register() -> None:
    """Let what is kept be said in the reader's language; once, at start-up."""
    for code, (sentence, before) in _WORDS.items():
        stored_reasons.register(code, words=_saying(sentence), before=[before])


def kept(code: str) -> str:
    """Return a reason as it is kept."""
    return stored_reasons.stored(code, "")


def _saying(sentence: str | Lazy) -> Callable[[str], str]:
    return partial(_said, sentence)


def _said(sentence: str | Lazy, _value: str) -> str:
    return str(sentence)
