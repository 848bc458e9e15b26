"""Words and figures of offers as people read them, in the language that is active."""

from datetime import date
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.formatting import format_percent
from apps.products.models import Conditions, Fee
from apps.schedules.terms import Method
from apps.schedules.words import METHODS


def day(value: date) -> str:
    """Return a date that cannot be misread."""
    return date_format(value, "j F Y")


def short_day(value: date) -> str:
    """Return a date for a narrow column, as statements that were frozen before write it."""
    return date_format(value, "j M Y")


def months(count: int) -> str:
    """Return a number of months in words."""
    return ngettext("%(count)d month", "%(count)d months", count) % {"count": count}


def days(count: int) -> str:
    """Return a number of days in words."""
    return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}


def per_year(rate: Decimal) -> str:
    """Return a yearly rate in per cent."""
    return _("%(rate)s a year") % {"rate": format_percent(rate, decimals=2)}


def frequency(code: str) -> str:
    """Return how often instalments are due."""
    return str(Conditions.Frequency(code).label)


def method(code: str) -> str:
    """Return how the principal comes back."""
    return str(METHODS[Method(code)])


def day_count(code: str) -> str:
    """Return how days are counted for interest."""
    return str(Conditions.DayCount(code).label)


def first_period(code: str) -> str:
    """Return who pays for a longer first period."""
    return str(Conditions.FirstPeriod(code).label)


def fee_timing(code: str) -> str:
    """Return when a fee is paid."""
    return str(Fee.Timing(code).label)


def bucket(code: str) -> str:
    """Return what a payment is taken for."""
    return str(Conditions.Bucket(code).label)
