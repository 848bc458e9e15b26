"""What is typed about collateral."""

import uuid
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.applications.forms import AmountField
from apps.applications.models import Application, Collateral
from apps.collateral.entries import (
    InsuranceEntry,
    ItemEntry,
    LiabilityEntry,
    LienEntry,
    ValuationEntry,
)
from apps.collateral.lifecycle import LIFECYCLE
from apps.collateral.models import Kind, Method, Valuation
from apps.collateral.models.answering import Liability
from apps.collateral.selectors import SHOWN
from apps.collateral.services import Deed
from apps.core.errors import DomainError
from apps.core.form_fields import DayField
from apps.core.money import MINOR_UNITS
from apps.customers.models import Customer

PERCENT = Decimal(100)
# What applicants call their security, as the register calls it.
_DECLARED_AS = {
    Collateral.Kind.PROPERTY: Kind.RESIDENTIAL_PROPERTY,
    Collateral.Kind.VEHICLE: Kind.VEHICLE,
    Collateral.Kind.GOLD: Kind.GOLD,
    Collateral.Kind.DEPOSIT: Kind.DEPOSIT,
    Collateral.Kind.MACHINERY: Kind.PLANT,
    Collateral.Kind.OTHER: Kind.OTHER,
}
_SHOWN_AS = {
    "live": _("In use"),
    "valuation": _("Valuation expires"),
    "insurance": _("Insurance expires"),
    "release": _("Release asked"),
    "ended": _("Ended"),
    "all": _("All"),
}


class Entry(forms.Form):
    """A form that is written once however often it is sent, and shows what a service refuses."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def refuse(self, refusal: DomainError) -> None:
        """Show the service's sentences, the main one where no field of the form is named."""
        beside = {k: text for k, text in refusal.fields.items() if k in self.fields}
        for name, sentence in beside.items():
            self.add_error(name, str(sentence))
        rest = [str(text) for name, text in refusal.fields.items() if name not in beside]
        if rest or not beside:
            self.add_error(None, " ".join(rest) or str(refusal.sentence))


class ValuationForm(Entry):
    """What an item is worth."""

    valuer = forms.CharField(label=_("Valuer"), max_length=120)
    method = forms.ChoiceField(
        label=_("How the value was found"), choices=[("", _("Choose …")), *Method.choices]
    )
    valued_date = DayField(label=_("Valued on"))
    amount = AmountField(label=pgettext_lazy("collateral", "Value"))
    realisable_amount = AmountField(
        label=_("Realisable value"),
        required=False,
        help_text=_("What a sale in haste would bring, if the valuer says so."),
    )
    valid_until = DayField(
        label=_("Holds until"),
        required=False,
        help_text=_("Empty: as long as valuations of this kind hold."),
    )

    def valuation(self) -> ValuationEntry:
        """Return what was typed; call it on a valid form."""
        given = self.cleaned_data
        names = ("valuer", "method", "valued_date", "amount", "realisable_amount", "valid_until")
        return ValuationEntry(**{name: given[name] for name in names}, key=given["key"])


class CorrectionForm(ValuationForm):
    """What a valuation should have said."""

    reason = forms.CharField(label=_("What was wrong"), max_length=300)

    def __init__(self, data: Any, *, wrong: Valuation) -> None:
        names = ("valuer", "method", "valued_date", "amount", "realisable_amount", "valid_until")
        before = {name: getattr(wrong, name) for name in names}
        super().__init__(data, initial=before)


class RegisterForm(ValuationForm):
    """A thing that is offered, with its first valuation."""

    kind = forms.ChoiceField(label=_("Kind"), choices=[("", _("Choose …")), *Kind.choices])
    description = forms.CharField(
        label=_("Description"),
        max_length=200,
        help_text=_("What it is and how to find it: model and year, survey number."),
    )
    registration = forms.CharField(
        label=_("Registration number"),
        required=False,
        max_length=40,
        help_text=_("Plate, title or policy number. Encrypted; the same thing is found by it."),
    )
    owner = forms.CharField(label=_("Owner's customer number"), required=False, max_length=20)
    owner_name = forms.CharField(
        label=_("Owner's name"), required=False, max_length=150, help_text=_("If not a customer.")
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=[(one, one) for one in MINOR_UNITS])
    price = AmountField(
        label=_("Purchase price"),
        required=False,
        help_text=_("If it was bought. The lower of price and valuation counts."),
    )
    secured_amount = AmountField(label=_("The lien secures"))

    def __init__(self, *args: Any, application: Application | None, **options: Any) -> None:
        super().__init__(*args, **options)
        first = ["key", "kind", "description", "registration", "owner", "owner_name", "currency"]
        self.order_fields([*first, "price"])
        self.application = application
        if application is None:
            del self.fields["secured_amount"]
        else:
            del self.fields["currency"]

    def item(self, owner: Customer | None) -> ItemEntry:
        """Return the thing; call it on a valid form."""
        given = self.cleaned_data
        currency = self.application.currency if self.application else given["currency"]
        return ItemEntry(
            kind=given["kind"],
            description=given["description"],
            currency=currency,
            owner=owner,
            owner_name=given["owner_name"],
            registration=given["registration"],
            price=given["price"],
            key=given["key"],
        )

    def lien(self, declared: Collateral | None) -> LienEntry | None:
        """Return the lien for the application the page was opened from, if it was."""
        if self.application is None:
            return None
        return LienEntry(
            application=self.application,
            declared=declared,
            secured_amount=self.cleaned_data["secured_amount"],
            key=self.cleaned_data["key"],
        )


