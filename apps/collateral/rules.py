"""Haircuts, lives of valuations and caps on lending, each from a day on and with its source. Pure.

A past day is judged by the rules of that day: of the rows that had begun, the latest counts.
Nothing is filled in: a key that is missing, unknown or out of bounds is refused with its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any


class RulesRefused(ValueError):
    """The file breaks a rule; `place` says where."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"{place}: {why}")
        self.place = place


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTerms:
    """How one kind of item is judged from a day on.

    `haircut` is the share of the value that a sale is not trusted to bring. A valuation holds for
    `valuation_days` after its day. `counts` says whether it is security at all (rule book 1.9),
    `keeps_standard` whether a margin on it keeps a loan standard (1.15), `cap` which cap on lending
    it falls under, if any (6.11).
    """

    kind: str
    effective_from: date
    haircut: Decimal
    valuation_days: int
    needs_insurance: bool
    counts: bool
    keeps_standard: bool
    cap: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """The largest share of the value that may be lent, for loans of up to `up_to` (None: above)."""

    rule: str
    country: str
    currency: str
    effective_from: date
    up_to: Decimal | None
    share: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Every row of the file."""

    kinds: tuple[KindTerms, ...]
    caps: tuple[Cap, ...]

    def terms(self, kind: str, on: date) -> KindTerms:
        """Return how a kind is judged on a day. Raises LookupError where nothing is laid down."""
        begun = [row for row in self.kinds if row.kind == kind and row.effective_from <= on]
        if not begun:
            raise LookupError(f"Nothing is laid down for {kind!r} on {on}.")
        return max(begun, key=lambda row: row.effective_from)

    def cap(
        self, rule: str, *, loan: Decimal, country: str, currency: str, on: date
    ) -> Decimal | None:
        """Return the cap on a loan of that size on a day; None where there was none."""
        begun = [
            row
            for row in self.caps
            if (row.rule, row.country, row.currency) == (rule, country, currency)
            and row.effective_from <= on
        ]
        if not begun:
            return None
        day = max(row.effective_from for row in begun)
        fitting = [
            row
            for row in begun
            if row.effective_from == day and (row.up_to is None or loan <= row.up_to)
        ]
        return min(fitting, key=lambda row: (row.up_to is None, row.up_to or 0)).share


def read(document: Any) -> Rules:
    """Return the rules of a file's content, or raise RulesRefused with the place."""
    kinds = tuple(KindTerms(**row) for row in _rows(document, "kinds", KindTerms))
    caps = tuple(Cap(**row) for row in _rows(document, "caps", Cap))
    for place, terms in enumerate(kinds):
        _check(0 <= terms.haircut < 1, f"kinds[{place}]", "A haircut is a fraction below 1.")
        _check(terms.valuation_days > 0, f"kinds[{place}]", "A valuation holds for some days.")
    for place, cap in enumerate(caps):
        _check(0 < cap.share <= 1, f"caps[{place}]", "A cap is a fraction of the value.")
    _check_once([(row.kind, row.effective_from) for row in kinds], "kinds")
    _check_once(
        [(row.rule, row.country, row.currency, row.effective_from, row.up_to) for row in caps],
        "caps",
    )
    _check_ends(caps)
    return Rules(kinds, caps)


def _rows(document: Any, name: str, kind: type[Any]) -> list[dict[str, Any]]:
    given = document.get(name) if isinstance(document, Mapping) else None
    _check(isinstance(given, list) and bool(given), name, "A list with at least one row.")
    return [_typed(row, kind, f"{name}[{place}]") for place, row in enumerate(given or [])]


def _typed(row: Any, kind: type[Any], place: str) -> dict[str, Any]:
    wanted = {field.name: str(field.type) for field in fields(kind)}
    _check(isinstance(row, Mapping), place, "A row with names.")
    _check(set(row) == set(wanted), place, f"Exactly these names: {', '.join(wanted)}.")
    return {name: _value(row[name], type_, f"{place}.{name}") for name, type_ in wanted.items()}


def _value(given: Any, type_: str, place: str) -> Any:
    if given is None and "None" in type_:
        return None
    try:
        if "Decimal" in type_ or "date" in type_:
            _check(isinstance(given, str), place, "Written as text, so that no digit is lost.")
            return Decimal(given) if "Decimal" in type_ else date.fromisoformat(given)
    except (InvalidOperation, ValueError):
        raise RulesRefused(place, f"{given!r} is not acceptable.") from None
    known = {"str": str, "int": int, "bool": bool}
    right = next(python for name, python in known.items() if name in type_)
    _check(type(given) is right, place, f"{given!r} is not acceptable.")
    return given


def _check_ends(caps: tuple[Cap, ...]) -> None:
    """Every rule says what holds above its last bound."""
    begun = {(row.rule, row.country, row.currency, row.effective_from) for row in caps}
    open_ended = {
        (row.rule, row.country, row.currency, row.effective_from)
        for row in caps
        if row.up_to is None
    }
    _check(begun == open_ended, "caps", "A rule needs one row without a bound.")


def _check_once(keys: list[Any], place: str) -> None:
    _check(len(set(keys)) == len(keys), place, "Two rows say the same from one day.")


def _check(holds: object, place: str, why: str) -> None:
    if not holds:
        raise RulesRefused(place, why)
