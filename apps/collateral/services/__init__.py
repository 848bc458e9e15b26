"""What is done about collateral, one module for each action."""

from apps.collateral.services.answering import (
    add_co_borrower,
    remove_co_borrower,
    set_liability,
)
from apps.collateral.services.charging import charge, drop
from apps.collateral.services.disclosing import read_registration
from apps.collateral.services.insuring import insure
from apps.collateral.services.moving import Deed, invoke, perfect, pledge, withdraw
from apps.collateral.services.registering import register
from apps.collateral.services.releasing import ask_release, grant_release, refuse_release
from apps.collateral.services.valuing import correct_valuation, value

__all__ = [
    "Deed",
    "add_co_borrower",
    "ask_release",
    "charge",
    "correct_valuation",
    "drop",
    "grant_release",
    "insure",
    "invoke",
    "perfect",
    "pledge",
    "read_registration",
    "refuse_release",
    "register",
    "remove_co_borrower",
    "set_liability",
    "value",
    "withdraw",
]
