"""Forms of a release from a reserve that needs the regulator's leave."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.form_fields import DayField
from apps.loans.forms import Refusable
from apps.npa.services import Wish

_REASON = forms.Textarea(attrs={"rows": 3})


class ReleaseForm(Refusable):
    """How much, by which letter, and why."""

    amount = forms.DecimalField(label=_("Amount"), max_digits=20, decimal_places=2)
    leave_reference = forms.CharField(
        label=_("Reference of the regulator's letter"),
        max_length=120,
        help_text=_("The letter in which the regulator permits this release."),
    )
    leave_date = DayField(label=_("Date of the letter"))
    reason = forms.CharField(label=_("Reason"), max_length=2_000, widget=_REASON)

    def wish(self) -> Wish:
        """Return what was typed."""
        return Wish(**self.cleaned_data)


class RefusalForm(Refusable):
    """Why a release is refused."""

    note = forms.CharField(label=_("Reason"), max_length=2_000, widget=_REASON)
