"""A manager gives a case to somebody, and says why."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.decisions import services as cases
from apps.decisions.models import ReviewCase
from apps.desk.models import CaseNote
from apps.desk.services import noting, working


@transaction.atomic
def assign(
    *, actor: User, case: ReviewCase, person: User, why: str, now: datetime, version: str = ""
) -> ReviewCase:
    """Give a case to a person who may hold it; why stands in the case's diary.

    Raises as `decisions.services.assign`, and DomainError without a reason.
    """
    said = working.text(why, field="why", lacking=_("Say why."))
    found = cases.assign(actor=actor, case=case, person=person, now=now, version=version)
    noting.write(actor=actor, case=found, text=said, kind=CaseNote.Kind.ASSIGNED, now=now)
    return found
