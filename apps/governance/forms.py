"""What is typed about trainings and promotions, checked for shape."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.core.form_fields import DayField, WholeField
from apps.governance import (
    card,
    card_words,
    gate_words,
    gates,
    kinds,
    register_rules,
    register_words,
    selectors,
)
from apps.governance.models import Finding, Promotion, RegisterEntry
from apps.governance.services import Entered, Window

_LONGEST_TEXT = 2_000
# Who may answer for a model, or be named as its approver.
MODEL_PEOPLE = ("risk_analyst", "credit_manager", "model_validator", "model_approver")


def _segments() -> list[tuple[str, str]]:
    return [(name, name) for name in selectors.segments()]


class TrainForm(forms.Form):
    """Which segment and kind to train, on which loans, and which later ones to test on."""

    segment = forms.ChoiceField(label=_("Segment"), choices=_segments)
    kind = forms.ChoiceField(
        label=_("Kind of model"),
        choices=kinds.choices,
        initial=kinds.DEFAULT,
        widget=forms.RadioSelect,
    )
    from_date = DayField(
        label=_("Loans paid out from"),
    )
    to_date = DayField(
        label=_("Loans paid out before"),
        help_text=_("The model learns from loans of these dates whose outcome is known."),
    )
    holdout_to_date = DayField(
        label=_("Tested on later loans, paid out before"),
        help_text=_(
            "Loans the model has never seen. Left empty, the newest fifth of the loans above is"
            " held out of training and tested on."
        ),
        required=False,
    )

    def window(self) -> Window:
        """Return the dates entered."""
        names = ("from_date", "to_date", "holdout_to_date")
        return Window(**{name: self.cleaned_data[name] for name in names})


class ProposeForm(forms.Form):
    """Why a model should decide."""

    reason = forms.CharField(
        label=_("Why should this model decide?"),
        max_length=_LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ValidateForm(forms.Form):
    """What an independent person says of a model; `seen` is the standing the page showed."""

    seen = forms.CharField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(
        label=_("Your judgement"), choices=Promotion.Validation.choices, widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=_("What you looked at and why"),
        max_length=_LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AnswerForm(forms.Form):
    """What the approver says, from when the model decides, and until when the approval holds."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    answer = forms.CharField(
        label=_("Your answer"),
        help_text=_("What you looked at and why. A refusal needs it."),
        max_length=_LONGEST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    effective_on = DayField(
        label=_("Decides from"), help_text=_("Left empty, at once."), required=False
    )
    until = DayField(
        label=_("Approval holds until"),
        help_text=_("With open findings it needs an end."),
        required=False,
    )


class ExceptionForm(forms.Form):
    """Through which failed gate a model is let, why, and until when."""

    gate = forms.ChoiceField(label=_("Gate"))
    reason = forms.CharField(
        label=_("Why is it let through?"),
        max_length=_LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    until = DayField(label=_("Until"))

    def __init__(self, *given: Any, failed: list[str], **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["gate"].choices = gate_words.choices(failed)  # type: ignore[attr-defined]


class RenewForm(forms.Form):
    """Until when an approval holds from now on."""

    until = DayField(
        label=_("Approval holds until"),
        help_text=_("Left empty, without an end; not with open findings."),
        required=False,
    )
    reason = forms.CharField(
        label=_("Why"), max_length=_LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 2})
    )


class _PersonField(forms.ModelChoiceField):
    """Somebody who works here, by name."""

    def __init__(self, **options: Any) -> None:
        super().__init__(queryset=User.objects.none(), **options)

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.email})"


def _people() -> QuerySet[User]:
    return accounts.people(active=True).filter(groups__name__in=MODEL_PEOPLE).distinct()


