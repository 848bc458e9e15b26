"""Take back what was entered: the account is what it would be without it, whatever came after."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import reasons
from apps.core.errors import Conflict
from apps.loans.models import Loan
from apps.repayments import hooks, lateness, policies, prepayment_charge, reading
from apps.repayments.errors import TakenBackAlready, refused_field
from apps.repayments.facts import MONEY_IN, Kind
from apps.repayments.models import AccountEvent
from apps.repayments.services import entering, holding, recharging, replayed

SHORTEST_REASON, LONGEST_REASON = 3, 300


@transaction.atomic
def take_back(
    *,
    actor: Any,
    event: AccountEvent,
    reason: str,
    now: datetime,
    with_new_loan: bool = False,
) -> AccountEvent:
    """Take an event back: a bounced cheque, a chargeback, a mistake; return it.

    The history is replayed without it, with what the nights since charge for being late; the
    charge for paying early goes with what was paid. Again for the same reason returns the event.
    Payments are permitted here; for everything else whoever calls has seen to that. What was kept
    back of a new loan goes `with_new_loan` only, whose payment came back.

    Raises NotAllowed, NotVisible, TakenBackAlready, Conflict also where something leans on it that
    is taken back first, FactRefused without a reason, TermsRefused where something that came after
    would be impossible.
    """
    if event.kind in [kind.value for kind in MONEY_IN]:
        holding.require(actor, policies.REVERSE)
    held = holding.hold(actor, event.loan)
    found = AccountEvent.objects.get(pk=event.pk)
    said = _said(reason)
    entering.require_own_words(actor, said)
    if found.status == "reversed":
        if found.reversed_reason != said:
            raise TakenBackAlready
        return found
    if found.parameters.get("channel") == holding.NETTED and not with_new_loan:
        raise Conflict(
            "paid_by_new_loan",
            _("A new loan paid this one off: it is taken back where that payment came back."),
        )
    if hooks.make_way(actor=actor, loan=held, event=found, reason=said, now=now):
        # The loan stands otherwise now.
        held = holding.hold(actor, event.loan)
    anew = _replay_without(held, found, actor=actor, now=now)
    found.move(
        "take_back",
        reversed_by=actor if isinstance(actor, User) else None,
        reversed_at=now,
        reversed_reason=said,
    )
    recharging.drop(anew, now=now)
    _record(actor, held, found, anew)
    for charge in _charged_for(found):
        take_back(actor=actor, event=charge, reason=said, now=now)
    return found


def _record(actor: Any, loan: Loan, event: AccountEvent, anew: recharging.Anew) -> None:
    # Not why: that tells about the borrower, and the event keeps it.
    audit.record(
        actor,
        "repayments.taken_back",
        loan,
        case=f"applications.application:{loan.application_id}",
        event=str(event.pk),
        kind=event.kind,
        day=event.day.isoformat(),
        amount=str(event.amount) if event.amount is not None else "",
        charged=len(anew.made),
        charges_taken_back=len(anew.dropped),
    )


def _charged_for(event: AccountEvent) -> list[AccountEvent]:
    """Return what was asked for because money came early, which goes with the money."""
    if event.kind not in (Kind.PART_PREPAYMENT, Kind.PAYOFF):
        return []
    rows = AccountEvent.objects.filter(
        loan=event.loan_id,
        kind="charge",
        status="live",
        reference=f"{event.reference}:{prepayment_charge.CODE}",
        parameters__code=prepayment_charge.CODE,
    )
    return list(rows)


def _said(reason: str) -> str:
    """Return a reason without spaces around it. Raises FactRefused where it says nothing."""
    said = reason.strip()
    if not SHORTEST_REASON <= len(said) <= LONGEST_REASON:
        sentence = reasons.asked_for(least=SHORTEST_REASON, most=LONGEST_REASON)
        raise refused_field("reason_missing", "reason", sentence)
    return said


def _replay_without(
    loan: Loan, event: AccountEvent, *, actor: Any, now: datetime
) -> recharging.Anew:
    """Make the books what they would be without an event; return what being late costs then."""
    row = reading.accounts([loan])[loan.pk]
    anew = recharging.Anew(reading.happened(loan, but=event), [], [])
    if event.parameters.get("code") not in lateness.CODES:
        anew = recharging.foresee(loan, row, anew.history, since=event.day, now=now)
    account = entering.replay(loan, row, anew.history)
    recharging.keep(loan, anew)
    why = replayed.Reason(
        actor=actor,
        since=event.day,
        # Not why: entries are for good and read by many; the event keeps it, sealed.
        said=f"without {event.kind} of {event.day}",
        reference=f"without:{event.pk}",
        now=now,
        corrects_closed=True,
    )
    replayed.make_so(loan, row, account, why)
    event.refresh_from_db(fields=["entry", "settled"])
    return anew
