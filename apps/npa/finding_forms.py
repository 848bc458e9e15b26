"""The form of what was found about a loan."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.form_fields import DayField
from apps.loans.forms import Refusable
from apps.npa.services import Found


class FindingForm(Refusable):
    """What was found, since when and until when it is so, and why."""

    kind = forms.ChoiceField(label=_("What was found"))
    from_date = DayField(
        label=_("Since"),
        help_text=_("Since when it is so. It counts from the first day that is not ended yet."),
    )
    until_date = DayField(
        label=_("Until"),
        required=False,
        help_text=_("The last day; empty where nobody knows of one."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For example the report, the deed or the letter that says so, and its number."),
    )

    def __init__(self, *args: Any, choices: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["kind"]
        field.choices = choices

    def found(self) -> Found:
        """Return what was typed."""
        typed = dict(self.cleaned_data)
        kind, _mark, value = typed.pop("kind").partition(":")
        return Found(kind=kind, value=value, **typed)
