"""The customers' place in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(
    Entry(
        group="lending",
        label=_("Customers"),
        url_name="customers:list",
        icon="users",
        permission="customers.view_customer",
        order=10,
    ),
    Entry(
        group="lending",
        label=_("Block list"),
        url_name="customers:block_list",
        icon="ban",
        permission="customers.view_block_list",
        order=15,
    ),
)
