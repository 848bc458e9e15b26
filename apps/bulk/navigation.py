"""The place of uploaded files in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(
    Entry(
        group="lending",
        label=_("Uploads"),
        url_name="bulk:uploads",
        icon="upload",
        permission="bulk.view_upload",
        order=25,
    )
)
