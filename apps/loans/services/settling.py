"""Tell the bank to pay, record what it says, and put what was paid on the books."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core.errors import Conflict, DomainError
from apps.ledger import services as ledger
from apps.ledger.chart import Event
from apps.ledger.lines import Line
from apps.loans import hooks, payment_files, payout, policies
from apps.loans.errors import AllAlone, PaidOtherwise, refused_field
from apps.loans.models import Disbursement, Loan, PaymentFile, ScheduleVersion
from apps.loans.services import grounds, scheduling
from apps.loans.services.opening import reason_of
from apps.loans.services.requesting import held, history
from apps.offers import services as offers
from apps.schedules import building, documents
from apps.schedules.terms import Terms, Tranche

LONGEST_BANK_REFERENCE = 60
# Numbers of payment files must be given one after the other; the number is ours ("PAYF").
_NUMBERING = 0x50415946


@transaction.atomic
def instruct(
    *, actor: User, entity: Entity, disbursements: Sequence[Disbursement], now: datetime
) -> PaymentFile:
    """Write approved payments into one file for the bank, and return it: it is made once.

    Raises NotPermitted, NotVisible, AllAlone where the person would be the only one of the lender
    that took part, Conflict for a payment that is not approved or was told to the bank before,
    DomainError where there is none, or they are of several lenders or currencies, and whatever
    stands in the way of paying out.
    """
    grounds.require(actor, policies.SETTLE)
    ordered = sorted(disbursements, key=lambda one: (str(one.loan_id), str(one.pk)))
    found = [held(actor, one) for one in ordered]
    _require_one_kind(found, entity)
    for one in found:
        one.lifecycle.target("instruct", one.status)
        _require_another(actor, one)
        grounds.require_payable(one.loan, now=now)
        hooks.check_netting(one, max(one.planned_date, grounds.today(one.loan, now)))
    file = _file(actor, entity, found, now)
    for one in found:
        one.move("instruct", payment_file=file)
        audit.record(
            actor,
            "loans.payment_instructed",
            one.loan,
            **history(one),
            file=str(file),
            sha256=file.sha256,
        )
    return file


@transaction.atomic
def fetch_file(*, actor: User, file: PaymentFile) -> bytes:
    """Return the bytes of a payment file as it was made, and note who took it.

    Raises NotPermitted, and Conflict where it is not the file that was made.
    """
    grounds.require(actor, policies.SETTLE)
    content = bytes(file.content)
    if payment_files.fingerprint(content) != file.sha256:
        raise Conflict(
            "file_altered", _("This is not the file that was made; it is not handed over.")
        )
    audit.record(actor, "loans.payment_file_fetched", file, name=str(file), sha256=file.sha256)
    return content


@transaction.atomic
def confirm(
    *,
    actor: User,
    disbursement: Disbursement,
    paid_date: date,
    bank_reference: str,
    now: datetime,
) -> Disbursement:
    """Record that the bank paid on a day, put it on the books, and set the schedule going.

    The schedule follows the day the money went out, as a new version where that is another day
    than planned; the original stays. The same said again returns the payment. Raises NotPermitted,
    NotVisible, AllAlone, PaidOtherwise, Conflict for a payment nobody approved, DomainError for a
    day or a reference that is refused, DayClosed where the books of that day are closed.
    """
    grounds.require(actor, policies.SETTLE)
    found = held(actor, disbursement)
    told = bank_reference.strip()
    if found.status == "paid":
        if (found.paid_date, found.bank_reference) != (paid_date, told):
            raise PaidOtherwise
        return found
    found.lifecycle.target("confirm", found.status)
    _require_another(actor, found)
    if found.status == "approved":
        # No file went before, so nobody looked at this again since it was approved.
        grounds.require_payable(found.loan, now=now)
    if not 0 < len(told) <= LONGEST_BANK_REFERENCE:
        raise refused_field(
            "bank_reference_missing", "bank_reference", _("Enter the bank's reference.")
        )
    grounds.require_paid_day(found, paid_date, now=now)
    return _book(found, actor=actor, day=paid_date, bank_reference=told, now=now)


@transaction.atomic
def fail(*, actor: User, disbursement: Disbursement, reason: str, now: datetime) -> Disbursement:
    """Record that the bank refused to pay, with its reason; the money can be asked for again.

    Raises NotPermitted, NotVisible, Conflict for a payment the bank was not told of, DomainError
    without a reason.
    """
    grounds.require(actor, policies.SETTLE)
    found = held(actor, disbursement)
    said = reason_of(reason)
    found.move("fail", ended_by=actor, ended_at=now, ended_reason=said)
    audit.record(actor, "loans.payment_failed", found.loan, **history(found), reason=said)
    return found


def _require_another(actor: User, disbursement: Disbursement) -> None:
    if policies.would_be_alone(actor, disbursement):
        raise AllAlone(disbursement.reference)


def _require_one_kind(found: Sequence[Disbursement], entity: Entity) -> None:
    if not found:
        raise DomainError("nothing_chosen", _("Choose at least one payment."))
    kinds = {(one.loan.branch.entity_id, one.currency) for one in found}
    if {entity_id for entity_id, _currency in kinds} != {entity.pk} or len(kinds) > 1:
        raise DomainError(
            "several_kinds", _("A file holds the payments of one lender in one currency.")
        )


def _file(actor: User, entity: Entity, found: Sequence[Disbursement], now: datetime) -> PaymentFile:
    written = payment_files.content(
        payment_files.Instruction(
            reference=one.reference,
            loan=one.loan.number,
            beneficiary=one.holder,
            account=one.account_number,
            bank=one.bank_code,
            currency=one.currency,
            amount=one.net_amount,
            # What was approved late is paid at once: a bank takes no day that is over.
            pay_on=max(one.planned_date, grounds.today(one.loan, now)),
        )
        for one in found
    )
    return PaymentFile.objects.create(
        entity=entity,
        number=_next_number(entity),
        layout=payment_files.LAYOUT,
        currency=found[0].currency,
        payments=len(found),
        total=sum((one.net_amount for one in found), Decimal(0)),
        content=written,
        sha256=payment_files.fingerprint(written),
        made_by=actor,
        made_at=now,
    )


def _next_number(entity: Entity) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NUMBERING])
    last = PaymentFile.objects.filter(entity=entity).aggregate(last=Max("number"))["last"]
    return int(last or 0) + 1


def _book(
    disbursement: Disbursement, *, actor: User, day: date, bank_reference: str, now: datetime
) -> Disbursement:
    loan = disbursement.loan
    original = documents.from_document(loan.schedules.get(number=1).terms)
    entry = ledger.post(
        actor=actor,
        event=Event.DISBURSEMENT,
        day=day,
        lines=_lines(disbursement, original),
        branch=loan.branch,
        currency=loan.currency,
        loan_id=loan.pk,
        customer_id=loan.customer_id,
        reference=f"disbursement:{disbursement.pk}",
        now=now,
        facts={"payment": disbursement.reference, "bank_reference": bank_reference},
    )
    disbursement.move(
        "confirm", paid_date=day, bank_reference=bank_reference, confirmed_by=actor, entry=entry
    )
    if loan.status == "opened":
        loan.move("pay_out", disbursed_date=day)
        if loan.offer is not None:
            offers.paid_out(offer=loan.offer, actor=actor, day=day, now=now)
    follow_the_money(actor, loan, original, day=grounds.today(loan, now))
    hooks.paid_out_otherwise(actor, loan, now)
    if disbursement.netted:
        hooks.settle_other(actor, disbursement, now)
    audit.record(
        actor,
        "loans.payment_confirmed",
        disbursement.loan,
        **history(disbursement),
        day=day.isoformat(),
        amount=str(disbursement.amount),
        net=str(disbursement.net_amount),
        entry=str(entry.pk),
    )
    return disbursement


def follow_the_money(actor: Any, loan: Loan, original: Terms, *, day: date) -> None:
    """Write another schedule where the one in force does not say when the money went out.

    The bank may tell of a later tranche first: the loan was paid out on the earliest day. A rest
    that did not follow by the day before `day` is taken to follow later.
    """
    paid = list(loan.disbursements.filter(status="paid").order_by("paid_date", "tranche"))
    if loan.disbursed_date != paid[0].paid_date:
        loan.disbursed_date = paid[0].paid_date
        loan.save(update_fields=["disbursed_date", "updated_at"])
    terms = _as_paid(payout.without(original, loan.given_up), paid, day)
    in_force = loan.schedules.get(in_force=True)
    if documents.to_document(terms) != in_force.terms:
        scheduling.keep(loan, terms, reason=ScheduleVersion.Reason.PAID_ON_ANOTHER_DAY, actor=actor)


def _as_paid(terms: Terms, paid: Sequence[Disbursement], day: date) -> Terms:
    tranches = [Tranche(one.paid_date, one.amount) for one in paid if one.paid_date is not None]
    rest_on = paid[-1].rest_planned_date
    found = payout.put_off(terms, tranches, rest_on=rest_on, day=day)
    # Too late for the term: the night that follows gives it up.
    return found or payout.as_paid(terms, tranches, rest_on=rest_on)


def _lines(disbursement: Disbursement, original: Terms) -> tuple[Line, ...]:
    """Return the lines of a payment; what is paid upfront goes with the first tranche."""
    found = payout.Upfront()
    if disbursement.tranche == 1:
        found = payout.upfront(building.build(original))
    return payout.lines(disbursement.amount, found, is_net=disbursement.deducted == found.total)
