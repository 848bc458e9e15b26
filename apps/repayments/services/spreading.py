"""Money against a customer: over their loans, the oldest due first."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.customers.models import Customer
from apps.loans.models import Loan
from apps.repayments import reading, replaying, selectors
from apps.repayments.account import ZERO
from apps.repayments.errors import NothingOwed, ReferenceUsed, refused_field
from apps.repayments.facts import Receipt, amount_of
from apps.repayments.models import AccountEvent
from apps.repayments.services import entering, holding, references
from apps.repayments.walking import Position

LONGEST_REFERENCE = 110


@transaction.atomic
def enter_for_customer(
    *,
    actor: User,
    customer: Customer,
    fact: Receipt,
    reference: str,
    now: datetime,
    currency: str = "",
) -> list[AccountEvent]:
    """Post money over the running loans of a customer that a person may see; return the payments.

    What fell due first is paid first, whichever loan it is of; what is left over is an advance on
    the loan that falls due next. Each loan's part is a payment of its own, of the same external
    reference. The same again returns the same payments. `currency` is what the money is said to be
    in; empty where nothing is said. Raises NotAllowed, NotVisible,
    ReferenceUsed, NothingOwed where no loan runs, and what `enter` raises.
    """
    holding.permit(actor, fact)
    if not 0 < len(reference) <= LONGEST_REFERENCE:
        raise refused_field("reference_refused", "reference", _("This reference is too long."))
    found = selectors.payer(actor, customer)
    loans = _running(actor, found)
    references.hold([reference])
    references.require_not_kept(found.branch.entity, reference)
    standing = _standing(actor, reference, found, fact)
    if standing:
        return standing
    if not loans:
        raise no_running_loan()
    holding.require_currency(loans[0].currency, currency)
    holding.require_amount(fact.amount, loans[0].currency)
    shares = split(loans, fact)
    return [
        entering.enter(
            actor=actor,
            loan=loan,
            fact=replace(fact, amount=shares[place]),
            reference=f"{reference}{entering.PART}{loan.number}",
            now=now,
        )
        for place, loan in enumerate(loans)
        if shares[place]
    ]


def posted_before(
    *, actor: User, customer: Customer, fact: Receipt, reference: str
) -> list[AccountEvent]:
    """Return what was posted for a customer under a reference before; nothing where it is new.

    Raises NotVisible, and ReferenceUsed where something else was, or its money waits in suspense:
    `enter_for_customer` would.
    """
    found = selectors.payer(actor, customer)
    references.require_not_kept(found.branch.entity, reference)
    return _standing(actor, reference, found, fact)


def shares_of_customer(
    *, actor: User, customer: Customer, fact: Receipt, currency: str = ""
) -> list[tuple[Loan, Decimal]]:
    """Return which loans money of a customer would go to, and how much to each; nothing is held.

    Raises NotVisible, NothingOwed, FactRefused as `enter_for_customer` does.
    """
    found = selectors.payer(actor, customer)
    rows = Loan.objects.visible_to(actor).filter(customer=found, status="active")
    loans = list(rows.select_related("branch__entity", "product__conditions").order_by("number"))
    if not loans:
        raise no_running_loan()
    holding.require_currency(loans[0].currency, currency)
    holding.require_amount(fact.amount, loans[0].currency)
    shares = split(loans, fact)
    return [(loan, share) for loan, share in zip(loans, shares, strict=True) if share]


def no_running_loan() -> NothingOwed:
    """Return the refusal of money of somebody who owes nothing."""
    return NothingOwed("no_running_loan", _("No loan of this customer runs."))


def split(loans: Sequence[Loan], fact: Receipt) -> list[Decimal]:
    """Return how much of a payment goes to each loan. Raises FactRefused for several currencies."""
    if len({loan.currency for loan in loans}) > 1:
        raise refused_field(
            "several_currencies", "customer", _("Loans in several currencies are paid one by one.")
        )
    shares = [ZERO] * len(loans)
    positions = [_position(loan, fact) for loan in loans]
    owed = sorted(
        (piece.due_on, loans[place].number, place, piece.amount)
        for place, position in enumerate(positions)
        for piece in position.due_pieces()
    )
    left = fact.amount
    for _due_on, _number, place, amount in owed:
        taken = min(left, amount)
        shares[place] += taken
        left -= taken
    if left:
        shares[_next(positions)] += left
    return shares


def _position(loan: Loan, fact: Receipt) -> Position:
    """Return how an account stands on the day of a payment, before it."""
    if loan.disbursed_date is not None and fact.day < loan.disbursed_date:
        return Position(through=fact.day, currency=loan.currency)
    history = [one for one in reading.happened(loan) if one.fact.day <= fact.day]
    return replaying.replay(reading.contract(loan), history, upto=fact.day).position


def _next(positions: Sequence[Position]) -> int:
    """Return which account something falls due on next; the first where nothing does."""
    ahead = [
        (min(claim.due_on for claim in position.ahead), place)
        for place, position in enumerate(positions)
        if position.ahead
    ]
    return min(ahead)[1] if ahead else 0


def _running(actor: Any, customer: Customer) -> list[Loan]:
    """Return the running loans of a customer that a person may see, held, oldest number first."""
    rows = Loan.objects.visible_to(actor).filter(customer=customer, status="active")
    held = holding.hold_all(list(rows.values_list("pk", flat=True)))
    return sorted((loan for loan in held if loan.status == "active"), key=lambda one: one.number)


def _standing(actor: Any, reference: str, customer: Customer, fact: Receipt) -> list[AccountEvent]:
    """Return what was posted for a customer under a reference before, if anything was.

    Raises ReferenceUsed for other content, for money of somebody else, and where a part of it went
    to a loan that the person may not see.
    """
    parts = f"{reference}{entering.PART}"
    rows = AccountEvent.objects.filter(
        Q(reference=reference) | Q(reference__startswith=parts)
    ).select_related("loan")
    found = list(rows.order_by("loan__number"))
    if not found:
        return []
    told = {(one.day, one.parameters["external_reference"], one.kind) for one in found}
    is_same = told == {(fact.day, fact.external_reference, "receipt")}
    amounts = sum((one.amount or ZERO for one in found), ZERO)
    customers = {customer.pk} | {one.loan.customer_id for one in found}
    is_whole = any(one.reference == reference for one in found)
    loans = {one.loan_id for one in found}
    seen = Loan.objects.visible_to(actor).filter(pk__in=loans).count()
    is_other = is_whole or not is_same or amounts != amount_of(fact) or len(customers) > 1
    if is_other or seen < len(loans):
        raise ReferenceUsed(reference)
    return found
