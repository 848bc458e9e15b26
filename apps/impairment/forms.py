"""What the pages of expected credit loss can be narrowed to, and what people type in."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.form_fields import DayField
from apps.impairment import wording
from apps.impairment.services import Asked
from apps.loans.forms import Refusable
from apps.portfolio.forms import SharedForm

_REASON = forms.Textarea(attrs={"rows": 3})


class LossForm(SharedForm):
    """Of which measurement, and of what part of the portfolio."""

    by: Any = None
    month = forms.ChoiceField(label=_("Measured at the end of"), required=False)
    field_order = ["lender", "month", "product", "segment", "branch", "currency"]


class MovementForm(LossForm):
    """Since which measurement it moved."""

    since = forms.ChoiceField(label=_("Since the end of"), required=False)
    field_order = ["lender", "since", "month", "product", "segment", "branch", "currency"]


class LoansForm(LossForm):
    """Which stage's loans are listed."""

    stage = forms.TypedChoiceField(
        label=_("Stage"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("All")), *((str(code), name) for code, name in wording.STAGES.items())],
    )
    field_order = ["lender", "month", "stage", "product", "segment", "branch", "currency"]


class JsonField(forms.CharField):
    """An object as JSON, changed in place."""

    def __init__(self, **kwargs: Any) -> None:
        look = {"rows": 24, "spellcheck": "false", "class": "mono"}
        super().__init__(
            max_length=20_000,
            widget=forms.Textarea(attrs=look),
            help_text=_("As JSON; numbers stand as text, so that no digit is lost."),
            **kwargs,
        )

    def clean(self, value: Any) -> Any:
        """Return what was typed as an object."""
        try:
            found = json.loads(super().clean(value))
            is_plain = _is_plain(found)
        except json.JSONDecodeError as error:
            raise forms.ValidationError(
                gettext("This is no JSON: line %(line)s, column %(column)s.")
                % {"line": error.lineno, "column": error.colno}
            ) from error
        except (RecursionError, ValueError) as error:
            # Nested beyond what is read, or a number of thousands of digits.
            raise forms.ValidationError(gettext("This is too deep or too long.")) from error
        if not is_plain:
            raise forms.ValidationError(gettext("A character here cannot be kept."))
        return found


class ParametersForm(Refusable):
    """Parameters as they stand, changed in place, from when, and why."""

    effective_from = DayField(label=_("From"))
    body = JsonField(label=_("Parameters"))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=2_000,
        widget=_REASON,
        help_text=_("About the economy and the method, with the source of what changes."),
    )

    def asked(self) -> Asked:
        """Return what was typed."""
        return Asked(**self.cleaned_data)


def _is_plain(found: Any) -> bool:
    """Say whether the database and a page can hold every character: no NUL, no half of a pair."""
    text = json.dumps(found, ensure_ascii=False)
    return "\\u0000" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


class NoteForm(Refusable):
    """Why parameters are refused."""

    note = forms.CharField(label=_("Reason"), max_length=2_000, widget=_REASON)
