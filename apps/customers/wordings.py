"""The texts a customer consents to. A text is never edited; a new one gets a new version."""

from django.utils.translation import gettext_lazy as _

from apps.customers.models import Consent

CURRENT = "2026-11"
CHANNELS = {
    "paper": _("Signed on paper"),
    "screen": _("On our screen at the branch"),
    "telephone": _("By telephone"),
    "message": _("By a confirmed message"),
    "online": _("Online"),
}
# The API speaks in codes.
CHANNEL_CODES = [(code, code) for code in CHANNELS]
_PURPOSE = Consent.Purpose
TEXTS = {
    (_PURPOSE.CREDIT_ASSESSMENT.value, "2026-11"): _(
        "I agree that the lender uses the data I have given about my identity, income, household "
        "and debts to assess whether and on which terms it can lend to me. I can withdraw this at "
        "any time; then my application cannot be assessed further."
    ),
    (_PURPOSE.BUREAU_ENQUIRY.value, "2026-11"): _(
        "I agree that the lender asks a credit bureau for a report about me and uses it for my "
        "application. I can withdraw this at any time for the future."
    ),
    (_PURPOSE.AUTOMATED_DECISION.value, "2026-11"): _(
        "I agree that a decision on my application may be made by automated means. I can ask that "
        "a person reviews it, give my view and contest the decision."
    ),
    (_PURPOSE.CONTACT.value, "2026-11"): _(
        "I agree that the lender contacts me by telephone, message and e-mail about my "
        "application and my loans. I can withdraw this at any time."
    ),
    (_PURPOSE.FAIRNESS_MONITORING.value, "2026-11"): _(
        "I agree that the lender keeps what I say about myself here, apart from all other data, "
        "only to check that its decisions treat groups of people fairly. It has no influence on "
        "any decision about me. When I withdraw this, it is deleted."
    ),
}


def text(purpose: str, version: str) -> str | None:
    """Return the words of a version, or None where there is no such version."""
    words = TEXTS.get((purpose, version))
    return str(words) if words is not None else None
