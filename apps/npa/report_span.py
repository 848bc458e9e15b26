"""The days that a report for the audit committee is about, where its reader works."""

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from apps.accounts.models import User
from apps.core import dates


@dataclass(frozen=True, kw_only=True)
class Span:
    """The days that a report is about, and their first and last moments where its reader works."""

    start: date
    end: date
    first: datetime
    last: datetime

    def holds(self, moment: datetime | None) -> bool:
        """Say whether something was done in the span."""
        return moment is not None and self.first <= moment <= self.last


def span(actor: User, start: date, end: date) -> Span:
    """Return a span as days of the lender that the reader works for."""
    zone = actor.branch.entity.time_zone
    return Span(
        start=start,
        end=end,
        first=datetime.combine(start, time.min, ZoneInfo(zone)),
        last=dates.last_moment(end, zone),
    )
