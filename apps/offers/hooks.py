"""Where apps above take part in offers, without offers knowing them.

They register in their `AppConfig.ready()`: the applicant's pages say at which address an offer is
answered, and loans gives up a contract whose borrower steps back, or refuses while money is on its
way, and tells what was paid out of it.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from apps.offers.key_facts import OwnLoan

# `build(application_id, until)`: the address, complete with https and host; empty without one.
OfferLink = Callable[[uuid.UUID, date], str]
# `listener(offer_id, actor, now)`; the actor is None where the borrower acts by a signed link.
OnExit = Callable[[uuid.UUID, Any, datetime], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """One payment under an offer that reached the borrower.

    `upfront` is what was charged with it for fees and interest paid beforehand, `taken_off` what of
    that was kept back; the rest is owed beside.
    """

    paid_date: date
    amount: Decimal
    upfront: Decimal
    taken_off: Decimal


# `payouts(offer_id)`: what was paid out under an offer and did not come back; None without a loan.
PayoutsOf = Callable[[uuid.UUID], tuple[Payout, ...] | None]

# `tell(application, day, until)`: the loan with us that is paid off out of what an application
# brings, with the amounts of both days; None where there is none.
OwnLoanOf = Callable[[Any, date, date], OwnLoan | None]

_links: list[OfferLink] = []
_on_exit: list[OnExit] = []
_payouts: list[PayoutsOf] = []
_own_loans: list[OwnLoanOf] = []


def build_offer_links(build: OfferLink) -> None:
    """Let statements carry the address at which the offer can be answered until a day."""
    _links[:] = [build]


def offer_link(application_id: uuid.UUID, until: date) -> str:
    """Return the address to answer an offer, or nothing while no app builds one."""
    return next((build(application_id, until) for build in _links), "")


def on_exit(listener: OnExit) -> None:
    """Call `listener(offer_id, actor, now)` in the transaction in which a borrower steps back.

    The application is locked by then and the offer not yet, so that a loan is locked between the
    two. What it raises refuses the exit.
    """
    if listener not in _on_exit:
        _on_exit.append(listener)


def steps_back(offer_id: uuid.UUID, *, actor: Any, now: datetime) -> None:
    """Tell everybody who asked that a borrower is about to step back."""
    for listener in _on_exit:
        listener(offer_id, actor, now)


def know_payouts(tell: PayoutsOf) -> None:
    """Ask `tell(offer_id)` what was paid out under an offer: all of it, or the first tranches."""
    _payouts[:] = [tell]


def payouts(offer_id: uuid.UUID) -> tuple[Payout, ...] | None:
    """Return what was paid out under an offer and did not come back.

    Empty where all of it came back; None where there is no loan, or no app tells.
    """
    return next((tell(offer_id) for tell in _payouts), None)


def know_own_loans(tell: OwnLoanOf) -> None:
    """Ask `tell(application, day, until)` which loan with us is paid off out of an application."""
    _own_loans[:] = [tell]


def own_loan(application: Any, day: date, until: date) -> OwnLoan | None:
    """Return the loan with us that is paid off, or None; whatever is raised refuses the offer."""
    return next((tell(application, day, until) for tell in _own_loans), None)
