"""A manager gives a case to a person who may hold it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import DomainError
from apps.decisions import policies
from apps.decisions.models import ReviewCase
from apps.decisions.services.claiming import (
    ASSIGNED_LEASE,
    locked_case,
    permit,
    require_independent,
)


@transaction.atomic
def assign(
    *, actor: User, case: ReviewCase, person: User, now: datetime, version: str = ""
) -> ReviewCase:
    """Give a case to a person, whoever held it; that person holds it for a working day.

    Raises NotPermitted, OwnSubmission and Connected for the manager, DomainError with a sentence
    where the person may not hold it, Conflict for a case that has its verdict, StaleRecord when the
    case changed since `version`.
    """
    found = locked_case(actor, case.pk, version=version)
    permit(actor, found, policies.ASSIGN)
    require_independent(actor, found.application)
    # As the person is now: the page may be older than a role that was withdrawn.
    holder = User.objects.select_related("branch").get(pk=person.pk)
    _require_fit(holder, found)
    before = found.claimed_by_id
    found.move("assign", claimed_by=holder, claimed_at=now, claim_until=now + ASSIGNED_LEASE)
    audit.record(
        actor,
        "decisions.case_assigned",
        found,
        case=found.application,
        holder=str(holder.pk),
        before=str(before or ""),
    )
    return found


def _require_fit(person: User, case: ReviewCase) -> None:
    why = policies.why_not_holder(person, case)
    if not why:
        return
    sentences = {
        "inactive": _("%(name)s may not sign in any more."),
        "role": _("The role of %(name)s does not allow reviewing."),
        "branch": _("%(name)s does not work in the branch of this case."),
        "own_submission": _("%(name)s submitted this application; another person must decide it."),
        "reopened": _("%(name)s took this decision up anew; another person must decide it."),
        "connected": _("%(name)s is connected with the borrower or a guarantor."),
    }
    sentence = sentences[why] % {"name": person}
    raise DomainError("person_unfit", sentence, fields={"person": sentence})
