"""Links of the ledger."""

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Entry, register
from apps.ledger import policies

register(
    Entry("control", _("Ledger"), "ledger:trial_balance", "book-open", policies.VIEW, 40),
    Entry("control", _("Journal entries"), "ledger:entries", "list", policies.VIEW, 41),
    Entry(
        *("control", _("Proofs of the ledger"), "ledger:proofs", "scale", policies.VIEW, 42),
        badge_url_name="ledger:proof_badge",
    ),
)
