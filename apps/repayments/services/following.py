"""Follow the money that went out: where the first schedule changed, so does what came of it."""

from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.ledger import services as ledger
from apps.loans.models import Loan
from apps.loans.services import scheduling
from apps.repayments import own_reasons, reading
from apps.repayments.models import AccountEvent, EarningPeriod, LateLoan, LoanAccount
from apps.repayments.services import capping, entering, owing, recharging, replayed

_ACTOR = "system:repayments"
# What the system enters that is no money: charges, changes of class and of the schedule.
_BY_ITSELF = ("charge", "change")


def follow_payout(actor: Any, loan: Loan, now: datetime) -> None:
    """Compute an account anew after a payment of the loan was made or came back.

    With it what nights since charged for being late: they were late with other instalments. Nothing
    where nothing happened on the account yet. The caller holds the loan. What it changes of closed
    days is booked on the first open one and says of which day it is: a payment comes back when it
    comes back.
    """
    row = LoanAccount.objects.filter(pk=loan.pk).first()
    if row is None:
        return
    if loan.moves.exists():
        raise Conflict(
            "moved_since",
            _("This loan moved to another branch since; its payments stay as they are."),
        )
    if loan.disbursed_date is None:
        _forget(actor, loan, row, now)
        return
    history = reading.happened(loan)
    anew = recharging.foresee(loan, row, history, since=loan.disbursed_date, now=now)
    account = entering.replay(loan, row, anew.history)
    recharging.keep(loan, anew)
    _forget_what_goes_on(loan)
    changed = replayed.make_so(
        loan,
        row,
        account,
        replayed.Reason(
            actor=actor,
            since=_first_day(loan),
            said="The loan was paid out otherwise.",
            reference=_reference(loan),
            now=now,
            corrects_closed=True,
        ),
    )
    recharging.drop(anew, now=now)
    if row.accrued_on is not None and owing.is_capped(loan.branch.entity):
        # How much interest the law lets run is of the principal that was owed.
        capping.cap(actor=_ACTOR, loans=[loan], day=row.accrued_on, now=now)
    _record(
        actor,
        loan,
        taken_back=len(changed.reversals),
        posted=len(changed.posted),
        charged=len(anew.made),
        charges_taken_back=len(anew.dropped),
    )


def _forget(actor: Any, loan: Loan, row: LoanAccount, now: datetime) -> None:
    """Take back what came with time on a loan of which all came back: nothing was ever lent.

    That is what the system asked for, and what it made of the schedule or the class: what was never
    lent was never late, nor could its debit fail. What people did stands in the way.
    """
    standing = AccountEvent.objects.filter(loan=loan, status="live")
    made = standing.filter(made_by=None, kind__in=_BY_ITSELF)
    if standing.exclude(pk__in=made).exists():
        raise Conflict(
            "already_repaid",
            _("Something was posted on this loan already, so the payment cannot be reversed."),
        )
    changed = ledger.rederive(
        actor=actor,
        loan_id=loan.pk,
        since=_first_day(loan),
        derive=lambda _standing: [],
        reason="All of the loan came back.",
        reference=_reference(loan),
        now=now,
        events=reading.DERIVED,
        corrects_closed=True,
    )
    undone = list(made.order_by("day", "position"))
    for event in undone:
        event.move(
            "take_back",
            reversed_by=None,
            reversed_at=now,
            reversed_reason=own_reasons.kept(own_reasons.NEVER_LENT),
            entry=None,
        )
    # Paid out again, it begins with its contract: what its history had made of that is over.
    replayed.put_in_force(loan, reading.base_version(loan))
    scheduling.keep_times(loan, {})
    _forget_what_goes_on(loan)
    row.delete()
    _record(actor, loan, taken_back=len(changed.reversals), posted=0, undone=len(undone))


def _forget_what_goes_on(loan: Loan) -> None:
    """Drop what was kept of how a loan earns and is late: it was kept of other instalments."""
    LateLoan.objects.filter(pk=loan.pk).delete()
    EarningPeriod.objects.filter(pk=loan.pk).delete()


def _first_day(loan: Loan) -> date:
    """Return the first day of which something that follows from the history stands or should."""
    days = reading.derived(loan.pk).order_by("of_day").values_list("of_day", flat=True)
    found = [day for day in (days.first(), loan.disbursed_date) if day is not None]
    return min(found, default=date.max)


def _reference(loan: Loan) -> str:
    """Return a reference that was not used: each payout makes a version or comes back once."""
    return f"followed:{loan.pk}:{reading.derived(loan.pk, standing=False).count()}"


def _record(actor: Any, loan: Loan, **facts: int) -> None:
    audit.record(
        actor,
        "repayments.followed",
        loan,
        case=f"applications.application:{loan.application_id}",
        **facts,
    )
