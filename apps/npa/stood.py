"""What the account of a loan says of a day's end, as the night looks at it. Pure."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from apps.ledger.chart import Account
from apps.repayments.account import UPFRONT, ZERO, Asked, Claim
from apps.repayments.facts import Bucket
from apps.repayments.walking import Position


class Figures(NamedTuple):
    """What is owed and how late, in the order of the columns of the day-end's relation."""

    principal: Decimal
    principal_due: Decimal
    interest_due: Decimal
    interest_earned: Decimal
    charges_due: Decimal
    fees_unpaid: Decimal
    penal_unpaid: Decimal
    oldest_due: date | None
    missed: int
    # Of the schedule, whether due or not: how much of the loan's life is left.
    last_due: date | None

    @property
    def outstanding(self) -> Decimal:
        """All that is on the books."""
        return self.principal + self.interest + self.charges_due

    @property
    def interest(self) -> Decimal:
        """Interest that fell due and is not paid, and what was earned since."""
        return self.interest_due + self.interest_earned

    @property
    def overdue(self) -> Decimal:
        """What fell due by the day and is not paid."""
        return self.principal_due + self.interest_due + self.charges_due


def figures(
    position: Position, day: date, *, earned_at_payout: Decimal, not_paid_out: Decimal
) -> Figures:
    """Return what a position says of a day's end.

    `earned_at_payout` are the fees that were credited to income when the loan was paid out;
    `not_paid_out` is the rest of the loan that had not gone out by the day. The position has it
    with the principal, as the schedule plans it.
    """
    due = position.due
    charges = [claim for claim in due if isinstance(claim.key, Asked)]
    payout = _sum([claim for claim in due if claim.key == UPFRONT], Bucket.FEE)
    billed = sum((_own_fee(claim) for claim in due), ZERO)
    buckets = (Bucket.FEE, Bucket.TAX, Bucket.PENAL)
    return Figures(
        position.principal() - not_paid_out,
        _sum(due, Bucket.PRINCIPAL),
        _sum(due, Bucket.INTEREST),
        position.unbilled,
        sum((_sum(due, bucket) for bucket in buckets), ZERO),
        _sum(charges, Bucket.FEE) + billed + min(payout, earned_at_payout),
        _sum(charges, Bucket.PENAL),
        min((claim.due_on for claim in due), default=None),
        sum(1 for claim in due if claim.is_row and claim.due_on < day),
        max((claim.due_on for claim in (*due, *position.ahead) if _is_owed(claim)), default=None),
    )


def _is_owed(claim: Claim) -> bool:
    return claim.is_row and any(claim.left.values())


def _sum(claims: list[Claim], bucket: Bucket) -> Decimal:
    return sum((claim.left.get(bucket, ZERO) for claim in claims), ZERO)


def _own_fee(claim: Claim) -> Decimal:
    """Return what is unpaid of an instalment's fee that was credited to income, at most.

    What is paid of a fee counts first for what a third party and the state get of it.
    """
    own = sum((one.amount for one in claim.fee_lines if one.account == Account.FEE_INCOME), ZERO)
    return min(claim.left.get(Bucket.FEE, ZERO), own)
