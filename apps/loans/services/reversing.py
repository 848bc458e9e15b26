"""Take a payment back from the books that came back from the bank."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.ledger import services as ledger
from apps.ledger.chart import Event
from apps.ledger.models import Entry
from apps.loans import hooks, policies
from apps.loans.errors import refused_field
from apps.loans.lifecycle import HELD
from apps.loans.models import Disbursement
from apps.loans.services import grounds
from apps.loans.services.opening import reason_of
from apps.loans.services.requesting import held, history
from apps.loans.services.settling import follow_the_money
from apps.offers import services as offers
from apps.schedules import documents


@transaction.atomic
def reverse(
    *, actor: User, disbursement: Disbursement, day: date, reason: str, now: datetime
) -> Disbursement:
    """Record that a payment came back, by a reversing entry; return it.

    Without another payment the loan goes back to where it was opened, and can be paid out again.
    Only the last payment is reversed, and none towards which something was repaid. Raises
    NotPermitted, NotVisible, Conflict, DomainError for a day or reason that is refused, DayClosed.
    """
    grounds.require(actor, policies.REVERSE)
    found = held(actor, disbursement)
    found.lifecycle.target("reverse", found.status)
    said = reason_of(reason)
    _require_last(found)
    _require_day(found, day, now)
    entry = Entry.objects.select_related("branch__entity").prefetch_related("lines")
    ledger.reverse(
        actor=actor,
        entry=entry.get(pk=found.entry_id),
        day=day,
        reason=said,
        now=now,
        event=Event.DISBURSEMENT_REVERSAL,
    )
    found.move("reverse", ended_by=actor, ended_at=now, ended_reason=said)
    if found.netted:
        hooks.undo_settled(actor, found, said, now)
    _set_back(found, actor, now)
    hooks.paid_out_otherwise(actor, found.loan, now)
    audit.record(
        actor,
        "loans.payment_reversed",
        found.loan,
        **history(found),
        day=day.isoformat(),
        reason=said,
    )
    return found


def _require_last(disbursement: Disbursement) -> None:
    loan = disbursement.loan
    later = loan.disbursements.filter(status__in=HELD, tranche__gt=disbursement.tranche)
    if later.exists():
        raise Conflict("not_the_last", _("A later tranche was asked for; take that back first."))
    paid = Q(paid_principal__gt=0) | Q(paid_interest__gt=0) | Q(paid_fee__gt=0)
    if loan.instalments.filter(paid).exists():
        raise Conflict(
            "already_repaid", _("Something was repaid already, so the payment cannot be reversed.")
        )


def _require_day(disbursement: Disbursement, day: date, now: datetime) -> None:
    if day > grounds.today(disbursement.loan, now):
        raise refused_field("day_refused", "day", _("This day is still to come."))
    if disbursement.paid_date is None or day < disbursement.paid_date:
        raise refused_field("day_refused", "day", _("It cannot come back before it was paid."))


def _set_back(disbursement: Disbursement, actor: User, now: datetime) -> None:
    loan = disbursement.loan
    if not loan.disbursements.filter(status="paid").exists():
        loan.move("take_back", disbursed_date=None)
        if loan.offer is not None:
            offers.came_back(offer=loan.offer, now=now)
        return
    original = documents.from_document(loan.schedules.get(number=1).terms)
    follow_the_money(actor, loan, original, day=grounds.today(loan, now))
