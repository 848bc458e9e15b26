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


def _channels() -> list[tuple[str, str]]:
    return [(code, receipt_wording.channel(code)) for code in CHANNELS]


class ReferenceField(forms.CharField):
    """The reference of money: of whoever moved it, or one of our own for cash.

    The label says beside it when it is needed, not that it may always be left out.
    """

    needed_when = _("needed, except for cash")


class ReferencedForm(Refusable):
    """How money came, and under which reference; cash gets one of our own."""

    channel = forms.ChoiceField(label=_("How it came"), choices=_channels)
    external_reference = ReferenceField(
        label=_("Reference of the payment"),
        max_length=LONGEST_REFERENCE,
        required=False,
        help_text=_("Of the bank or the telephone company. Cash needs none."),
    )
    # Sent again, the same page posts the same cash once.
    own_reference = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)

    def clean(self) -> dict[str, Any]:
        """Take a reference of our own for cash; ask for one otherwise."""
        given = super().clean() or self.cleaned_data
        if given.get("external_reference") or not given.get("channel"):
            return given
        if given["channel"] in _OWN_REFERENCE and given.get("own_reference"):
            given["external_reference"] = f"CASH-{given['own_reference'].hex[:16].upper()}"
        elif "external_reference" not in self.errors:
            self.add_error("external_reference", _("Enter the reference of the payment."))
        return given


class PaymentForm(ReferencedForm):
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
    day = DayField(label=_("Paid on"))
    # Whether it was refused because nothing is owed: the page says where such money is kept.
    nothing_owed = False
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    field_order = ("number", "amount", "day", "channel", "external_reference")

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


class UnidentifiedForm(ReferencedForm):
    """Money whose loan is not known yet, with what is known of who paid it."""

    amount = AmountField(label=_("Amount"))
    day = DayField(label=_("Paid on"))
    party = forms.CharField(
        label=_("Who paid"),
        max_length=300,
        required=False,
        help_text=_("As far as it is known: a name, a telephone number."),
    )
    narrative = forms.CharField(
        label=_("What the payer said or wrote"), max_length=300, required=False
    )
    field_order = ("amount", "day", "channel", "external_reference", "party", "narrative")

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = _("Amount in %(currency)s") % {"currency": currency}


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
