"""What grace does to the number of instalments, and to interest that is charged and not paid. Pure.

Two conventions on the term, named in `GraceTerm`: *inside*, the agreed number contains the
instalments of grace, so that fewer repay the loan; *extending*, they come on top of it.
"""

from decimal import Decimal

from apps.schedules.terms import Grace, GraceTerm, Terms


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

    def __init__(self, grace: Grace, nothing: Decimal) -> None:
        self._grace = grace
        self._nothing = nothing
        self.waiting = nothing

    def place(self, number: int, charge: Decimal) -> tuple[Decimal, Decimal]:
        """Return what of a period's interest falls due and what is capitalised."""
        if number > self._grace.interest:
            due = charge + self.waiting
            self.waiting = self._nothing
            return due, self._nothing
        if self._grace.capitalised:
            return self._nothing, charge
        self.waiting += charge
        return self._nothing, self._nothing
