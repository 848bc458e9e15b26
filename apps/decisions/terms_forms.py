"""What is typed to change a decided request and to ask for an exception to a decline."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.applications.forms import AmountField
from apps.core.form_fields import WholeField
from apps.decisions.models import OverrideReason
from apps.decisions.services import OverrideEntry, Terms

LONGEST_NOTE = 2_000
LONGEST_TERM_MONTHS = 480


class RefusableForm(forms.Form):
    """A form that also shows what a service refuses, beside the field it belongs to."""

    def refuse(self, fields: dict[str, object]) -> None:
        """Show the service's sentences."""
        for name, sentence in fields.items():
            if name not in self.errors:
                self.add_error(name if name in self.fields else None, str(sentence))


class ChangeForm(RefusableForm):
    """The terms of a decided request as the customer wants them now."""

    amount = AmountField(label=_("Amount"))
    term_months = WholeField(label=_("Term in months"), min_value=1, max_value=LONGEST_TERM_MONTHS)
    version = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)


class OverrideForm(RefusableForm):
    """What is to be lent in spite of the decline, and why."""

    amount = AmountField(label=_("Amount"), help_text=_("At most what was asked for."))
    term_months = WholeField(label=_("Term in months"), min_value=1, max_value=LONGEST_TERM_MONTHS)
    reason = forms.ChoiceField(
        label=_("Reason"), choices=[("", _("Choose")), *OverrideReason.choices]
    )
    note = forms.CharField(
        label=_("Why an exception is right"),
        max_length=LONGEST_NOTE,
        error_messages={"required": _("Say why an exception is right.")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"prefix": "override", **kwargs})

    def entry(self) -> OverrideEntry:
        """Return what was asked for; call it on a valid form."""
        given = self.cleaned_data
        return OverrideEntry(
            terms=Terms(given["amount"], given["term_months"]),
            reason=given["reason"],
            note=given["note"],
        )


class OverrideRefusalForm(RefusableForm):
    """Why an exception is refused."""

    note = forms.CharField(
        label=_("Why do you refuse?"),
        max_length=LONGEST_NOTE,
        error_messages={"required": _("Say why you refuse.")},
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"prefix": "refusal", **kwargs})
