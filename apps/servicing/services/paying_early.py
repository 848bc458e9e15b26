"""Take money that is paid before its time: a part of the principal, or all that is owed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.formatting import format_money
from apps.core.money import quantum
from apps.loans.models import Loan
from apps.repayments import prepaying, prepayment_charge
from apps.repayments import services as repayments
from apps.repayments.facts import Bucket, Charge, Option, PartPrepayment, Payoff, payer_reference
from apps.repayments.models import AccountEvent
from apps.repayments.payoff import Quote
from apps.repayments.prepaying import Choice
from apps.repayments.services import holding
from apps.servicing import policies, selectors
from apps.servicing.errors import NotRunning, refused_field
from apps.servicing.services import _ground

PREPAYMENT = prepayment_charge.CODE
# So far ahead what paying off takes can be told.
LONGEST_QUOTE = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Money:
    """What came in: when, how much, by which channel, under which reference of whoever paid."""

    day: date
    amount: Decimal
    channel: str
    external_reference: str


@transaction.atomic
def prepay(*, actor: User, loan: Loan, money: Money, option: str, now: datetime) -> AccountEvent:
    """Take a part pre-payment: what is due first, then principal; return the event.

    What paying early costs is asked for with it. The same external reference with the same content
    returns the same event. Raises NotPermitted, NotVisible, NotRunning, TermsRefused where nothing
    is left to pay before its time or everything is, Conflict, DomainError, DayClosed.
    """
    found, reference, is_new = _held(actor, loan, money)
    check_money(found, money, now)
    if is_new:
        charge = charge_of_part(found, money.day, money.amount)
        ask_charge(found, money.day, charge, reference, actor=actor, now=now)
    return repayments.enter(
        actor=actor,
        loan=found,
        fact=_prepayment(money, option),
        reference=reference,
        now=now,
    )


@transaction.atomic
def pay_off(*, actor: User, loan: Loan, money: Money, now: datetime) -> AccountEvent:
    """Take what ends the loan, as the quote of that day says; return the event.

    What is paid beyond it stands ahead, to be paid back. Raises as `prepay`, and DomainError for
    less than the quote.
    """
    found, reference, is_new = _held(actor, loan, money)
    check_money(found, money, now)
    if is_new:
        asked = selectors.payoff_on(found, money.day)
        if money.amount < asked.total:
            raise refused_field(
                "less_than_payoff",
                "amount",
                _("Paying this loan off on that day takes %(amount)s.")
                % {"amount": format_money(asked.total, found.currency)},
            )
        repayments.charge_late(loan=found, day=money.day, now=now)
        ask_charge(found, money.day, asked.charge, reference, actor=actor, now=now)
    return repayments.enter(
        actor=actor,
        loan=found,
        fact=Payoff(
            day=money.day,
            amount=money.amount,
            channel=money.channel,
            external_reference=money.external_reference.strip(),
        ),
        reference=reference,
        now=now,
    )


def quote(loan: Loan, day: date, *, today: date) -> Quote:
    """Return what ends a loan on a day, with the charge for paying early.

    From today on the quote holds where nothing else happens until then; what is overdue is charged
    for up to that day. Raises DomainError for a day that has passed or is too far ahead.
    """
    require_quotable(day, today=today)
    return selectors.payoff_on(loan, day)


def require_quotable(day: date, *, today: date) -> None:
    """Raise DomainError for a day that has passed or is too far ahead."""
    if not today <= day <= today + LONGEST_QUOTE:
        raise refused_field(
            "day_refused",
            "day",
            _("A quote is for a day from today on, at most %(days)s days ahead.")
            % {"days": LONGEST_QUOTE.days},
        )


@dataclass(frozen=True)
class Choices:
    """Both ways of a part pre-payment, what is due before it, and what paying early costs.

    `from_ahead` is what of the charge is taken out of money that was paid ahead.
    """

    due: Decimal
    charge: Decimal
    from_ahead: Decimal
    prepaid: Decimal
    ways: tuple[Choice, ...]


def choices(loan: Loan, day: date, amount: Decimal) -> Choices:
    """Return what a part pre-payment leads to both ways. Raises TermsRefused and DomainError.

    The charge is asked for before the payment comes in, as it is when that is posted: what was paid
    ahead pays it first.
    """
    holding.require_amount(amount, loan.currency)
    holding.require_paid_out(loan)
    due = sum(selectors.quote(loan, day).due.values(), Decimal(0))
    charge = charge_of_part(loan, day, amount)
    asked = [_charge(day, charge)] if charge else []
    then = selectors.account(loan, day, *asked)
    prepaid = amount - sum(then.position.owed().values(), Decimal(0))
    if prepaid <= 0:
        raise refused_field(
            "nothing_before_time",
            "amount",
            _("%(due)s is due: nothing is left to be paid before its time.")
            % {"due": format_money(due, loan.currency)},
        )
    # Who pays what is due makes a capped loan perform again, and its interest runs again.
    ways = prepaying.choices(then.agreed(day), prepaid)
    return Choices(due, charge, due + charge + prepaid - amount, prepaid, ways)


def charge_of_part(loan: Loan, day: date, amount: Decimal) -> Decimal:
    """Return what paying a part early costs: out of what was paid ahead, then of the amount.

    The charge is reckoned of the principal that is left to pay after what is due and, where what
    was paid ahead is not enough for it, after itself.
    """
    contract = selectors.early_contract(loan)
    before = selectors.quote(loan, day)
    left = amount - sum(before.due.values(), Decimal(0))
    if contract is None or left <= 0:
        return Decimal(0)
    whole = prepayment_charge.charge(left, contract, loan.currency)
    if whole <= before.advances:
        return whole
    smallest = quantum(loan.currency)
    shared = (left + before.advances) / (1 + contract.rate)
    principal = shared.quantize(smallest, rounding=ROUND_FLOOR)
    return prepayment_charge.charge(principal, contract, loan.currency)


def ask_charge(
    loan: Loan, day: date, charge: Decimal, reference: str, *, actor: User, now: datetime
) -> None:
    """Ask for what paying early costs, where it costs something."""
    if not charge:
        return
    repayments.enter(
        actor=actor,
        loan=loan,
        fact=_charge(day, charge),
        reference=f"{reference}:{PREPAYMENT}",
        now=now,
    )
    audit.record(
        actor,
        "servicing.early_charge_asked",
        loan,
        case=loan.application,
        day=day.isoformat(),
        amount=str(charge),
    )


def check_money(loan: Loan, money: Money, now: datetime) -> None:
    """Raise DomainError for a day, an amount or a reference that is refused."""
    _ground.require_day(loan, money.day, now=now)
    holding.require_amount(money.amount, loan.currency)
    if not 0 < len(money.external_reference.strip()) <= 60:
        raise refused_field(
            "reference_missing", "external_reference", _("Enter the payer's or bank's reference.")
        )


def _held(actor: User, loan: Loan, money: Money) -> tuple[Loan, str, bool]:
    """Return the loan, held, the reference of the money, and whether that is new.

    Only new money needs a running loan: what paid it off before is told again. Raises NotPermitted,
    NotVisible, NotRunning.
    """
    _ground.permit(actor, policies.POST)
    found = _ground.locked(actor, loan)
    reference = _reference(found, money)
    is_new = not selectors.is_known(reference)
    if is_new and found.status != "active":
        raise NotRunning
    return found, reference, is_new


def _reference(loan: Loan, money: Money) -> str:
    """Return the reference of the payer within the lender, as any payment is named by it.

    The same money is so never taken twice: once early, and once over the desk or by a statement.
    """
    return payer_reference(loan.branch.entity.code, money.external_reference)


def _charge(day: date, amount: Decimal) -> Charge:
    return Charge(day=day, amount=amount, bucket=Bucket.FEE, code=PREPAYMENT, due_on=day)


def _prepayment(money: Money, option: str) -> PartPrepayment:
    if option not in list(Option):
        raise refused_field("option_refused", "option", _("Say what becomes smaller."))
    return PartPrepayment(
        day=money.day,
        amount=money.amount,
        channel=money.channel,
        external_reference=money.external_reference.strip(),
        option=Option(option),
    )
