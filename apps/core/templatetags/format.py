"""Filters that write money, shares, dates and ages. A missing value is an em dash, never a zero."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.core import formatting

register = template.Library()
MISSING = "\u2014"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
Value = TypeVar("Value")
Options = ParamSpec("Options")


def _dash_if_missing(
    write: Callable[Concatenate[Value, Options], str],
) -> Callable[Concatenate[Value | None, Options], str]:
    """Return `write` extended to None, and to the empty text of an unknown template variable."""

    @wraps(write)
    def written(value: Value | None, *args: Options.args, **kwargs: Options.kwargs) -> str:
        return MISSING if value is None or value == "" else write(value, *args, **kwargs)

    return written


@register.filter
@_dash_if_missing
def money(amount: Decimal | int, currency: str) -> str:
    """Write an amount with its currency: `{{ loan.amount|money:loan.currency }}`."""
    return formatting.format_money(_exact(amount), currency)


@register.simple_tag(name="money")
def money_tag(amount: Decimal | int | None, currency: str) -> SafeString:
    """Write an amount as the filter does, in an element with tabular figures that never breaks."""
    return format_html('<span class="money">{}</span>', money(amount, currency))


@register.filter
@_dash_if_missing
def amount(value: Decimal | int, currency: str) -> str:
    """Write an amount without its currency, for a column whose heading names it."""
    return formatting.format_amount(_exact(value), currency)


@register.filter
@_dash_if_missing
def percent(share: Decimal | float, decimals: int = 1) -> str:
    """Write a fraction in per cent: 0.1234 becomes 12.3 %."""
    return formatting.format_percent(share, decimals=decimals)


@register.filter
@_dash_if_missing
def rate(fraction: Decimal, decimals: int = 2) -> str:
    """Write a yearly rate of interest: 0.145 becomes 14.50 % p.a."""
    figure = formatting.format_percent(fraction, decimals=decimals)
    return _("%(figure)s p.a.") % {"figure": figure}


@register.filter
@_dash_if_missing
def number(value: Decimal | float, decimals: int = 0) -> str:
    """Write a count or measure in groups of three digits."""
    return formatting.format_number(value, decimals=decimals)


@register.filter
@_dash_if_missing
def day(value: date) -> str:
    """Write a date that cannot be misread: 21 Nov 2026. A datetime is taken in the current zone."""
    if isinstance(value, datetime):
        value = timezone.localtime(value) if timezone.is_aware(value) else value
    return formats.date_format(value)


@register.filter
@_dash_if_missing
def moment(value: datetime) -> SafeString:
    """Write date and time in the current zone, in a `<time>` that also holds the exact instant."""
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return format_html(
        '<time class="nowrap" datetime="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        formats.date_format(local, "DATETIME_FORMAT"),
    )


@register.filter
@_dash_if_missing
def age(value: datetime, now: datetime | None = None) -> SafeString:
    """Write how long ago `value` was in one short unit: 12 min, 3 h, 2 d, 5 mo."""
    moment_now = now or timezone.now()
    seconds = int((moment_now - value).total_seconds())
    return format_html(
        '<time class="nowrap num" datetime="{}" title="{}">{}</time>',
        value.isoformat(timespec="seconds"),
        formats.date_format(timezone.localtime(value), "DATETIME_FORMAT"),
        _in_words(seconds),
    )


def _in_words(seconds: int) -> str:
    if seconds < 0:
        return _("in %(duration)s") % {"duration": _duration(-seconds)}
    return _duration(seconds)


def _duration(seconds: int) -> str:
    if seconds < _MINUTE:
        return _("under 1 min")
    steps = [
        (_HOUR, _MINUTE, _("%(count)s min")),
        (2 * _DAY, _HOUR, _("%(count)s h")),
        (60 * _DAY, _DAY, _("%(count)s d")),
        (730 * _DAY, 30 * _DAY, _("%(count)s mo")),
    ]
    for limit, unit, pattern in steps:
        if seconds < limit:
            return pattern % {"count": seconds // unit}
    return _("%(count)s y") % {"count": seconds // (365 * _DAY)}


def _exact(value: Decimal | int) -> Decimal:
    # An int is exact; a float is passed on, so that the one rule against floats refuses it.
    return Decimal(value) if isinstance(value, int) else value
