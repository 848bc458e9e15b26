"""What several acts of governance ask of a person: a right, and a reason in words."""

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core import reasons
from apps.core.errors import DomainError, NotPermitted

SHORTEST, LONGEST = 3, 2_000


def permit(actor: User, *rights: str) -> None:
    """Raise NotPermitted unless the person holds one of the rights."""
    if not any(actor.has_perm(right) for right in rights):
        raise NotPermitted("not_permitted", _("Your role does not allow this."))


def reason(text: str, *, field: str) -> str:
    """Return a reason without empty ends; DomainError for one too short or too long."""
    found = text.strip()
    if not SHORTEST <= len(found) <= LONGEST:
        raise refused(field, reasons.asked_for(least=SHORTEST, most=LONGEST))
    return found


def refused(field: str, sentence: str, *, code: str = "") -> DomainError:
    """Return the error that says a sentence beside a field."""
    return DomainError(code or f"{field}_refused", sentence, fields={field: sentence})
