"""The conventions of a schedule in words, for forms, pages and papers."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.schedules.terms import (
    Adjustment,
    DayCount,
    FirstPeriod,
    Frequency,
    GraceTerm,
    Method,
    Rounding,
)

METHODS: Mapping[Method, Any] = {
    Method.EQUAL_INSTALMENT: _("Equal instalments"),
    Method.EQUAL_PRINCIPAL: _("Equal principal"),
    Method.FLAT: _("Flat rate"),
    Method.INTEREST_ONLY: _("Interest only, principal at the end"),
    Method.SINGLE: _("One payment at maturity"),
    Method.BALLOON: _("Equal instalments and a balloon"),
    Method.STEPPED: _("Instalments in steps"),
    Method.CUSTOM: _("Agreed instalments"),
}
FREQUENCIES: Mapping[Frequency, Any] = {
    Frequency.MONTHLY: _("Monthly"),
    Frequency.END_OF_MONTH: _("At the end of each month"),
    Frequency.DAILY: _("Daily"),
    Frequency.WEEKLY: _("Weekly"),
    Frequency.FORTNIGHTLY: _("Every two weeks"),
    Frequency.FOUR_WEEKLY: _("Every four weeks"),
    Frequency.SEMI_MONTHLY: _("Twice a month"),
    Frequency.QUARTERLY: _("Quarterly"),
    Frequency.HALF_YEARLY: _("Half-yearly"),
    Frequency.YEARLY: _("Yearly"),
}
DAY_COUNTS: Mapping[DayCount, Any] = {
    DayCount.THIRTY_360_US: _("30/360 (US)"),
    DayCount.THIRTY_360_EU: _("30/360 (European)"),
    DayCount.ACT_365: _("actual/365"),
    DayCount.ACT_360: _("actual/360"),
    DayCount.ACT_ACT_ISDA: _("actual/actual (ISDA)"),
}
FIRST_PERIODS: Mapping[FirstPeriod, Any] = {
    FirstPeriod.AMORTISED: _("is spread over all instalments"),
    FirstPeriod.IN_FIRST_INSTALMENT: _("is paid with the first instalment"),
    FirstPeriod.UPFRONT: _("is deducted when paid out"),
}
ROUNDINGS: Mapping[Rounding, Any] = {
    Rounding.HALF_UP: _("half up"),
    Rounding.HALF_EVEN: _("half to even"),
    Rounding.UP: _("up"),
    Rounding.DOWN: _("down"),
}
ADJUSTMENTS: Mapping[Adjustment, Any] = {
    Adjustment.NONE: _("stays"),
    Adjustment.PREVIOUS: _("moves to the working day before"),
    Adjustment.NEXT: _("moves to the next working day"),
    Adjustment.MODIFIED_FOLLOWING: _("moves to the next working day within the month"),
}
GRACE_TERMS: Mapping[GraceTerm, Any] = {
    GraceTerm.INSIDE: _("count among the instalments"),
    GraceTerm.EXTENDING: _("come on top of the instalments"),
}
