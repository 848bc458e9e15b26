"""The form of what was found about a loan."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.form_fields import DayField
from apps.loans.forms import Refusable
from apps.npa.findings import MOST_MONTHS, Kind
from apps.npa.services import Found


class FindingForm(Refusable):
    """What was found, since when and until when it is so, and why."""

    kind = forms.ChoiceField(label=_("What was found"))
    months = forms.IntegerField(
        label=_("Length of the crop season in months"),
        required=False,
        min_value=1,
        max_value=MOST_MONTHS,
        help_text=_("For a crop season only: from sowing to harvest."),
    )
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

    def clean(self) -> dict[str, Any]:
        """Ask for the length of a crop season, and of nothing else."""
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        kind = typed.get("kind", "").partition(":")[0]
        if kind == Kind.CROP_SEASON and not typed.get("months") and "months" not in self.errors:
            self.add_error("months", _("Say how many months the crop season takes."))
        if kind and kind != Kind.CROP_SEASON and typed.get("months"):
            self.add_error("months", _("Only a crop season has a length."))
        return typed

    def found(self) -> Found:
        """Return what was typed."""
        typed = dict(self.cleaned_data)
        kind, _mark, value = typed.pop("kind").partition(":")
        months = typed.pop("months")
        return Found(kind=kind, value=value if months is None else str(months), **typed)
