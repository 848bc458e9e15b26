"""What a fact would come to, before anybody enters it; nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from apps.ledger.chart import Account as Chart
from apps.loans import arrears as late
from apps.loans.arrears import Arrears
from apps.loans.models import Loan
from apps.repayments import reading, writing
from apps.repayments.account import ZERO, Happened, RowKey, sums
from apps.repayments.facts import Bucket, Fact
from apps.repayments.replaying import Account
from apps.repayments.services import entering

# The key of what is not entered.
_NEW = "new"


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A row of a schedule as it would stand: what falls due, and what is paid of it."""

    number: int
    due_date: date
    principal: Decimal
    interest: Decimal
    fee: Decimal
    paid: Decimal

    @property
    def due(self) -> Decimal:
        """What falls due in all."""
        return self.principal + self.interest + self.fee

    @property
    def unpaid(self) -> Decimal:
        """What of it is not paid."""
        return self.due - self.paid


@dataclass(frozen=True, kw_only=True)
class Side:
    """How an account stands at the end of a day, before or after something.

    `owed` is what is due and unpaid, by bucket; `principal` what is lent, due or not. `balances`
    are those of the ledger's accounts for the loan, debits being positive. `status` is the loan's.
    """

    day: date
    status: str
    owed: Mapping[Bucket, Decimal]
    principal: Decimal
    advances: Decimal
    arrears: Arrears
    rows: tuple[PlannedRow, ...]
    balances: Mapping[Chart, Decimal]

    @property
    def next_due(self) -> PlannedRow | None:
        """The next instalment that is to be paid."""
        return late.next_due(self.rows, self.day)

    @property
    def next_paid_ahead(self) -> Decimal:
        """What of the next instalment is paid ahead."""
        return late.paid_ahead_of(self.next_due, self.advances)

    @property
    def next_amount(self) -> Decimal:
        """What of the next instalment is still to be paid, without what is paid ahead."""
        return self.next_due.unpaid - self.next_paid_ahead if self.next_due else ZERO

    @property
    def due(self) -> Decimal:
        """All that is due and unpaid."""
        return sum(self.owed.values(), ZERO)


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What a fact would come to.

    `parts` is what the money would be taken for, `to_advances` what would wait for what falls due,
    `to_income` what would be income of a loan that was written off. `is_replayed` says that what
    came after would be computed anew.
    """

    fact: Fact
    parts: Mapping[Bucket, Decimal]
    to_advances: Decimal
    to_income: Decimal
    is_replayed: bool
    before: Side
    after: Side

    @property
    def changes_schedule(self) -> bool:
        """Whether other instalments would fall due."""
        return _falling(self.before) != _falling(self.after)


def foresee(*, loan: Loan, fact: Fact) -> Foreseen:
    """Return what entering a fact would come to.

    Raises TermsRefused for what does not fit how the account stands on its day. Whether the fact
    can have happened at all is for `holding.require_possible`.
    """
    row = reading.accounts([loan])[loan.pk]
    history = reading.happened(loan)
    place = max((one.position for one in history if one.fact.day == fact.day), default=0) + 1
    new = Happened(_NEW, place, fact)
    contract = reading.contract(loan)
    after = entering.replay(loan, row, [*history, new], new=_NEW, contract=contract)
    day = after.position.through
    before = entering.replay(loan, row, history, contract=contract, upto=day)
    return Foreseen(
        fact=fact,
        parts=_parts(after),
        to_advances=_posted(after, Chart.ADVANCES),
        to_income=_posted(after, Chart.RECOVERY_INCOME),
        is_replayed=not entering.goes_on(row, fact),
        before=side(before, day),
        after=side(after, day),
    )


def side(account: Account, day: date) -> Side:
    """Return how an account stands at the end of a day that it was brought to."""
    rows = _rows(account)
    position = account.position
    return Side(
        day=day,
        status=writing.state_of(position),
        owed=position.owed(),
        principal=position.principal(),
        advances=position.advances,
        arrears=late.arrears(rows, day),
        rows=rows,
        balances=_balances(account),
    )


def _rows(account: Account) -> tuple[PlannedRow, ...]:
    position, last = account.position, account.in_force
    left: dict[Any, Decimal] = {
        claim.key: claim.total for claim in [*position.due, *position.ahead] if claim.is_row
    }
    found = []
    for row in last.owed():
        due = row.principal + row.interest + row.fee
        unpaid = left.get(RowKey(last.number, row.number), ZERO)
        found.append(
            PlannedRow(row.number, row.due_on, row.principal, row.interest, row.fee, due - unpaid)
        )
    return tuple(sorted(found, key=lambda one: (one.due_date, one.number)))


def _balances(account: Account) -> dict[Chart, Decimal]:
    """Return debits less credits of the accounts that follow from the history."""
    found: dict[Chart, Decimal] = {}
    for booked in account.position.booked:
        for line in booked.lines:
            found[line.account] = found.get(line.account, ZERO) + line.signed
    found[Chart.PRINCIPAL] = account.position.principal()
    return {chart: found[chart] for chart in Chart if found.get(chart)}


def _parts(after: Account) -> dict[Bucket, Decimal]:
    mine = [booked for booked in after.position.booked if booked.event == _NEW]
    return sums(part for booked in mine for part in booked.parts)


def _posted(after: Account, chart: Chart) -> Decimal:
    mine = [booked for booked in after.position.booked if booked.event == _NEW]
    return sum(
        (-line.signed for booked in mine for line in booked.lines if line.account == chart), ZERO
    )


def _falling(side_: Side) -> list[tuple[date, Decimal]]:
    return [(row.due_date, row.unpaid) for row in side_.rows if row.due_date > side_.day]
