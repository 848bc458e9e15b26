"""Money over the counter: whose it is, what it would come to, and posting it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.customers.models import Customer
from apps.loans.models import Loan
from apps.repayments import selectors
from apps.repayments.errors import refused_field
from apps.repayments.facts import Receipt, payer_reference
from apps.repayments.models import AccountEvent
from apps.repayments.services import entering, foreseeing, holding, spreading
from apps.repayments.services.foreseeing import Foreseen


@dataclass(frozen=True, kw_only=True)
class Money:
    """What somebody brings: under which number, how much, how, with which reference, on which day.

    The number is a loan's, or a customer's for all loans that run.
    """

    number: str
    amount: Decimal
    channel: str
    external_reference: str
    day: date


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What money would come to on each loan, or what was posted under its reference before."""

    shares: tuple[tuple[Loan, Foreseen], ...] = ()
    posted: tuple[AccountEvent, ...] = ()


def preview(*, actor: User, money: Money, now: datetime) -> Preview:
    """Return what money would come to on each loan it would go to; nothing is written.

    Money that was posted before comes to nothing more. Raises NotAllowed, FactRefused for a number
    nobody has or for what cannot be paid, NothingOwed, ReferenceUsed.
    """
    fact = _fact(money)
    holding.permit(actor, fact)
    loan, customer = _whose(actor, money.number)
    posted = _posted_before(actor, loan, customer, fact)
    if posted:
        return Preview(posted=tuple(posted))
    shares: Sequence[tuple[Loan, Decimal]]
    if loan is not None:
        shares = [(loan, money.amount)]
    else:
        shares = spreading.shares_of_customer(actor=actor, customer=customer, fact=fact)
    found = []
    for one, amount in shares:
        share = replace(fact, amount=amount)
        holding.require_possible(one, share, now=now)
        found.append((one, foreseeing.foresee(loan=one, fact=share)))
    return Preview(shares=tuple(found))


def posted_before(*, actor: User, money: Money) -> list[AccountEvent]:
    """Return the payments that this money was posted as before; none where it is new.

    Raises NotAllowed, FactRefused for a number nobody has, ReferenceUsed.
    """
    fact = _fact(money)
    holding.permit(actor, fact)
    loan, customer = _whose(actor, money.number)
    return _posted_before(actor, loan, customer, fact)


def take(*, actor: User, money: Money, now: datetime) -> list[AccountEvent]:
    """Post money, and return the payment of each loan it went to.

    The same again returns the same payments. Raises what `preview` and `enter` raise.
    """
    fact = _fact(money)
    loan, customer = _whose(actor, money.number)
    reference = _reference(loan, customer, fact)
    if loan is not None:
        return [entering.enter(actor=actor, loan=loan, fact=fact, reference=reference, now=now)]
    return spreading.enter_for_customer(
        actor=actor, customer=customer, fact=fact, reference=reference, now=now
    )


def _posted_before(
    actor: User, loan: Loan | None, customer: Customer, fact: Receipt
) -> list[AccountEvent]:
    reference = _reference(loan, customer, fact)
    if loan is not None:
        return entering.posted_before(loan, fact, reference)
    return spreading.posted_before(actor=actor, customer=customer, fact=fact, reference=reference)


def _reference(loan: Loan | None, customer: Customer, fact: Receipt) -> str:
    """Return the reference of the payer within the lender whose money it is."""
    branch = customer.branch if loan is None else loan.branch
    return payer_reference(branch.entity.code, fact.external_reference)


def _fact(money: Money) -> Receipt:
    return Receipt(
        day=money.day,
        amount=money.amount,
        channel=money.channel,
        external_reference=money.external_reference,
    )


def _whose(actor: User, number: str) -> tuple[Loan | None, Customer]:
    """Return the loan, or the customer, of a number that a person may see. Raises FactRefused.

    The borrower of a loan that moved to the person's branch is found, too: what comes is for that.
    """
    told = number.strip()
    loans = Loan.objects.visible_to(actor).select_related(
        "branch__entity", "product__conditions", "customer"
    )
    loan = loans.filter(number__iexact=told).first()
    if loan is not None:
        return loan, loan.customer
    people = selectors.payers(actor).select_related("branch__entity")
    customer = people.filter(number__iexact=told).first()
    if customer is None:
        raise refused_field(
            "number_unknown", "number", _("There is no loan and no customer of this number.")
        )
    return None, customer
