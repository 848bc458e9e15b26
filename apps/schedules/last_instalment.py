"""How far the last instalment, which takes what rounding left, can lie from the others. Pure.

Rounding changes each instalment by at most e and each interest by at most q/2, q the smallest
unit. Both grow with interest until the end, so that with growth g(k) in period k

    |last - instalment| <= (e + q/2) x S + q,   S = sum over k of g(k+1) x ... x g(n),

which for equal periods and e = q/2 is q x ((1+i)^n - 1)/i + q. Where that is not pennies - at
48 % over thirty years it is 340,000 - the term is refused.
"""

from decimal import Decimal

from apps.core import money
from apps.core.formatting import format_money
from apps.schedules import rounding
from apps.schedules.refusals import gettext_noop, refused
from apps.schedules.terms import Terms

# Above this share of an instalment, or this many smallest units, the rest is no pennies.
LARGEST_SHARE = Decimal("0.25")
LARGEST_UNITS = 100_000
LARGEST_SAID = Decimal(10) ** 12


def bound(growth: Decimal, error: Decimal, smallest: Decimal) -> Decimal:
    """Return the most by which the last instalment differs, S being `growth` and e `error`."""
    return (error + smallest / 2) * growth + smallest


def check_term(terms: Terms, instalment: Decimal, growth: Decimal) -> None:
    """Refuse a term over which even the smallest unit grows to more than pennies."""
    smallest = money.quantum(terms.currency)
    excess = bound(growth, smallest / 2, smallest)
    if instalment > 0 and excess <= min(LARGEST_SHARE * instalment, LARGEST_UNITS * smallest):
        return
    pattern = gettext_noop(
        "The term is too long for this rate and amount: the last instalment could differ from "
        "the others by %(excess)s."
    )
    # At 1,000 % over fifty years it has more digits than anybody reads.
    is_legible = excess < LARGEST_SAID
    said = format_money(excess, terms.currency) if is_legible else f"{excess:.1E}"
    raise refused("instalments", "last_instalment", pattern, excess=said)


def check_last(terms: Terms, instalment: Decimal, last: Decimal) -> None:
    """Refuse a unit so coarse that the last instalment is nothing, or twice the others."""
    if 0 < last <= 2 * instalment:
        return
    pattern = gettext_noop(
        "Instalments rounded to %(unit)s leave %(last)s for the last one, beside %(instalment)s "
        "for the others: choose a smaller unit."
    )
    amounts = {"unit": rounding.instalment_unit(terms), "last": last, "instalment": instalment}
    said = {name: format_money(amount, terms.currency) for name, amount in amounts.items()}
    raise refused("rounding_unit", "rounding_unit", pattern, **said)
