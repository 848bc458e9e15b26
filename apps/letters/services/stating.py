"""Issue a statement that is handed over, set and frozen at once."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import Branch, User
from apps.audit import services as audit
from apps.core import rows
from apps.letters import statements
from apps.letters.models import Letter
from apps.letters.services import freezing
from apps.letters.statements import Statement


@transaction.atomic
def issue_statement(
    *,
    actor: User,
    branch: Branch,
    subject: str,
    case: str,
    regime: str,
    statement: Statement,
    now: datetime,
    kind: str = Letter.Kind.KEY_FACTS,
) -> Letter:
    """Freeze a statement and put it down for delivery, in the caller's transaction; return it.

    It is set here and not by a worker: nothing is offered whose statement is not there. `subject`
    and `case` are as audit names things; a subject has one statement of a kind. Raises
    RenderingFailed.
    """
    written = statement.to_dict()
    letter = Letter(
        branch=branch,
        kind=kind,
        subject=subject,
        case=case,
        language=statement.language,
        template_version=statements.CURRENT,
        facts=written,
        facts_sha256=freezing.facts_hash(written),
        issued_at=now,
        regime=regime,
    )
    rows.insert(letter)
    audit.record(
        actor,
        "letters.issued",
        letter,
        case=case,
        kind=letter.kind,
        language=letter.language,
    )
    return freezing.render(letter_id=letter.pk, now=now)
