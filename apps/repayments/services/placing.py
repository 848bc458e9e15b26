"""Place money that waits in suspense on the loan it is for, and take it back from a wrong one."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import dates, reasons
from apps.core.errors import Conflict, DomainError
from apps.ledger import selectors as ledger
from apps.ledger.chart import Event
from apps.loans.models import Loan
from apps.repayments import statement_policies as policies
from apps.repayments import suspense_entries
from apps.repayments.facts import Receipt, Recovery
from apps.repayments.models import AccountEvent, StatementFile, StatementLine
from apps.repayments.services import _permitting, entering, foreseeing, holding, taking_back
from apps.repayments.services.foreseeing import Foreseen

_CHANNELS = {
    StatementFile.Layout.BANK: "bank_transfer",
    StatementFile.Layout.MPESA: "mobile_money",
    StatementFile.Layout.DEBITS: "direct_debit",
}
LONGEST_REASON = 300


@transaction.atomic
def place_money(
    *, actor: User, line: StatementLine, loan: Loan, now: datetime, day: date | None = None
) -> StatementLine:
    """Move a line's money from suspense to a loan, where it counts from its value date.

    `day` is another day it is to count from, where its own is closed. Raises NotPermitted, Conflict
    where somebody else placed or returned it, NotVisible, DayClosed, and what the loan's account
    refuses.
    """
    _permitting.require(policies.may_place(actor))
    held = waiting(line)
    counts_from = day or held.value_date
    _check_place(held, loan, counts_from, now=now)
    # Before the books: whoever posts for a loan holds it first, and a day is closed in between.
    loan = holding.hold(actor, loan)
    suspense_entries.release(actor=actor, line=held, event=Event.TRANSFER, day=counts_from, now=now)
    event = entering.enter(
        actor=actor,
        loan=loan,
        fact=fact_of(held, is_written_off=loan.status == "written_off", day=counts_from),
        reference=_reference(held),
        now=now,
        is_placed=True,
    )
    held.move(
        "place",
        loan=loan,
        event=event,
        because="placed",
        placed_by=actor,
        placed_at=now,
        return_asked_by=None,
        return_reason=None,
    )
    audit.record(
        actor,
        "repayments.money_placed",
        held,
        case=loan.application_id and audit.reference(loan.application),
        loan=loan.number,
        amount=str(held.amount),
        value_date=str(held.day),
        day=str(counts_from),
    )
    return held


def foresee_placing(*, line: StatementLine, loan: Loan, day: date, now: datetime) -> Foreseen:
    """Return what placing a line's money on a loan would come to; nothing is written.

    Raises what placing would be refused for, but for closed days.
    """
    _check_place(line, loan, day, now=now)
    fact = fact_of(line, is_written_off=loan.status == "written_off", day=day)
    holding.require_possible(loan, fact, now=now)
    return foreseeing.foresee(loan=loan, fact=fact)


@transaction.atomic
def misplace_money(
    *, actor: User, line: StatementLine, reason: str, now: datetime
) -> StatementLine:
    """Take a line's money back from the loan it was posted to; it waits in suspense again.

    The loan's account is then as if the money had never reached it. Raises NotPermitted, Conflict
    where it is not on a loan, and DomainError without a reason.
    """
    _permitting.require(policies.may_place(actor))
    said = required_reason(reason)
    held = _locked(line)
    if held.status != "posted" or held.event is None or held.event.status != "live":
        raise Conflict("not_on_a_loan", _("This money is not on a loan any more."))
    event, loan = held.event, held.loan
    taking_back.take_back(actor=actor, event=event, reason=said, now=now)
    # Of a closed day the money is where it was reported; it waits from the first open one on.
    opens_on = ledger.first_open_day(held.file.entity_id)
    entry = suspense_entries.hold(
        actor=actor,
        line=held,
        day=max(event.day, opens_on),
        reference=f"{suspense_entries.AGAIN}{event.pk}",
        now=now,
    )
    held.move(
        "misplace",
        loan=None,
        event=None,
        because="misplaced",
        held_entry=entry,
        placed_by=None,
        placed_at=None,
    )
    audit.record(
        actor,
        "repayments.money_misplaced",
        held,
        loan=loan.number if loan else "",
        amount=str(held.amount),
    )
    return held


def fact_of(
    line: StatementLine, *, is_written_off: bool, day: date | None = None
) -> Receipt | Recovery:
    """Return a line's money as what happens on a loan, on its value date or another day."""
    kind = Recovery if is_written_off else Receipt
    return kind(
        day=day or line.value_date,
        amount=line.money,
        channel=_channel(line),
        # A bank that names no reference leaves only what the row says.
        external_reference=line.reference or line.key,
    )


def _channel(line: StatementLine) -> str:
    """Return how a line's money came: what was told at the desk, or what its statement is of."""
    layout = StatementFile.Layout(line.file.layout)
    if layout == StatementFile.Layout.DESK:
        return str(line.details["channel"])
    return _CHANNELS[layout]


def loan_of(actor: User, line: StatementLine, number: str) -> Loan | None:
    """Return the loan of a number, of the line's lender, that the person may see."""
    rows = Loan.objects.visible_to(actor).select_related(
        "branch__entity", "application", "customer", "product__conditions"
    )
    return rows.filter(number=number, branch__entity=line.file.branch.entity_id).first()


def waiting(line: StatementLine) -> StatementLine:
    """Return the line, held to the end of the transaction. Raises Conflict unless in suspense."""
    held = _locked(line)
    if held.status != "suspense":
        raise Conflict("not_in_suspense", _("This money is not in suspense any more. Reload."))
    return held


def required_reason(reason: str) -> str:
    """Return a reason without spaces around it. Raises DomainError for none, or one too long."""
    said = " ".join(reason.split())
    if not 0 < len(said) <= LONGEST_REASON or not said.isprintable():
        sentence = reasons.asked_for(least=1, most=LONGEST_REASON)
        raise DomainError("reason_missing", sentence, fields={"reason": sentence})
    return said


def _locked(line: StatementLine) -> StatementLine:
    rows = StatementLine.objects.select_related("file__branch__entity", "loan", "event")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=line.pk)


def _check_place(line: StatementLine, loan: Loan, day: date, *, now: datetime) -> None:
    entity = line.file.branch.entity
    if loan.branch.entity_id != entity.pk or loan.currency != line.file.currency:
        sentence = _("This loan is of another lender, or in another currency.")
        raise DomainError("another_lender", sentence, fields={"loan": sentence})
    require_day(line, day, now=now)


def require_day(line: StatementLine, day: date, *, now: datetime) -> None:
    """Raise DomainError for a day before the money came in, or one that lies ahead."""
    if not line.value_date <= day <= dates.local_date(now, line.file.branch.entity.time_zone):
        sentence = _("Choose a day from the value date to today.")
        raise DomainError("day_refused", sentence, fields={"day": sentence})


def _reference(line: StatementLine) -> str:
    """Return the reference of the payment; one that was taken back before keeps its own.

    Raises Conflict where somebody has posted the payment by hand meanwhile.
    """
    first = suspense_entries.event_reference(line.file, line)
    before = AccountEvent.objects.filter(reference=first).first()
    if before is None:
        return first
    if before.status == "live":
        raise Conflict(
            "payment_used", _("A payment was posted under this reference by hand meanwhile.")
        )
    return suspense_entries.event_reference(line.file, line, again=str(line.held_entry_id))
