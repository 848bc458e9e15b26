"""Take a change of a loan's life back, and what was asked for along with it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.core.visibility import get_visible
from apps.repayments import services as repayments
from apps.repayments.facts import Kind
from apps.repayments.models import AccountEvent
from apps.servicing import policies, selectors
from apps.servicing.errors import OwnRelief
from apps.servicing.services import _ground


@transaction.atomic
def undo(*, actor: User, event: AccountEvent, reason: str, now: datetime) -> AccountEvent:
    """Take back a pre-payment, a pay-off, a waiver, a write-off or a change; return the event.

    The account is then what it would have been without it, whatever came after. Again for the same
    reason returns the event. Raises NotPermitted, NotVisible also for what is no change - a charge
    for being late is waived by two people - Conflict where it was taken back, or where law or class
    made it of the history, OwnRelief for one of the two who agreed on it, TermsRefused where what
    came after would not be possible, DayClosed.
    """
    _ground.permit(actor, policies.TAKE_BACK)
    seen = get_visible(selectors.all_changes().select_related("loan"), actor, pk=event.pk)
    if policies.was_of_two(actor, seen):
        raise OwnRelief
    loan = _ground.locked(actor, seen.loan)
    stands = selectors.all_changes().filter(pk=seen.pk, status="live").exists()
    why = _ground.said(reason)
    if seen.kind == Kind.CHANGE and seen.made_by_id is None:
        raise Conflict(
            "made_by_itself",
            _("This follows from the history by itself; take back what it follows from."),
        )
    found = repayments.take_back(actor=actor, event=seen, reason=why, now=now)
    if stands:
        audit.record(
            actor,
            "servicing.change_taken_back",
            loan,
            case=loan.application,
            what=seen.kind,
            day=seen.day.isoformat(),
        )
    return found
