"""Links of dashboards."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(Entry("home", _("Home"), "dashboards:home", "house", "", 0))