def from_declared(application: Application, declared: Collateral | None) -> dict[str, Any]:
    """Return what is known before an item is taken up from an application."""
    known: dict[str, Any] = {
        "owner": application.customer.number,
        "secured_amount": application.amount,
    }
    if declared is None:
        return known
    return {
        **known,
        "kind": _DECLARED_AS[Collateral.Kind(declared.kind)],
        "description": declared.description,
        "price": declared.price,
        "amount": declared.valuation,
        "valued_date": declared.valued_date,
        "secured_amount": min(application.amount, declared.value),
    }


class InsuranceForm(Entry):
    """A policy that insures an item."""

    insurer = forms.CharField(label=_("Insurer"), max_length=120)
    policy_number = forms.CharField(label=_("Policy number"), max_length=60)
    sum_insured = AmountField(label=_("Sum insured"))
    from_date = DayField(label=_("From"))
    valid_until = DayField(label=_("Valid until"))

    def insurance(self) -> InsuranceEntry:
        """Return what was typed; call it on a valid form."""
        return InsuranceEntry(**self.cleaned_data)


class LienForm(Entry):
    """A lien for an application of ours, or one that another lender has."""

    application = forms.CharField(label=_("Application number"), required=False, max_length=24)
    holder = forms.CharField(
        label=_("Other lender"),
        required=False,
        max_length=120,
        help_text=_("If the lien is not ours."),
    )
    secured_amount = AmountField(label=_("Secures"))
    rank = forms.IntegerField(
        label=_("Rank"),
        required=False,
        min_value=1,
        max_value=20,
        help_text=_("Empty: after all others."),
    )

    def lien(self, application: Application | None, declared: Collateral | None) -> LienEntry:
        """Return what was typed; call it on a valid form."""
        given = self.cleaned_data
        return LienEntry(
            application=application,
            declared=declared,
            holder=given["holder"],
            secured_amount=given["secured_amount"],
            rank=given["rank"],
            key=given["key"],
        )


class DeedForm(Entry):
    """When a deed was signed or a charge entered, and its reference there."""

    day = DayField(label=_("On"))
    reference = forms.CharField(label=_("Reference"), max_length=80)

    def deed(self) -> Deed:
        """Return what was typed; call it on a valid form."""
        return Deed(self.cleaned_data["day"], self.cleaned_data["reference"])


class ReasonForm(Entry):
    """Why something is done."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


class NoteForm(Entry):
    """Why a release is refused."""

    note = forms.CharField(
        label=_("Why do you refuse?"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


class LiabilityForm(Entry):
    """For how much somebody answers."""

    liability = forms.ChoiceField(label=_("Liable"), choices=Liability.choices)
    share = forms.DecimalField(
        label=_("Share in per cent"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal("99.99"),
        max_digits=4,
        decimal_places=2,
        help_text=_("Only for who is liable for a share."),
    )
    version = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    def entry(self) -> LiabilityEntry:
        """Return what was typed; call it on a valid form."""
        share = self.cleaned_data["share"]
        part = None if share is None else share / PERCENT
        return LiabilityEntry(liability=self.cleaned_data["liability"], share=part)


class CoBorrowerForm(LiabilityForm):
    """A customer who owes the loan together with the borrower."""

    customer = forms.CharField(label=_("Customer number"), max_length=20)
    field_order = ["key", "customer", "liability", "share", "version"]


class FilterForm(forms.Form):
    """Which items to list."""

    show = forms.ChoiceField(
        label=_("Show"), required=False, choices=[(one, _SHOWN_AS[one]) for one in SHOWN]
    )
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All")), *Kind.choices]
    )
    status = forms.ChoiceField(label=_("State"), required=False)
    q = forms.CharField(label=_("Number or registration"), required=False, max_length=40)

    def __init__(self, *args: Any, states: Mapping[str, object], **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["status"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - told to the type checker
        known = [(state, states[state]) for state in LIFECYCLE.states]
        field.choices = [("", _("All")), *known]


class AsOfForm(forms.Form):
    """The day an item is looked at."""

    on = DayField(label=_("As of"), required=False)

    def chosen(self, today: date) -> date:
        """Return the day asked for, today where there is none or it is none."""
        return (self.cleaned_data.get("on") if self.is_valid() else None) or today
