"""Forms of a class that people set instead of the rules."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.form_fields import DayField
from apps.loans.forms import Refusable
from apps.npa import override_lifecycle, wording
from apps.npa.services import Asked

_REASON = forms.Textarea(attrs={"rows": 3})


class OverrideForm(Refusable):
    """Which class, from when until when, and why."""

    asset_class = forms.ChoiceField(label=_("Class instead"))
    from_date = DayField(label=_("From"))
    until_date = DayField(
        label=_("Until"),
        help_text=_("The last day; at most %(days)s days after the first.")
        % {"days": override_lifecycle.MOST_DAYS},
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=2_000,
        widget=_REASON,
        help_text=_("For example an error of posting, with the number of its ticket."),
    )

    def __init__(self, *args: Any, codes: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["asset_class"]
        named = [(code, wording.asset_class(code)) for code in codes]
        field.choices = [("", _("Choose")), *named]

    def asked(self) -> Asked:
        """Return what was typed."""
        return Asked(**self.cleaned_data)


class NoteForm(Refusable):
    """Why something is refused."""

    note = forms.CharField(label=_("Reason"), max_length=2_000, widget=_REASON)


class EndForm(Refusable):
    """Why an override ends before its time."""

    reason = forms.CharField(label=_("Reason"), max_length=2_000, widget=_REASON)


class StateForm(forms.Form):
    """Which overrides are listed."""

    state = forms.ChoiceField(label=_("State"), required=False)

    def __init__(self, *args: Any, states: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["state"]
        field.choices = [
            ("", _("All")),
            ("waiting", _("All that waits for another person")),
            *states,
        ]


class SpanForm(forms.Form):
    """The days a report is about."""

    start = DayField(label=_("From"))
    end = DayField(label=_("To"))

    def clean(self) -> dict[str, Any]:
        """Refuse a span that ends before it begins."""
        cleaned = super().clean() or {}
        start, end = cleaned.get("start"), cleaned.get("end")
        if start and end and end < start:
            self.add_error("end", _("This day is before the first one."))
        return cleaned
