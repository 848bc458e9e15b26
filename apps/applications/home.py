"""What of applications is begun on the start page."""

from django.utils.translation import gettext_lazy as _

from apps.core.home import Beginning, register

register(
    Beginning(
        name="applications.take",
        label=_("New application"),
        url_name="applications:create",
        icon="plus",
        order=11,
        rights=("applications.take_application",),
        key="a",
    )
)
