"""What grace does to the number of instalments, and to interest that is charged and not paid. Pure.

Two conventions on the term, named in `GraceTerm`: *inside*, the agreed number contains the
instalments of grace, so that fewer repay the loan; *extending*, they come on top of it.
"""

from decimal import Decimal

from apps.schedules.terms import ZERO, Grace, GraceTerm, Terms


def number_of_instalments(terms: Terms) -> int:
    """Return how many due dates the terms make, those of grace included."""
    if terms.grace.term == GraceTerm.INSIDE:
        return terms.instalments
    # Instalments that are only free of interest repay the loan like any other: none is added.
    return terms.instalments + max(terms.grace.principal, terms.grace.interest)


class UnpaidInterest:
    """The interest of instalments that pay none: it joins the balance, or waits without interest.

    Invariant: what is charged = what fell due + what was capitalised + what is `waiting`.
    """

    def __init__(self, grace: Grace) -> None:
        self._grace = grace
        self.waiting = ZERO

    def place(self, number: int, charge: Decimal) -> tuple[Decimal, Decimal]:
        """Return what of a period's interest falls due and what is capitalised."""
        if number > self._grace.interest:
            due = charge + self.waiting
            self.waiting = ZERO
            return due, ZERO
        if self._grace.capitalised:
            return ZERO, charge
        self.waiting += charge
        return ZERO, ZERO
