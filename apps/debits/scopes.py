"""What an API call means: whose loans, and which service takes a step of a mandate."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.core.errors import DomainError
from apps.debits import services
from apps.debits.models import Mandate


def of(actor: User, code: str | None) -> tuple[Entity, Branch | None]:
    """Return the lender and the branch of a code; without one, all the person works in.

    Who works in branches gets the own one. Raises DomainError for a code that is none.
    """
    if code is None:
        own = Branch.objects.select_related("entity").get(pk=actor.branch_id)
        return own.entity, None if actor.works_everywhere else own
    branch = branch_of(actor, code)
    return branch.entity, branch


def branch_of(actor: User, code: str | None) -> Branch:
    """Return the branch of a code the person works in; the own one without a code."""
    rows = Branch.objects.select_related("entity")
    if code is None:
        return rows.get(pk=actor.branch_id)
    if not actor.works_everywhere:
        rows = rows.filter(pk__in=accounts.branch_ids(actor))
    found = rows.filter(code=code).first()
    if found is None:
        sentence = _("You do not work in a branch of this code.")
        raise DomainError("unknown_branch", sentence, fields={"branch": sentence})
    return found


def mandate_step(action: str, *, given: Mapping[str, Any], now: datetime) -> Callable[..., Mandate]:
    """Return the service that takes a step of a mandate, with what it needs besides who and which.

    The step is one of the lifecycle's that people take.
    """
    reason = {"reason": given.get("reason", "")}
    bank = {"bank_reference": given.get("bank_reference", "")}
    steps: dict[str, Callable[..., Mandate]] = {
        "register": partial(services.register_mandate, now=now),
        "activate": partial(services.accept_mandate, now=now, **bank),
        "reject": partial(services.reject_mandate, now=now, **reason),
        "pause": partial(services.pause_mandate, **reason),
        "resume": services.resume_mandate,
        "cancel": partial(services.cancel_mandate, now=now, **reason),
    }
    return steps[action]
