"""Ask for the payment of a loan, have another person approve or refuse it, take it back."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import masking
from apps.core.errors import Conflict, NotPermitted
from apps.core.formatting import format_money
from apps.core.money import money
from apps.core.visibility import get_visible
from apps.loans import beneficiary, hooks, payout, policies
from apps.loans.errors import (
    HeldTheLink,
    NothingLeft,
    NotOwnAccount,
    OtherContent,
    OwnRequest,
    RestGivenUp,
    refused_field,
)
from apps.loans.lifecycle import HELD
from apps.loans.models import Disbursement, Loan
from apps.loans.services import grounds
from apps.loans.services.opening import locked, reason_of
from apps.products.models import Conditions
from apps.schedules import building, documents

LONGEST_REFERENCE = 40


@dataclass(frozen=True, kw_only=True)
class Payment:
    """What is to be paid, when and to which account.

    Without an amount all that is left; without a reference one is made up. `is_net` keeps back
    what is paid upfront; otherwise the borrower owes it beside. `rest_planned_date` is when the
    rest follows, where this is a part.
    """

    planned_date: date
    holder: str
    account_number: str = field(repr=False)
    bank_code: str
    amount: Decimal | None = None
    currency: str = ""
    is_net: bool = True
    rest_planned_date: date | None = None
    reference: str = ""


@transaction.atomic
def request(*, actor: User, loan: Loan, payment: Payment, now: datetime) -> Disbursement:
    """Ask for a payment and return it: approved at once within what the person may pay alone.

    The limit is for a loan, with what went out under it on one person's word before.

    The same reference with the same content returns the payment it asked for. Raises NotPermitted,
    NotVisible, NotPayable, NotBinding, BorrowerBlocked, PapersMissing, NotSecured, NothingLeft,
    RestGivenUp, NotOwnAccount, OtherContent, and DomainError for an amount, currency, account or
    day that is refused.
    """
    grounds.require(actor, policies.REQUEST)
    found = locked(actor, loan)
    asked_before = _standing(found, payment)
    if asked_before is not None:
        return asked_before
    grounds.require_payable(found, now=now)
    amount = _amount(found, payment)
    grounds.require_planned_day(found, payment.planned_date, now=now, field="planned_date")
    _require_rest(found, payment, amount)
    account, bank = _account(found, payment)
    made = _written(found, payment, amount, actor=actor, now=now, account=account, bank=bank)
    facts = {"amount": str(made.amount), "net": str(made.net_amount), "currency": made.currency}
    audit.record(actor, "loans.payment_requested", made.loan, **history(made), **facts)
    if made.alone_limit >= _alone(found):
        made.move("approve")
        audit.record(
            actor,
            "loans.payment_within_limit",
            made.loan,
            **history(made),
            limit=str(made.alone_limit),
        )
    return made


@transaction.atomic
def approve(*, actor: User, disbursement: Disbursement, now: datetime) -> Disbursement:
    """Approve a payment that another person asked for; return it.

    Raises NotPermitted, NotVisible, OwnRequest, HeldTheLink, Conflict for a payment that does not
    wait for it, and whatever stands in the way of paying out.
    """
    grounds.require(actor, policies.APPROVE)
    found = held(actor, disbursement)
    if found.requested_by_id == actor.pk:
        raise OwnRequest
    if policies.held_the_link(actor, found.loan):
        raise HeldTheLink
    found.lifecycle.target("approve", found.status)
    grounds.require_payable(found.loan, now=now)
    hooks.check_netting(found, max(found.planned_date, grounds.today(found.loan, now)))
    found.move("approve", checked_by=actor, checked_at=now)
    audit.record(actor, "loans.payment_approved", found.loan, **history(found))
    return found


@transaction.atomic
def refuse(*, actor: User, disbursement: Disbursement, reason: str, now: datetime) -> Disbursement:
    """Refuse a payment that another person asked for, with a reason; return it. Raises as above."""
    grounds.require(actor, policies.APPROVE)
    found = held(actor, disbursement)
    if found.requested_by_id == actor.pk:
        raise OwnRequest
    said = reason_of(reason)
    found.move("refuse", ended_by=actor, ended_at=now, ended_reason=said)
    audit.record(actor, "loans.payment_refused", found.loan, **history(found), reason=said)
    return found


@transaction.atomic
def take_back(
    *, actor: User, disbursement: Disbursement, reason: str, now: datetime
) -> Disbursement:
    """Take back a payment before the bank was told; return it.

    Who asked for it may, and who approves payments. Raises NotPermitted, NotVisible, Conflict
    where the bank was told already, DomainError without a reason.
    """
    found = held(actor, disbursement)
    if found.requested_by_id != actor.pk and not actor.has_perm(policies.APPROVE):
        raise NotPermitted(
            "not_permitted", _("Only who asked for the payment or approves it takes it back.")
        )
    said = reason_of(reason)
    found.move("cancel", ended_by=actor, ended_at=now, ended_reason=said)
    audit.record(actor, "loans.payment_taken_back", found.loan, **history(found), reason=said)
    return found


def held(actor: User, disbursement: Disbursement) -> Disbursement:
    """Return the payment with its loan, both held until the transaction ends. Raises NotVisible."""
    seen = get_visible(Disbursement.objects.only("loan"), actor, pk=disbursement.pk)
    loan = locked(actor, Loan(pk=seen.loan_id))
    rows = Disbursement.objects.select_for_update(of=("self",), no_key=True)
    found = get_visible(rows, actor, pk=disbursement.pk)
    found.loan = loan
    return found


def nothing_left(loan: Loan) -> Conflict:
    """Return why nothing more of a loan is asked for."""
    return RestGivenUp(loan.given_up_date) if loan.given_up_date else NothingLeft()


def history(disbursement: Disbursement) -> dict[str, Any]:
    """Return what the history of its loan and case says of a payment."""
    return {"case": disbursement.loan.application, "payment": disbursement.reference}


def _standing(loan: Loan, payment: Payment) -> Disbursement | None:
    """Return the payment of the same reference, if it says the same. Raises OtherContent."""
    if not payment.reference:
        return None
    if len(payment.reference) > LONGEST_REFERENCE:
        raise refused_field("reference_too_long", "reference", _("This reference is too long."))
    found = Disbursement.objects.filter(reference=payment.reference).first()
    if found is None:
        return None
    if found.loan_id != loan.pk or not _says_the_same(found, loan, payment):
        raise OtherContent
    return found


def _says_the_same(found: Disbursement, loan: Loan, payment: Payment) -> bool:
    """Say whether a payment is the one that is asked for again: amount, days and account."""
    return (
        payment.amount in (None, found.amount)
        and payment.currency in ("", found.currency)
        and found.deducted == _deducted(loan, payment, found.tranche)
        and found.planned_date == payment.planned_date
        and found.rest_planned_date == payment.rest_planned_date
        and beneficiary.is_same_person(payment.holder, found.holder)
        and found.account_number == beneficiary.account(payment.account_number)
        and found.bank_code == beneficiary.bank(payment.bank_code)
    )


def _amount(loan: Loan, payment: Payment) -> Decimal:
    """Return the amount of this payment. Raises NothingLeft, DomainError."""
    going = loan.disbursements.filter(status__in=HELD).aggregate(sum=Sum("amount"))["sum"]
    left = loan.lent - (going or Decimal(0))
    if left <= 0:
        raise nothing_left(loan)
    if payment.currency and payment.currency != loan.currency:
        raise refused_field(
            "wrong_currency",
            "currency",
            _("This loan is in %(currency)s.") % {"currency": loan.currency},
        )
    amount = left if payment.amount is None else payment.amount
    if not amount.is_finite() or amount <= 0 or amount != money(amount, loan.currency):
        raise refused_field("amount_refused", "amount", _("This is no amount that can be paid."))
    if amount > left:
        raise refused_field(
            "beyond_loan",
            "amount",
            _("Only %(left)s of this loan is left to be paid out.")
            % {"left": format_money(left, loan.currency)},
        )
    if amount < left and not _is_staged(loan):
        raise refused_field(
            "not_in_stages", "amount", _("This product is paid out in one amount, not in stages.")
        )
    return amount


def _alone(loan: Loan) -> Decimal:
    """Return what goes out under a loan without a second person: in parts it is no less."""
    rows = loan.disbursements.filter(status__in=HELD, checked_by=None)
    return rows.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def _is_staged(loan: Loan) -> bool:
    return Conditions.objects.filter(product=loan.product_id, is_staged=True).exists()


def _require_rest(loan: Loan, payment: Payment, amount: Decimal) -> None:
    going = loan.disbursements.filter(status__in=HELD).aggregate(sum=Sum("amount"))["sum"]
    is_part = (going or Decimal(0)) + amount < loan.lent
    rest_on = payment.rest_planned_date
    if is_part and rest_on is None:
        raise refused_field(
            "rest_missing", "rest_planned_date", _("Say when the rest is to be paid out.")
        )
    if rest_on is not None and (not is_part or rest_on < payment.planned_date):
        raise refused_field(
            "day_refused", "rest_planned_date", _("The rest follows after this payment, or never.")
        )


def _account(loan: Loan, payment: Payment) -> tuple[str, str]:
    """Return the account and the bank's code. Raises NotOwnAccount, DomainError."""
    account = beneficiary.account(payment.account_number)
    if not account:
        raise refused_field(
            "account_refused",
            "account_number",
            _("An account number has 6 to 34 letters and digits."),
        )
    bank = beneficiary.bank(payment.bank_code)
    if not bank:
        raise refused_field(
            "bank_refused", "bank_code", _("A bank code has 4 to 20 letters and digits.")
        )
    if not beneficiary.is_same_person(payment.holder, loan.application.customer.full_name):
        raise NotOwnAccount
    return account, bank


