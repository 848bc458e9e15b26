"""Forms of returns."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity
from apps.core.form_fields import DayField
from apps.loans.forms import Refusable
from apps.npa.models import Return


class WantedForm(forms.Form):
    """Which return, of which lender, as on which day."""

    kind = forms.ChoiceField(label=_("Return"))
    lender = forms.ChoiceField(label=_("Lender"))
    day = DayField(label=_("As on"))

    def __init__(
        self,
        *args: Any,
        owed: list[tuple[Entity, Return.Kind]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        kinds: Any = self.fields["kind"]
        kinds.choices = list(dict.fromkeys((kind.value, kind.label) for _entity, kind in owed))
        lenders: Any = self.fields["lender"]
        lenders.choices = list(dict.fromkeys((one.code, one.name) for one, _kind in owed))


class MakeForm(Refusable):
    """Why a return is made that differs from the ledger."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        required=False,
        help_text=_("Asked for only where it differs from the ledger; it stays with the file."),
    )
