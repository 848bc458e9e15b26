"""Write a contact with a borrower down, if it was made when and as often as it may be."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.collections import contacting, policies, selectors, wording
from apps.collections.contacting import LATEST_DAYS, NEXT_DAYS, Outcome, Way
from apps.collections.models import Contact
from apps.collections.services import _ground
from apps.core.errors import Conflict, DomainError
from apps.customers.models import Customer
from apps.loans.models import Loan
from apps.repayments import contact_hours, hooks
from apps.repayments import services as repayments
from apps.repayments.models import Promise, ReminderStop
from apps.repayments.services import PromiseEntry

LONGEST_NOTE, LONGEST_PLACE = 2000, 300
# Who comes to the counter visits the lender.
_WAYS = {
    Promise.Channel.PHONE: Way.CALL,
    Promise.Channel.COUNTER: Way.VISIT,
    Promise.Channel.VISIT: Way.VISIT,
    Promise.Channel.MESSAGE: Way.MESSAGE,
}
_CHANNELS = {
    Way.CALL: Promise.Channel.PHONE,
    Way.VISIT: Promise.Channel.VISIT,
    Way.MESSAGE: Promise.Channel.MESSAGE,
    Way.LETTER: Promise.Channel.MESSAGE,
}


@dataclass(frozen=True, kw_only=True)
class ContactEntry:
    """A contact: how, when, who began it, what came of it, what is next; a promise if one came."""

    way: str
    outcome: str
    made_at: datetime
    is_inbound: bool = False
    note: str = ""
    place: str = ""
    next_action: str = ""
    next_date: date | None = None
    promised_amount: Decimal | None = None
    promised_date: date | None = None


@transaction.atomic
def record_contact(*, actor: User, loan: Loan, entry: ContactEntry, now: datetime) -> Contact:
    """Write a contact down and the promise that came of it; return the contact.

    Raises NotPermitted, NotVisible, Conflict where the loan is not running or the borrower may not
    be contacted then, by this way or once more, DomainError with a sentence for each field. What
    the borrower began is bound by no hours and no limit.
    """
    _ground.permit(actor, policies.WORK)
    found = _ground.running(actor, loan)
    local = _judged(found, entry, now)
    promise = _promised(actor, found, entry, now) if entry.outcome == Outcome.PROMISED else None
    return _written(actor, found, entry, day=local.date(), promise=promise)


@transaction.atomic
def record_promised(*, actor: User, promise: Promise, entry: PromiseEntry, now: datetime) -> None:
    """Write the contact down in which a promise is given now, by whoever may take promises.

    Raises Conflict and DomainError as `record_contact` does.
    """
    loan = _ground.running(actor, promise.loan)
    at_counter = promise.channel == Promise.Channel.COUNTER
    told = ContactEntry(
        way=_WAYS[Promise.Channel(promise.channel)],
        outcome=Outcome.PROMISED,
        made_at=now,
        is_inbound=entry.is_inbound or at_counter,
        place=loan.branch.name if at_counter else entry.place,
    )
    local = _judged(loan, told, now)
    _written(actor, loan, told, day=local.date(), promise=promise)


def _judged(loan: Loan, entry: ContactEntry, now: datetime) -> datetime:
    """Return when a contact was by the lender's clock, once the borrower is held and it may be."""
    _check(entry, today=_ground.today(loan, now), now=now)
    local = entry.made_at.astimezone(ZoneInfo(loan.branch.entity.time_zone))
    # Two who write down contacts with one borrower at once wait for each other.
    Customer.objects.select_for_update(no_key=True).get(pk=loan.customer_id)
    if not entry.is_inbound:
        require_allowed(loan, Way(entry.way), local)
    return local


def _written(
    actor: User, found: Loan, entry: ContactEntry, *, day: date, promise: Promise | None
) -> Contact:
    made = Contact(
        loan=found,
        customer_id=found.customer_id,
        way=entry.way,
        is_inbound=entry.is_inbound,
        made_at=entry.made_at,
        made_on=day,
        outcome=entry.outcome,
        note=entry.note.strip() or None,
        place=" ".join(entry.place.split()) or None,
        next_action=entry.next_action,
        next_date=entry.next_date,
        promise=promise,
        made_by=actor,
    )
    made.save(force_insert=True)
    audit.record(
        actor,
        "collections.contact_recorded",
        found,
        case=_ground.case_of(found),
        contact=str(made.pk),
        way=made.way,
        inbound=made.is_inbound,
        outcome=made.outcome,
        next=made.next_action,
    )
    return made


