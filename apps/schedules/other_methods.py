"""What an instalment repays where instalments are not equal: by method, on the declining balance.

Pure. Each plan answers `principal(index, opening, charge, interest)` as `EqualInstalments` does;
the last instalment is never asked, it takes the rest.
"""

from collections.abc import Sequence
from decimal import Decimal

from apps.schedules import last_instalment, rounding
from apps.schedules.periods import Period
from apps.schedules.terms import CustomRow, Terms


class EqualPrincipal:
    """What is owed over the instalments left, rounded; each tranche has it computed anew."""

    def __init__(self, terms: Terms, periods: Sequence[Period]) -> None:
        self._terms = terms
        self._periods = periods
        self._part: Decimal | None = None

    def principal(
        self, index: int, opening: Decimal, charge: Decimal, interest: Decimal
    ) -> Decimal:
        """Return the equal part of the principal."""
        if self._part is None or self._periods[index].payouts:
            left = len(self._periods) - index
            self._part = rounding.instalment(opening / left, self._terms)
        return self._part

    def check_last(self, principal: Decimal, interest: Decimal) -> None:
        """Refuse a last part that is far from the others."""
        if self._part is not None:
            last_instalment.check_last(self._terms, self._part, principal)


class Bullet:
    """Nothing before the last instalment: interest only, and a single repayment."""

    def __init__(self, nothing: Decimal) -> None:
        self._nothing = nothing

    def principal(
        self, index: int, opening: Decimal, charge: Decimal, interest: Decimal
    ) -> Decimal:
        """Return nothing."""
        return self._nothing

    def check_last(self, principal: Decimal, interest: Decimal) -> None:
        """Accept any: the last instalment is the loan."""


class AgreedRows:
    """The principals that were agreed row by row."""

    def __init__(self, rows: Sequence[CustomRow], nothing: Decimal) -> None:
        self._rows = rows
        self._nothing = nothing

    def principal(
        self, index: int, opening: Decimal, charge: Decimal, interest: Decimal
    ) -> Decimal:
        """Return the agreed principal."""
        return self._rows[index].principal + self._nothing

    def check_last(self, principal: Decimal, interest: Decimal) -> None:
        """Accept it: agreed principals sum to the amount lent, so the rest is the last of them."""
