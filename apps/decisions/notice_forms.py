"""What is typed to tell an applicant what is missing."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.form_fields import DayField
from apps.decisions.services.missing import Missing
from apps.decisions.services.notices import MISSING
from apps.decisions.terms_forms import RefusableForm

LONGEST_TEXT = 1_000


class MissingForm(RefusableForm):
    """What is missing, from a list and in own words, and until when it is waited for."""

    codes = forms.MultipleChoiceField(
        label=_("What is missing"),
        choices=[(code, words) for code, words in MISSING.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    also = forms.CharField(
        label=_("Also missing"),
        help_text=_("One thing a line, in the applicant's language. It stands in the letter."),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        max_length=LONGEST_TEXT,
    )
    until = DayField(label=_("Until when"))

    def missing(self) -> Missing:
        """Return what was typed."""
        given = self.cleaned_data
        lines = [line.strip() for line in given["also"].splitlines()]
        return Missing(
            codes=given["codes"], also=[line for line in lines if line], until=given["until"]
        )
