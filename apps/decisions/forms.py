"""Forms of the review queue."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.applications.forms import AmountField
from apps.applications.models import Application
from apps.core.form_fields import WholeField
from apps.decisions import reason_codes, reason_list
from apps.decisions.reason_codes import Listed
from apps.decisions.services import Verdict


class VerdictForm(forms.Form):
    """Reasons and note of one verdict; `outcome` is fixed by the form one opened.

    An approval also says for how much and how long; left empty it is what was asked for.
    """

    amount = AmountField(
        label=_("Amount"),
        required=False,
        help_text=_("Less than was asked for, or another term, is a counter-offer."),
    )
    term_months = WholeField(label=_("Term in months"), required=False, min_value=1, max_value=480)
    codes = forms.MultipleChoiceField(
        label=_("Reasons"),
        error_messages={"required": _("Choose at least one reason.")},
        widget=forms.CheckboxSelectMultiple,
        help_text=_("One to four, those that weighed most."),
    )
    override_codes = forms.MultipleChoiceField(
        label=_("Why it departs from the recommendation"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only where you depart from what the policy recommends."),
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self,
        *args: Any,
        outcome: str,
        listed: Listed,
        must_justify: bool = False,
        is_override: bool = False,
        application: Application | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **{"prefix": outcome, **kwargs})
        self.outcome = outcome
        if outcome != "approve":
            del self.fields["amount"], self.fields["term_months"]
        elif application is not None:
            self.initial.update(amount=application.amount, term_months=application.term_months)
        offered = {
            "codes": reason_codes.of_verdict(listed, outcome),
            "override_codes": reason_codes.of_override(listed, outcome),
        }
        for name, codes in offered.items():
            self.fields[name].choices = [  # type: ignore[attr-defined]
                (code, reason_list.words(listed[code])) for code in codes
            ]
        if is_override:
            self.fields["override_codes"].required = True
            self.fields["override_codes"].error_messages["required"] = _(
                "This departs from what the policy recommends; choose the reason that allows it."
            )
        if must_justify:
            self.fields["note"].required = True
            self.fields["note"].error_messages["required"] = _("Say why.")
            self.fields["note"].help_text = _(
                "This departs from what the policy recommends, or nothing was scored: say why."
            )

    def verdict(self) -> Verdict:
        """Return what was given; the service says what is lacking."""
        self.is_valid()
        return Verdict(
            outcome=self.outcome,
            codes=(
                *self.cleaned_data.get("codes", ()),
                *self.cleaned_data.get("override_codes", ()),
            ),
            note=self.cleaned_data.get("note", ""),
            amount=self.cleaned_data.get("amount"),
            term_months=self.cleaned_data.get("term_months"),
        )

    def refuse(self, fields: dict[str, object]) -> None:
        """Show the service's sentences beside the fields they belong to."""
        for name, sentence in fields.items():
            if name in self.errors:
                continue
            self.add_error(name if name in self.fields else None, str(sentence))


class SendBackForm(forms.Form):
    """Why a second person does not agree."""

    note = forms.CharField(
        label=_("Why do you not agree?"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
