"""Readers turn one cell of a tape into a typed value or refuse it with a reason. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

Value = Decimal | int | date | str | bool | None
# No column holds more. Beyond it rounding fails, and writing out 1e9999999 would never end.
_MOST_DIGITS = 16


class CellRefused(ValueError):
    """A cell that cannot be accepted; the message is the reason for the reject file."""


@dataclass(frozen=True)
class Reader:
    """How one column is read: its kind, bounds, choices, and what an empty cell means.

    `zero_is_missing_before`: on loans applied for before that day a 0 means "none known".
    """

    column: str
    convert: Callable[[str], Value]
    optional: bool
    minimum: Any = None
    maximum: Any = None
    zero_is_missing_before: date | None = None
    choices: Mapping[str, Value] = field(default_factory=dict)

    def read(self, cell: str, *, applied: date | None = None) -> Value:
        """Return the value of a cell; raise CellRefused with the reason."""
        if not cell:
            if self.optional:
                return None
            raise CellRefused("is empty")
        value = self.convert(cell)
        self._check(value, cell)
        cutoff = self.zero_is_missing_before
        if value == 0 and cutoff and applied and applied < cutoff:
            return None
        return value

    def _check(self, value: Any, cell: str) -> None:
        size = len(value) if isinstance(value, str) and not self.choices else value
        if self.minimum is not None and size < self.minimum:
            raise CellRefused(f"{_shown(cell)} is below {self.minimum}")
        if self.maximum is not None and size > self.maximum:
            raise CellRefused(f"{_shown(cell)} is above {self.maximum}")


def reader(
    *,
    column: str,
    read: str,
    missing: str = "refused",
    minimum: str | None = None,
    maximum: str | None = None,
    values: Mapping[str, str] | None = None,
    result: str = "text",
    zero_is_missing_before: str | None = None,
) -> Reader:
    """Return the reader a mapping's entry describes; ValueError or TypeError for a wrong entry."""
    if missing not in {"refused", "allowed"}:
        raise ValueError(f"missing must be refused or allowed, not {missing!r}")
    if read not in {"choice", *_KINDS}:
        raise ValueError(f"{column}: there is no way to read {read!r}")
    choices = {cell: _RESULTS[result](text) for cell, text in (values or {}).items()}
    if (read == "choice") != bool(choices):
        raise ValueError(f"{column}: values belong to a choice, and a choice needs them")
    convert = _choice(choices) if read == "choice" else _KINDS[read]
    bound = int if read == "text" else convert
    return Reader(
        column=column,
        convert=convert,
        optional=missing == "allowed",
        minimum=None if minimum is None else bound(minimum),
        maximum=None if maximum is None else bound(maximum),
        zero_is_missing_before=_day(zero_is_missing_before) if zero_is_missing_before else None,
        choices=choices,
    )


def _decimal(cell: str) -> Decimal:
    try:
        value = Decimal(cell)
    except InvalidOperation:
        raise CellRefused(f"{_shown(cell)} is not a number") from None
    if not value.is_finite():
        raise CellRefused(f"{_shown(cell)} is not a number")
    if value and value.adjusted() >= _MOST_DIGITS:
        raise CellRefused(f"{_shown(cell)} is too large")
    return value


def _money(cell: str) -> Decimal:
    return _decimal(cell).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")


def _integer(cell: str) -> int:
    value = _decimal(cell)
    if value != value.to_integral_value():
        raise CellRefused(f"{_shown(cell)} is not a whole number")
    return int(value)


def _day(cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise CellRefused(f"{_shown(cell)} is not a date (year-month-day)") from None


def _text(cell: str) -> str:
    if not cell.isprintable():
        raise CellRefused("holds characters that cannot be printed")
    return cell


def _flag(text: str) -> bool:
    return {"yes": True, "no": False}[text]


def _choice(choices: Mapping[str, Value]) -> Callable[[str], Value]:
    def convert(cell: str) -> Value:
        if cell not in choices:
            raise CellRefused(f"{_shown(cell)} is not one of the known values")
        return choices[cell]

    return convert


def _shown(cell: str) -> str:
    return repr(cell[:40] + ("…" if len(cell) > 40 else ""))


_KINDS: dict[str, Callable[[str], Value]] = {
    "money": _money,
    "number": _decimal,
    "integer": _integer,
    "date": _day,
    "text": _text,
}
_RESULTS: dict[str, Callable[[str], Value]] = {"text": str, "integer": int, "flag": _flag}
