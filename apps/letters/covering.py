"""Letters and statements as staff read them: the applicant's own link in them is covered."""

from typing import Any

from django.utils.html import escape
from django.utils.translation import gettext as _

from apps.letters.models import Letter


def for_staff(letter: Letter) -> str:
    """Return the HTML of a frozen letter without the address that is the applicant's own.

    Who opens it is taken for the applicant. The PDF has it: that is what the applicant receives.
    The caller has compared the letter with its hash.
    """
    html = bytes(letter.html or b"").decode()
    stated: Any = letter.facts
    # Of a letter, where a review is asked for; of a statement, where the offer is answered.
    given = str(stated.get("review_link") or stated.get("link") or "")
    link = " ".join(given.split())
    if not link:
        return html
    covered = _("(a link for the applicant alone: it stands in their copy)")
    return html.replace(escape(link), escape(covered))
