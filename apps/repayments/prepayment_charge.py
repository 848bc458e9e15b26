"""What paying principal before its time costs. Pure.

Rule book 6.11: nothing on a floating-rate loan to a person for other than business purposes that
was sanctioned or renewed from 1 January 2026, in India; otherwise the share of the principal that
the contract names.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.offers import contingent

# What the charge is asked for under, and what its reference adds to that of the payment.
CODE = "prepayment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What of a contract says whether paying early costs something; `rate` is a fraction."""

    rate: Decimal
    is_indian: bool
    is_floating: bool
    is_individual: bool
    is_business: bool
    sanctioned_on: date


def charge(prepaid: Decimal, contract: Contract, currency: str) -> Decimal:
    """Return the charge for principal that is paid before its time, rounded half-up once."""
    is_free = contingent.is_free_to_prepay(
        is_indian=contract.is_indian,
        is_floating=contract.is_floating,
        is_individual=contract.is_individual,
        is_business=contract.is_business,
        sanctioned=contract.sanctioned_on,
    )
    return contingent.prepayment_charge(prepaid, contract.rate, currency, is_free=is_free)
