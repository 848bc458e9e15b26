"""Links of audit."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register

register(Entry("control", _("Audit trail"), "audit:events", "scroll-text", "audit.view_audit", 30))
