"""Links of dashboards."""

from django.utils.translation import pgettext_lazy

from apps.core.navigation import Entry, register

register(Entry("home", pgettext_lazy("start page", "Home"), "dashboards:home", "house", "", 0))
