"""What is done about offers, one module for each action."""

from apps.offers.services.accepting import (
    Consent,
    accept_by_applicant,
    accept_by_officer,
    decline,
)
from apps.offers.services.asking import Asked, note_exit_asked, step_back_by_link
from apps.offers.services.ending import expire_due, supersede, withdraw
from apps.offers.services.making import decided_terms, make
from apps.offers.services.taking import (
    came_back,
    exit,  # noqa: A004 - as there
    exit_owed,
    exit_quote,
    paid_out,
    require_chargeable,
    take_up,
)

__all__ = [
    "Asked",
    "Consent",
    "accept_by_applicant",
    "accept_by_officer",
    "came_back",
    "decided_terms",
    "decline",
    "exit",
    "exit_owed",
    "exit_quote",
    "expire_due",
    "make",
    "note_exit_asked",
    "paid_out",
    "require_chargeable",
    "step_back_by_link",
    "supersede",
    "take_up",
    "withdraw",
]
