"""Who may do what with an offer; used for buttons and enforced in services."""

from datetime import date

from apps.accounts.models import User
from apps.offers.models import Offer

VIEW = "offers.view_offer"
MAKE = "offers.make_offer"
ANSWER = "offers.answer_offer"


def may_withdraw(actor: User, offer: Offer) -> bool:
    """Say whether the person may take back an offer that waits for its answer."""
    return offer.may("withdraw") and actor.has_perm(MAKE)


def may_answer(actor: User, offer: Offer, *, today: date) -> bool:
    """Say whether the person may record what the applicant answers, and there is time for it."""
    return offer.may("accept") and today <= offer.valid_until and actor.has_perm(ANSWER)


def may_exit(actor: User, offer: Offer, *, today: date) -> bool:
    """Say whether the person may record that the borrower steps back."""
    return offer.may("exit") and within_cooling_off(offer, today) and actor.has_perm(ANSWER)


def within_cooling_off(offer: Offer, today: date) -> bool:
    """Say whether the borrower may still step back; before the money was paid there is no end."""
    if offer.accepted_at is None:
        return False
    if offer.paid_out_date is None:
        return True
    return offer.cooling_off_until is not None and today <= offer.cooling_off_until
