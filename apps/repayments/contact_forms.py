"""Forms about contact with borrowers: promises, reminders, and when they go out."""

from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, User
from apps.applications.forms import AmountField
from apps.core.form_fields import DayField
from apps.customers.forms.fields import PickField
from apps.loans.forms import Refusable
from apps.loans.models import Loan
from apps.products.models import Product
from apps.repayments.models import Promise, ReminderStop
from apps.repayments.services import PlanEntry, PromiseEntry

_BY_PEOPLE = [one for one in ReminderStop.Channel.choices if one[0] != ReminderStop.Channel.LINK]


class PromiseForm(Refusable):
    """What a borrower promises to pay."""

    amount = AmountField(label=_("Amount"))
    promised_date = DayField(
        label=_("Promised for"), help_text=_("The day is the borrower's to its end.")
    )
    channel = PickField(label=_("Promised"), choices=Promise.Channel.choices)
    is_inbound = forms.BooleanField(
        label=_("The borrower began the contact"),
        required=False,
        help_text=_("Who comes to the counter did."),
    )
    place = forms.CharField(
        label=_("Where"),
        max_length=300,
        required=False,
        help_text=_("Of a visit. Kept sealed."),
    )

    def __init__(self, *args: Any, loan: Loan, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = _("Amount in %(currency)s") % {"currency": loan.currency}

    def entry(self) -> PromiseEntry:
        """Return what was entered."""
        return PromiseEntry(**self.cleaned_data)


class WithdrawForm(Refusable):
    """Why a promise no longer counts."""

    reason = forms.CharField(
        label=_("Why it no longer counts"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class StopForm(Refusable):
    """How a borrower asked for no more reminders."""

    channel = PickField(label=_("How the borrower asked"), choices=_BY_PEOPLE)


class DaysField(forms.CharField):
    """Whole days with or without a sign, apart by commas or spaces."""

    def to_python(self, value: Any) -> Any:
        """Return the days; ValidationError where something else stands there."""
        words = (
            (super().to_python(value) or "")
            .replace(",", " ")
            .replace("\N{MINUS SIGN}", "-")
            .split()
        )
        try:
            return tuple(int(word) for word in words)
        except ValueError:
            raise forms.ValidationError(_("Whole days, for example -3, 0, 5.")) from None

    def validate(self, value: Any) -> None:
        """Accept no days at all: nobody is reminded then."""


class PlanForm(Refusable):
    """On which days around the due date borrowers are reminded."""

    entity = forms.ModelChoiceField(
        label=_("Lender"), queryset=Entity.objects.none(), empty_label=None
    )
    product = forms.ModelChoiceField(
        label=_("Product"),
        queryset=Product.objects.none(),
        required=False,
        empty_label=_("Every product without a row of its own"),
    )
    steps = DaysField(
        label=_("Days from the due date"),
        required=False,
        help_text=_("For example -3, 0, 5: three days before, the day itself, five days after."),
    )
    nobody = forms.BooleanField(label=_("Nobody is reminded"), required=False)
    from_date = DayField(label=_("From"))

    def __init__(self, *args: Any, actor: User, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["from_date"].initial = today + timedelta(days=1)
        lenders = Entity.objects.order_by("name")
        if not actor.works_everywhere:
            lenders = lenders.filter(pk=actor.branch.entity_id)
        entity = cast("forms.ModelChoiceField[Entity]", self.fields["entity"])
        entity.queryset, entity.initial = lenders, actor.branch.entity_id
        products = Product.objects.visible_to(actor).order_by("name")
        cast("forms.ModelChoiceField[Product]", self.fields["product"]).queryset = products

    def clean(self) -> dict[str, Any]:
        """Accept days, or the word that nobody is reminded, and not both."""
        given = super().clean() or {}
        if "steps" in given and bool(given["steps"]) == given["nobody"]:
            self.add_error("steps", _("Name days, or say that nobody is reminded."))
        return given

    def entry(self) -> PlanEntry:
        """Return the row that was entered."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "nobody"}
        return PlanEntry(**given)
