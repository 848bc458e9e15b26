"""SASRA Form 4: risk classification of assets and provisioning (rule book 2.1). Pure.

*Source:* Sacco Societies (Deposit-Taking Sacco Business) Regulations 2010, L.N. 95/2010, Part VII.
Two blocks: loans as granted, and restructured loans apart, each by the five classes.
"""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal

from apps.npa.returns_layout import ZERO, Line, Part, Sheet, added

LAYOUT = "sasra-form-4-1"
COLUMNS = (
    ("accounts", "Number of accounts"),
    ("principal", "Outstanding balance"),
    ("exposure", "Provided for"),
    ("percent", "Required provision, percent"),
    ("required", "Required provision"),
    ("provision", "Provision held"),
)
RATES = {
    "performing": Decimal("0.01"),
    "watch": Decimal("0.05"),
    "substandard": Decimal("0.25"),
    "doubtful": Decimal("0.50"),
    "loss": Decimal("1.00"),
}
_LABELS = {
    "performing": "Performing",
    "watch": "Watch",
    "substandard": "Substandard",
    "doubtful": "Doubtful",
    "loss": "Loss",
}
_CENT = Decimal("0.01")
_HUNDRED = Decimal(100)


def sheet(parts: Iterable[Part]) -> Sheet:
    """Return the form. Raises ValueError for a class the form has no line for."""
    rows = list(parts)
    unknown = sorted({row.asset_class for row in rows} - set(RATES))
    if unknown:
        raise ValueError(", ".join(unknown))
    lines: list[Line] = []
    for block, heading, restructured in (("A", "", False), ("B", "Restructured: ", True)):
        within = [row for row in rows if row.is_restructured is restructured]
        which = "yes" if restructured else "no"
        for number, code in enumerate(RATES, start=1):
            chosen = [row for row in within if row.asset_class == code]
            filters = {"asset_class": code, "restructured": which}
            label = f"{heading}{_LABELS[code]}"
            lines.append(Line(f"{block}{number}", label, _amounts(chosen, code), filters))
        label = "Restructured loans" if restructured else "Loans as granted"
        filters = {"restructured": which}
        lines.append(Line(f"{block}6", label, _block(within), filters, within=True))
    lines.append(Line("C", "Total", _block(rows), {}, is_total=True))
    return Sheet(LAYOUT, COLUMNS, tuple(lines))


def required(balances: Mapping[str, Decimal]) -> Decimal:
    """Return the provision that balances by class require, in all."""
    amounts = (balance * RATES[code] for code, balance in balances.items())
    return sum(amounts, ZERO).quantize(_CENT, rounding=ROUND_HALF_UP)


def _amounts(rows: list[Part], code: str) -> dict[str, Decimal]:
    found = added(rows)
    found["exposure"] = found["secured"] + found["unsecured"]
    found["percent"] = RATES[code] * _HUNDRED
    found["required"] = required({code: found["exposure"]})
    return found


def _block(rows: list[Part]) -> dict[str, Decimal]:
    by_class = {code: [row for row in rows if row.asset_class == code] for code in RATES}
    lines = [_amounts(chosen, code) for code, chosen in by_class.items()]
    names = ("accounts", "principal", "exposure", "required", "provision")
    return {name: sum((line[name] for line in lines), ZERO) for name in names}
