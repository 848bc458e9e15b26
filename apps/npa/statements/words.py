"""Pieces of SQL out of Python values, for statements that take `%(name)s` as well. Pure."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

# Keeps a subquery apart from the one around it. Merged, a column would be computed again wherever
# the next level names it, and levels multiply: a hundred times the time.
APART = "OFFSET 0"
# The day a statement is for.
DAY = "%(day)s::date"


def literal(value: object) -> str:
    """Return a value as SQL. Raises TypeError for what has no such form."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | Decimal():
            return str(value)
        case date():
            return f"DATE '{value.isoformat()}'"
        case str():
            escaped = value.replace("'", "''").replace("%", "%%")
            return f"'{escaped}'"
    raise TypeError(f"{value!r} has no form in SQL.")


def literals(values: Iterable[object]) -> str:
    """Return values as the inside of an IN (...)."""
    return ", ".join(literal(value) for value in values)


def months_later(day: str, months: int | str) -> str:
    """Return the same day so many months later, clipped to the end of a shorter month."""
    return f"({day} + make_interval(months => {months}))::date"


def case(branches: Iterable[tuple[str, str]], otherwise: str = "NULL") -> str:
    """Return a CASE over (condition, value); the first that holds counts."""
    arms = " ".join(f"WHEN {condition} THEN {value}" for condition, value in branches)
    return f"CASE {arms} ELSE {otherwise} END" if arms else otherwise


def least(values: Iterable[str]) -> str:
    """Return the smallest of some values; NULL counts for nothing."""
    found = list(values)
    return f"LEAST({', '.join(found)})" if found else "NULL"
