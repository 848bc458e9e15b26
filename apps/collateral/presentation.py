"""What states and roles of collateral are called and look like."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import User
from apps.collateral import selectors
from apps.collateral.liability import Role
from apps.collateral.models import Item, Lien
from apps.collateral.selectors import SOON, Exposure, Line
from apps.collateral.worths import Worth
from apps.core import masking

# Tone, symbol and word: never by colour alone.
STATES = {
    "proposed": ("info", "file-text", gettext_lazy("Proposed")),
    "pledged": ("progress", "shield", gettext_lazy("Pledged")),
    "perfected": ("success", "circle-check", gettext_lazy("Perfected")),
    "released": ("neutral", "undo-2", gettext_lazy("Released")),
    "invoked": ("danger", "octagon-alert", gettext_lazy("Invoked")),
    "withdrawn": ("neutral", "minus", gettext_lazy("Withdrawn")),
}
LIENS = {
    "standing": ("success", "circle-check", gettext_lazy("Stands")),
    "released": ("neutral", "undo-2", gettext_lazy("Released")),
    "dropped": ("neutral", "minus", gettext_lazy("Dropped")),
}
ROLES = {
    Role.BORROWER: gettext_lazy("Borrower"),
    Role.CO_BORROWER: gettext_lazy("Co-borrower"),
    Role.GUARANTOR: gettext_lazy("Guarantor"),
}
Mark = tuple[str, str, str]


def row(found: Worth, *, sees_customers: bool) -> dict[str, Any]:
    """Return an item with its worth and its marks, as lists and pages show it."""
    item = found.item
    return {
        "item": item,
        "worth": found,
        "state": STATES[item.status],
        "owner": owner(item, sees_customers=sees_customers),
        "registration": masking.tail(item.registration),
        "valuation": valuation_mark(found) if item.is_live else None,
        "insurance": insurance_mark(found) if item.is_live else None,
    }


def owner(item: Item, *, sees_customers: bool) -> str:
    """Return whose an item is: a customer number, or a name for who may see customers."""
    if item.owner is not None:
        return item.owner.number
    return str(item.owner_name) if sees_customers else masking.name(item.owner_name)


def valuation_mark(found: Worth) -> Mark:
    """Return tone, symbol and words of how long the valuation holds."""
    if found.valuation is None:
        return ("danger", "circle-x", _("Not valued"))
    return _until(found.valuation.valid_until, found.on)


def insurance_mark(found: Worth) -> Mark | None:
    """Return tone, symbol and words of how long the insurance runs; None where none is needed."""
    if found.insurance is None:
        needed = found.terms.needs_insurance
        return ("danger", "circle-x", _("Not insured")) if needed else None
    return _until(found.insurance.valid_until, found.on)


def _until(day: date, on: date) -> Mark:
    said = date_format(day)
    if day < on:
        return ("danger", "alarm-clock", _("Ran out %(day)s") % {"day": said})
    if day <= on + SOON:
        return ("warning", "hourglass", _("Until %(day)s") % {"day": said})
    return ("neutral", "clock", _("Until %(day)s") % {"day": said})


def charges(found: Worth, liens: Iterable[Lien], *, actor: User) -> list[dict[str, Any]]:
    """Return the liens of an item with what each gets, as its page shows them to a person.

    Which application a lien secures only who may see that application is told.
    """
    listed = list(liens)
    seen = selectors.seen(actor, listed)
    shares, realised = found.shares, found.realised
    return [
        {
            "lien": lien,
            "state": LIENS[lien.status],
            "is_seen": lien.application_id in seen,
            "share": shares.get(lien.pk),
            "realised": realised.get(lien.pk),
        }
        for lien in listed
    ]


def exposure(found: Exposure, *, most: int) -> dict[str, Any]:
    """Return a person's lines with the words for their roles, at most so many, and the totals."""
    return {
        "lines": [(line, ROLES[line.role], liable(line)) for line in found.lines[:most]],
        "hidden": max(0, len(found.lines) - most),
        "totals": found.totals,
    }


def liable(line: Line) -> str:
    """Return for how much somebody is liable, in words; nothing for the borrower."""
    return liable_for(line.role, line.share)


def liable_for(role: Role, share: Decimal | None) -> str:
    """Return for how much somebody in a role is liable, in words; nothing for the borrower."""
    if role == Role.BORROWER:
        return ""
    if share is None:
        return _("Jointly and severally")
    figure = f"{share * 100:.2f}".rstrip("0").rstrip(".")
    return _("For %(share)s %%") % {"share": figure}
