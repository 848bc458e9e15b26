"""Days and months that models are watched over, in UTC. Pure."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from apps.core import dates

# A model that was not watched for longer has its last days and months measured.
MOST_DAYS = 31
MOST_MONTHS = 36


class Span(StrEnum):
    """How long a time one row of figures covers."""

    DAY = "day"
    MONTH = "month"


def first(span: Span, day: date) -> date:
    """Return the first day of the span a day lies in."""
    return day.replace(day=1) if span is Span.MONTH else day


def after(span: Span, start: date) -> date:
    """Return the first day of the next span."""
    return dates.add_months(start, 1) if span is Span.MONTH else start + timedelta(days=1)


def before(span: Span, start: date) -> date:
    """Return the first day of the span before."""
    return dates.add_months(start, -1) if span is Span.MONTH else start - timedelta(days=1)


def moments(span: Span, start: date) -> tuple[datetime, datetime]:
    """Return when a span begins, and when the next one does."""
    return _midnight(start), _midnight(after(span, start))


def is_over(span: Span, start: date, *, now: datetime) -> bool:
    """Say whether a span has ended."""
    return moments(span, start)[1] <= now


def over(span: Span, *, since: datetime, now: datetime) -> Iterator[date]:
    """Yield the spans that are over, from that in which `since` lies, oldest first.

    Of very many only the last ones: a model that nobody watched for years is not measured anew
    day by day.
    """
    most = MOST_DAYS if span is Span.DAY else MOST_MONTHS
    last = before(span, first(span, now.astimezone(UTC).date()))
    earliest = last
    for _step in range(most - 1):
        earliest = before(span, earliest)
    start = max(first(span, since.astimezone(UTC).date()), earliest)
    while start <= last:
        yield start
        start = after(span, start)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
