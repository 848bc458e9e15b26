"""What a person answers for of a debt, and what that adds up to. Pure.

Who is liable jointly and severally can be asked for the whole debt; who is liable for a share, for
that share of it. A guarantor's amount is the most that either can come to.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from apps.core.money import money


class Role(StrEnum):
    """In what capacity somebody answers for a loan."""

    BORROWER = "borrower"
    CO_BORROWER = "co_borrower"
    GUARANTOR = "guarantor"


class Liability(StrEnum):
    """For how much somebody can be asked."""

    JOINT_AND_SEVERAL = "joint_and_several"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Amount:
    """One line of a person's exposure. What is only asked for is not owed."""

    role: Role
    currency: str
    amount: Decimal
    is_owed: bool = True


@dataclass(frozen=True, slots=True)
class Total:
    """What a person's lines add up to in one currency."""

    currency: str
    as_borrower: Decimal
    as_co_borrower: Decimal
    as_guarantor: Decimal
    asked: Decimal

    @property
    def together(self) -> Decimal:
        """Return all that is owed or answered for; requests are not in it."""
        return self.as_borrower + self.as_co_borrower + self.as_guarantor


def answers_for(
    owed: Decimal,
    *,
    currency: str,
    share: Decimal | None = None,
    ceiling: Decimal | None = None,
) -> Decimal:
    """Return what somebody answers for of a debt; `share` None is jointly and severally.

    Rounded half-up to the currency's smallest unit, never above the ceiling.
    """
    part = owed if share is None else money(owed * share, currency)
    return part if ceiling is None else min(part, ceiling)


def leaves_room(shares: Iterable[Decimal], added: Decimal) -> bool:
    """Say whether shares with one more are not above the whole."""
    return sum(shares, added) <= 1


def totals(lines: Iterable[Amount]) -> tuple[Total, ...]:
    """Return the sums by currency, in the order of the currencies' names."""
    sums: dict[str, dict[str, Decimal]] = {}
    for line in lines:
        kind = line.role.value if line.is_owed else "asked"
        found = sums.setdefault(line.currency, dict.fromkeys([*Role, "asked"], Decimal(0)))
        found[kind] += line.amount
    return tuple(
        Total(
            currency=name,
            as_borrower=sums[name][Role.BORROWER],
            as_co_borrower=sums[name][Role.CO_BORROWER],
            as_guarantor=sums[name][Role.GUARANTOR],
            asked=sums[name]["asked"],
        )
        for name in sorted(sums)
    )
