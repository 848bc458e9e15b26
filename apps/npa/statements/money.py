"""Rounding as `core.money` rounds, in SQL. Pure."""

from apps.core.money import MINOR_UNITS
from apps.npa.statements.words import case, literals

_USUAL = 2


def rounded(amount: str) -> str:
    """Return an amount rounded half-up to the smallest unit of the column `currency`.

    Amounts are not negative: PostgreSQL rounds half away from zero, which is then the same.
    """
    other = sorted({digits for digits in MINOR_UNITS.values() if digits != _USUAL})
    digits = case(
        (
            (
                f"currency IN ({literals(code for code, of in MINOR_UNITS.items() if of == one)})",
                str(one),
            )
            for one in other
        ),
        str(_USUAL),
    )
    return f"round(({amount})::numeric, {digits})"
