"""Forms of a policy: its rows while it is written, and what is said when it moves on."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.form_fields import DayField
from apps.decisions import changes, policy_sentences, sentences
from apps.decisions.policy_inputs import INPUTS

_LONGEST_NOTE = 2_000
_LONGEST_DOCUMENT = 200_000
_SHOWN_TESTS = ("at_most", "at_least", "is", "one_of")


class RuleRow(forms.Form):
    """One rule. Nothing is checked here: the checks of the policy say what is wrong."""

    sentence = forms.CharField(label=_("What is required, as a sentence"))
    code = forms.CharField(label=_("Code"))
    input = forms.ChoiceField(label=_("Looks at"))
    test = forms.ChoiceField(label=_("Test"))
    threshold = forms.CharField(
        label=_("Threshold"),
        help_text=_("Shares as fractions: 0.5 is 50 %. Several values with commas; yes or no."),
    )
    outcome = forms.ChoiceField(label=_("Where it is not met"))
    products = forms.MultipleChoiceField(
        label=_("Only for these products"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    currencies = forms.CharField(label=_("Only in these currencies"), required=False)

    def __init__(
        self, *, initial: Mapping[str, Any], names: Mapping[str, str], prefix: str
    ) -> None:
        super().__init__(initial=dict(initial), prefix=prefix, use_required_attribute=False)
        _offer(self, "input", [(name, sentences.input_name(name)) for name in INPUTS])
        _offer(self, "test", [(name, policy_sentences.test_name(name)) for name in _SHOWN_TESTS])
        _offer(self, "outcome", _outcomes("refer", "decline"))
        _offer_products(self, names)


class BandRow(forms.Form):
    """One band of a ladder."""

    name = forms.CharField(label=_("Band"))
    start = forms.CharField(label=_("From"))
    below = forms.CharField(label=_("Below"))
    outcome = forms.ChoiceField(label=_("Outcome"))
    rate_addon = forms.CharField(label=_("Add-on to the rate"))
    most_amount = forms.CharField(
        label=_("Largest amount"), required=False, help_text=_("By currency: INR 500000; KES 90000")
    )
    longest_term_months = forms.CharField(label=_("Longest term in months"), required=False)
    beyond = forms.ChoiceField(label=_("Beyond these limits"), required=False)

    def __init__(self, *, initial: Mapping[str, Any], prefix: str) -> None:
        # `from` is a word of the language, so the field is named by its place in the page only.
        shown = {**initial, "start": initial.get("from", "")}
        super().__init__(initial=shown, prefix=prefix, use_required_attribute=False)
        _offer(self, "outcome", _outcomes("approve", "refer", "decline"))
        _offer(self, "beyond", [("", "—"), *_outcomes("refer", "decline")])

    def add_prefix(self, field_name: str) -> str:
        """Name the field as the document does."""
        return super().add_prefix("from" if field_name == "start" else field_name)


class LadderRow(forms.Form):
    """The products of a ladder and the margin round its cut-offs."""

    products = forms.MultipleChoiceField(
        label=_("Only for these products"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: for every product that no other ladder names."),
    )
    refer_margin = forms.CharField(
        label=_("Refer within this distance of a cut-off"),
        required=False,
        help_text=_("As a fraction: 0.01 is one percentage point to either side."),
    )

    def __init__(
        self, *, initial: Mapping[str, Any], names: Mapping[str, str], prefix: str
    ) -> None:
        super().__init__(initial=dict(initial), prefix=prefix, use_required_attribute=False)
        _offer_products(self, names)


class DocumentForm(forms.Form):
    """The whole document as JSON."""

    document = forms.CharField(
        label=_("The policy as JSON"),
        max_length=_LONGEST_DOCUMENT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 30, "class": "mono", "spellcheck": "false"}),
        help_text=_("All numbers as text, so that no digit is lost."),
    )

    def clean_document(self) -> dict[str, Any]:
        """Return the document; it must be an object, and may be unsound while it is a draft."""
        try:
            found = json.loads(self.cleaned_data["document"], parse_constant=_not_a_number)
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(
                _("This is not JSON: %(why)s") % {"why": error}, code="not_json"
            ) from error
        if not isinstance(found, dict):
            raise forms.ValidationError(_("The document must be an object."), code="no_object")
        return found


class ChangeRow(forms.Form):
    """One thing a declined applicant may be told to change; left empty, it is not in the table."""

    what = forms.CharField(widget=forms.HiddenInput)
    most = forms.CharField(label=_("How far at most"), required=False)
    weight = forms.CharField(label=_("Cost of going all the way"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reach = changes.REACHES.get(str(self.initial.get("what", "")))
        if reach == "switch" and not self.initial.get("most"):
            del self.fields["most"]
        elif reach == "months":
            self.fields["most"].help_text = str(_("In months."))
        else:
            self.fields["most"].help_text = str(_("As a share, such as 0.5."))


class ProposeForm(forms.Form):
    """From when a draft should decide, and why."""

    effective_from = DayField(
        label=_("In force from"),
        error_messages={"required": _("Say from which day the policy decides.")},
    )
    note = forms.CharField(
        label=_("What changes, and why"),
        max_length=_LONGEST_NOTE,
        error_messages={"required": _("Say what changes and why.")},
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, earliest: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["effective_from"].initial = earliest
        self.fields["effective_from"].widget.attrs["min"] = earliest.isoformat()


class NoteForm(forms.Form):
    """What an approver answers, or why a version is withdrawn; the service says when it must."""

    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=_LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def _not_a_number(constant: str) -> None:
    raise ValueError(constant)


def _outcomes(*names: str) -> list[tuple[str, str]]:
    return [(name, str(policy_sentences.OUTCOMES[name])) for name in names]


def _offer(form: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    """Offer choices, and what the draft holds beside them, so that nothing changes unseen."""
    held = str(form.initial.get(name, ""))
    if held not in dict(choices):
        choices = [(held, held or "—"), *choices]
    form.fields[name].choices = choices  # type: ignore[attr-defined]


def _offer_products(form: forms.Form, names: Mapping[str, str]) -> None:
    """Offer the lender's products, first what the draft holds, as it holds it.

    A browser sends boxes in the order of the page; so a draft that is only saved stays as it was.
    """
    held = dict.fromkeys(form.initial.get("products", ()))
    others = [code for code in names if code not in held]
    choices = [(code, names.get(code, code)) for code in (*held, *others)]
    form.fields["products"].choices = choices  # type: ignore[attr-defined]
