"""What of customers is begun on the start page."""

from django.utils.translation import gettext_lazy as _

from apps.core.home import Beginning, register

register(
    Beginning(
        name="customers.register",
        label=_("Register a customer"),
        url_name="customers:create",
        icon="user-plus",
        order=10,
        rights=("customers.edit_customer",),
        key="c",
    )
)
