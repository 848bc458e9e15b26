"""Terms as a JSON document: every field by name, amounts and rates as text. Pure.

What is written is read back as the same terms. A document that lacks a field, or has one that
terms do not know, is refused: it is evidence of a contract, and nothing in it is guessed.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from apps.schedules.refusals import TermsRefused, gettext_noop, refused
from apps.schedules.terms import (
    Adjustment,
    Calendar,
    CustomRow,
    DayCount,
    Fee,
    FeeTiming,
    FirstPeriod,
    Frequency,
    Grace,
    GraceTerm,
    Method,
    Rounding,
    Step,
    Terms,
    Tranche,
)

Reader = Callable[[Any, str], Any]


def to_document(terms: Terms) -> dict[str, Any]:
    """Return terms as JSON can hold them."""
    return {field.name: _plain(getattr(terms, field.name)) for field in fields(Terms)}


def from_document(document: Mapping[str, Any]) -> Terms:
    """Return the terms of a document; TermsRefused names the field that cannot be read.

    They are read, not judged: `building.build` says whether they make a schedule.
    """
    return Terms(**_read(document, "", _TERMS))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, frozenset):
        return sorted(_plain(one) for one in value)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, StrEnum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def _read(document: Any, path: str, readers: Mapping[str, Reader]) -> dict[str, Any]:
    if not isinstance(document, Mapping) or set(document) != set(readers):
        pattern = gettext_noop("The document must have exactly these fields: %(names)s.")
        names = ", ".join(readers)
        raise refused(path.removesuffix(".") or "terms", "document", pattern, names=names)
    return {name: read(document[name], path + name) for name, read in readers.items()}


def _unreadable(path: str) -> TermsRefused:
    return refused(path, "document", gettext_noop("The document cannot be read here."))


def _decimal(value: Any, path: str) -> Decimal:
    if not isinstance(value, str):
        raise _unreadable(path)
    try:
        return Decimal(value)
    except InvalidOperation:
        raise _unreadable(path) from None


def _date(value: Any, path: str) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _unreadable(path) from None


def _exactly(kind: type) -> Reader:
    def read(value: Any, path: str) -> Any:
        if type(value) is not kind:
            raise _unreadable(path)
        return value

    return read


def _choice(kind: type[StrEnum]) -> Reader:
    def read(value: Any, path: str) -> StrEnum:
        try:
            return kind(value)
        except ValueError:
            raise _unreadable(path) from None

    return read


def _or_none(reader: Reader) -> Reader:
    return lambda value, path: None if value is None else reader(value, path)


def _many(reader: Reader) -> Reader:
    def read(value: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _unreadable(path)
        return tuple(reader(one, f"{path}.{index}") for index, one in enumerate(value, start=1))

    return read


def _set_of(reader: Reader) -> Reader:
    return lambda value, path: frozenset(_many(reader)(value, path))


def _record(kind: Callable[..., Any], **readers: Reader) -> Reader:
    return lambda value, path: kind(**_read(value, f"{path}.", readers))


_WHOLE, _TEXT, _YES_NO = _exactly(int), _exactly(str), _exactly(bool)
_GRACE = _record(
    Grace,
    principal=_WHOLE,
    interest=_WHOLE,
    interest_free=_WHOLE,
    capitalised=_YES_NO,
    term=_choice(GraceTerm),
)
_CALENDAR = _record(
    Calendar, holidays=_set_of(_date), weekend=_set_of(_WHOLE), adjustment=_choice(Adjustment)
)
_FEE = _record(Fee, code=_TEXT, amount=_decimal, timing=_choice(FeeTiming), is_third_party=_YES_NO)
_TERMS: Mapping[str, Reader] = {
    "principal": _decimal,
    "currency": _TEXT,
    "annual_rate": _decimal,
    "instalments": _WHOLE,
    "disbursed_on": _date,
    "first_due_on": _or_none(_date),
    "frequency": _choice(Frequency),
    "method": _choice(Method),
    "day_count": _choice(DayCount),
    "rounding_unit": _or_none(_decimal),
    "rounding_mode": _choice(Rounding),
    "grace": _GRACE,
    "first_period": _choice(FirstPeriod),
    "calendar": _CALENDAR,
    "balloon": _or_none(_decimal),
    "steps": _many(_record(Step, first=_WHOLE, factor=_decimal)),
    "rows": _many(_record(CustomRow, due_on=_date, principal=_decimal)),
    "down_payment": _decimal,
    "tranches": _many(_record(Tranche, paid_on=_date, amount=_decimal)),
    "fees": _many(_FEE),
}
