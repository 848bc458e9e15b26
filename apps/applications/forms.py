"""What a person enters on the pages of applications."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Branch, User
from apps.applications import requirements, worklist
from apps.applications.lifecycle import LIFECYCLE
from apps.applications.models import Collateral
from apps.applications.services import WithdrawalReason
from apps.core.form_fields import DayField, MoneyField, WholeField
from apps.core.templatetags import _statuses
from apps.products.models import Product, Purpose

_GROUPED = re.compile(r"\d{1,3}(,\d{2,3})+(\.\d+)?")
_LONGEST_TERM_MONTHS = 480


WHAT_IF = {
    "hx-trigger": "input changed delay:200ms",
    "hx-target": "#what-if-figures",
    "hx-include": "#application-form",
    "hx-params": "product,amount,term_months,slider_amount,slider_term_months",
    "hx-sync": "#what-if-figures:queue last",
}
# Another product has other bounds and purposes: the form is shown anew, with what was entered.
_RECALCULATE = {
    "hx-post": "",
    "hx-trigger": "change",
    "hx-vals": '{"recalculate": "1"}',
    "hx-target": "#intake",
    "hx-select": "#intake",
    "hx-swap": "outerHTML",
}


class AmountField(MoneyField):
    """Money with two decimals; commas between groups (2,00,000.00) are read over."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=Decimal("0.01"), **options)

    def to_python(self, value: Any) -> Any:
        """Return the amount; letters, NaN and infinity are refused by Django's own field."""
        text = str(value).strip() if value is not None else ""
        return super().to_python(text.replace(",", "") if _GROUPED.fullmatch(text) else text)


class ProductChoice(forms.ModelChoiceField):
    """A product, addressed by its code."""

    def label_from_instance(self, obj: Product) -> str:
        """Return the product's name."""
        return obj.name


class TermsForm(forms.Form):
    """What is asked for. The purposes offered are those of the product chosen."""

    product = ProductChoice(
        label=_("Product"),
        queryset=Product.objects.none(),
        to_field_name="code",
        empty_label=_("Choose …"),
    )
    amount = AmountField(label=_("Amount"))
    term_months = WholeField(label=_("Term"), min_value=1, max_value=_LONGEST_TERM_MONTHS)
    purpose = forms.ChoiceField(label=_("Purpose"))
    purpose_note = forms.CharField(
        label=_("Purpose in words"),
        required=False,
        max_length=300,
        help_text=_("For example the vehicle or the treatment. No health details are needed."),
    )
    # Recognises a form that is sent twice, and one that shows an older state.
    token = forms.CharField(widget=forms.HiddenInput, required=False, max_length=80)
    version = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    def __init__(self, *args: Any, products: QuerySet[Product], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["product"].queryset = products  # type: ignore[attr-defined]
        by_code = {product.code: product for product in products}
        self.offers = bool(by_code)
        # Nothing is picked beforehand: product and purpose weigh in the decision.
        self.chosen = by_code.get(str(self["product"].value()))
        allowed = self.chosen.purposes if self.chosen else Purpose.values
        choices = [("", _("Choose …")), *((value, Purpose(value).label) for value in allowed)]
        self.fields["purpose"].choices = choices  # type: ignore[attr-defined]

    def listen(self, what_if_url: str) -> None:
        """Let amount and term ask for new figures as they are typed, the product for its bounds."""
        self.fields["product"].widget.attrs |= _RECALCULATE
        for name in ("amount", "term_months"):
            self.fields[name].widget.attrs |= {"hx-get": what_if_url, **WHAT_IF}

    def input_again(self, name: str) -> str:
        """Return a field's input for HTMX to put in the place of the one on the page."""
        return self[name].as_widget(attrs={"class": "input", "hx-swap-oob": "true"})


class WhatIfForm(forms.Form):
    """Amount and term to try out."""

    product = ProductChoice(queryset=Product.objects.none(), to_field_name="code")
    amount = AmountField()
    term_months = WholeField(min_value=1, max_value=_LONGEST_TERM_MONTHS)

    def __init__(self, *args: Any, products: QuerySet[Product], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["product"].queryset = products  # type: ignore[attr-defined]


class CollateralForm(forms.Form):
    """Security offered."""

    kind = forms.ChoiceField(label=_("Kind"), choices=[("", "—"), *Collateral.Kind.choices])
    description = forms.CharField(
        label=_("Description"),
        max_length=200,
        help_text=_("What it is and how to find it: model and year, survey number."),
    )
    price = AmountField(
        label=_("Purchase price"),
        required=False,
        help_text=_("If it was bought. The lower of price and valuation counts."),
    )
    valuation = AmountField(label=_("Valuation"))
    valued_date = DayField(label=_("Valued on"))
    version = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today

    def clean_valued_date(self) -> date:
        """Refuse a valuation from the future or from before living memory."""
        valued: date = self.cleaned_data["valued_date"]
        error = requirements.valuation_date_error(valued, today=self.today)
        if error:
            raise forms.ValidationError(error)
        return valued


class GuarantorForm(forms.Form):
    """Who answers for the loan: a customer by number, or a person by name."""

    customer = forms.CharField(
        label=_("Customer number"),
        required=False,
        max_length=20,
        help_text=_("If the guarantor is a customer of ours."),
    )
    name = forms.CharField(
        label=_("Name"), required=False, max_length=150, help_text=_("If not a customer.")
    )
    relationship = forms.CharField(
        label=_("Relationship to the applicant"), required=False, max_length=80
    )
    amount = AmountField(label=_("Guaranteed amount"))
    version = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    def clean(self) -> dict[str, Any]:
        """Require exactly one of customer number and name."""
        given = super().clean() or self.cleaned_data
        number, name = given.get("customer"), given.get("name")
        if not number and not name:
            self.add_error("name", _("Give a customer number or a name."))
        if number and name:
            self.add_error("name", _("Give either a customer number or a name, not both."))
        return given


class WithdrawForm(forms.Form):
    """Why an application is withdrawn."""

    reason = forms.ChoiceField(label=_("Reason"), choices=WithdrawalReason.choices)


class FilterForm(forms.Form):
    """The worklist's filter; what is not understood filters nothing."""

    text = forms.CharField(
        label=_("Number"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    status = forms.ChoiceField(label=_("State"), required=False)
    product = forms.ModelChoiceField(
        label=_("Product"), required=False, queryset=Product.objects.none(), empty_label=_("All")
    )
    branch = forms.ModelChoiceField(
        label=_("Branch"), required=False, queryset=Branch.objects.none(), empty_label=_("All")
    )
    own = forms.BooleanField(label=_("Only mine"), required=False)

    def __init__(self, *args: Any, actor: User, **options: Any) -> None:
        super().__init__(*args, **options)
        states = [(state, _statuses.look_of(state, "").label) for state in LIFECYCLE.states]
        self.fields["status"].choices = [("", _("All")), *states]  # type: ignore[attr-defined]
        self.fields["product"].queryset = worklist.products(actor)  # type: ignore[attr-defined]
        self.fields["branch"].queryset = worklist.branches(actor)  # type: ignore[attr-defined]

    def filters(self) -> worklist.Filters:
        """Return the filters that were understood; the form shows errors for the others."""
        self.full_clean()
        given = self.cleaned_data
        product, branch = given.get("product"), given.get("branch")
        return worklist.Filters(
            text=given.get("text") or "",
            status=given.get("status") or "",
            product=product.pk if product else None,
            branch=branch.pk if branch else None,
            own=bool(given.get("own")),
        )
