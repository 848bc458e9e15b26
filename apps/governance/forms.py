"""What is typed about trainings and promotions, checked for shape."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.form_fields import DayField
from apps.governance import kinds, selectors
from apps.governance.services import Window

_LONGEST_TEXT = 2_000


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


class AnswerForm(forms.Form):
    """What the approver says; needed for a refusal."""

    answer = forms.CharField(
        label=_("Your answer"),
        help_text=_("What you looked at and why. A refusal needs it."),
        max_length=_LONGEST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
