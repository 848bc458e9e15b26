"""The filter above the list of customers."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.customers import selectors
from apps.customers.models import Customer


def branches_of(actor: User) -> Any:
    """Return the branches whose customers a person sees."""
    branches = Branch.objects.order_by("name")
    if actor.works_everywhere:
        return branches
    return branches.filter(pk__in=accounts.branch_ids(actor))


class CustomerFilter(forms.Form):
    """Search and filters of the list."""

    q = forms.CharField(
        label=_("Find"),
        required=False,
        max_length=selectors.MAX_SEARCH,
        help_text=_("The whole number, telephone, e-mail, PAN, Aadhaar, national ID or KRA PIN."),
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    country = forms.ChoiceField(
        label=_("Country"), required=False, choices=[("", _("All")), *Customer.Country.choices]
    )
    branch = forms.ModelChoiceField(
        label=_("Branch"), required=False, queryset=Branch.objects.none(), empty_label=_("All")
    )

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        branch = cast("forms.ModelChoiceField[Branch]", self.fields["branch"])
        branch.queryset = branches_of(actor)
