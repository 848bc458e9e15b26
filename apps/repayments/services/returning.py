"""Return money nobody can be found for to who paid it: one person asks, another returns it."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict, NotPermitted
from apps.ledger.chart import Event
from apps.repayments import statement_policies as policies
from apps.repayments import suspense_entries
from apps.repayments.models import AccountEvent, StatementLine, SuspenseNote
from apps.repayments.services import _permitting, placing, references


@transaction.atomic
def ask_return(*, actor: User, line: StatementLine, reason: str) -> StatementLine:
    """Ask that a line's money goes back to who paid it; another person returns it.

    Raises NotPermitted, Conflict where it is no longer in suspense or was asked before.
    """
    _permitting.require(policies.may_place(actor))
    said = placing.required_reason(reason)
    held = placing.waiting(line)
    if held.return_asked_by_id is not None:
        raise Conflict("asked_before", _("Somebody asked for the return of this money already."))
    held.return_asked_by, held.return_reason = actor, said
    held.save(update_fields=["return_asked_by", "return_reason"])
    audit.record(actor, "repayments.return_asked", held, amount=str(held.amount))
    return held


@transaction.atomic
def refuse_return(*, actor: User, line: StatementLine) -> StatementLine:
    """Let the money stay in suspense; who asked may take the question back so.

    Raises NotPermitted, Conflict where nobody asked.
    """
    _permitting.require(policies.may_place(actor) or actor.has_perm(policies.RETURN))
    held = placing.waiting(line)
    if held.return_asked_by_id is None:
        raise Conflict("not_asked", _("Nobody asked for the return of this money."))
    held.return_asked_by, held.return_reason = None, None
    held.save(update_fields=["return_asked_by", "return_reason"])
    audit.record(actor, "repayments.return_refused", held, amount=str(held.amount))
    return held


@transaction.atomic
def give_back(*, actor: User, line: StatementLine, day: date, now: datetime) -> StatementLine:
    """Return a line's money on a day: debit unidentified, credit cash.

    Raises NotPermitted for who asked for it, Conflict where nobody asked, it is gone, or a payment
    was posted under its reference; DayClosed.
    """
    held = placing.waiting(line)
    if held.return_asked_by_id is None:
        raise Conflict("not_asked", _("Nobody asked for the return of this money."))
    if held.return_asked_by_id == actor.pk:
        raise NotPermitted(
            "own_request", _("You asked for this; another person must return the money.")
        )
    _permitting.require(policies.may_return(actor, held))
    _require_not_posted(held)
    placing.require_day(held, day, now=now)
    entry = suspense_entries.release(actor=actor, line=held, event=Event.REFUND, day=day, now=now)
    held.move("give_back", returned_by=actor, returned_at=now, released_entry=entry)
    audit.record(actor, "repayments.money_returned", held, amount=str(held.amount), day=str(day))
    return held


def _require_not_posted(line: StatementLine) -> None:
    """Raise Conflict where the money is on a loan under its own reference, whole or in parts."""
    reference = suspense_entries.event_reference(line.file, line)
    references.hold([reference])
    of_it = Q(reference=reference) | Q(reference__startswith=f"{reference}{references.PART}")
    if AccountEvent.objects.filter(of_it, status="live").exists():
        raise Conflict(
            "payment_used",
            _(
                "A payment was posted under this reference by hand. Take it back first if this"
                " money is another one."
            ),
        )


@transaction.atomic
def write_note(*, actor: User, line: StatementLine, text: str, now: datetime) -> SuspenseNote:
    """Note what was found out about a line's money. Raises NotPermitted, DomainError."""
    _permitting.require(policies.may_place(actor))
    note = SuspenseNote(line=line, written_by=actor, written_at=now)
    note.text = placing.required_reason(text)
    note.save(force_insert=True)
    audit.record(actor, "repayments.suspense_noted", line)
    return note
