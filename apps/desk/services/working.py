"""What every act at the desk begins with: a waiting case, locked, that this person may work on."""

import uuid

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.decisions import policies as decisions
from apps.decisions import services as cases
from apps.decisions.errors import OwnSubmission
from apps.decisions.lifecycle import WAITING
from apps.decisions.models import ReviewCase
from apps.decisions.services.claiming import require_independent

LONGEST_TEXT = 2000


def locked(actor: User, case_id: uuid.UUID, *, version: str = "") -> ReviewCase:
    """Return a waiting case locked until the transaction ends.

    Raises NotVisible, StaleRecord, NotPermitted, OwnSubmission, Connected, and Conflict for a case
    that has ended.
    """
    found = cases.locked_case(actor, case_id, version=version)
    if not actor.has_perm(decisions.REVIEW):
        raise NotPermitted("not_permitted", _("Your role does not allow this in the review queue."))
    require_apart(actor, found.application)
    if found.status not in WAITING:
        raise Conflict("case_ended", _("This case has ended in the meantime."))
    return found


def require_apart(actor: User, application: Application) -> None:
    """Raise OwnSubmission or Connected for who must keep out of the application."""
    if decisions.is_own_submission(actor, application):
        raise OwnSubmission
    require_independent(actor, application)


def text(said: str, *, field: str, lacking: str) -> str:
    """Return a text as it is kept; raise DomainError beside its field where it lacks or is long."""
    kept = said.strip()
    sentence = ""
    if not kept:
        sentence = lacking
    elif len(kept) > LONGEST_TEXT:
        sentence = _("At most %(limit)s characters.") % {"limit": LONGEST_TEXT}
    elif "\x00" in kept:
        sentence = _("This holds a character that no text has.")
    if sentence:
        raise DomainError("text_refused", sentence, fields={field: sentence})
    return kept
