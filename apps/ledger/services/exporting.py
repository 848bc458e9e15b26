"""Export the journal; who did, and which part, is on record."""

from collections.abc import Sequence
from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import Branch, User
from apps.audit import services as audit
from apps.core.errors import NotPermitted
from apps.ledger import policies, selectors
from apps.ledger.models import Line


def export_journal(
    *, actor: User, branches: Sequence[Branch], start: date, end: date
) -> QuerySet[Line]:
    """Return the lines of the journal to hand over, after the export is on record.

    The branches are among those the person may read. Raises NotPermitted.
    """
    if not actor.has_perm(policies.EXPORT):
        raise NotPermitted("not_permitted", _("Your role does not allow exporting the journal."))
    audit.record(
        actor,
        "ledger.journal_exported",
        "ledger.journal",
        start=str(start),
        end=str(end),
        branches=sorted(branch.code for branch in branches),
    )
    return selectors.journal(branches, start, end)
