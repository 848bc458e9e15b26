"""Where apps above take part in what is known of customers, without customers knowing them.

They register in their `AppConfig.ready()`: loans tells which loans of ours a customer owes, so that
none is recorded as a debt elsewhere and counted twice.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLoan:
    """A running loan of ours that a customer owes, alone or with others."""

    number: str
    product: str


# `own_loans(customer_id)`: the running loans of one customer, by number.
OwnLoans = Callable[[uuid.UUID], tuple[OwnLoan, ...]]
_own_loans: list[OwnLoans] = []
# `own_payments(customer_id, on)`: what our books count of these loans a month, by number.
OwnPayments = Callable[[uuid.UUID, date], Mapping[str, Decimal]]
_own_payments: list[OwnPayments] = []


def know_own_loans(tell: OwnLoans) -> None:
    """Ask `tell(customer_id)` which running loans of ours a customer owes."""
    _own_loans[:] = [tell]


def own_loans(customer: uuid.UUID) -> tuple[OwnLoan, ...]:
    """Return the running loans of ours that a customer owes; none while no app tells."""
    return next((tell(customer) for tell in _own_loans), ())


def know_own_payments(tell: OwnPayments) -> None:
    """Ask `tell(customer_id, on)` what is counted a month from a day on of loans of ours."""
    _own_payments[:] = [tell]


def own_payments(customer: uuid.UUID, on: date) -> Mapping[str, Decimal]:
    """Return what is counted a month of each loan of ours; none while no app tells."""
    return next((tell(customer, on) for tell in _own_payments), {})
