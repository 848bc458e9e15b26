"""Settle a loan that its borrower stepped back from within the cooling-off time."""

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import Conflict
from apps.ledger import selectors as balances
from apps.ledger import services as ledger
from apps.ledger.chart import Account, Event
from apps.ledger.lines import Line, credit, debit
from apps.ledger.models import Entry
from apps.ledger.models import Line as Posted
from apps.loans import hooks, payout, policies
from apps.loans.errors import PaidOtherwise, refused_field
from apps.loans.lifecycle import ON_ITS_WAY
from apps.loans.models import Allocation, Disbursement, Instalment, Loan, ScheduleVersion
from apps.loans.services import grounds, scheduling
from apps.loans.services.opening import locked
from apps.offers import services as offers
from apps.offers.cooling_off import ExitQuote
from apps.offers.models import Offer
from apps.schedules import documents
from apps.schedules.terms import CustomRow, Method, Row, Terms


@transaction.atomic
def settle_exit(
    *, actor: User, loan: Loan, paid_date: date, bank_reference: str, now: datetime
) -> Loan:
    """Record that the borrower paid what stepping back costs, close the loan, and return it.

    The amount is that of the offer's exit quote (rule book 6.5): what was paid out less the fees
    that are returned, and the proportionate annual percentage rate to the day of stepping back, on
    whatever day it was paid. It becomes the one instalment of the last schedule, paid in full.
    Interest that was accrued before the borrower stepped back is part of that cost, not owed beside
    it. The same again returns the loan. Raises NotPermitted, NotVisible, PaidOtherwise, Conflict
    where the borrower did not step back, a payment is on its way or something else was posted on
    the account, DomainError for a day or a reference that is refused, DayClosed where the books of
    that day are closed.
    """
    grounds.require(actor, policies.SETTLE)
    found = locked(actor, loan)
    quote = _quote(found)
    told = bank_reference.strip()
    if found.status == "closed":
        return _same(found, paid_date, told)
    if not 0 < len(told) <= 60:
        raise refused_field(
            "bank_reference_missing", "bank_reference", _("Enter the bank's reference.")
        )
    _require_day(found, quote, paid_date, now)
    _require_nothing_on_its_way(found)
    hooks.exit_settled(actor, found, now)
    beside = _beside(found)
    entry = ledger.post(
        actor=actor,
        event=Event.REPAYMENT,
        day=paid_date,
        lines=lines(quote, _returned(found), beside, _accrued(found, beside)),
        branch=found.branch,
        currency=found.currency,
        loan_id=found.pk,
        customer_id=found.customer_id,
        reference=_reference(found),
        now=now,
        facts={"bank_reference": told},
    )
    _pay(found, quote, actor, entry)
    found.move("close")
    facts = {"day": paid_date.isoformat(), "amount": str(quote.amount), "entry": str(entry.pk)}
    audit.record(actor, "loans.exit_settled", found, case=found.application, **facts)
    return found


def _same(loan: Loan, paid_date: date, bank_reference: str) -> Loan:
    """Return a loan that was settled, where it is said as before. Raises PaidOtherwise."""
    entry = Entry.objects.get(reference=_reference(loan))
    if (entry.day, entry.facts["bank_reference"]) != (paid_date, bank_reference):
        raise PaidOtherwise
    return loan


def _reference(loan: Loan) -> str:
    return f"exit:{loan.pk}"


def _require_day(loan: Loan, quote: ExitQuote, day: date, now: datetime) -> None:
    if day > grounds.today(loan, now):
        raise refused_field("day_refused", "paid_date", _("This day is still to come."))
    if day < quote.paid_out_date:
        raise refused_field(
            "day_refused", "paid_date", _("It cannot come back before it was paid.")
        )


def _require_nothing_on_its_way(loan: Loan) -> None:
    if loan.disbursements.filter(status__in=ON_ITS_WAY).exists():
        raise Conflict(
            "payment_on_its_way", _("A payment of this loan is on its way; take that back first.")
        )


def exit_amount(loan: Loan) -> Decimal:
    """Return what the borrower who stepped back pays. Raises Conflict where nobody did."""
    return _quote(loan).amount


