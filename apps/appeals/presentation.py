"""What facts, grounds and states of appeals are called, for pages, letters and the API."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy, ngettext

from apps.appeals import correctable, deadlines
from apps.appeals.models import Appeal
from apps.core import formatting
from apps.customers.models import Household

OWN = "own_obligations_monthly"
FACTS = {
    "net_monthly_income": gettext_lazy("Net income a month"),
    "gross_annual_income": gettext_lazy("Gross income a year"),
    "months_employed": gettext_lazy("Time in present work"),
    "obligations_monthly": gettext_lazy("Payments to others a month"),
    OWN: gettext_lazy("Payments to us a month for other loans"),
    "home": gettext_lazy("Home"),
    "bureau_report": gettext_lazy("Date of the bureau report"),
    "bureau_score": gettext_lazy("Bureau score"),
}
# How the state of an appeal looks, and its words.
STATES = {
    "received": ("info", "mail", gettext_lazy("Received")),
    "acknowledged": ("info", "mail", gettext_lazy("Waits for a person")),
    "assigned": ("progress", "user-round", gettext_lazy("With a person")),
    "awaiting_second": ("progress", "users", gettext_lazy("Awaiting second signature")),
    "upheld": ("neutral", "minus", gettext_lazy("Decision upheld")),
    "changed": ("success", "circle-check", gettext_lazy("Decision changed")),
    "partly_changed": ("success", "circle-check", gettext_lazy("Decision changed in part")),
    "withdrawn": ("neutral", "undo-2", gettext_lazy("Withdrawn")),
    "overtaken": ("neutral", "circle-slash", gettext_lazy("Decided again for another cause")),
}
# Tone, symbol and word of how near the last day is: never by colour alone.
NEAR = {
    "late": ("danger", "alarm-clock", gettext_lazy("Late")),
    "soon": ("warning", "hourglass", gettext_lazy("Due soon")),
    "in_time": ("neutral", "clock", gettext_lazy("In time")),
}


def fact_name(code: str) -> str:
    """Return what a fact is called."""
    return str(FACTS.get(code, code))


def fact_value(code: str, text: str, currency: str) -> str:
    """Return a kept value as people read it; a dash for what is unknown."""
    if not text:
        return "—"
    try:
        return _shown(code, text, currency)
    except (ValueError, InvalidOperation):
        return text


def near(appeal: Appeal, today: date) -> deadlines.Nearness | None:
    """Return how near the last day of an open appeal is; None for one that has ended."""
    if not appeal.is_open:
        return None
    return deadlines.nearness(received=appeal.received_date, due=appeal.due_date, today=today)


def row(appeal: Appeal, today: date) -> dict[str, Any]:
    """Return an appeal with its looks, as lists and pages show it."""
    nearness = near(appeal, today)
    return {
        "appeal": appeal,
        "application": appeal.application,
        "state": STATES[appeal.status],
        "near": None if nearness is None else NEAR[nearness],
        "days": (appeal.due_date - today).days,
        "left": None if nearness is None else time_left(appeal.due_date, today),
    }


def time_left(due: date, today: date) -> str:
    """Return how long there is until the last day, or since it passed, in words."""
    days = (due - today).days
    if days < 0:
        return ngettext("%(count)d day late", "%(count)d days late", -days) % {"count": -days}
    return ngettext("%(count)d day left", "%(count)d days left", days) % {"count": days}


def comparison(
    before: dict[str, str], after: dict[str, str], currency: str
) -> list[dict[str, Any]]:
    """Return every fact with its value before and after, those that changed at the head.

    What is paid to us is none where nothing is.
    """
    moved = set(correctable.moved(before, after))
    absent = {code for code in (OWN,) if not before.get(code) and not after.get(code)}
    rows = [
        {
            "name": fact_name(code),
            "before": fact_value(code, before.get(code, ""), currency),
            "after": fact_value(code, after.get(code, ""), currency),
            "changed": code in moved,
        }
        for code in FACTS
        if code not in absent
    ]
    return sorted(rows, key=lambda one: not one["changed"])


def _shown(code: str, text: str, currency: str) -> str:
    if code == "home":
        return str(dict(Household.Home.choices).get(text, text))
    if code == "bureau_report":
        return date_format(date.fromisoformat(text), "j F Y")
    if code == "bureau_score":
        return text
    if code == "months_employed":
        months = int(text)
        return ngettext("%(count)d month", "%(count)d months", months) % {"count": months}
    return formatting.format_money(Decimal(text), currency)
