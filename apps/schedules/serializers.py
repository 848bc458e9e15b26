"""What the API of quotes takes and answers."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from apps.core import money
from apps.core.api import Strict
from apps.schedules import terms as shapes
from apps.schedules.quotes import Quote, Year
from apps.schedules.terms import Row, Terms

FIRST_YEAR, LAST_YEAR = 1900, 2200
_FRACTION = "A fraction: 0.16 is 16 %."
_MOST_ROWS = 5_000
_MOST_FEES = 20
# Each has the instalments computed anew: thousands would take a worker's minute.
_MOST_TRANCHES = 100
_MOST_HOLIDAYS = 2_000
_WEEKDAYS = 7
# Named in the settings, where the API's document gets its name for this list of choices.
METHODS = [one.value for one in shapes.Method]


def _money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=18, decimal_places=2, **options)


def _rate(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=22, decimal_places=12, help_text=_FRACTION, **options
    )


def _choice(kind: type[StrEnum], default: StrEnum) -> serializers.ChoiceField:
    return _one_of([one.value for one in kind], default=default.value)


def _one_of(values: list[str], **options: Any) -> serializers.ChoiceField:
    """Return the field of one of these; what is none of them is answered with all there are."""
    sentence = format_lazy("{} {}.", _("Choose one of these:"), ", ".join(values))
    return serializers.ChoiceField(
        choices=values, error_messages={"invalid_choice": sentence}, **options
    )


def _many(child: Strict, *, most: int) -> serializers.ListSerializer[Any]:
    return serializers.ListSerializer(child=child, required=False, max_length=most)


class Day(serializers.DateField):
    """A day in a year that somebody may mean."""

    def to_internal_value(self, value: Any) -> date:
        """Return the day. Raises ValidationError."""
        day: date = super().to_internal_value(value)
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise serializers.ValidationError(_("Check the year."))
        return day


class FeeIn(Strict):
    """A fee; upfront means deducted from what is paid out."""

    code = serializers.SlugField(max_length=40)
    amount = _money()
    timing = _choice(shapes.FeeTiming, shapes.FeeTiming.UPFRONT)
    is_third_party = serializers.BooleanField(default=False)


class GraceIn(Strict):
    """How many of the first instalments pay no principal, pay no interest, are charged none."""

    principal = serializers.IntegerField(default=0)
    interest = serializers.IntegerField(default=0)
    interest_free = serializers.IntegerField(default=0)
    capitalised = serializers.BooleanField(
        default=False, help_text="Unpaid interest joins the balance; else it falls due later."
    )
    term = _choice(shapes.GraceTerm, shapes.GraceTerm.INSIDE)


class CalendarIn(Strict):
    """Days off, and where due dates go that fall on one."""

    holidays = serializers.ListField(child=Day(), max_length=_MOST_HOLIDAYS, default=list)
    weekend = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=_WEEKDAYS - 1),
        max_length=_WEEKDAYS,
        default=list,
        help_text="Weekdays; Monday is 0.",
    )
    adjustment = _choice(shapes.Adjustment, shapes.Adjustment.NONE)


class TrancheIn(Strict):
    """A part of the loan and the day it is paid out."""

    paid_on = Day()
    amount = _money()


class StepIn(Strict):
    """From instalment `first` on, instalments are `factor` times the base."""

    first = serializers.IntegerField()
    factor = serializers.DecimalField(max_digits=10, decimal_places=6)


class AgreedRowIn(Strict):
    """An agreed due date and the principal paid on it."""

    due_on = Day()
    principal = _money()


class QuoteIn(Strict):
    """Terms of a loan. Only the first four are needed."""

    principal = _money(help_text="The price or need; `down_payment` of it is not lent.")
    annual_rate = _rate()
    instalments = serializers.IntegerField(help_text="The number agreed; grace may add to it.")
    disbursed_on = Day()
    currency = _one_of(
        sorted(money.MINOR_UNITS), required=False, help_text="Your lender's where absent."
    )
    first_due_on = Day(
        required=False, allow_null=True, help_text="One period after payout where absent."
    )
    frequency = _choice(shapes.Frequency, shapes.Frequency.MONTHLY)
    method = _choice(shapes.Method, shapes.Method.EQUAL_INSTALMENT)
    day_count = _choice(shapes.DayCount, shapes.DayCount.THIRTY_360_US)
    rounding_unit = _money(
        required=False, allow_null=True, help_text="The currency's smallest unit where absent."
    )
    rounding_mode = _choice(shapes.Rounding, shapes.Rounding.HALF_UP)
    grace = GraceIn(required=False)
    first_period = _choice(shapes.FirstPeriod, shapes.FirstPeriod.AMORTISED)
    calendar = CalendarIn(required=False)
    balloon = _money(required=False, allow_null=True)
    steps = _many(StepIn(), most=_MOST_ROWS)
    rows = _many(AgreedRowIn(), most=_MOST_ROWS)
    down_payment = _money(default=Decimal(0))
    tranches = _many(TrancheIn(), most=_MOST_TRANCHES)
    fees = _many(FeeIn(), most=_MOST_FEES)

    def terms(self, *, currency: str) -> Terms:
        """Return what was given as terms; `currency` where none was given."""
        given = self.validated_data
        plain = Terms(
            principal=given["principal"],
            currency=given.get("currency", currency),
            annual_rate=given["annual_rate"],
            instalments=given["instalments"],
            disbursed_on=given["disbursed_on"],
            first_due_on=given.get("first_due_on"),
            rounding_unit=given.get("rounding_unit"),
            balloon=given.get("balloon"),
            down_payment=given["down_payment"],
        )
        return replace(plain, **_choices(given), **_parts(given))


def _choices(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "frequency": shapes.Frequency(given["frequency"]),
        "method": shapes.Method(given["method"]),
        "day_count": shapes.DayCount(given["day_count"]),
        "rounding_mode": shapes.Rounding(given["rounding_mode"]),
        "first_period": shapes.FirstPeriod(given["first_period"]),
    }


def _parts(given: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "steps": tuple(shapes.Step(**one) for one in given.get("steps", ())),
        "rows": tuple(shapes.CustomRow(**one) for one in given.get("rows", ())),
        "tranches": tuple(shapes.Tranche(**one) for one in given.get("tranches", ())),
        "fees": tuple(
            shapes.Fee(**{**one, "timing": shapes.FeeTiming(one["timing"])})
            for one in given.get("fees", ())
        ),
    }
    if "grace" in given:
        grace = given["grace"]
        found["grace"] = shapes.Grace(**{**grace, "term": shapes.GraceTerm(grace["term"])})
    if "calendar" in given:
        days = given["calendar"]
        found["calendar"] = shapes.Calendar(
            holidays=frozenset(days["holidays"]),
            weekend=frozenset(days["weekend"]),
            adjustment=shapes.Adjustment(days["adjustment"]),
        )
    return found


class QuoteRowOut(serializers.Serializer[Row]):
    """One instalment; instalment = principal + interest + fee."""

    number = serializers.IntegerField()
    due_on = serializers.DateField()
    opening = _money()
    principal = _money()
    interest = _money()
    fee = _money()
    instalment = _money()
    capitalised = _money(help_text="Interest that joins the balance instead of falling due.")
    closing = _money(help_text="opening - principal + capitalised")


class QuoteYearOut(serializers.Serializer[Year]):
    """What falls due in one calendar year."""

    year = serializers.IntegerField()
    instalments = serializers.IntegerField()
    principal = _money()
    interest = _money()
    fee = _money()
    instalment = _money()
    capitalised = _money()
    closing = _money()


class QuoteTotalsOut(serializers.Serializer[Any]):
    """Sums of the whole schedule."""

    lent = _money(source="terms.lent")
    net_disbursed = _money(help_text="What the borrower receives.")
    upfront_deductions = _money()
    principal = _money(source="total_principal")
    interest = _money(source="total_interest")
    fees = _money(source="total_fees", help_text="Third parties' included.")
    payable = _money(source="total_payable", help_text="The sum of all instalments.")


class QuoteCostOut(serializers.Serializer[Any]):
    """What the loan costs."""

    apr = _rate()
    effective_annual = _rate()
    flat_rate = _rate()
    total = _money(help_text="All interest and all fees.")


class QuoteOut(serializers.Serializer[Quote]):
    """A schedule with its cost; nothing is stored."""

    currency = serializers.CharField(source="schedule.terms.currency")
    cost = QuoteCostOut()
    totals = QuoteTotalsOut(source="schedule")
    years = QuoteYearOut(many=True)
    rows = QuoteRowOut(many=True, source="schedule.rows")
