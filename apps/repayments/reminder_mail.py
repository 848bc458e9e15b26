"""A reminder as an e-mail, in the borrower's language.

The subject names the lender alone. The text says which day it is about and no name, loan, amount or
account: those stand on the borrower's own page, whose address it carries, as it carries the one
that ends reminders (also as headers, by which mail programs offer it: RFC 2369, RFC 8058).
"""

from dataclasses import dataclass
from datetime import date

from django.core.mail import EmailMessage
from django.utils import formats, translation
from django.utils.translation import gettext as _

from apps.accounts.models import Entity


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a reminder says: of which due date, on which day, and where to go from it."""

    due_date: date
    today: date
    # What falls due next, where the reminder is about something that is overdue.
    next_due: date | None
    own_link: str
    stop_link: str


def message(said: Said, *, lender: Entity, language: str, to: str, message_id: str) -> EmailMessage:
    """Return the message."""
    # A subject is one line: with a line break in it no message can be made of it.
    name = " ".join(lender.name.split())
    with translation.override(language):
        subject = _("A reminder from %(lender)s") % {"lender": name}
        body = "\n\n".join(_paragraphs(said, lender, name))
    headers = {"Message-ID": message_id, "Auto-Submitted": "auto-generated"}
    if said.stop_link:
        headers["List-Unsubscribe"] = f"<{said.stop_link}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return EmailMessage(
        subject=subject, body=body, to=[to], reply_to=[lender.email], headers=headers
    )


def _paragraphs(said: Said, lender: Entity, name: str) -> list[str]:
    found = [*_about(said, name)]
    if said.own_link:
        found.append(_("What is to be paid stands on your own page:\n%s") % said.own_link)
    found.append(
        _(
            "If you have paid already, thank you: nothing more is needed. For questions write to"
            " %(email)s or call %(phone)s."
        )
        % {"email": lender.email, "phone": lender.phone}
    )
    if said.stop_link:
        found.append(_("If you want no more reminders, say so here:\n%s") % said.stop_link)
    else:
        found.append(_("If you want no more reminders, tell us so."))
    return found


def _about(said: Said, lender: str) -> list[str]:
    values = {"lender": lender, "day": _day(said.due_date)}
    if said.due_date > said.today:
        return [_("An instalment of your loan from %(lender)s falls due on %(day)s.") % values]
    if said.due_date == said.today:
        return [_("An instalment of your loan from %(lender)s falls due today, %(day)s.") % values]
    first = _(
        "An instalment of your loan from %(lender)s fell due on %(day)s, and it has not reached us"
        " in full. If you cannot pay it now, please talk to us: we can look for a way together."
    )
    found = [first % values]
    if said.next_due is not None:
        found.append(_("The next one falls due on %(day)s.") % {"day": _day(said.next_due)})
    return found


def _day(day: date) -> str:
    return formats.date_format(day, "j F Y")
