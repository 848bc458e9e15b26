"""Put down which reminders are to go out, for all loans of a lender at once, chunk by chunk.

The database is asked for the unpaid instalments of the due dates whose day has come; a unique
constraint says that a reminder is there. So it may run at any time, twice, and after it was killed.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When

from apps.accounts.models import Entity
from apps.loans.models import Instalment
from apps.repayments import contact_hours, hooks, reminding
from apps.repayments.models import Promise, Reminder, ReminderPlan, ReminderStop
from apps.schedules.refusals import TermsRefused
from apps.schedules.terms import Calendar

logger = structlog.get_logger(__name__)
CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class Today:
    """A lender's day: which it is there, what is a day off, and the moment it was asked at."""

    entity: Entity
    day: date
    calendar: Calendar
    now: datetime


def remind_due(*, now: datetime) -> int:
    """Put down the reminders that are to go out at this time; return how many came to it.

    A lender whose calendar allows nobody to be reminded is logged and passed over.
    """
    count = 0
    for today in open_days(now):
        try:
            count += sum(_put_down_all(today, plan, loans) for plan, loans in _plans(today))
        except TermsRefused:
            logger.exception("reminders_not_put_down", lender=today.entity.code)
    return count


def open_days(now: datetime) -> Iterator[Today]:
    """Give the lenders with plans where it is an hour at which borrowers may be contacted."""
    planned = ReminderPlan.objects.standing().filter(entity=OuterRef("pk"))
    for entity in Entity.objects.filter(Exists(planned)).order_by("code"):
        local = now.astimezone(ZoneInfo(entity.time_zone))
        if contact_hours.are_open(entity.country, local):
            calendar = Calendar(
                weekend=frozenset(entity.weekend), holidays=frozenset(entity.holidays)
            )
            yield Today(entity=entity, day=local.date(), calendar=calendar, now=now)


def _plans(today: Today) -> list[tuple[ReminderPlan, Q]]:
    """Return the plans in force, with the loans for which each counts: a product's own first."""
    rows = ReminderPlan.objects.standing().filter(entity=today.entity, from_date__lte=today.day)
    latest = {plan.product_id: plan for plan in rows.order_by("from_date")}
    own = [product for product in latest if product is not None]
    return [
        (plan, Q(loan__product=product) if product else ~Q(loan__product__in=own))
        for product, plan in latest.items()
    ]


def _put_down_all(today: Today, plan: ReminderPlan, loans: Q) -> int:
    steps = reminding.due_dates(plan.steps, today.day, today.calendar)
    if not steps:
        return 0
    count, after = 0, uuid.UUID(int=0)
    while found := _whole_loans(list(_unpaid(today, steps).filter(loans, loan__gt=after)[:CHUNK])):
        count += _put_down(today, steps, found)
        after = found[-1].loan_id
    return count


def _unpaid(today: Today, steps: Mapping[date, int]) -> QuerySet[Instalment]:
    """Return the instalments of which somebody is to be reminded and was not, loan by loan."""
    step = Case(
        *(When(due_date=due, then=Value(step)) for due, step in steps.items()),
        output_field=IntegerField(),
    )
    reminded = Reminder.objects.filter(
        loan=OuterRef("loan"), due_date=OuterRef("due_date"), step=OuterRef("wanted_step")
    )
    rows = Instalment.objects.filter(
        due_date__in=list(steps), loan__branch__entity=today.entity, loan__status="active"
    )
    return (
        not_silenced(owed(rows), today.day)
        .annotate(wanted_step=step)
        .filter(~Exists(reminded))
        .order_by("loan", "due_date", "number")
    )


def owed(rows: QuerySet[Instalment]) -> QuerySet[Instalment]:
    """Keep the instalments in force of which something is owed that no advance covers.

    What was paid ahead goes to what falls due first; a borrower who paid in time is not reminded.
    """
    left = (
        *(F("principal"), F("interest"), F("fee")),
        *(F("paid_principal"), F("paid_interest"), F("paid_fee")),
    )
    unpaid = left[0] + left[1] + left[2] - left[3] - left[4] - left[5]
    return (
        rows.filter(in_force=True)
        # In the words of the index of unpaid instalments, so that it is read and no other row.
        .filter(
            Q(paid_principal__lt=F("principal"))
            | Q(paid_interest__lt=F("interest"))
            | Q(paid_fee__lt=F("fee"))
        )
        .annotate(unpaid_amount=unpaid)
        .exclude(loan__offer__status="exited")
        .exclude(loan__account__advances__gte=F("unpaid_amount"))
        .exclude(loan__account__standing__in=["written_off", "settlement"])
    )


def not_silenced(rows: QuerySet[Instalment], day: date) -> QuerySet[Instalment]:
    """Leave out who wants no reminders, who promised to pay, and who is left alone."""
    stopped = ReminderStop.objects.filter(customer=OuterRef("loan__customer"), resumed_at=None)
    promised = Promise.objects.filter(loan=OuterRef("loan"), status="open", promised_date__gte=day)
    for loans in hooks.left_alone(day):
        rows = rows.exclude(loan__in=loans)
    return rows.filter(~Exists(stopped), ~Exists(promised))


def _whole_loans(found: list[Instalment]) -> list[Instalment]:
    """Leave the last loan of a full chunk to the next one: not all of it may be here."""
    if len(found) < CHUNK or found[0].loan_id == found[-1].loan_id:
        return found
    return [one for one in found if one.loan_id != found[-1].loan_id]


@transaction.atomic
def _put_down(today: Today, steps: Mapping[date, int], found: list[Instalment]) -> int:
    """Write the reminders of some loans: of several of one loan the oldest goes out for all."""
    wanted, loan = [], None
    for one in found:
        wanted.append(_reminder(today, steps[one.due_date], one, is_first=one.loan_id != loan))
        loan = one.loan_id
    Reminder.objects.bulk_create(wanted, ignore_conflicts=True)
    return Reminder.objects.filter(pk__in=[one.pk for one in wanted]).count()


def _reminder(today: Today, step: int, one: Instalment, *, is_first: bool) -> Reminder:
    sent = reminding.sending_day(step, one.due_date, today.calendar)
    return Reminder(
        loan_id=one.loan_id,
        instalment=one,
        due_date=one.due_date,
        step=step,
        last_date=reminding.last_day(step, one.due_date, sent),
        status="queued" if is_first else reminding.LIFECYCLE.target("join", "queued"),
        next_try_at=today.now if is_first else None,
    )
