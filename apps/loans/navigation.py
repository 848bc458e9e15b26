"""The loan book's place in the navigation."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(Entry("lending", _("Loans"), "loans:list", "banknote", "loans.view_loan", 40))
