"""What may be typed about settlements, and the numbers the desk works by."""

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity
from apps.applications.forms import AmountField
from apps.collections import wording
from apps.collections.services import Offer, RuleEntry
from apps.collections.settling import Part
from apps.core.form_fields import DayField
from apps.loans.forms import Refusable

# So many parts can be typed on the page; over the API there may be more.
ROWS = 6


class SettlementForm(Refusable):
    """Parts with their days, and why; `seen` is what the page showed to be given up."""

    seen = forms.DecimalField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label=_("Why so much is given up"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason = self.fields.pop("reason")
        for number in range(1, ROWS + 1):
            is_first = number == 1
            names = {"number": number}
            self.fields[f"amount_{number}"] = AmountField(
                label=_("Part %(number)s: amount") % names, required=is_first
            )
            self.fields[f"day_{number}"] = DayField(
                label=_("Part %(number)s: paid by") % names, required=is_first
            )
        self.fields["reason"] = reason

    def rows(self) -> list[forms.BoundField]:
        """Return the fields of the parts: two to a line."""
        return [self[name] for name in self.fields if name.startswith(("amount_", "day_"))]

    def clean(self) -> dict[str, Any]:
        """Want both an amount and a day of each part."""
        given = super().clean() or {}
        for number in range(2, ROWS + 1):
            pair = (given.get(f"amount_{number}"), given.get(f"day_{number}"))
            if (pair[0] is None) != (pair[1] is None):
                self.add_error(f"day_{number}", _("A part has an amount and a day."))
        return given

    def refuse(self, refusal: Any) -> None:
        """Show what the service refuses beside the first part."""
        for name, field in (("parts", "amount_1"), ("days", "day_1")):
            if name in refusal.fields:
                refusal.fields[field] = refusal.fields.pop(name)
        super().refuse(refusal)

    def parts(self) -> list[Part]:
        """Return the parts that were typed."""
        given = self.cleaned_data
        return [
            Part(given[f"day_{number}"], given[f"amount_{number}"])
            for number in range(1, ROWS + 1)
            if given.get(f"amount_{number}") is not None
        ]

    def offer(self) -> Offer:
        """Return what was entered."""
        given = self.cleaned_data
        return Offer(parts=self.parts(), reason=given["reason"], seen=given["seen"] or Decimal(-1))


class ApprovalForm(Refusable):
    """What the page showed to be given up."""

    seen = forms.DecimalField(widget=forms.HiddenInput)


class NoteForm(Refusable):
    """Why a settlement is refused."""

    note = forms.CharField(label=_("Why"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class ReasonForm(Refusable):
    """Why a settlement is withdrawn."""

    reason = forms.CharField(
        label=_("Why"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


class RuleForm(Refusable):
    """A number of the collections desk, and from which day on it stands."""

    entity = forms.ModelChoiceField(
        label=_("Lender"), queryset=Entity.objects.none(), empty_label=None
    )
    code = forms.ChoiceField(
        label=_("What"), choices=[(code.value, word) for code, word in wording.RULES.items()]
    )
    value = forms.IntegerField(label=_("Number"), min_value=0, max_value=32_767)
    from_date = DayField(label=_("From"))

    def __init__(self, *args: Any, lenders: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[Entity]", self.fields["entity"]).queryset = lenders

    def entry(self) -> RuleEntry:
        """Return what was entered."""
        return RuleEntry(**self.cleaned_data)
