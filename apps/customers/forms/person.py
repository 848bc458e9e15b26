"""Register a customer, and change a customer's details."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.core.form_fields import DayField
from apps.customers import identity
from apps.customers.entries import AddressEntry, ChangeEntry, CustomerEntry
from apps.customers.forms.fields import KeyField, ShownField
from apps.customers.models import Customer, IdentityNumber

IDENTITY_FIELDS = tuple(IdentityNumber.Kind.values)


class IdentityFields(forms.Form):
    """The official numbers; a page shows those of the customer's country."""

    pan = forms.CharField(label=_("PAN"), required=False, max_length=identity.MAX_LENGTH)
    aadhaar = forms.CharField(
        label=_("Aadhaar number"), required=False, max_length=identity.MAX_LENGTH
    )
    ke_national_id = forms.CharField(
        label=_("National ID"), required=False, max_length=identity.MAX_LENGTH
    )
    kra_pin = forms.CharField(label=_("KRA PIN"), required=False, max_length=identity.MAX_LENGTH)

    def identity_fields(self, country: str) -> list[forms.BoundField]:
        """Return the fields of a country's kinds."""
        return [self[kind] for kind in identity.KINDS_BY_COUNTRY.get(country, ())]

    def identities(self, country: str) -> dict[str, str]:
        """Return what was typed into the fields of a country."""
        kinds = identity.KINDS_BY_COUNTRY[country]
        return {kind: self.cleaned_data[kind] for kind in kinds if self.cleaned_data[kind]}


class RegisterForm(IdentityFields):
    """A new customer."""

    key = KeyField()
    country = forms.ChoiceField(label=_("Country of residence"), choices=Customer.Country)
    branch = forms.ModelChoiceField(
        label=_("Branch"), queryset=Branch.objects.none(), empty_label=None
    )
    full_name = forms.CharField(
        label=_("Full name"), max_length=120, help_text=_("As on the identity document.")
    )
    date_of_birth = DayField(label=_("Date of birth"))
    phone = forms.CharField(
        label=_("Telephone"),
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    email = forms.CharField(
        label=_("E-mail"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    language = forms.ChoiceField(label=_("Language of letters"), choices=settings.LANGUAGES)
    street = forms.CharField(label=_("Street address"), max_length=200)
    city = forms.CharField(label=_("Town or city"), max_length=80)
    region = forms.CharField(label=_("State or county"), max_length=80, required=False)
    postal_code = forms.CharField(label=_("Postal code"), max_length=12, required=False)
    confirmed_distinct = forms.BooleanField(
        label=_("I have looked at these customers; this is another person."), required=False
    )

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        branch = cast("forms.ModelChoiceField[Branch]", self.fields["branch"])
        branch.queryset = Branch.objects.filter(pk__in=accounts.branch_ids(actor)).order_by("name")
        branch.initial = actor.branch_id
        self.fields["country"].initial = actor.branch.entity.country

    @property
    def chosen_country(self) -> str:
        """The country picked, or the lender's own; an unknown one shows no numbers."""
        return str(self["country"].value())

    def entry(self) -> CustomerEntry:
        """Return what was entered."""
        data = self.cleaned_data
        return CustomerEntry(
            branch_id=data["branch"].pk,
            identities=self.identities(data["country"]),
            address=AddressEntry(**_pick(data, "street", "city", "region", "postal_code")),
            **_pick(data, "key", "country", "full_name", "date_of_birth", "phone", "email"),
            **_pick(data, "language", "confirmed_distinct"),
        )


class ChangeForm(IdentityFields):
    """New details. What is stored encrypted is not shown: an empty field keeps it."""

    shown = ShownField()
    full_name = forms.CharField(label=_("Full name"), max_length=120)
    language = forms.ChoiceField(label=_("Language of letters"), choices=settings.LANGUAGES)
    date_of_birth = DayField(label=_("New date of birth"), required=False)
    phone = forms.CharField(
        label=_("New telephone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    email = forms.CharField(
        label=_("New e-mail"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    remove_email = forms.BooleanField(label=_("Remove the e-mail on record"), required=False)
    street = forms.CharField(label=_("New street address"), max_length=200, required=False)
    city = forms.CharField(label=_("Town or city"), max_length=80)
    region = forms.CharField(label=_("State or county"), max_length=80, required=False)
    postal_code = forms.CharField(label=_("Postal code"), max_length=12, required=False)
    confirmed_distinct = forms.BooleanField(
        label=_("I have looked at these customers; this is another person."), required=False
    )

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = customer.country

    def entry(self) -> ChangeEntry:
        """Return what was entered."""
        data = self.cleaned_data
        return ChangeEntry(
            identities=self.identities(self.country),
            **_pick(data, "full_name", "language", "city", "region", "postal_code", "phone"),
            **_pick(data, "email", "remove_email", "date_of_birth", "street"),
            confirmed_distinct=data["confirmed_distinct"],
        )


def _pick(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: data[name] for name in names}
