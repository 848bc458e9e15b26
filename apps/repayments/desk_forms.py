"""Forms of the repayment desk."""

import uuid
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Branch
from apps.applications.forms import AmountField
from apps.core.errors import DomainError
from apps.core.form_fields import DayField
from apps.loans.forms import Refusable
from apps.repayments import receipt_wording
from apps.repayments.errors import NothingOwed
from apps.repayments.services.holding import CHANNELS, LONGEST_REFERENCE

# What the consequences that the page shows depend on.
SHOWN = ("number", "amount", "channel", "external_reference", "day")
# Money that carries no reference of anybody but who takes it.
_OWN_REFERENCE = ("cash",)


class PaymentForm(Refusable):
    """Money that somebody brings: for which loan or customer, how much, and how it came.

    `seen` says which payment the page has shown the consequences of; a payment is posted only as
    it was shown.
    """

    number = forms.CharField(
        label=_("Loan or customer number"),
        max_length=24,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "Scan or type it. With a customer number all loans are paid, oldest due first."
        ),
    )
    amount = AmountField(label=_("Amount"))
    channel = forms.ChoiceField(label=_("How it came"), choices=[])
    external_reference = forms.CharField(
        label=_("Reference of the payment"),
        max_length=LONGEST_REFERENCE,
        required=False,
        help_text=_("Of the bank or the telephone company. Cash needs none."),
    )
    day = DayField(label=_("Paid on"))
    # Sent again, the same page posts the same cash once.
    own_reference = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    # Whether it was refused because nothing is owed: the page says where such money is kept.
    nothing_owed = False
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["channel"]
        field.choices = [(code, receipt_wording.channel(code)) for code in CHANNELS]

    def clean(self) -> dict[str, Any]:
        """Take a reference of our own for cash; ask for one otherwise."""
        given = super().clean() or self.cleaned_data
        if not given.get("external_reference") and given.get("channel"):
            if given["channel"] not in _OWN_REFERENCE:
                self.add_error("external_reference", _("Enter the reference of the payment."))
            elif given.get("own_reference"):
                given["external_reference"] = f"CASH-{given['own_reference'].hex[:16].upper()}"
        return given

    def refuse(self, refusal: DomainError) -> None:
        """Show what the service refuses, and keep whether nothing is owed."""
        self.nothing_owed = isinstance(refusal, NothingOwed)
        super().refuse(refusal)

    @property
    def fingerprint(self) -> str:
        """What the page has to have shown before this payment is posted."""
        given = self.cleaned_data
        return "|".join(
            str(given[name])
            for name in ("number", "amount", "channel", "external_reference", "day")
        )


class ReversalForm(Refusable):
    """Why a payment is taken back."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("For example: the cheque bounced, with the bank's notice."),
    )


class DaySheetForm(Refusable):
    """Which day, and of which branch."""

    day = DayField(label=_("Day"))
    branch = forms.ModelChoiceField(
        label=_("Branch"), queryset=Branch.objects.none(), required=False, empty_label=_("All")
    )

    def __init__(self, *args: Any, branches: QuerySet[Branch], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["branch"]
        field.queryset = branches
