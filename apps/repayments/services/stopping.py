"""End reminders as a borrower wishes, and begin them again."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import names
from apps.audit import services as audit
from apps.core import rows
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.customers.models import Customer
from apps.repayments import policies
from apps.repayments.models import ReminderStop


@transaction.atomic
def stop_reminders(*, actor: User, customer: Customer, channel: str, now: datetime) -> ReminderStop:
    """Record that a borrower wants no reminders; return it.

    Raises NotPermitted, NotVisible, Conflict where it is on record, DomainError for the way in
    which it was said.
    """
    found = _seen(actor, customer)
    by_people = [one for one in ReminderStop.Channel.values if one != ReminderStop.Channel.LINK]
    if channel not in by_people:
        sentence = _("Say how the borrower asked.")
        raise DomainError("unknown_channel", sentence, fields={"channel": sentence})
    stop = ReminderStop(customer=found, channel=channel, stopped_at=now, stopped_by=actor)
    try:
        with transaction.atomic():
            stop.save(force_insert=True)
    except IntegrityError:
        raise Conflict("stopped_before", _("This borrower gets no reminders already.")) from None
    audit.record(actor, "repayments.reminders_stopped", found, channel=channel)
    return stop


@transaction.atomic
def stop_by_link(*, customer: Customer, now: datetime) -> bool:
    """End the reminders of the borrower whose link was opened; say whether they went on until now.

    Once and again is the same.
    """
    stop = ReminderStop(customer=customer, channel=ReminderStop.Channel.LINK, stopped_at=now)
    if not rows.insert(stop, if_new=True):
        return False
    audit.record(names.APPLICANT, "repayments.reminders_stopped", customer, channel=stop.channel)
    return True


@transaction.atomic
def resume_reminders(*, actor: User, customer: Customer, now: datetime) -> ReminderStop:
    """Record that a borrower wants reminders again. Raises as `stop_reminders`."""
    found = _seen(actor, customer)
    standing = ReminderStop.objects.filter(customer=found, resumed_at=None)
    stop = standing.select_for_update().first()
    if stop is None:
        raise Conflict("not_stopped", _("This borrower gets reminders already."))
    stop.resumed_at, stop.resumed_by = now, actor
    stop.save(update_fields=["resumed_at", "resumed_by", "updated_at"])
    audit.record(actor, "repayments.reminders_resumed", found)
    return stop


def _seen(actor: User, customer: Customer) -> Customer:
    if not actor.has_perm(policies.STOP_REMINDERS):
        raise NotPermitted("not_permitted", _("Your role does not end or begin reminders."))
    return get_visible(Customer.objects.all(), actor, pk=customer.pk)
