"""Take a promise to pay, withdraw it, and judge promises by what was paid."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import DecimalField, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core import dates
from apps.core.errors import Conflict, DomainError, NotPermitted, StaleRecord
from apps.core.formatting import format_money
from apps.core.money import MoneyRefused, money
from apps.core.visibility import get_visible
from apps.customers.models import Customer
from apps.loans import selectors as loans
from apps.loans.models import Loan
from apps.repayments import hooks, policies, promising
from apps.repayments.facts import MONEY_IN
from apps.repayments.models import AccountEvent, Promise

CHUNK = 500
_AMOUNT: "DecimalField[Decimal, Decimal]" = DecimalField(max_digits=18, decimal_places=2)


@dataclass(frozen=True, kw_only=True)
class PromiseEntry:
    """What was promised: how much, by which day, in which way it was said.

    It is said in a contact: `is_inbound` where the borrower began it, `place` where a visit was.
    """

    amount: Decimal
    promised_date: date
    channel: str
    currency: str = ""
    is_inbound: bool = False
    place: str = ""


@transaction.atomic
def take_promise(*, actor: User, loan: Loan, entry: PromiseEntry, now: datetime) -> Promise:
    """Record that the borrower promises to pay now, and the contact in which it is; return it.

    Raises as `note_promise`, and what stands against such a contact: then nothing is recorded.
    """
    # Whoever writes down a contact holds the borrower first: so does this, or each waits for ever.
    held = Customer.objects.select_for_update(of=("self",), no_key=True)
    held.filter(loans=loan.pk).first()
    made = note_promise(actor=actor, loan=loan, entry=entry, now=now)
    hooks.write_contact(actor=actor, promise=made, entry=entry, now=now)
    return made


@transaction.atomic
def note_promise(*, actor: User, loan: Loan, entry: PromiseEntry, now: datetime) -> Promise:
    """Record that the borrower promised to pay in a contact that the caller writes down; return it.

    Raises NotPermitted, NotVisible, Conflict for a loan that has an open promise, DomainError with
    a sentence for each field.
    """
    _require(actor)
    found = get_visible(Loan.objects.select_related("branch__entity"), actor, pk=loan.pk)
    today = dates.local_date(now, found.branch.entity.time_zone)
    if found.status != "active":
        raise Conflict("not_running", _("Nothing is to be paid under this loan in its state."))
    _check(found, entry, today=today)
    made = Promise(
        loan=found,
        amount=money(entry.amount, found.currency),
        currency=found.currency,
        promised_date=entry.promised_date,
        channel=entry.channel,
        taken_by=actor,
        taken_at=now,
        taken_date=today,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        raise Conflict(
            "promise_open",
            _("The borrower has promised to pay already. Withdraw that promise first."),
        ) from None
    audit.record(
        actor,
        "repayments.promise_taken",
        found,
        case=_case(found),
        promise=str(made.pk),
        amount=str(made.amount),
        currency=made.currency,
        by=made.promised_date.isoformat(),
        channel=made.channel,
    )
    return made


@transaction.atomic
def withdraw_promise(*, actor: User, promise: Promise, reason: str, now: datetime) -> Promise:
    """Record that a promise no longer counts, and why; return it.

    Raises NotPermitted, NotVisible, DomainError without a reason, Conflict for one that is judged.
    """
    _require(actor)
    found = get_visible(Promise.objects.select_related("loan"), actor, pk=promise.pk)
    said = " ".join(reason.split())
    if not said or len(said) > 300:
        sentence = _("Say in a few words why it no longer counts.")
        raise DomainError("reason_missing", sentence, fields={"reason": sentence})
    found.move("withdraw", withdrawn_by=actor, withdrawn_at=now, withdrawn_reason=said)
    audit.record(
        actor,
        "repayments.promise_withdrawn",
        found.loan,
        case=_case(found.loan),
        promise=str(found.pk),
    )
    return found


def judge_promises(*, now: datetime) -> int:
    """Judge open promises, and again those of late, by what was paid; return how many changed.

    Chunk by chunk, each in a transaction of its own: it may run at any time and twice.
    """
    return sum(_judge_for(entity, now) for entity in Entity.objects.order_by("code"))


def with_paid(promises: QuerySet[Promise]) -> QuerySet[Promise]:
    """Add `paid_by_day`: what came on the loan since the promise and up to the day it names.

    Money counts by its own day, whenever it was entered; what was on record before the promise was
    made does not. What was taken back counts for nothing.
    """
    came = (
        AccountEvent.objects.filter(
            loan=OuterRef("loan"),
            status="live",
            kind__in=[kind.value for kind in MONEY_IN],
            day__gte=OuterRef("taken_date"),
            day__lte=OuterRef("promised_date"),
            made_at__gte=OuterRef("taken_at"),
        )
        .order_by()
        .values("loan")
        .annotate(sum=Sum("amount"))
        .values("sum")
    )
    nothing = Value(Decimal(0), output_field=_AMOUNT)
    return promises.annotate(
        paid_by_day=Coalesce(Subquery(came, output_field=_AMOUNT), nothing, output_field=_AMOUNT)
    )


def _judge_for(entity: Entity, now: datetime) -> int:
    day = dates.local_date(now, entity.time_zone)
    due = Promise.objects.filter(
        loan__branch__entity=entity,
        status__in=["open", "kept", "broken"],
        promised_date__gte=day - timedelta(days=promising.JUDGED_AGAIN_DAYS),
    )
    count, after = 0, uuid.UUID(int=0)
    while found := list(
        with_paid(due.filter(pk__gt=after)).select_related("loan").order_by("pk")[:CHUNK]
    ):
        count += _judge(found, day, now)
        after = found[-1].pk
    return count


@transaction.atomic
def _judge(found: Iterable[Promise], day: date, now: datetime) -> int:
    count = 0
    for one in found:
        paid: Decimal = one.paid_by_day  # type: ignore[attr-defined]  # annotated
        stands = promising.verdict(one.amount, paid, by=one.promised_date, day=day)
        if stands == one.status or not one.may(promising.ACTIONS[stands]):
            continue
        try:
            one.move(promising.ACTIONS[stands], paid=paid, judged_at=now)
        except StaleRecord:
            # Somebody withdrew it, or another worker was faster.
            continue
        audit.record(
            audit.system("worker"),
            "repayments.promise_judged",
            one.loan,
            case=_case(one.loan),
            promise=str(one.pk),
            stands=stands,
            paid=str(paid),
        )
        count += 1
    return count


def _check(loan: Loan, entry: PromiseEntry, *, today: date) -> None:
    fields: dict[str, object] = {}
    if entry.currency and entry.currency != loan.currency:
        fields["currency"] = _("The loan is in %(currency)s.") % {"currency": loan.currency}
    amount = _amount_fault(loan, entry.amount, today)
    if amount:
        fields["amount"] = amount
    last = today + timedelta(days=promising.LONGEST_DAYS)
    if not today <= entry.promised_date <= last:
        fields["promised_date"] = _("From today on, and at most %(days)s days ahead.") % {
            "days": promising.LONGEST_DAYS
        }
    if entry.channel not in Promise.Channel.values:
        fields["channel"] = _("Say how it was promised.")
    if fields:
        raise DomainError("promise_refused", _("The promise is not complete."), fields=fields)


def _amount_fault(loan: Loan, amount: Decimal, today: date) -> str:
    try:
        exact = money(amount, loan.currency)
    except MoneyRefused:
        return _("This is no amount.")
    if exact != amount or exact <= 0:
        return _("An amount above zero, without fractions of the smallest unit.")
    owed = loans.position(loan, today).unpaid + _charges(loan)
    if exact > owed:
        return _("No more than %(amount)s is to be paid under this loan.") % {
            "amount": format_money(owed, loan.currency)
        }
    return ""


def _charges(loan: Loan) -> Decimal:
    live = AccountEvent.objects.filter(loan=loan, kind="charge", status="live")
    left = live.aggregate(sum=Sum(F("amount") - F("settled")))["sum"]
    return left or Decimal(0)


def _case(loan: Loan) -> str:
    return f"applications.application:{loan.application_id}"


def _require(actor: User) -> None:
    if not actor.has_perm(policies.TAKE_PROMISE):
        raise NotPermitted("not_permitted", _("Your role does not take promises to pay."))
