"""Read rows of a catalogue file in the types of a dataclass, or say where they do not fit. Pure.

Nothing is filled in: a key that is missing, unknown or of the wrong kind is refused, with the
place in the file. Money and rates stand in the files as text, so that no digit is lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any


class CatalogueRefused(ValueError):
    """The catalogue breaks a rule; `place` says where."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"{place}: {why}")
        self.place = place
        self.why = why


def rows(data: Any, key: str, *, inside: str = "") -> list[tuple[str, Mapping[str, Any]]]:
    """Return (place, row) for every row of the list that stands under `key`."""
    path = f"{inside}.{key}" if inside else key
    listed = data.get(key) if isinstance(data, Mapping) else None
    if not isinstance(listed, list):
        raise CatalogueRefused(path, "A list must stand here.")
    found = []
    for position, row in enumerate(listed, start=1):
        place = f"{path}[{position}]"
        if not isinstance(row, Mapping):
            raise CatalogueRefused(place, "Must be an object.")
        found.append((place, row))
    return found


def typed(spec: type, row: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return the row's values in the types of the dataclass, nested ones left out."""
    declared = {field.name: field.type for field in fields(spec)}
    odd = sorted(set(row) ^ set(declared))
    expect(not odd, place, f"Missing or unknown: {', '.join(odd)}.")
    return {
        name: _value(row[name], kind, f"{place}.{name}")
        for name, kind in declared.items()
        if kind in _READERS
    }


def expect(holds: bool, place: str, why: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise CatalogueRefused unless a condition holds."""
    if not holds:
        raise CatalogueRefused(place, why)


def once(codes: Sequence[str], place: str) -> None:
    """Raise CatalogueRefused where a code stands twice."""
    twice = sorted({code for code in codes if codes.count(code) > 1})
    expect(not twice, place, f"Named twice: {', '.join(twice)}.")


def _value(value: Any, kind: Any, place: str) -> Any:
    try:
        return _READERS[kind](value)
    except (TypeError, ValueError, InvalidOperation):
        raise CatalogueRefused(place, f"{value!r} does not fit here.") from None


def _text(value: Any) -> str:
    if not isinstance(value, str) or value != value.strip():
        raise TypeError
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _decimal(value: Any) -> Decimal:
    # A JSON number has already been through a float.
    number = Decimal(_text(value))
    if not number.is_finite():
        raise TypeError
    return number


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _by_language(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise TypeError
    return {_text(code): _text(word) for code, word in value.items()}


def _words(value: Any) -> tuple[str, ...]:
    return tuple(_text(word) for word in _listed(value))


def _wholes(value: Any) -> tuple[int, ...]:
    return tuple(_whole(one) for one in _listed(value))


def _days(value: Any) -> tuple[date, ...]:
    return tuple(date.fromisoformat(_text(one)) for one in _listed(value))


_READERS: Mapping[Any, Any] = {
    str: _text,
    Mapping[str, str]: _by_language,
    date: lambda value: date.fromisoformat(_text(value)),
    int: _whole,
    bool: _flag,
    Decimal: _decimal,
    int | None: lambda value: None if value is None else _whole(value),
    Decimal | None: lambda value: None if value is None else _decimal(value),
    date | None: lambda value: None if value is None else date.fromisoformat(_text(value)),
    tuple[str, ...]: _words,
    tuple[int, ...]: _wholes,
    tuple[date, ...]: _days,
}