def require_allowed(
    loan: Loan,
    way: Way,
    local: datetime,
    *,
    is_reminder: bool = True,
    letter: uuid.UUID | None = None,
) -> None:
    """Raise Conflict where the lender may not begin a contact by this way at a local time.

    A wish for no reminders binds what reminds, and no notice that the lender owes the borrower.
    Notices by e-mail are messages and count as such, but for the `letter` that is asked about.
    """
    country = loan.branch.entity.country
    if way in contacting.BOUND_BY_HOURS and not contact_hours.are_open(country, local):
        hours = contact_hours.HOUSE
        raise Conflict(
            "outside_hours",
            _(
                "Borrowers are contacted between %(opens)s and %(closes)s where they are; this was"
                " at %(clock)s. Nothing was written down. If the borrower began it, say so."
            )
            % {
                "opens": f"{hours.opens:%H:%M}",
                "closes": f"{hours.closes:%H:%M}",
                "clock": f"{local:%H:%M}",
            },
        )
    _require_wanted(loan, way, local.date(), is_reminder=is_reminder)
    since = local.date() - timedelta(days=contacting.LOOKED_AT_DAYS)
    rows = Contact.objects.filter(
        customer=loan.customer_id, is_inbound=False, made_on__gt=since
    ).values_list("way", "made_on")
    made = [(Way(of), on) for of, on in rows]
    if way == Way.MESSAGE:
        mailed = selectors.mailed(loan.customer_id, but=letter)
        days = (at.astimezone(local.tzinfo).date() for at in mailed)
        made += [(Way.MESSAGE, on) for on in days if on > since]
    reached = contacting.limit_reached(way, local.date(), made)
    if reached is not None:
        raise Conflict("too_often", wording.too_often(way, reached))


def _require_wanted(loan: Loan, way: Way, day: date, *, is_reminder: bool) -> None:
    """Raise Conflict where a borrower is left alone, or wants no messages."""
    if way == Way.LETTER:
        return
    for keys in hooks.left_alone(day):
        if Loan.objects.filter(customer=loan.customer_id, pk__in=keys).exists():
            raise Conflict("left_alone", _("The borrower is left alone for a time."))
    wants_none = ReminderStop.objects.filter(customer=loan.customer_id, resumed_at=None)
    if way == Way.MESSAGE and is_reminder and wants_none.exists():
        raise Conflict("wants_no_messages", _("The borrower wants no reminders: call, or write."))


def _promised(actor: User, loan: Loan, entry: ContactEntry, now: datetime) -> Promise:
    if entry.promised_amount is None or entry.promised_date is None:
        sentence = _("Say how much was promised, and by which day.")
        raise DomainError("promise_missing", sentence, fields={"promised_amount": sentence})
    try:
        return repayments.note_promise(
            actor=actor,
            loan=loan,
            entry=PromiseEntry(
                amount=entry.promised_amount,
                promised_date=entry.promised_date,
                channel=_CHANNELS[Way(entry.way)],
            ),
            now=now,
        )
    except DomainError as refusal:
        # The form of a contact calls the amount by another name.
        if "amount" in refusal.fields:
            refusal.fields["promised_amount"] = refusal.fields.pop("amount")
        raise


def _check(entry: ContactEntry, *, today: date, now: datetime) -> None:
    fields = {**_what(entry), **_when(entry, today, now)}
    if entry.outcome != Outcome.PROMISED and (entry.promised_amount or entry.promised_date):
        fields["outcome"] = _("A promise was entered, but nothing says that one was made.")
    if fields:
        raise DomainError("contact_refused", _("The contact is not complete."), fields=fields)


def _what(entry: ContactEntry) -> dict[str, object]:
    fields: dict[str, object] = {}
    if entry.way not in set(Way):
        return {"way": _("Say how the borrower was contacted.")}
    if (
        entry.outcome not in set(Outcome)
        or not contacting.fits(Way(entry.way), Outcome(entry.outcome))
        or (entry.is_inbound and entry.outcome in contacting.OURS)
    ):
        fields["outcome"] = _("This cannot come of such a contact.")
    if (entry.way == Way.VISIT) != bool(entry.place.strip()):
        fields["place"] = _("Say where the visit was; nowhere for anything else.")
    if len(entry.note) > LONGEST_NOTE or len(entry.place) > LONGEST_PLACE:
        fields["note"] = _("This is too long.")
    return fields


def _when(entry: ContactEntry, today: date, now: datetime) -> dict[str, object]:
    fields: dict[str, object] = {}
    if not now - timedelta(days=LATEST_DAYS) <= entry.made_at <= now:
        fields["made_at"] = _("In the last %(days)s days, and not in the future.") % {
            "days": LATEST_DAYS
        }
    if entry.next_action not in Contact.Next.values:
        fields["next_action"] = _("There is no such step.")
    if bool(entry.next_action) != (entry.next_date is not None):
        fields["next_date"] = _("A next step has a day, and a day has a next step.")
    elif entry.next_date and not today <= entry.next_date <= today + timedelta(days=NEXT_DAYS):
        fields["next_date"] = _("From today on, and at most %(days)s days ahead.") % {
            "days": NEXT_DAYS
        }
    return fields
