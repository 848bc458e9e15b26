"""Which lender's day is ended."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity
from apps.core.errors import DomainError
from apps.core.form_fields import DayField


class DayEndForm(forms.Form):
    """Which lender's day is ended, and whether its books are closed then."""

    entity = forms.ModelChoiceField(label=_("Lender"), queryset=Entity.objects.none())
    day = DayField(label=_("Day"))
    keep_open = forms.BooleanField(
        label=_("Leave the books of the day open"),
        help_text=_("What becomes known of it can still be posted; it is then ended once more."),
        required=False,
    )

    def __init__(self, *args: Any, entities: QuerySet[Entity], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["entity"]
        field.queryset = entities

    def refuse(self, refusal: DomainError) -> None:
        """Show a refusal at the day."""
        self.add_error("day", str(refusal))
