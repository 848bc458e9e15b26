"""Forms of the loan pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.products.models import Product


class FilterForm(forms.Form):
    """What the list of loans can be narrowed by."""

    number = forms.CharField(label=_("Loan number"), required=False, max_length=24)
    product = forms.ChoiceField(label=_("Product"), required=False)
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

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        products = Product.objects.order_by("name").values_list("code", "name")
        self.fields["product"].choices = [("", _("All")), *products]  # type: ignore[attr-defined]
