"""Tell an applicant in writing what the application still lacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.decisions.services import lettering, notices
from apps.letters.models import Letter
from apps.letters.services import DELIVER

# In these states something can still be missing; what was decided is told with the decision.
OPEN = ("draft", "submitted", "scored", "in_review")
LONGEST_WAIT = timedelta(days=90)
MOST_ITEMS = 12


@dataclass(frozen=True, kw_only=True)
class Missing:
    """What is missing: codes of `notices.MISSING`, and sentences of one's own."""

    codes: Sequence[str]
    also: Sequence[str]
    until: date


@transaction.atomic
def tell_missing(
    *, actor: User, application: Application, missing: Missing, now: datetime
) -> Letter:
    """Issue the notice of what is missing, in the applicant's language, and return it.

    Raises NotPermitted, NotVisible, Conflict for what was decided, DomainError with a sentence for
    each field, LetterImpossible.
    """
    if not actor.has_perm(DELIVER):
        raise NotPermitted("not_permitted", _("Your role does not deliver letters."))
    rows = Application.objects.select_for_update(of=("self",), no_key=True)
    found = get_visible(
        rows.select_related("product", "customer__address", "branch__entity"),
        actor,
        pk=application.pk,
    )
    if found.status not in OPEN:
        raise Conflict("nothing_missing", _("Nothing is waited for on this application any more."))
    _check(missing, today=lettering.local_date(found.branch.entity, now))
    with translation.override(found.customer.language):
        sentences = (*notices.missing_sentences(missing.codes), *missing.also)
    return notices.issue_incomplete(
        actor=actor, application=found, missing=sentences, until=missing.until, now=now
    )


def _check(missing: Missing, *, today: date) -> None:
    fields: dict[str, object] = {}
    known = [code for code in missing.codes if code in notices.MISSING]
    if len(known) != len(missing.codes):
        fields["codes"] = _("Choose from the list.")
    elif not known and not missing.also:
        fields["codes"] = _("Say what is missing.")
    elif len(known) + len(missing.also) > MOST_ITEMS:
        fields["also"] = _("A letter names at most %(most)s things.") % {"most": MOST_ITEMS}
    if not today < missing.until <= today + LONGEST_WAIT:
        fields["until"] = _("Choose a day after today, at most 90 days from now.")
    if fields:
        raise DomainError("notice_incomplete", _("The notice is not complete."), fields=fields)
