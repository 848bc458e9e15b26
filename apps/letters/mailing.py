"""Send one letter as an e-mail, and say in three words what became of it.

The message carries no name, number, amount or outcome: those stand in the PDF alone, and what a
mail server logs - sender, recipient, subject - tells nobody what was decided. See
docs/decisions/0014-letters-go-out-as-attachments.md.
"""

import smtplib
from typing import Literal

import structlog
from django.core.mail import EmailMessage, get_connection
from django.utils import translation
from django.utils.translation import gettext as _

from apps.letters.models import Letter

logger = structlog.get_logger(__name__)

Result = Literal["sent", "later", "refused", "unknown"]
# 4xx: the server asks to come again.
_FIRST_PERMANENT = 500


def send(letter: Letter, *, to: str, message_id: str) -> Result:
    """Send a frozen letter and return what became of it; never raises for a mail server's sake.

    `later`: certainly not sent, worth another attempt. `refused`: certainly not sent, and never
    will be. `unknown`: the connection broke after the server had begun to take the letter.
    """
    message = _message(letter, to=to, message_id=message_id)
    return hand_over(message, failure="letter_not_sent", letter=str(letter.pk))


def hand_over(message: EmailMessage, *, failure: str, **named: str) -> Result:
    """Give one message to the mail server; return as `send` does.

    What went wrong is logged as the event `failure` with what names it, and no word of the message.
    """
    result, error = _attempted(message)
    if error is not None:
        # The error's own text may name the address; its kind says enough.
        logger.warning(failure, **named, result=result, error=type(error).__name__)
    return result


def _attempted(message: EmailMessage) -> tuple[Result, Exception | None]:
    connection = get_connection(fail_silently=False)
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        # Nothing was said yet about any message.
        return "later", error
    try:
        connection.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _text in error.recipients.values()]
        return _by_code(max(codes, default=0)), error
    except smtplib.SMTPResponseException as error:
        return _by_code(error.smtp_code), error
    except (OSError, smtplib.SMTPException) as error:
        return "unknown", error
    finally:
        _close(connection)
    return "sent", None


def _message(letter: Letter, *, to: str, message_id: str) -> EmailMessage:
    lender = letter.branch.entity
    # A subject is one line: with a line break in it no message can be made of the letter.
    name = " ".join(lender.name.split())
    with translation.override(letter.language):
        subject = _("A letter from %(lender)s") % {"lender": name}
        body = _(
            "Please find attached a letter about your application to %(lender)s, as a PDF file.\n\n"
            "If you cannot open it, or if it is not meant for you, write to %(email)s or call"
            " %(phone)s."
        ) % {"lender": name, "email": lender.email, "phone": lender.phone}
    message = EmailMessage(
        subject=subject,
        body=body,
        to=[to],
        reply_to=[lender.email],
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )
    message.attach("letter.pdf", bytes(letter.pdf or b""), "application/pdf")
    return message


def _by_code(code: int) -> Result:
    return "refused" if code >= _FIRST_PERMANENT else "later"


def _close(connection: object) -> None:
    try:
        connection.close()  # type: ignore[attr-defined]  # every backend has it
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("mail_server_left_early", error=type(error).__name__)