def _written(
    loan: Loan,
    payment: Payment,
    amount: Decimal,
    *,
    actor: User,
    now: datetime,
    account: str,
    bank: str,
) -> Disbursement:
    number = loan.disbursements.count() + 1
    tranche = _tranche(loan)
    deducted, netted = _kept_back(loan, payment, tranche, amount)
    made = Disbursement(
        loan=loan,
        number=number,
        tranche=tranche,
        reference=payment.reference or f"{loan.number}-{number}",
        amount=amount,
        deducted=deducted,
        netted=netted,
        net_amount=amount - deducted - netted,
        currency=loan.currency,
        planned_date=payment.planned_date,
        rest_planned_date=payment.rest_planned_date,
        holder=payment.holder.strip(),
        account_number=account,
        account_tail=masking.tail(account),
        bank_code=bank,
        requested_by=actor,
        requested_at=now,
        alone_limit=policies.alone_limit(actor, loan),
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as refusal:
        # Somebody took the same reference for another loan in this moment.
        raise OtherContent from refusal
    return made


def _kept_back(
    loan: Loan, payment: Payment, tranche: int, amount: Decimal
) -> tuple[Decimal, Decimal]:
    """Return the fees taken off a payment, and what of it pays off another loan.

    Raises DomainError where nothing would reach the borrower.
    """
    deducted = _deducted(loan, payment, tranche)
    if deducted >= amount:
        raise refused_field(
            "amount_refused", "amount", _("The fees taken off are more than this payment.")
        )
    netted = hooks.kept_back(loan, payment.planned_date) if tranche == 1 else Decimal(0)
    if deducted + netted >= amount:
        raise refused_field(
            "nothing_reaches_borrower",
            "amount",
            _("Nothing of this payment would reach the borrower: %(netted)s pays off another loan.")
            % {"netted": format_money(netted, loan.currency)},
        )
    return deducted, netted


def _tranche(loan: Loan) -> int:
    """Return the first tranche that no payment holds."""
    taken = set(loan.disbursements.filter(status__in=HELD).values_list("tranche", flat=True))
    return next(number for number in range(1, len(taken) + 2) if number not in taken)


def _deducted(loan: Loan, payment: Payment, tranche: int) -> Decimal:
    """Return what is kept back of a payment: with the first one, and where it is paid net."""
    return _upfront(loan) if tranche == 1 and payment.is_net else Decimal(0)


def _upfront(loan: Loan) -> Decimal:
    terms = documents.from_document(loan.schedules.get(number=1).terms)
    return payout.upfront(building.build(terms)).total
