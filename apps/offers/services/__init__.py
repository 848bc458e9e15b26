"""What is done about offers, one module for each action."""

from apps.offers.services.accepting import (
    Consent,
    accept_by_applicant,
    accept_by_officer,
    decline,
)
from apps.offers.services.ending import expire_due, supersede, withdraw
from apps.offers.services.making import decided_terms, make
from apps.offers.services.taking import (
    came_back,
    exit,  # noqa: A004 - as there
    exit_quote,
    paid_out,
    require_chargeable,
    take_up,
)

__all__ = [
    "Consent",
    "accept_by_applicant",
    "accept_by_officer",
    "came_back",
    "decided_terms",
    "decline",
    "exit",
    "exit_quote",
    "expire_due",
    "make",
    "paid_out",
    "require_chargeable",
    "supersede",
    "take_up",
    "withdraw",
]
