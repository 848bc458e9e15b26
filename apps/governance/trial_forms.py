"""What is typed about trials of models, checked for shape."""

from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.form_fields import DayField
from apps.governance import trials
from apps.governance.models.trials import MOST_SHARE
from apps.governance.services import Plan
from apps.scoring.models import ModelVersion, Placement

_LONGEST_TEXT = 2_000
_HUNDRED = Decimal(100)
_MOST_SHARE = f"{MOST_SHARE * _HUNDRED:.0f}"


def _text(label: Any, **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=_LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        **options,
    )


def _share(label: Any, *, most: str = "99.9", **options: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        max_digits=4,
        decimal_places=1,
        min_value=Decimal("0.1"),
        max_value=Decimal(most),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        **options,
    )


class _Model(forms.ModelChoiceField):
    def label_from_instance(self, obj: ModelVersion) -> str:
        return f"{obj} - {obj.name}"


class TrialForm(forms.Form):
    """Which model to try, how, until when; of a challenger what the trial is to tell apart."""

    model = _Model(label=_("Model"), queryset=ModelVersion.objects.none())
    kind = forms.ChoiceField(
        label=_("Try it as"),
        choices=Placement.Kind.choices,
        initial=Placement.Kind.SHADOW,
        widget=forms.RadioSelect,
        help_text=_("A shadow scores beside the champion. A challenger decides its share."),
    )
    until = DayField(
        label=_("Last day"),
        help_text=_("In UTC. The trial ends by itself when this day is over."),
    )
    share = _share(
        _("Share of traffic in per cent"),
        most=_MOST_SHARE,
        required=False,
        help_text=_("At most 50; the champion decides at least as many."),
    )
    baseline = _share(
        _("Default rate of the champion in per cent"),
        required=False,
        help_text=_("What you expect of loans the champion approves."),
    )
    difference = _share(
        _("Least difference to be seen, in percentage points"),
        required=False,
        help_text=_("A smaller difference may stay unseen."),
    )
    power = _share(_("Probability to see it, in per cent"), required=False, initial=Decimal(80))
    reason = _text(_("What is the trial to find out?"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["model"].queryset = trials.to_try()  # type: ignore[attr-defined]  # a choice of models

    def plan(self) -> Plan:
        """Return the plan entered; what only a challenger has is left out of a shadow's."""
        given = self.cleaned_data
        is_challenger = given["kind"] == Placement.Kind.CHALLENGER
        names = ("share", "baseline", "difference", "power")
        shares = {
            name: None if given[name] is None or not is_challenger else given[name] / _HUNDRED
            for name in names
        }
        until = datetime.combine(given["until"], time.max, tzinfo=timezone.get_fixed_timezone(0))
        return Plan(kind=given["kind"], until=until.replace(microsecond=0), **shares)


class ShareForm(forms.Form):
    """Another share of the traffic, and why."""

    share = _share(_("New share of traffic in per cent"), most=_MOST_SHARE)
    reason = _text(_("Why?"))

    def fraction(self) -> Decimal:
        """Return the share entered, between 0 and 1."""
        return Decimal(self.cleaned_data["share"]) / _HUNDRED


class TrialAnswerForm(forms.Form):
    """What the approver says; a refusal needs it."""

    answer = _text(_("Your answer"), required=False)


class StopForm(forms.Form):
    """Why a trial is stopped."""

    reason = _text(_("Why is it stopped?"))


class NoteForm(forms.Form):
    """What was found about an incident."""

    note = _text(_("What was found and done?"))
