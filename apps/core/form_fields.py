"""Fields that the forms of every app share."""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy as _

from apps.core import formatting

FIRST_YEAR, LAST_YEAR = 1900, 2200


class DayField(forms.DateField):
    """A day; the browser offers a calendar."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": _("Enter a day of the calendar, for example 2027-01-31."),
        "required": _("Enter the day."),
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault("input_formats", ["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y"])
        options.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(**options)

    def to_python(self, value: Any) -> date | None:
        """Return the day; raise ValidationError for years nobody means."""
        day = super().to_python(value)
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValidationError(_("Check the year."))
        return day


# What Django tells apart of a number that is refused; a person has to know one thing: the range.
_OUT_OF_RANGE = (
    *("invalid", "min_value", "max_value"),
    *("max_digits", "max_decimal_places", "max_whole_digits"),
)


class _Range:
    """All that may be typed into a field for numbers, in one sentence, whatever is wrong."""

    def __init__(self, field: Any, pattern: Any) -> None:
        self._field = field
        self._pattern = pattern

    def __str__(self) -> str:
        places = getattr(self._field, "decimal_places", 0)
        smallest = Decimal(1).scaleb(-places)
        most = self._field.max_value
        if most is None:
            most = Decimal(10) ** (self._field.max_digits - places) - smallest
        return str(self._pattern) % {
            "least": _figure(self._field.min_value),
            "most": _figure(most),
            "places": places,
        }


def _figure(value: Decimal | int) -> str:
    """Return a bound in groups of three digits, with the decimals that it has."""
    exact = Decimal(value).normalize()
    return formatting.format_number(exact, decimals=max(0, -int(exact.as_tuple().exponent)))


def _said_by(field: forms.Field, pattern: Any) -> None:
    """Let a field answer whatever is out of its range with its own sentence of what it takes."""
    sentence = lazystr(_Range(field, pattern))
    field.error_messages.update(dict.fromkeys(_OUT_OF_RANGE, sentence))


class MoneyField(forms.DecimalField):
    """An amount of money; what is refused is answered with what may be typed."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_digits", 18)
        options.setdefault("decimal_places", 2)
        options.setdefault("min_value", Decimal(0))
        options.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal"}))
        super().__init__(**options)
        pattern = _(
            "Write an amount from %(least)s to %(most)s in digits, with at most %(places)s"
            " decimals, for example 45000.00."
        )
        _said_by(self, pattern)


class PercentField(forms.DecimalField):
    """A rate a year in per cent; what is refused is answered with what may be typed."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("min_value", Decimal(0))
        options.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal"}))
        super().__init__(**options)
        pattern = _(
            "Write the rate in per cent a year, from %(least)s to %(most)s, with at most"
            " %(places)s decimals, for example 14.5."
        )
        _said_by(self, pattern)


class FactorField(forms.DecimalField):
    """A number that multiplies; what is refused is answered with what may be typed."""

    def __init__(self, *, max_value: Decimal, **options: Any) -> None:
        places = 6
        least = Decimal(1).scaleb(-places)
        super().__init__(min_value=least, max_value=max_value, decimal_places=places, **options)
        pattern = _(
            "Write a number from %(least)s to %(most)s, with at most %(places)s decimals, for"
            " example 1.5."
        )
        _said_by(self, pattern)


class WholeField(forms.IntegerField):
    """A whole number between two bounds; what is refused is answered with what may be typed."""

    def __init__(self, *, min_value: int, max_value: int, **options: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **options)
        _said_by(self, _("Write a whole number from %(least)s to %(most)s."))
