"""Where apps above take part in what is known of customers, without customers knowing them.

They register in their `AppConfig.ready()`: loans tells which loans of ours a customer owes, so that
none is recorded as a debt elsewhere and counted twice.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLoan:
    """A running loan of ours that a customer owes, alone or with others.

    `most_monthly` is the most that falls due under it in a month.
    """

    number: str
    product: str
    most_monthly: Decimal


# `own_loans(customer_id)`: the running loans of one customer, by number.
OwnLoans = Callable[[uuid.UUID], tuple[OwnLoan, ...]]
_own_loans: list[OwnLoans] = []


def know_own_loans(tell: OwnLoans) -> None:
    """Ask `tell(customer_id)` which running loans of ours a customer owes."""
    _own_loans[:] = [tell]


def own_loans(customer: uuid.UUID) -> tuple[OwnLoan, ...]:
    """Return the running loans of ours that a customer owes; none while no app tells."""
    return next((tell(customer) for tell in _own_loans), ())
