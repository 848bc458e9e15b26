"""Enter into the block list, and lift an entry."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, User
from apps.core.form_fields import DayField
from apps.customers import identity
from apps.customers.entries import BlockEntry
from apps.customers.forms.fields import KeyField, PickField
from apps.customers.models import BlockListEntry, IdentityNumber


class BlockForm(forms.Form):
    """Whom a lender does not lend to, and why."""

    key = KeyField()
    entity = forms.ModelChoiceField(
        label=_("Lender"), queryset=Entity.objects.none(), empty_label=None
    )
    customer_number = forms.CharField(
        label=_("Customer number"),
        required=False,
        max_length=20,
        help_text=_("Or else an official number, of a customer or of anybody:"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    kind = PickField(label=_("Kind of number"), required=False, choices=IdentityNumber.Kind.choices)
    number = forms.CharField(
        label=_("Official number"),
        required=False,
        max_length=identity.MAX_LENGTH,
        help_text=_("Kept encrypted, and shown masked."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    ground = PickField(label=_("Ground"), choices=BlockListEntry.Ground.choices)
    source = forms.CharField(
        label=_("Source"),
        max_length=120,
        help_text=_("Where this is known from, so that it can be looked up. No personal data."),
    )
    from_date = DayField(label=_("From"))
    until_date = DayField(
        label=_("Until"), required=False, help_text=_("The last day; empty is for good.")
    )

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lenders = Entity.objects.order_by("name")
        if not actor.works_everywhere:
            lenders = lenders.filter(pk=actor.branch.entity_id)
        entity = cast("forms.ModelChoiceField[Entity]", self.fields["entity"])
        entity.queryset, entity.initial = lenders, actor.branch.entity_id

    def entry(self) -> BlockEntry:
        """Return what was entered; the lender is asked for beside it."""
        data = {name: value for name, value in self.cleaned_data.items() if name != "entity"}
        return BlockEntry(**data)


class LiftForm(forms.Form):
    """Why an entry is lifted."""

    reason = forms.CharField(
        label=_("Why it is lifted"),
        max_length=300,
        help_text=_("What has been found or has changed. No personal data."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
