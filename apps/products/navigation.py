"""Products' place in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(
    Entry(
        group="lending",
        label=_("Products"),
        url_name="products:list",
        icon="package",
        permission="products.view_product",
        order=40,
    )
)
