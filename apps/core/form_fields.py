"""Fields that the forms of every app share."""

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

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
