"""RBI: asset classification and provisioning, by class (rule book 1.7, 1.10 to 1.12). Pure.

Standard assets with what of them is special mention, the classes of non-performing assets with
their secured and unsecured portions, gross and net non-performing assets. Amounts are principal
outstanding, so that the total is the ledger's; net is gross less provisions for those assets.
"""

from collections.abc import Iterable
from decimal import Decimal

from apps.npa.returns_layout import ZERO, Line, Part, Sheet, added

LAYOUT = "rbi-assets-1"
COLUMNS = (
    ("accounts", "Accounts"),
    ("principal", "Outstanding"),
    ("interest", "Interest due and accrued"),
    ("suspended", "Held in suspense"),
    ("secured", "Secured portion"),
    ("unsecured", "Unsecured portion"),
    ("provision", "Provision"),
    ("net", "Outstanding less provision"),
)
_CLASSES = (
    ("2", "Sub-standard", "substandard"),
    ("3.1", "Doubtful up to one year", "doubtful_1"),
    ("3.2", "Doubtful one to three years", "doubtful_2"),
    ("3.3", "Doubtful more than three years", "doubtful_3"),
    ("4", "Loss", "loss"),
)
_BUCKETS = (("1.1", "SMA-0", "sma_0"), ("1.2", "SMA-1", "sma_1"), ("1.3", "SMA-2", "sma_2"))
KNOWN = ("standard", *(code for _number, _label, code in _CLASSES))


def sheet(parts: Iterable[Part]) -> Sheet:
    """Return the return. Raises ValueError for a class the layout has no line for."""
    rows = list(parts)
    unknown = sorted({row.asset_class for row in rows} - set(KNOWN))
    if unknown:
        raise ValueError(", ".join(unknown))
    standard = [row for row in rows if row.asset_class == "standard"]
    bad = [row for row in rows if row.is_npa]
    lines = [_line("1", "Standard assets", standard, asset_class="standard")]
    lines += [
        _line(
            number,
            f"of which {label}",
            [row for row in standard if row.bucket == code],
            within=True,
            asset_class="standard",
            bucket=code,
        )
        for number, label, code in _BUCKETS
    ]
    restructured = [row for row in standard if row.is_restructured]
    lines.append(
        _line(
            *("1.4", "of which restructured", restructured),
            within=True,
            asset_class="standard",
            restructured="yes",
        )
    )
    lines += [
        _line(number, label, [row for row in rows if row.asset_class == code], asset_class=code)
        for number, label, code in _CLASSES
    ]
    lines.append(_line("5", "Gross non-performing assets (2 to 4)", bad, within=True, npa="on"))
    lines.append(_line("6", "Total (1 to 4)", rows, is_total=True))
    return Sheet(LAYOUT, COLUMNS, tuple(lines))


def ratios(parts: Iterable[Part]) -> dict[str, Decimal | None]:
    """Return gross and net non-performing assets over gross and net advances.

    Net takes the provisions for non-performing assets off both; None without advances.
    """
    rows = list(parts)
    gross = sum((row.principal for row in rows), ZERO)
    bad = sum((row.principal for row in rows if row.is_npa), ZERO)
    held = sum((row.provision for row in rows if row.is_npa), ZERO)
    net = gross - held
    return {
        "gross_npa": bad / gross if gross else None,
        "net_npa": (bad - held) / net if net else None,
    }


def _line(
    code: str,
    label: str,
    rows: list[Part],
    *,
    within: bool = False,
    is_total: bool = False,
    **filters: str,
) -> Line:
    amounts = added(rows)
    amounts["net"] = amounts["principal"] - amounts["provision"]
    return Line(code, label, amounts, filters, within, is_total)