class FindingForm(forms.Form):
    """What is found wanting, how severe it is, whose it is and by when."""

    severity = forms.ChoiceField(label=_("Severity"), choices=Finding.Severity.choices)
    what = forms.CharField(
        label=_("What was found"),
        max_length=_LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    owner = _PersonField(label=_("Who puts it right"))
    due_on = DayField(label=_("Due"))

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.fields["owner"].queryset = _people()  # type: ignore[attr-defined]


class CloseForm(forms.Form):
    """How a finding was put right."""

    closing = forms.CharField(
        label=_("How it was put right"),
        max_length=_LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class GatesForm(forms.Form):
    """Limits from a day on, and why."""

    effective_from = DayField(label=_("From"))
    reason = forms.CharField(
        label=_("Why"), max_length=_LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        for name, (low, high) in gates.RANGES.items():
            label = gate_words.LIMITS[name]
            self.fields[name] = (
                WholeField(label=label, min_value=int(low), max_value=int(high))
                if name in gates.WHOLE
                else forms.DecimalField(
                    label=label, min_value=Decimal(low), max_value=Decimal(high), decimal_places=4
                )
            )

    def body(self) -> dict[str, str]:
        """Return the limits entered."""
        return {name: str(self.cleaned_data[name]) for name in gates.RANGES}


class NoteForm(forms.Form):
    """Why something is refused."""

    note = forms.CharField(
        label=_("Why"), max_length=_LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 2})
    )


LIMITATIONS = 5


class DocumentForm(forms.Form):
    """What people say of a model; everything may be left for later until it is signed."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        for name in card.NAMES:
            text: Any = forms.CharField(
                label=card_words.NAMES[name],
                max_length=card.LONGEST,
                required=False,
                widget=forms.Textarea(attrs={"rows": 3}),
            )
            text.needed_when = gettext("needed to sign")
            self.fields[name] = text
        for number in range(1, LIMITATIONS + 1):
            values = {"number": number}
            self.fields[f"limitation_{number}"] = forms.CharField(
                label=gettext("Limitation %(number)s") % values,
                max_length=_LONGEST_TEXT,
                required=False,
                widget=forms.Textarea(attrs={"rows": 2}),
            )
            self.fields[f"mitigant_{number}"] = forms.CharField(
                label=gettext("What is done about limitation %(number)s") % values,
                max_length=_LONGEST_TEXT,
                required=False,
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    def body(self) -> dict[str, Any]:
        """Return what was written, limitations each with its mitigant."""
        given = self.cleaned_data
        return {
            **{name: given[name] for name in card.NAMES},
            "limitations": [
                {"limitation": given[f"limitation_{n}"], "mitigant": given[f"mitigant_{n}"]}
                for n in range(1, LIMITATIONS + 1)
            ],
        }

    @staticmethod
    def initial_of(body: Mapping[str, Any]) -> dict[str, str]:
        """Return what a draft holds, as the form's fields."""
        found = {name: body.get(name, "") for name in card.NAMES}
        for number, one in enumerate(body.get("limitations", [])[:LIMITATIONS], start=1):
            found[f"limitation_{number}"] = one["limitation"]
            found[f"mitigant_{number}"] = one["mitigant"]
        return found


class RegisterForm(forms.Form):
    """Who answers for a thing, who approves it, how much it weighs, and what else is to be said."""

    title = forms.CharField(label=_("Name"), max_length=120)
    owner = _PersonField(label=_("Who answers for it"))
    approver = _PersonField(
        label=_("Who approves it"), help_text=_("Another person than who answers for it.")
    )

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        for name in ("owner", "approver"):
            self.fields[name].queryset = _people()  # type: ignore[attr-defined]
        for name in register_rules.PARTS:
            self.fields[name] = forms.ChoiceField(
                label=register_words.PARTS[name], choices=RegisterEntry.Level.choices
            )
        for name in register_rules.TEXTS:
            self.fields[name] = forms.CharField(
                label=register_words.TEXTS[name],
                max_length=register_rules.LONGEST,
                required=False,
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    def entered(self) -> Entered:
        """Return what was entered."""
        given = self.cleaned_data
        return Entered(
            owner=given["owner"],
            approver=given["approver"],
            title=given["title"],
            levels={name: given[name] for name in register_rules.PARTS},
            texts={name: given[name] for name in register_rules.TEXTS},
        )


class AsOfForm(forms.Form):
    """The day whose register is shown."""

    on = DayField(label=_("As of"), required=False)


class VendorForm(forms.Form):
    """The name of a score that is bought."""

    name = forms.CharField(label=_("Vendor and score"), max_length=60)
