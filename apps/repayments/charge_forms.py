"""Forms of charges and of the accrual of a day."""

import uuid
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity
from apps.applications.forms import AmountField
from apps.core.form_fields import DayField
from apps.loans.forms import Refusable
from apps.loans.models import Loan
from apps.repayments.facts import Bucket
from apps.repayments.services import Asked

_KINDS = [(Bucket.FEE.value, _("Fee")), (Bucket.PENAL.value, _("Penal charge"))]


class ChargeForm(Refusable):
    """What is asked for beside the schedule, and why."""

    bucket = forms.ChoiceField(label=_("Kind"), choices=_KINDS)
    code = forms.SlugField(
        label=_("What for"),
        max_length=40,
        help_text=_("One word. What the key facts name: bounce, switching."),
    )
    amount = AmountField(label=_("Amount"))
    day = DayField(label=_("Day"))
    due_on = DayField(label=_("Owed from"))
    reason = forms.CharField(label=_("Reason"), max_length=300)
    consent = forms.CharField(
        label=_("The borrower's consent"),
        max_length=300,
        required=False,
        help_text=_("Only for what the key facts do not name: how and when it was given."),
    )
    is_another = forms.BooleanField(
        label=_("Another payment came back"),
        required=False,
        help_text=_("Only where a returned payment of about that day was charged already."),
    )
    # Sent again, the same page asks for the same charge.
    reference = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args: Any, loan: Loan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = _("Amount in %(currency)s, without taxes") % {
            "currency": loan.currency
        }

    def asked(self) -> Asked:
        """Return what was entered."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "reference"}
        return Asked(**{**given, "bucket": Bucket(given["bucket"])})


class TakeBackForm(Refusable):
    """Why a charge is taken back."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class AccrualForm(Refusable):
    """Which lender's day is accrued."""

    entity = forms.ModelChoiceField(label=_("Lender"), queryset=Entity.objects.none())
    day = DayField(label=_("Up to the end of"))

    def __init__(self, *args: Any, entities: QuerySet[Entity], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["entity"]
        field.queryset = entities
