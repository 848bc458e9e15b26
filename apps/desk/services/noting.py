"""Say something about a case to colleagues."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.decisions.models import ReviewCase
from apps.desk.models import CaseNote
from apps.desk.services import working


@transaction.atomic
def note(*, actor: User, case: ReviewCase, text: str, now: datetime) -> CaseNote:
    """Write a note beside a case; it is never changed and never part of a letter.

    Raises as `working.locked`, and DomainError without a text.
    """
    found = working.locked(actor, case.pk)
    said = working.text(text, field="text", lacking=_("Write the note first."))
    made = write(actor=actor, case=found, text=said, kind=CaseNote.Kind.NOTE, now=now)
    audit.record(actor, "desk.noted", made, case=found.application)
    return made


def write(*, actor: User, case: ReviewCase, text: str, kind: str, now: datetime) -> CaseNote:
    """Write a line of the diary, in the caller's transaction."""
    made = CaseNote(case=case, kind=kind, text=text, written_by=actor, written_at=now)
    made.save(force_insert=True)
    return made
