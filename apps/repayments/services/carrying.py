"""Move what a loan holds from branch to branch, and carry on what becomes known afterwards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from apps.accounts.models import Branch
from apps.core.errors import Conflict
from apps.ledger import selectors as ledger_rows
from apps.ledger import services as ledger
from apps.ledger.chart import Event
from apps.ledger.models import Entry
from apps.loans.lifecycle import ON_ITS_WAY
from apps.loans.models import Loan
from apps.repayments import moving, reading, running, writing
from apps.repayments.models import BranchMove
from apps.repayments.moving import Held
from apps.repayments.services import holding
from apps.repayments.writing import Added


@dataclass(frozen=True, kw_only=True)
class _Step:
    """Who posts a move, under which reference, when."""

    actor: Any
    reference: str
    now: datetime


@transaction.atomic
def move_branch(*, actor: Any, loan: Loan, to_branch: Branch, now: datetime) -> BranchMove:
    """Move a loan to another branch today, with all that it holds; return the move.

    Interest up to today is booked first: the branch that lent keeps what it earned. The caller has
    permitted it. Raises Conflict where the loan is in no state for it, is in the branch already, or
    the branch is another lender's.
    """
    [held] = holding.hold_all([loan.pk])
    day = holding.today(held, now)
    _require_movable(held, to_branch, day)
    move = BranchMove(
        loan=held,
        number=held.moves.count() + 1,
        day=day,
        from_branch=held.branch,
        to_branch=to_branch,
        moved_at=now,
    )
    _bring(held, move, actor=actor, now=now)
    step = _Step(actor=actor, reference=f"moved:{held.pk}:{move.number}", now=now)
    _post(move, ledger_rows.held_in(held.pk, held.branch_id), step)
    held.branch = to_branch
    held.save(update_fields=["branch", "updated_at"])
    move.save(force_insert=True)
    return move


def moves_of(loan: Loan) -> list[BranchMove]:
    """Return the moves of a loan, the first first."""
    rows = BranchMove.objects.filter(loan=loan).order_by("number")
    return list(rows.select_related("from_branch__entity", "to_branch__entity"))


def branch_on(loan: Loan, moves: Sequence[BranchMove]) -> Callable[[date], Branch] | None:
    """Return what tells in which branch a loan was on a day; None where it never moved."""
    if not moves:
        return None
    plain = _plain(moves)

    def where(day: date) -> Branch:
        found: Branch = moving.branch_on(plain, day, now=loan.branch)
        return found

    return where


def carry(
    *,
    actor: Any,
    moves: Sequence[BranchMove],
    posted: Sequence[Entry],
    reference: str,
    now: datetime,
) -> None:
    """Carry on what was posted of earlier days in branches that the loan has left since.

    Each move is corrected on its day by what it would have taken along besides. What corrects a
    closed day in a branch that the loan has left by then goes after it on the day it is posted.
    """
    if not moves or not posted:
        return
    changed = [
        moving.Changed(entry.branch, entry.day, line)
        for entry in posted
        for line in entry.content()
    ]
    plain = _plain(moves)
    late, changed = moving.stranded(plain, changed, now=moves[-1].to_branch)
    for number, one in enumerate(late, start=1):
        step = _Step(actor=actor, reference=f"{reference}:after:{number}", now=now)
        _post_way(one.way, _followed(moves, one.way), one.held, step)
    for move, held in zip(moves, moving.carried(plain, changed), strict=True):
        step = _Step(actor=actor, reference=f"{reference}:moved:{move.number}", now=now)
        _post(move, held, step)


def _followed(moves: Sequence[BranchMove], way: moving.Move) -> BranchMove:
    """Return the move by which a loan had left a branch that something goes after it from."""
    return [one for one in moves if one.from_branch == way.from_branch and one.day < way.day][-1]


def _plain(moves: Sequence[BranchMove]) -> list[moving.Move]:
    return [moving.Move(move.day, move.from_branch, move.to_branch) for move in moves]


def _post(move: BranchMove, held: Held, step: _Step) -> None:
    """Post what a move takes from one branch to the other; nothing where the loan holds nothing."""
    if held:
        _post_way(moving.Move(move.day, move.from_branch, move.to_branch), move, held, step)


def _post_way(way: moving.Move, move: BranchMove, held: Held, step: _Step) -> None:
    """Post what leaves a branch on a day and reaches another because of a move."""
    sides = (
        ("leaves", way.from_branch, moving.leaving(held)),
        ("arrives", way.to_branch, moving.arriving(held)),
    )
    for name, branch, lines in sides:
        ledger.post(
            actor=step.actor,
            event=Event.TRANSFER,
            day=way.day,
            lines=lines,
            branch=branch,
            currency=move.loan.currency,
            reference=f"{step.reference}:{name}",
            now=step.now,
            loan_id=move.loan_id,
            customer_id=move.loan.customer_id,
            facts={"move": str(move.pk)},
        )


def _bring(loan: Loan, move: BranchMove, *, actor: Any, now: datetime) -> None:
    """Bring the account to the day of a move: what is told of earlier days replays from now on."""
    account = reading.accounts([loan])[loan.pk]
    position = reading.positions([loan], {loan.pk: account}, upto=move.day)[loan.pk]
    if loan.status == "active":
        position.bring(move.day)
        position.earning = running.earnings([loan], move.day)[loan.pk]
        position.earn(move.day)
    position.moved_on = max(position.moved_on or move.day, move.day)
    added = Added(
        loan=loan,
        account=account,
        position=position,
        reference=f"before:{move.pk}",
        booked=position.booked,
    )
    writing.write(actor, [added], now=now)


def _require_movable(loan: Loan, to_branch: Branch, day: date) -> None:
    """Raise Conflict for a loan that cannot move, or not there."""
    if loan.status not in holding.OPEN:
        raise Conflict("loan_not_on_books", _("Only a loan that was paid out moves."))
    if to_branch.pk == loan.branch_id:
        raise Conflict("same_branch", _("The loan is in this branch already."))
    if to_branch.entity_id != loan.branch.entity_id:
        raise Conflict("other_lender", _("A loan moves within its lender only."))
    if loan.disbursements.filter(status__in=ON_ITS_WAY).exists():
        raise Conflict(
            "payment_on_its_way", _("A payment of this loan is on its way; wait until it is made.")
        )
    _require_paid_out(loan)
    _require_settled_offer(loan, day)


def _require_paid_out(loan: Loan) -> None:
    """Raise Conflict where a part of a loan of our own is still to be paid out."""
    paid = loan.disbursements.filter(status="paid").aggregate(sum=Sum("amount"))["sum"]
    if not loan.source and (paid or Decimal(0)) < loan.lent:
        raise Conflict(
            "paid_in_part", _("Only a part of the loan was paid out; move it when all of it is.")
        )


def _require_settled_offer(loan: Loan, day: date) -> None:
    """Raise Conflict while a borrower may step back from a loan, or has."""
    offer = loan.offer
    if offer is None:
        return
    if offer.status == "exited" or offer.exit_asked_date is not None:
        raise Conflict("loan_exited", _("The borrower stepped back from this loan."))
    if offer.cooling_off_until is not None and day <= offer.cooling_off_until:
        raise Conflict(
            "cooling_off", _("The borrower may still step back from this loan; move it afterwards.")
        )
