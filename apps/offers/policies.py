"""Who may do what with an offer; used for buttons and enforced in services."""

from datetime import date, timedelta

from apps.accounts.models import User
from apps.offers.models import Offer

VIEW = "offers.view_offer"
MAKE = "offers.make_offer"
ANSWER = "offers.answer_offer"
# Nobody says later than that that a borrower asked in time.
ASKED_NOTED_WITHIN = timedelta(days=7)


def may_withdraw(actor: User, offer: Offer) -> bool:
    """Say whether the person may take back an offer that waits for its answer."""
    return offer.may("withdraw") and actor.has_perm(MAKE)


def may_answer(actor: User, offer: Offer, *, today: date) -> bool:
    """Say whether the person may record what the applicant answers, and there is time for it."""
    return offer.may("accept") and today <= offer.valid_until and actor.has_perm(ANSWER)


def may_exit(actor: User, offer: Offer, *, today: date) -> bool:
    """Say whether the person may record that the borrower steps back."""
    return offer.may("exit") and is_in_time(offer, today) and actor.has_perm(ANSWER)


def may_note_asked(actor: User, offer: Offer, *, today: date) -> bool:
    """Say whether the person may note that the borrower asked to step back, on a day in time."""
    first = today - ASKED_NOTED_WITHIN
    is_new = offer.may("exit") and offer.exit_asked_date is None
    return is_new and within_cooling_off(offer, first) and actor.has_perm(ANSWER)


def is_in_time(offer: Offer, today: date) -> bool:
    """Say whether the borrower can step back, now or because it was asked for in time."""
    return offer.exit_asked_date is not None or within_cooling_off(offer, today)


def within_cooling_off(offer: Offer, today: date) -> bool:
    """Say whether the borrower may still step back; before the money was paid there is no end."""
    if offer.accepted_at is None:
        return False
    if offer.paid_out_date is None:
        return True
    return offer.cooling_off_until is not None and today <= offer.cooling_off_until
