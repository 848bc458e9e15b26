"""Forms of alerts and their thresholds."""

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.loans.forms import Refusable
from apps.npa.services import Bound

PERCENT = Decimal(100)


class AcknowledgeForm(Refusable):
    """What is done about a breach."""

    note = forms.CharField(
        label=_("What is done about it"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ThresholdForm(Refusable):
    """The bound of one measure, who answers for it, and who is told."""

    bound = forms.DecimalField(
        label=_("Threshold in percent"),
        min_value=Decimal("0.0001"),
        max_value=PERCENT,
        max_digits=7,
        decimal_places=4,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    owner = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=User.objects.none(),
        help_text=_("Answers for the measure and is told by e-mail."),
    )
    webhook_url = forms.CharField(
        label=_("Webhook"),
        required=False,
        max_length=300,
        help_text=_("An address that begins with https://, at a host the operator allows."),
    )
    is_watched = forms.BooleanField(label=_("Watched"), required=False, initial=True)

    def __init__(self, *args: Any, people: "QuerySet[User]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["owner"]
        field.queryset = people

    def asked(self, measure: str) -> Bound:
        """Return what was typed; percent become a fraction."""
        given = self.cleaned_data
        return Bound(
            measure=measure,
            bound=given["bound"] / PERCENT,
            owner=given["owner"],
            webhook_url=given["webhook_url"],
            is_watched=given["is_watched"],
        )


class AlertsForm(forms.Form):
    """Which alerts are listed."""

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("All")),
            ("standing", _("Not over yet")),
            ("open", _("Not acknowledged")),
            ("acknowledged", _("Acknowledged")),
            ("over", _("Over")),
            ("unwatched", _("No longer watched")),
        ],
    )
