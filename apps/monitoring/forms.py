"""What is typed about limits, plans and incidents, checked for shape."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.form_fields import DayField
from apps.governance import kinds
from apps.governance import selectors as governance
from apps.loans.forms import Refusable
from apps.monitoring import wording
from apps.monitoring.models import Incident
from apps.monitoring.services import AskedLimit, AskedPlan

_TEXT = forms.Textarea(attrs={"rows": 3})


def _segments() -> list[tuple[str, str]]:
    return [(name, name) for name in governance.segments()]


class LimitForm(Refusable):
    """One limit: of which measure, how grave, who answers, and from when."""

    segment = forms.ChoiceField(label=_("Segment"), choices=_segments)
    measure = forms.ChoiceField(label=_("Measure"), choices=list(wording.MEASURES.items()))
    level = forms.ChoiceField(label=_("Level"), choices=list(wording.LEVELS.items()))
    span = forms.ChoiceField(
        label=_("Judged"), choices=list(wording.SPANS.items()), initial="month"
    )
    bound = forms.DecimalField(
        label=_("Limit"),
        min_value=Decimal("0.000001"),
        max_digits=12,
        decimal_places=6,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text=_("Shares as fractions: 0.05 is 5 %. Times in seconds."),
    )
    stops = forms.BooleanField(
        label=_("Stops automated decisions by itself"),
        required=False,
        help_text=_("Only at the level that stops; else a person is asked to."),
    )
    is_watched = forms.BooleanField(
        label=_("Watched"),
        required=False,
        initial=True,
        help_text=_("Without it the measure is no longer judged from the day on."),
    )
    owner = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=User.objects.none(),
        help_text=_("Answers for the limit and is told by e-mail."),
    )
    webhook_url = forms.CharField(label=_("Webhook"), required=False, max_length=300)
    effective_from = DayField(label=_("From"))
    reason = forms.CharField(label=_("Reason"), max_length=1_000, widget=_TEXT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["owner"]
        field.queryset = User.objects.filter(is_active=True).order_by("name")

    def asked(self) -> AskedLimit:
        """Return what was typed."""
        return AskedLimit(**self.cleaned_data)


class PlanForm(Refusable):
    """When a segment's model is trained anew."""

    segment = forms.ChoiceField(label=_("Segment"), choices=_segments)
    on_drift = forms.BooleanField(label=_("On drift beyond a limit"), required=False, initial=True)
    every_months = forms.IntegerField(
        label=_("Every so many months"),
        min_value=0,
        max_value=60,
        initial=0,
        help_text=_("0 is never by the calendar."),
    )
    window_months = forms.IntegerField(
        label=_("Months of loans to learn from"), min_value=6, max_value=240, initial=24
    )
    kind = forms.ChoiceField(
        label=_("Kind of model"),
        choices=kinds.choices,
        initial=kinds.DEFAULT,
        widget=forms.RadioSelect,
    )
    effective_from = DayField(label=_("From"))
    reason = forms.CharField(label=_("Reason"), max_length=1_000, widget=_TEXT)

    def asked(self) -> AskedPlan:
        """Return what was typed."""
        return AskedPlan(**self.cleaned_data)


class NoteForm(Refusable):
    """Why a proposal is refused."""

    note = forms.CharField(label=_("Why"), max_length=1_000, required=False, widget=_TEXT)


class CloseForm(Refusable):
    """What was decided on an incident, and why."""

    decision = forms.ChoiceField(
        label=_("Decided"), choices=[("", "—"), *Incident.Decision.choices]
    )
    note = forms.CharField(label=_("Why"), max_length=1_000, widget=_TEXT)


class IncidentsForm(forms.Form):
    """Which incidents are listed."""

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("All")),
            ("undecided", _("Not closed")),
            ("closed", _("Closed")),
        ],
    )
