"""Links of accounts."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(
    Entry("control", _("People"), "accounts:people", "users", "accounts.view_people", 10),
    Entry("control", _("Roles"), "accounts:roles", "shield", "accounts.view_people", 20),
)
