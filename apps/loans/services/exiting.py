"""Settle a loan that its borrower stepped back from within the cooling-off time."""

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.ledger import services as ledger
from apps.ledger.chart import Account, Event
from apps.ledger.lines import Line, credit, debit
from apps.ledger.models import Entry
from apps.loans import payout, policies
from apps.loans.errors import refused_field
from apps.loans.lifecycle import HELD
from apps.loans.models import Allocation, Instalment, Loan, ScheduleVersion
from apps.loans.services import grounds, scheduling
from apps.loans.services.opening import locked
from apps.offers.cooling_off import ExitQuote
from apps.schedules import building, documents
from apps.schedules.terms import CustomRow, Method, Row, Terms


@transaction.atomic
def settle_exit(*, actor: User, loan: Loan, bank_reference: str, now: datetime) -> Loan:
    """Record that the borrower paid what stepping back costs, close the loan, and return it.

    The amount is that of the offer's exit quote (rule book 6.5): principal less the fees that are
    returned, and the proportionate annual percentage rate. It becomes the one instalment of the
    last schedule, paid in full. The same again returns the loan. Raises NotPermitted, NotVisible,
    Conflict where the borrower did not step back or a payment is on its way, DayClosed.
    """
    grounds.require(actor, policies.SETTLE)
    found = locked(actor, loan)
    quote = _quote(found)
    if found.status == "closed":
        return found
    told = bank_reference.strip()
    if not 0 < len(told) <= 60:
        raise refused_field(
            "bank_reference_missing", "bank_reference", _("Enter the bank's reference.")
        )
    _require_paid_out(found, quote)
    entry = ledger.post(
        actor=actor,
        event=Event.REPAYMENT,
        day=quote.exit_date,
        lines=lines(quote, _beside(found)),
        branch=found.branch,
        currency=found.currency,
        loan_id=found.pk,
        customer_id=found.customer_id,
        reference=f"exit:{found.pk}",
        now=now,
        facts={"bank_reference": told},
    )
    _pay(found, quote, actor, entry)
    found.move("close")
    audit.record(
        actor,
        "loans.exit_settled",
        found,
        case=found.application,
        amount=str(quote.amount),
        entry=str(entry.pk),
    )
    return found


def _require_paid_out(loan: Loan, quote: ExitQuote) -> None:
    """Raise Conflict where a payment is under way, or a part of the loan is not paid out."""
    if loan.disbursements.filter(status__in=HELD).exclude(status="paid").exists():
        raise Conflict(
            "payment_on_its_way", _("A payment of this loan is on its way; take that back first.")
        )
    owed = sum((one.amount for one in loan.disbursements.filter(status="paid")), Decimal(0))
    if owed != quote.principal:
        raise Conflict(
            "paid_in_part", _("Only a part of the loan was paid out; the quote is for all of it.")
        )


def exit_amount(loan: Loan) -> Decimal:
    """Return what the borrower who stepped back pays. Raises Conflict where nobody did."""
    return _quote(loan).amount + _beside(loan).total


def lines(quote: ExitQuote, beside: payout.Upfront) -> tuple[Line, ...]:
    """Return the entry of an exit: what comes in and what is given up settle principal and cost.

    `beside` is what was not kept back when the money went out: the borrower had more in hand, and
    gives it back with the rest.
    """
    written = [
        debit(Account.CASH, quote.amount + beside.total),
        debit(Account.FEE_INCOME, quote.returned_fees),
        credit(Account.PRINCIPAL, quote.principal),
        credit(Account.INTEREST_INCOME, quote.cost),
        credit(Account.FEES_RECEIVABLE, beside.fees + beside.third_party),
        credit(Account.TAX_RECEIVABLE, beside.taxes),
        credit(Account.INTEREST_RECEIVABLE, beside.interest),
    ]
    return tuple(line for line in written if line.amount)


def _beside(loan: Loan) -> payout.Upfront:
    """Return what was owed beside the principal because the loan was not paid out net."""
    terms = documents.from_document(loan.schedules.get(number=1).terms)
    found = payout.upfront(building.build(terms))
    kept_back = loan.disbursements.filter(status="paid", tranche=1, deducted=found.total).exists()
    return payout.Upfront() if kept_back else found


def _quote(loan: Loan) -> ExitQuote:
    offer = loan.offer
    if offer is None or offer.status != "exited" or offer.exit_quote is None:
        raise Conflict("not_exited", _("The borrower did not step back from this loan."))
    return ExitQuote.from_json(offer.exit_quote)


def _pay(loan: Loan, quote: ExitQuote, actor: User, entry: Entry) -> None:
    version = scheduling.keep(
        loan,
        _terms(loan, quote.exit_date, quote.principal),
        reason=ScheduleVersion.Reason.EXITED,
        actor=actor,
        rows=[_row(quote)],
    )
    one = version.instalments.get()
    paid = [
        (Allocation.Bucket.PRINCIPAL, one.principal),
        (Allocation.Bucket.INTEREST, one.interest),
    ]
    Allocation.objects.bulk_create(
        Allocation(entry=entry, instalment=one, bucket=bucket, amount=amount)
        for bucket, amount in paid
        if amount
    )
    Instalment.objects.filter(pk=one.pk).update(
        paid_principal=one.principal, paid_interest=one.interest
    )


def _terms(loan: Loan, day: date, principal: Decimal) -> Terms:
    agreed = documents.from_document(loan.schedules.get(number=1).terms)
    return Terms(
        principal=principal,
        currency=agreed.currency,
        annual_rate=agreed.annual_rate,
        instalments=1,
        disbursed_on=loan.disbursed_date or day,
        method=Method.CUSTOM,
        day_count=agreed.day_count,
        rows=(CustomRow(day, principal),),
    )


def _row(quote: ExitQuote) -> Row:
    return Row(
        number=1,
        due_on=quote.exit_date,
        opening=quote.principal,
        principal=quote.principal,
        interest=quote.cost,
        fee=Decimal(0),
        instalment=quote.principal + quote.cost,
        closing=Decimal(0),
        capitalised=Decimal(0),
        starts_on=quote.paid_out_date,
        fraction=Fraction(quote.days, 365),
    )
