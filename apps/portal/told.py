"""What an applicant is told about an offer, in the language that is active."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.offers.models import Offer


def about_offer(offer: Offer, today: date) -> str:
    """Return how an offer stands, as a sentence for the applicant."""
    if offer.is_open:
        return _open(offer, today)
    sentences = {
        "accepted": _("You have accepted this offer. We pay the money out next."),
        "taken_up": _("You have accepted this offer and the loan was opened."),
        "declined": _("You have declined this offer. It holds no more."),
        "withdrawn": _("We have taken this offer back. Ask your branch if you want to know why."),
        "expired": _("The time to answer this offer is over. Ask your branch for another one."),
        "superseded": _("What was decided has changed, so this offer holds no more."),
        "exited": _("You have stepped back from this loan."),
    }
    return sentences[offer.status]


def _open(offer: Offer, today: date) -> str:
    if today > offer.valid_until:
        return _("The time to answer this offer is over. Ask your branch for another one.")
    day = date_format(offer.valid_until, "j F Y")
    return _("Read the statement below. You can answer until %(day)s.") % {"day": day}
