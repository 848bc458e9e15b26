"""What an applicant may say is wrong, and what a right value looks like. Pure.

Protected attributes are not among it, nor is what a bureau reports: that is corrected by the
bureau, and a corrected report counts like any newer one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from apps.customers.checks import is_net_above_gross

Kind = Literal["money", "months", "home"]
LARGEST = Decimal(10) ** 13
MOST_MONTHS = 720
INCOME = ("net_monthly_income", "gross_annual_income")
_MARKED = re.compile(r"[ ,\u00a0\u202f]")
_GROUPS = re.compile(r"\d{1,3}(?P<mark>[ ,\u00a0\u202f])(?:\d{2,3}(?P=mark))*\d{3}(?:\.\d+)?")
HOMES = ("own", "mortgage", "rent", "family", "other")


class NotAValue(ValueError):
    """The text is no value of this fact; the message is a code."""


@dataclass(frozen=True)
class Correctable:
    """One fact that an appeal may correct."""

    code: str
    kind: Kind


FACTS: dict[str, Correctable] = {
    one.code: one
    for one in (
        Correctable("net_monthly_income", "money"),
        Correctable("gross_annual_income", "money"),
        Correctable("months_employed", "months"),
        Correctable("obligations_monthly", "money"),
        Correctable("home", "home"),
    )
}


def read(code: str, text: str) -> Decimal | int | str:
    """Return the value a text stands for. Raises KeyError and NotAValue."""
    kind, given = FACTS[code].kind, text.strip()
    if kind == "home":
        if given not in HOMES:
            raise NotAValue("not_a_choice")
        return given
    number = _number(_grouped(given))
    if number < 0:
        raise NotAValue("negative")
    if kind == "months":
        if number != number.to_integral_value() or not 0 <= number <= MOST_MONTHS:
            raise NotAValue("not_months")
        return int(number)
    if not 0 <= number < LARGEST or number != number.quantize(Decimal("0.01")):
        raise NotAValue("not_an_amount")
    return number.quantize(Decimal("0.01"))


def written(value: Any) -> str:
    """Return a value as it is kept: a text that `read` reads again; empty for what is unknown."""
    return "" if value is None else str(value)


def says_net_above_gross(facts: Mapping[str, str]) -> bool:
    """Say whether facts, as they are kept, name a net income above gross; unknown ones do not."""
    net, gross = facts.get("net_monthly_income"), facts.get("gross_annual_income")
    if not net or not gross:
        return False
    return is_net_above_gross(net=Decimal(net), gross=Decimal(gross))


def moved(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return the names whose text differs, in the order of `after`, then what is gone."""
    names = [*after, *(name for name in before if name not in after)]
    return [name for name in names if before.get(name, "") != after.get(name, "")]


def _grouped(text: str) -> str:
    """Return a number without the marks between its groups. Raises NotAValue for what is none.

    Commas and spaces stand between groups of three, in India of two before the last three. A comma
    that stands elsewhere may be somebody's decimal point: of that nobody makes a hundredfold.
    """
    if not _MARKED.search(text):
        return text
    if not _GROUPS.fullmatch(text):
        raise NotAValue("not_a_number")
    return _MARKED.sub("", text)


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise NotAValue("not_a_number") from None
    if not number.is_finite():
        raise NotAValue("not_a_number")
    return number
