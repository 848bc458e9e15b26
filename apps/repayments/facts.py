"""What happens to a loan's account after it was paid out, one frozen record for each kind. Pure.

A fact says what happened, on which day, and what of it came from outside; what follows from it is
computed (`replaying`). Amounts are in the currency of the loan and positive. `to_parameters` and
`from_row` are each other's inverse: a fact is kept as day, amount and parameters of an event. What
people wrote is kept apart from them (`parted`); nothing is computed from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar


class Kind(StrEnum):
    """The kinds of facts."""

    RECEIPT = "receipt"
    PART_PREPAYMENT = "part_prepayment"
    PAYOFF = "payoff"
    RECOVERY = "recovery"
    REFUND = "refund"
    CHARGE = "charge"
    WAIVER = "waiver"
    WRITE_OFF = "write_off"
    CHANGE = "change"


class Bucket(StrEnum):
    """What can be owed on an account."""

    PENAL = "penal"
    FEE = "fee"
    TAX = "tax"
    INTEREST = "interest"
    PRINCIPAL = "principal"


class Option(StrEnum):
    """What a part pre-payment makes smaller."""

    SHORTER_TERM = "shorter_term"
    SMALLER_INSTALMENT = "smaller_instalment"


@dataclass(frozen=True, kw_only=True)
class _Fact:
    """What every fact has: the day it counts for."""

    kind: ClassVar[Kind]
    day: date

    def to_parameters(self) -> dict[str, Any]:
        """Return everything but day and amount as JSON: amounts as strings, days in ISO."""
        return {
            one.name: _plain(getattr(self, one.name))
            for one in fields(self)
            if one.name not in ("day", "amount")
        }


@dataclass(frozen=True, kw_only=True)
class _Money(_Fact):
    """Money that changed hands, by which channel, under which reference of whoever moved it."""

    amount: Decimal
    channel: str
    external_reference: str


@dataclass(frozen=True, kw_only=True)
class Receipt(_Money):
    """Money in: taken for what is due, oldest first; the rest waits for what falls due."""

    kind: ClassVar[Kind] = Kind.RECEIPT


@dataclass(frozen=True, kw_only=True)
class PartPrepayment(_Money):
    """Money in that pays what is due and then principal before its time."""

    kind: ClassVar[Kind] = Kind.PART_PREPAYMENT
    option: Option = Option.SHORTER_TERM


@dataclass(frozen=True, kw_only=True)
class Payoff(_Money):
    """Money in that ends the loan: all that is owed on the day, with interest up to it."""

    kind: ClassVar[Kind] = Kind.PAYOFF


@dataclass(frozen=True, kw_only=True)
class Recovery(_Money):
    """Money in on a loan that was written off."""

    kind: ClassVar[Kind] = Kind.RECOVERY


@dataclass(frozen=True, kw_only=True)
class Refund(_Money):
    """Money out: what was paid beyond what was owed goes back."""

    kind: ClassVar[Kind] = Kind.REFUND


@dataclass(frozen=True, kw_only=True)
class Charge(_Fact):
    """An amount asked for beside the schedule: a penal charge, a fee, or a tax.

    `code` is what it is for, `basis` how it was computed. It is owed from `due_on`, no day before
    its own. It joins no balance and bears no interest (rule book 6.8).
    """

    kind: ClassVar[Kind] = Kind.CHARGE
    amount: Decimal
    bucket: Bucket
    code: str
    due_on: date
    basis: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Waiver(_Fact):
    """A claim that is given up: so much of what is owed of one bucket, the oldest first."""

    kind: ClassVar[Kind] = Kind.WAIVER
    amount: Decimal
    bucket: Bucket
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class WriteOff(_Fact):
    """All that is owed leaves the books as a loss; it stays owed by law."""

    kind: ClassVar[Kind] = Kind.WRITE_OFF
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Change(_Fact):
    """The rest of the schedule becomes another one.

    `change` names what: rate_change, reschedule, restructure, moratorium, due_date_change ...;
    `parameters` are what that needs, as JSON.
    """

    kind: ClassVar[Kind] = Kind.CHANGE
    change: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


Fact = Receipt | PartPrepayment | Payoff | Recovery | Refund | Charge | Waiver | WriteOff | Change
BY_KIND: dict[Kind, type[Fact]] = {
    Kind.RECEIPT: Receipt,
    Kind.PART_PREPAYMENT: PartPrepayment,
    Kind.PAYOFF: Payoff,
    Kind.RECOVERY: Recovery,
    Kind.REFUND: Refund,
    Kind.CHARGE: Charge,
    Kind.WAIVER: Waiver,
    Kind.WRITE_OFF: WriteOff,
    Kind.CHANGE: Change,
}
# What brings money in.
MONEY_IN = (Kind.RECEIPT, Kind.PART_PREPAYMENT, Kind.PAYOFF, Kind.RECOVERY)
# What people wrote.
_WORDS = ("reason", "consent")
# What the system's own references begin with: nobody typed them.
_OWN_REFERENCES = ("bounce", "change", "late", "netted", "relief", "suspense", "suspense-again")
_READ: dict[str, Any] = {
    "bucket": Bucket,
    "option": Option,
    "due_on": date.fromisoformat,
}


def amount_of(fact: Fact) -> Decimal | None:
    """Return the amount of a fact; None where it has none of its own."""
    return getattr(fact, "amount", None)


def from_row(kind: str, day: date, amount: Decimal | None, parameters: Mapping[str, Any]) -> Fact:
    """Return the fact that an event keeps. Raises ValueError or TypeError for what is none."""
    given = {name: _READ.get(name, _same)(value) for name, value in parameters.items()}
    if amount is not None:
        given["amount"] = amount
    return BY_KIND[Kind(kind)](day=day, **given)


def parted(parameters: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return parameters without what people wrote, and what they wrote, by its name.

    It may tell about the borrower: that somebody lost work, or is ill.
    """
    plain = {name: value for name, value in parameters.items() if name not in _WORDS}
    words = {name: parameters[name] for name in _WORDS if parameters.get(name)}
    if "basis" in plain:
        plain["basis"], of_basis = parted(plain["basis"])
        words |= of_basis
    return plain, words


def _same(value: Any) -> Any:
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def payer_reference(lender: str, told: str) -> str:
    """Return what money is known by within a lender, however its reference was typed.

    The same money is one over the desk, by the API and in a statement, where letters are compared
    as capitals and without spaces.
    """
    return f"{lender}:{''.join(told.split()).upper()}"


def told_reference(reference: str) -> str:
    """Return what somebody told as the reference of something that is kept under `reference`.

    Money is kept under its lender and, split over loans, with the loan of each part; what is asked
    for under its loan. A reference of the system's own stays as it is.
    """
    first, colon, told = reference.partition(":")
    if first == "charge":
        return told.partition(":")[2] or reference
    if not colon or not told or first in _OWN_REFERENCES:
        return reference
    return told.partition("::")[0]
