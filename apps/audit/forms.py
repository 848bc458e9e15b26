"""What the list of events can be narrowed to."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.audit import selectors, verbs
from apps.core.form_fields import DayField


def _verbs() -> list[tuple[str, Any]]:
    named = ((verb, f"{verb} - {text}") for verb, text in sorted(verbs.VERBS.items()))
    return [("", _("Anything")), *named]


class EventForm(forms.Form):
    """Filters of the list of events; they stand in the URL."""

    actor = forms.CharField(
        label=_("Who"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("Name or e-mail")}),
    )
    verb = forms.ChoiceField(label=_("Did"), required=False, choices=_verbs)
    subject = forms.CharField(
        label=_("To what"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "app.model:id"}),
    )
    from_date = DayField(
        label=_("From"),
        required=False,
    )
    to_date = DayField(
        label=_("To"),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a span that ends before it begins."""
        cleaned = super().clean() or {}
        start, end = cleaned.get("from_date"), cleaned.get("to_date")
        if start and end and end < start:
            self.add_error("to_date", _("This day is before the first one."))
        return cleaned

    def chosen(self) -> selectors.EventFilter:
        """Return the filters as typed; an invalid form filters by what is valid in it."""
        return selectors.EventFilter(
            **{name: value for name, value in self.cleaned_data.items() if value}
        )


class CursorForm(forms.Form):
    """Where in the list one stands: an event's number."""

    before = forms.IntegerField(min_value=0, max_value=2**63 - 1, required=False)
    after = forms.IntegerField(min_value=0, max_value=2**63 - 1, required=False)