def lines(
    quote: ExitQuote, returned: payout.Upfront, beside: payout.Upfront, accrued: payout.Upfront
) -> tuple[Line, ...]:
    """Return the entry of an exit: what comes in and what is given up settle principal and cost.

    `returned` is what is given up, by whose it was to be: a third party or the state gets nothing
    of what the borrower has back. `beside` is what was not kept back when the money went out: the
    borrower had more in hand, and gives it back with the rest. `accrued` is what was earned by days
    before, by whose it was to be: it is not owed beside the cost, so it leaves the books as it
    came.
    """
    interest = quote.cost - returned.interest - accrued.interest
    fees = -returned.fees - accrued.fees
    billed = accrued.fees + accrued.third_party + accrued.taxes
    written = [
        debit(Account.CASH, quote.amount),
        debit(Account.THIRD_PARTY_PAYABLE, returned.third_party + accrued.third_party),
        debit(Account.TAX_PAYABLE, returned.taxes + accrued.taxes),
        _income(Account.FEE_INCOME, fees),
        _income(Account.INTEREST_INCOME, interest),
        credit(Account.PRINCIPAL, quote.principal),
        credit(Account.FEES_RECEIVABLE, beside.fees + beside.third_party + billed),
        credit(Account.TAX_RECEIVABLE, beside.taxes),
        credit(Account.INTEREST_RECEIVABLE, beside.interest + accrued.interest),
    ]
    return tuple(line for line in written if line.amount)


def _income(account: Account, amount: Decimal) -> Line:
    return credit(account, amount) if amount >= 0 else debit(account, -amount)


def _accrued(loan: Loan, beside: payout.Upfront) -> payout.Upfront:
    """Return what days before asked for beside what was not kept back when the money went out."""
    held = balances.balances([loan.pk])[loan.pk]
    billed = _billed(loan)
    return payout.Upfront(
        interest=held[Account.INTEREST_RECEIVABLE] - beside.interest,
        fees=billed.get(Account.FEE_INCOME, Decimal(0)),
        third_party=billed.get(Account.THIRD_PARTY_PAYABLE, Decimal(0)),
        taxes=billed.get(Account.TAX_PAYABLE, Decimal(0)),
    )


def _billed(loan: Loan) -> dict[str, Decimal]:
    """Return what fees of instalments were credited to, less what was taken back of it."""
    is_fee = Q(entry__event=Event.FEE) | Q(entry__reverses__event=Event.FEE)
    sums = Posted.objects.filter(is_fee, loan_id=loan.pk).values_list("account")
    return dict(sums.annotate(sum=Sum(F("credit") - F("debit"))).order_by("account"))


def _first(loan: Loan) -> Disbursement | None:
    """Return the payment that fees paid beforehand went with, if it was made."""
    return loan.disbursements.filter(status="paid", tranche=1).first()


def _beside(loan: Loan) -> payout.Upfront:
    """Return what was owed beside the principal because the loan was not paid out net."""
    first = _first(loan)
    if first is None:
        return payout.Upfront()
    found = payout.upfront(scheduling.agreed(loan))
    return payout.Upfront() if first.deducted == found.total else found


def _returned(loan: Loan) -> payout.Upfront:
    """Return what was paid upfront and is given back: all but what the statement said is kept."""
    if _first(loan) is None:
        return payout.Upfront()
    offer = _stepped_back(loan)
    return payout.upfront(scheduling.agreed(loan), but=offer.key_facts["kept_on_exit"])


def _quote(loan: Loan) -> ExitQuote:
    """Return what the borrower was told; of less, where a payment came back since."""
    return offers.exit_owed(_stepped_back(loan))


def _stepped_back(loan: Loan) -> Offer:
    offer = loan.offer
    if offer is None or offer.status != "exited" or offer.exit_quote is None:
        raise Conflict("not_exited", _("The borrower did not step back from this loan."))
    return offer


def _pay(loan: Loan, quote: ExitQuote, actor: User, entry: Entry) -> None:
    version = scheduling.keep(
        loan,
        _terms(loan, quote.exit_date, quote.principal),
        reason=ScheduleVersion.Reason.EXITED,
        actor=actor,
        rows=[_row(quote)],
        since=quote.exit_date,
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
