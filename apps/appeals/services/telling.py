"""Write the answer to the applicant: the letter about what came of an appeal."""

from datetime import datetime

from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.appeals import correctable, presentation
from apps.appeals.models import Appeal, Reassessment
from apps.audit import services as audit
from apps.decisions.models import Decision
from apps.decisions.services import notices
from apps.letters.models import Letter


def tell(
    *,
    actor: User,
    appeal: Appeal,
    text: str,
    upheld: bool,
    stands: Decision,
    judged: Reassessment | None,
    now: datetime,
) -> Letter:
    """Issue the letter in the applicant's language, in the caller's transaction.

    `text` is the answer in the words of who decided, `stands` the decision that stands after it.
    Raises LetterImpossible.
    """
    application = appeal.application
    with translation.override(application.customer.language):
        changed = _changes(appeal, judged)
    return notices.issue_appeal_outcome(
        actor=actor,
        application=application,
        review=notices.Review(
            subject=audit.reference(appeal),
            decision=stands,
            asked_at=appeal.received_at,
            upheld=upheld,
            answer=text,
            changed=changed,
        ),
        now=now,
    )


def _changes(appeal: Appeal, judged: Reassessment | None) -> tuple[str, ...]:
    """Return what was corrected, as sentences with the value before and after."""
    if judged is None:
        return ()
    before, after = judged.facts_before, judged.facts_after
    currency = appeal.application.currency
    return tuple(
        _("%(fact)s: %(after)s instead of %(before)s")
        % {
            "fact": presentation.fact_name(name),
            "before": presentation.fact_value(name, before.get(name, ""), currency),
            "after": presentation.fact_value(name, after.get(name, ""), currency),
        }
        for name in correctable.moved(before, after)
    )
