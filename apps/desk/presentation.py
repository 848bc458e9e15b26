"""A case's place in the queue as people read it: how late, and why it stands where it stands."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core import formatting
from apps.decisions import sentences
from apps.decisions.models import Rank, ReviewCase

# With less than this part of the service level left, a case is soon due.
_SOON = 4


@dataclass(frozen=True)
class Standing:
    """What is shown of one case's place: a word, how it looks, and its working in sentences."""

    word: str
    tone: str
    symbol: str
    working: tuple[str, ...]


def standing(case: ReviewCase, *, now: datetime) -> Standing:
    """Return the place of a case read by `selectors.page` (or bare, then without names)."""
    word, tone, symbol = _state(case, now)
    return Standing(word, tone, symbol, tuple(_working(case)))


def level_words(service: dict[str, Any], currency: str) -> str:
    """Return what a stored service level is for, in words."""
    parts = []
    if service.get("cause"):
        parts.append(_("for “%(reason)s”") % {"reason": sentences.cause(service["cause"])})
    if service.get("product"):
        parts.append(_("for the product %(code)s") % {"code": service["product"]})
    if Decimal(service.get("from_amount", "0")):
        amount = formatting.format_money(Decimal(service["from_amount"]), currency)
        parts.append(_("from %(amount)s on") % {"amount": amount})
    return ", ".join(parts) or _("for every case")


def duration(span: timedelta) -> str:
    """Return a span in days and hours, or minutes below an hour."""
    minutes = max(0, int(span.total_seconds()) // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours = rest // 60
    if days:
        return _("%(days)s d %(hours)s h") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)s h") % {"hours": hours}
    return _("%(minutes)s min") % {"minutes": rest}


def _state(case: ReviewCase, now: datetime) -> tuple[str, str, str]:
    if case.paused_at is not None:
        return _("Clock stands still"), "neutral", "circle-pause"
    if not case.service:
        return _("No service level"), "neutral", "clock"
    left = case.due_at - now
    if left < timedelta(0):
        return _("%(span)s late") % {"span": duration(-left)}, "danger", "alarm-clock"
    soon = left < timedelta(hours=case.service["hours"]) / _SOON
    return _("%(span)s left") % {"span": duration(left)}, "warning" if soon else "info", "clock"


def _working(case: ReviewCase) -> list[str]:
    lines = []
    if case.rank == Rank.ESCALATED:
        to = getattr(case, "escalated_to", None)
        lines.append(
            _("Escalated to %(name)s: before all that are not.") % {"name": to}
            if to
            else _("Escalated: before all that are not.")
        )
    if case.rank == Rank.WAITING:
        lines.append(_("Waits for information: after all that do not, and the clock stands still."))
    if not case.service:
        lines.append(_("The lender has set no service level: in the order of arrival."))
        return lines
    hours = case.service["hours"]
    level = ngettext("Service level %(hours)s hour", "Service level %(hours)s hours", hours)
    about = level_words(case.service, case.application.branch.entity.currency)
    lines.append(f"{level % {'hours': hours}}, {about}.")
    lines.append(_("Owner: %(name)s.") % {"name": case.service["owner"]})
    stood = case.due_at - case.opened_at - timedelta(hours=hours)
    if stood > timedelta(minutes=1):
        lines.append(_("The clock stood still for %(span)s.") % {"span": duration(stood)})
    return lines
