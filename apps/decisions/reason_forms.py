"""What is typed to change the managed list of reasons."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, User
from apps.core.form_fields import DayField
from apps.decisions import sentences
from apps.decisions.models import ListedReason
from apps.decisions.policy_inputs import INPUTS
from apps.decisions.services import ReasonEntry
from apps.decisions.terms_forms import LONGEST_NOTE, RefusableForm

_LONGEST_SENTENCE = 300


def _sentence(language: Any) -> forms.CharField:
    return forms.CharField(
        label=language,
        max_length=_LONGEST_SENTENCE,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Enter a sentence.")},
    )


class ReasonForm(RefusableForm):
    """A reason as a person proposes it, with its sentence in every language of the letters."""

    code = forms.SlugField(
        label=_("Code"), max_length=40, help_text=_("Small letters, figures and underscores.")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=ListedReason.Kind.choices)
    verdict = forms.ChoiceField(
        label=_("Verdict"),
        required=False,
        choices=[("", _("Either")), *ListedReason.Verdict.choices],
        help_text=_("Either only where the reason is for departing from the recommendation."),
    )
    about = forms.ChoiceField(label=_("Speaks of"), required=False)
    words_en = _sentence(_("Sentence in English"))
    words_hi = _sentence(_("Sentence in Hindi"))
    words_sw = _sentence(_("Sentence in Swahili"))
    entity = forms.ModelChoiceField(
        label=_("Lender"),
        required=False,
        queryset=Entity.objects.none(),
        empty_label=_("Every lender"),
    )
    owner = forms.CharField(
        label=_("Owner"), max_length=120, help_text=_("Who answers for this reason.")
    )
    active_from = DayField(label=_("May be given from"))
    note = forms.CharField(
        label=_("Why it is needed"),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lenders = Entity.objects.order_by("name")
        if not actor.works_everywhere:
            lenders = lenders.filter(branches=actor.branch_id)
        self.fields["entity"].queryset = lenders  # type: ignore[attr-defined]
        self.fields["about"].choices = [  # type: ignore[attr-defined]
            ("", _("No value of the applicant")),
            *((name, sentences.input_name(name)) for name in INPUTS),
        ]

    def entry(self) -> ReasonEntry:
        """Return what was proposed; call it on a valid form."""
        given = self.cleaned_data
        return ReasonEntry(
            code=given["code"],
            kind=given["kind"],
            verdict=given["verdict"],
            about=given["about"],
            words={name: given[f"words_{name}"] for name in ("en", "hi", "sw")},
            entity=given["entity"],
            owner=given["owner"],
            active_from=given["active_from"],
            note=given["note"],
        )


class EndForm(RefusableForm):
    """Until when a reason may be given, and why it ends."""

    last_day = DayField(label=_("Last day"))
    note = forms.CharField(
        label=_("Why it ends"), max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 2})
    )


class RefuseForm(RefusableForm):
    """Why a proposed reason is refused."""

    note = forms.CharField(
        label=_("Why do you refuse?"),
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
