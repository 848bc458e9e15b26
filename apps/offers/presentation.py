"""How offers look in lists and on pages: state, nearness of the last day, figures."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.core import dates
from apps.core.formatting import format_percent
from apps.offers import shown
from apps.offers.models import Offer
from apps.offers.selectors import SOON_DAYS

# Tone, symbol and word of a state: never by colour alone.
STATES = {
    "offered": ("progress", "hourglass", gettext_lazy("Waits for the answer")),
    "accepted": ("success", "circle-check", gettext_lazy("Accepted")),
    "taken_up": ("success", "banknote", gettext_lazy("Loan opened")),
    "declined": ("neutral", "circle-x", gettext_lazy("Declined by the applicant")),
    "withdrawn": ("neutral", "undo-2", gettext_lazy("Withdrawn by us")),
    "expired": ("neutral", "clock", gettext_lazy("Expired")),
    "superseded": ("neutral", "circle-slash", gettext_lazy("Decided anew")),
    "exited": ("neutral", "log-out", gettext_lazy("Stepped back")),
}


def row(offer: Offer, today: date) -> dict[str, Any]:
    """Return what a list shows of an offer beside its own columns."""
    return {"offer": offer, "state": state(offer, today), "left": left(offer, today)}


def state(offer: Offer, today: date) -> tuple[str, str, str]:
    """Return tone, symbol and word; what is past its day is expired before the clock ends it."""
    code = "expired" if offer.is_open and today > offer.valid_until else offer.status
    tone, symbol, word = STATES[code]
    return tone, symbol, str(word)


def left(offer: Offer, today: date) -> tuple[str, str, str] | None:
    """Return how much time there is to answer, as tone, symbol and words; None once it is over."""
    if not offer.is_open or today > offer.valid_until:
        return None
    days = (offer.valid_until - today).days
    words = (
        ngettext("%(count)d day left", "%(count)d days left", days) % {"count": days}
        if days
        else _("Last day")
    )
    is_soon = days < SOON_DAYS
    return ("warning", "alarm-clock", words) if is_soon else ("neutral", "clock", words)


def exit_until(offer: Offer, time_zone: str) -> str:
    """Return the last moment of the cooling-off time by the lender's clock; empty without one."""
    if offer.cooling_off_until is None:
        return ""
    last = dates.last_moment(offer.cooling_off_until, time_zone)
    return f"{date_format(last, 'DATETIME_FORMAT')} ({time_zone})"


def apr(offer: Offer) -> str:
    """Return the annual percentage rate as the statement shows it."""
    return format_percent(offer.apr, decimals=2)


def repaid(offer: Offer) -> dict[str, Any]:
    """Return how an offer's loan is repaid: the method, what its instalment is, the last one.

    The last one only where it is by its nature another than the others.
    """
    facts = offer.key_facts
    labels = {
        "equal_principal": _("First instalment; each later one is smaller"),
        "interest_only": _("Each instalment before the last: interest only"),
        "stepped": _("Each instalment until the first step"),
        "single": _("The one payment"),
    }
    is_apart = facts["method"] in ("interest_only", "balloon")
    return {
        "method": shown.method(facts["method"]),
        "instalment_label": labels.get(facts["method"], _("Each instalment")),
        "last_instalment": Decimal(facts["last_instalment"]) if is_apart else None,
    }
