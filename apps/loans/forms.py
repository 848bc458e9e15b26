"""Forms of the loan pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.products.models import Product


def _products() -> list[tuple[str, Any]]:
    products = Product.objects.order_by("name").values_list("code", "name")
    return [("", _("All")), *products]


class FilterForm(forms.Form):
    """What the list of loans can be narrowed by."""

    number = forms.CharField(label=_("Loan number"), required=False, max_length=24)
    product = forms.ChoiceField(label=_("Product"), required=False, choices=_products)
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        required=False,
        choices=[
            ("", _("All")),
            ("repaid", _("Repaid")),
            ("defaulted", _("Defaulted")),
            ("unknown", _("Not known yet")),
        ],
    )
