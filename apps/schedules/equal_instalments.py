"""Instalments that are equal, or equal up to agreed steps, on the declining balance. Pure.

The exact base instalment A makes the present value of all instalments the amount owed (rule book
9.1, for periods that need not be equal): with growth g(k) = 1 + rate x share of a year,

    A = (owed x g(1) x ... x g(n) - balloon) / sum over k of w(k) x g(k+1) x ... x g(n),

where w(k) is the step's factor, 1 without steps. For equal periods that is
P x i x (1+i)^n / ((1+i)^n - 1), and P / n without interest. It is computed in 50 digits and
rounded once to the unit of instalments.
"""

from collections.abc import Sequence
from decimal import Decimal

from apps.schedules import last_instalment, rounding
from apps.schedules.interest import over
from apps.schedules.periods import Period
from apps.schedules.terms import ZERO, Step, Terms

_ONE = Decimal(1)


class EqualInstalments:
    """The plan of equal instalments, balloon and steps; each tranche has it computed anew."""

    def __init__(self, terms: Terms, periods: Sequence[Period]) -> None:
        self._terms = terms
        self._periods = periods
        self._balloon = terms.balloon if terms.balloon is not None else ZERO
        self._factors = _factors(terms.steps, len(periods))
        self._base: Decimal | None = None
        self._amounts: dict[Decimal, Decimal] = {}

    def principal(
        self, index: int, opening: Decimal, charge: Decimal, interest: Decimal
    ) -> Decimal:
        """Return what an instalment repays, its regular interest given exact and as rounded."""
        if self._base is None or self._periods[index].payouts:
            self._compute(index, opening + charge)
        return self._amount(index) - interest

    def check_last(self, principal: Decimal, interest: Decimal) -> None:
        """Refuse a last instalment that is far from the others, its balloon apart."""
        if self._base is not None:
            amount = self._amount(len(self._periods) - 1)
            last = principal + interest - self._balloon
            last_instalment.check_last(self._terms, amount, last)

    def _amount(self, index: int) -> Decimal:
        factor = self._factors[index]
        if factor not in self._amounts:
            self._amounts[factor] = rounding.instalment((self._base or ZERO) * factor, self._terms)
        return self._amounts[factor]

    def _compute(self, index: int, owed: Decimal) -> None:
        weights, plain = self._factors[index], _ONE
        share, growth = None, _ONE
        for period, factor in zip(
            self._periods[index + 1 :], self._factors[index + 1 :], strict=True
        ):
            if period.regular is not share:
                share = period.regular
                growth = 1 + over(_ONE, self._terms.annual_rate, share)
            owed *= growth
            weights = weights * growth + factor
            plain = plain * growth + 1
        self._base = (owed - self._balloon) / weights
        self._amounts = {}
        # A unit so coarse that nothing is left of an instalment is no matter of the term.
        last = self._amount(len(self._periods) - 1) or self._base * self._factors[-1]
        last_instalment.check_term(self._terms, last, plain)


def _factors(steps: Sequence[Step], count: int) -> list[Decimal]:
    """Return each instalment's factor."""
    factors = [_ONE] * count
    for step in steps:
        factors[step.first - 1 :] = [step.factor] * (count - step.first + 1)
    return factors
