"""Money over the counter: whose it is, what it would come to, and posting it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.customers.models import Customer
from apps.loans.models import Loan
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


def preview(*, actor: User, money: Money, now: datetime) -> list[tuple[Loan, Foreseen]]:
    """Return what money would come to on each loan it would go to; nothing is written.

    Raises NotAllowed, FactRefused for a number nobody has or for what cannot be paid, NothingOwed.
    """
    fact = _fact(money)
    holding.permit(actor, fact)
    loan, customer = _whose(actor, money.number)
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
    return found


def take(*, actor: User, money: Money, now: datetime) -> list[AccountEvent]:
    """Post money, and return the payment of each loan it went to.

    The same again returns the same payments. Raises what `preview` and `enter` raise.
    """
    fact = _fact(money)
    loan, customer = _whose(actor, money.number)
    if loan is not None:
        reference = payer_reference(loan.branch.entity.code, money.external_reference)
        return [entering.enter(actor=actor, loan=loan, fact=fact, reference=reference, now=now)]
    return spreading.enter_for_customer(
        actor=actor,
        customer=customer,
        fact=fact,
        reference=payer_reference(customer.branch.entity.code, money.external_reference),
        now=now,
    )


def _fact(money: Money) -> Receipt:
    return Receipt(
        day=money.day,
        amount=money.amount,
        channel=money.channel,
        external_reference=money.external_reference,
    )


def _whose(actor: User, number: str) -> tuple[Loan | None, Customer]:
    """Return the loan, or the customer, of a number that a person may see. Raises FactRefused."""
    told = number.strip()
    loans = Loan.objects.visible_to(actor).select_related(
        "branch__entity", "product__conditions", "customer"
    )
    loan = loans.filter(number__iexact=told).first()
    if loan is not None:
        return loan, loan.customer
    people = Customer.objects.visible_to(actor).select_related("branch__entity")
    customer = people.filter(number__iexact=told).first()
    if customer is None:
        raise refused_field(
            "number_unknown", "number", _("There is no loan and no customer of this number.")
        )
    return None, customer
