"""What is typed about people, checked for shape; whether it may be done is for the services."""

from typing import Any

from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib.auth import forms as auth_forms
from django.utils.translation import gettext_lazy as _

from apps.accounts import labels, services
from apps.accounts.models import Branch
from apps.core.form_fields import MoneyField
from apps.core.money import MINOR_UNITS

# Longer than any passphrase; hashing megabytes would be a way to keep us busy.
PASSWORD_LENGTH = 1024


class SignInForm(auth_forms.AuthenticationForm):
    """E-mail and password; letter case of the e-mail does not matter."""

    username = forms.EmailField(
        label=_("E-mail"),
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=PASSWORD_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    error_messages = {
        "invalid_login": _("E-mail and password do not match, or access has been withdrawn."),
        "inactive": _("E-mail and password do not match, or access has been withdrawn."),
    }

    def clean_username(self) -> str:
        """Return the e-mail as it is stored, so that the lock-out counts one person once."""
        return services.normal_email(self.cleaned_data["username"])


class LanguageForm(forms.Form):
    """The language a person reads."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class PersonForm(forms.Form):
    """A person's details."""

    name = forms.CharField(label=_("Name"), max_length=150)
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    branch = forms.ModelChoiceField(
        label=_("Branch"),
        queryset=Branch.objects.select_related("entity").order_by("name"),
        empty_label=_("Choose a branch"),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES, initial="en")

    def entry(self) -> services.PersonEntry:
        """Return what was entered."""
        names = ("name", "email", "branch", "language")
        return services.PersonEntry(**{name: self.cleaned_data[name] for name in names})


class RolesForm(forms.Form):
    """Which roles a person holds."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=list(labels.ROLES.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def codes(self) -> set[str]:
        """Return the codes of the chosen roles."""
        return set(self.cleaned_data["roles"])


class NewPersonForm(PersonForm, RolesForm):
    """A new person with roles."""


def _products() -> list[tuple[str, Any]]:
    # Products are above this app; the registry of models knows them without an import.
    product = apps.get_model("products", "Product")
    offered = product._base_manager.order_by("name").values_list("code", "name")
    return [("", _("Any product")), *offered]


class LimitForm(forms.Form):
    """One approval limit; an empty amount takes it away."""

    currency = forms.ChoiceField(
        label=_("Currency"), choices=[(code, code) for code in sorted(MINOR_UNITS)]
    )
    product_code = forms.ChoiceField(label=_("Product"), required=False, choices=_products)
    amount = MoneyField(
        label=_("May approve alone up to"),
        required=False,
        help_text=_("Leave empty to take the limit away."),
    )


class ReasonForm(forms.Form):
    """Why something is done to a person's access; kept in the audit trail."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("Kept in the audit trail. No customer's name or number, please."),
    )


class GrantBranchForm(ReasonForm):
    """One branch more."""

    branch = forms.ModelChoiceField(
        label=_("Branch"),
        queryset=Branch.objects.select_related("entity").order_by("name"),
        empty_label=_("Choose a branch"),
    )
    field_order = ["branch", "reason"]


class GrantApplicationForm(ReasonForm):
    """One application more."""

    number = forms.CharField(label=_("Application number"), max_length=24)
    field_order = ["number", "reason"]


class PeopleFilter(forms.Form):
    """What the list of people is narrowed to."""

    STATES = [("", _("Anybody")), ("yes", _("May sign in")), ("no", _("Access withdrawn"))]

    q = forms.CharField(label=_("Name or e-mail"), max_length=150, required=False)
    role = forms.ChoiceField(
        label=_("Role"), choices=[("", _("Any role")), *labels.ROLES.items()], required=False
    )
    branch = forms.ModelChoiceField(
        label=_("Branch"),
        queryset=Branch.objects.order_by("name"),
        required=False,
        empty_label=_("Any branch"),
    )
    active = forms.ChoiceField(label=_("Access"), choices=STATES, required=False)
