"""When a borrower may be contacted about a debt: the house's hours, and those the law names. Pure.

Rule book 6.11: in India recovery contact is bounded to 08:00-19:00 from 1 January 2027; before that
day no hours bind by number. The house keeps to the same hours everywhere and from the beginning; a
law can only make them shorter.
"""

from dataclasses import dataclass
from datetime import date, datetime, time


@dataclass(frozen=True, slots=True)
class Hours:
    """From when until when, by the clock where the borrower's lender is; the end is not part."""

    opens: time
    closes: time

    def hold(self, clock: time) -> bool:
        """Say whether a time of day lies within."""
        return self.opens <= clock < self.closes


HOUSE = Hours(time(8), time(19))
# Country -> from which day on, and the hours.
_BY_LAW = {"IN": ((date(2027, 1, 1), Hours(time(8), time(19))),)}


def by_law(country: str, day: date) -> Hours | None:
    """Return the hours a country's rules name on a day, or None where they name none."""
    standing = [hours for since, hours in _BY_LAW.get(country, ()) if since <= day]
    return standing[-1] if standing else None


def breaks_law(country: str, local: datetime) -> bool:
    """Say whether a contact at a local time is outside of the hours that are law on that day."""
    hours = by_law(country, local.date())
    return hours is not None and not hours.hold(local.time())


def are_open(country: str, local: datetime) -> bool:
    """Say whether a borrower may be contacted at a local time: within house and law."""
    return HOUSE.hold(local.time()) and not breaks_law(country, local)
