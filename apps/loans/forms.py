"""Forms of the loan pages."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from apps.accounts import labels
from apps.accounts.models import Entity
from apps.applications.forms import AmountField
from apps.core.errors import DomainError
from apps.core.form_fields import DayField, MoneyField
from apps.loans.models import Loan
from apps.loans.presentation import LOANS
from apps.loans.services import Payment
from apps.products.models import Product


def _products() -> list[tuple[str, Any]]:
    products = Product.objects.order_by("name").values_list("code", "name")
    return [("", _("All")), *products]


class FilterForm(forms.Form):
    """What the list of loans can be narrowed by."""

    number = forms.CharField(label=_("Loan number"), required=False, max_length=24)
    product = forms.ChoiceField(label=_("Product"), required=False, choices=_products)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("All")), *((code, look.word) for code, look in LOANS.items())],
    )
    arrears = forms.ChoiceField(
        label=_("Arrears"), required=False, choices=[("", _("All")), ("overdue", _("Overdue"))]
    )
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        required=False,
        choices=[
            ("", _("All")),
            ("repaid", _("Repaid")),
            ("defaulted", _("Defaulted")),
            ("unknown", _("Not known yet")),
        ],
    )


class Refusable(forms.Form):
    """A form that also shows what a service refuses, beside the field it belongs to."""

    def refuse(self, refusal: DomainError) -> None:
        """Show the service's sentences, the main one where no field of the form is named."""
        beside = {k: text for k, text in refusal.fields.items() if k in self.fields}
        for name, sentence in beside.items():
            self.add_error(name, str(sentence))
        rest = [str(text) for name, text in refusal.fields.items() if name not in beside]
        if rest or not beside:
            self.add_error(None, " ".join(rest) or str(refusal.sentence))


class PaymentForm(Refusable):
    """A payment to the borrower's own account."""

    reference = forms.CharField(widget=forms.HiddenInput, max_length=40, required=False)
    planned_date = DayField(label=_("To be paid on"))
    holder = forms.CharField(
        label=_("Account holder"),
        max_length=120,
        help_text=_("The borrower: a loan is paid to the borrower's own account."),
    )
    account_number = forms.CharField(
        label=_("Account number"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    bank_code = forms.CharField(
        label=_("Bank code"), max_length=24, help_text=_("IFSC, branch, routing or BIC.")
    )
    amount = AmountField(label=_("Amount"), required=False)
    rest_planned_date = DayField(label=_("The rest on"), required=False)
    fees_apart = forms.BooleanField(
        label=_("Pay the whole amount; the fees are asked for apart"), required=False
    )

    def __init__(self, *args: Any, loan: Loan, is_staged: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.loan = loan
        if not is_staged:
            # Paid out in one amount: nothing to choose.
            del self.fields["amount"], self.fields["rest_planned_date"]

    def payment(self) -> Payment:
        """Return what was typed."""
        given = self.cleaned_data
        return Payment(
            planned_date=given["planned_date"],
            holder=given["holder"],
            account_number=given["account_number"],
            bank_code=given["bank_code"],
            amount=given.get("amount"),
            is_net=not given["fees_apart"],
            rest_planned_date=given.get("rest_planned_date"),
            reference=given["reference"],
        )


class ReasonForm(Refusable):
    """Why."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


class ConfirmForm(Refusable):
    """What the bank says it did."""

    paid_date = DayField(label=_("Paid on"))
    bank_reference = forms.CharField(label=_("The bank's reference"), max_length=60)


class ReverseForm(ReasonForm):
    """When the money came back, and why."""

    day = DayField(label=_("Came back on"))
    field_order = ("day", "reason")


class ExitForm(Refusable):
    """When and under which reference the borrower paid what stepping back costs."""

    paid_date = DayField(label=_("Paid on"))
    bank_reference = forms.CharField(label=_("The bank's reference"), max_length=60)


class RoleChoice(forms.ModelChoiceField):
    """A role, called by its label."""

    def label_from_instance(self, obj: Group) -> str:
        """Return the label of a role."""
        return str(labels.ROLES.get(obj.name, obj.name))


class LimitForm(Refusable):
    """What one person of a role may pay out alone."""

    entity = forms.ModelChoiceField(
        label=_("Lender"), queryset=Entity.objects.order_by("name"), empty_label=None
    )
    role = RoleChoice(label=_("Role"), queryset=Group.objects.none(), empty_label=None)
    currency = forms.CharField(label=_("Currency"), max_length=3)
    amount = MoneyField(label=_("Amount"), help_text=_("Zero: every payment takes two people."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role: Any = self.fields["role"]
        role.queryset = Group.objects.filter(permissions__codename="request_disbursement").order_by(
            "name"
        )
