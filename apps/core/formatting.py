"""Money and shares as text a person reads, grouped as the currency's own country groups them.

Pure: no Django, no clock, no locale. Spaces inside a figure never break a line.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

NARROW_SPACE = "\u202f"
MINUS = "\u2212"


@dataclass(frozen=True, kw_only=True)
class CurrencyStyle:
    """How one currency is written: its sign, its decimals, and whether it counts in lakh."""

    sign: str
    decimals: int = 2
    indian_grouping: bool = False


# Signs with letters stand apart from the figure; signs that are symbols stand against it.
_STYLES = {
    "INR": CurrencyStyle(sign="\u20b9", indian_grouping=True),
    "KES": CurrencyStyle(sign="KSh" + NARROW_SPACE),
    "TZS": CurrencyStyle(sign="TSh" + NARROW_SPACE),
    "UGX": CurrencyStyle(sign="USh" + NARROW_SPACE, decimals=0),
    "RWF": CurrencyStyle(sign="RF" + NARROW_SPACE, decimals=0),
    "NGN": CurrencyStyle(sign="\u20a6"),
    "USD": CurrencyStyle(sign="$"),
    "EUR": CurrencyStyle(sign="\u20ac"),
    "GBP": CurrencyStyle(sign="\u00a3"),
}


def currency_style(currency: str) -> CurrencyStyle:
    """Return how `currency` is written; one not listed is written with its ISO code in front."""
    return _STYLES.get(currency, CurrencyStyle(sign=currency + NARROW_SPACE))


def format_money(amount: Decimal, currency: str) -> str:
    """Return `amount` with its currency, such as ₹12,34,567.00 or KSh 1,234,567.00.

    Shown half-up at the currency's minor unit. Raises TypeError for a float and ValueError for
    an amount that is not finite.
    """
    style = currency_style(currency)
    figure = format_amount(abs(amount), currency)
    is_negative = _rounded(amount, style.decimals) < 0
    return f"{MINUS if is_negative else ''}{style.sign}{figure}"


def format_amount(amount: Decimal, currency: str) -> str:
    """Return `amount` grouped as in `format_money`, without the sign of the currency.

    For columns whose heading names the currency. Raises as `format_money` does.
    """
    style = currency_style(currency)
    rounded = _rounded(amount, style.decimals)
    whole, _, fraction = f"{abs(rounded):.{style.decimals}f}".partition(".")
    grouped = _group_indian(whole) if style.indian_grouping else _group_thousands(whole)
    figure = f"{grouped}.{fraction}" if fraction else grouped
    return f"{MINUS}{figure}" if rounded < 0 else figure


def format_percent(share: Decimal | float, *, decimals: int = 1) -> str:
    """Return the fraction `share` in per cent, half-up: 0.1234 becomes 12.3 %.

    Raises ValueError for a share that is not finite.
    """
    percent = _rounded(_as_decimal(share) * 100, decimals)
    sign = MINUS if percent < 0 else ""
    return f"{sign}{abs(percent):,.{decimals}f}{NARROW_SPACE}%"


def format_number(value: Decimal | float, *, decimals: int = 0) -> str:
    """Return `value` in groups of three digits, half-up at `decimals`.

    Raises ValueError for a value that is not finite.
    """
    rounded = _rounded(_as_decimal(value), decimals)
    sign = MINUS if rounded < 0 else ""
    return f"{sign}{abs(rounded):,.{decimals}f}"


def _as_decimal(value: Decimal | float) -> Decimal:
    # str() first: a float's shortest text is what people mean by it, its binary value is not.
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _rounded(amount: Decimal, decimals: int) -> Decimal:
    if isinstance(amount, float):
        raise TypeError("An amount of money is a Decimal, never a float.")
    value = Decimal(amount)
    if not value.is_finite():
        raise ValueError("A figure to be shown must be finite.")
    try:
        return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    except ArithmeticError as error:
        raise ValueError("The figure has too many digits to be shown.") from error


def _group_thousands(digits: str) -> str:
    return f"{int(digits):,}"


def _group_indian(digits: str) -> str:
    """Return `digits` grouped 12,34,567: three at the end, then pairs."""
    head, tail = digits[:-3], digits[-3:]
    pairs: list[str] = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*pairs, tail])
