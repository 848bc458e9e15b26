"""Who may do what with a loan and its payments; used for buttons and enforced in services."""

from decimal import Decimal

from apps.accounts.models import User
from apps.loans.lifecycle import ON_ITS_WAY
from apps.loans.models import Disbursement, DisbursementLimit, Loan

VIEW = "loans.view_loan"
OPEN = "loans.open_loan"
REQUEST = "loans.request_disbursement"
APPROVE = "loans.approve_disbursement"
SETTLE = "loans.settle_disbursement"
REVERSE = "loans.reverse_disbursement"
LIMITS = "loans.manage_disbursement_limits"


def alone_limit(actor: User, loan: Loan) -> Decimal:
    """Return the largest payment for which the person needs nobody else; zero where none is set.

    None at all for who held a link by which the borrower may have accepted.
    """
    if held_the_link(actor, loan):
        return Decimal(0)
    rows = DisbursementLimit.objects.filter(
        entity=loan.branch.entity_id, role__in=actor.groups.all(), currency=loan.currency
    )
    return max((row.amount for row in rows), default=Decimal(0))


def held_the_link(actor: User, loan: Loan) -> bool:
    """Say whether the person could have accepted the loan's offer in the borrower's stead."""
    return loan.offer is not None and actor.pk in loan.offer.link_held_by


def may_cancel(actor: User, loan: Loan) -> bool:
    """Say whether the person may give up a contract of which nothing was paid out."""
    return loan.may("cancel") and actor.has_perm(OPEN)


def asked_for_itself(actor: User, loan: Loan) -> bool:
    """Say whether the person asked for a payment of the loan that was made."""
    return loan.disbursements.filter(status="paid", requested_by=actor).exists()


def may_give_up_rest(actor: User, loan: Loan) -> bool:
    """Say whether the person may give up what of a loan that was paid out in part is left.

    The caller knows that something is left.
    """
    return (
        loan.status == "active"
        and not loan.source
        and actor.has_perm(APPROVE)
        and not loan.disbursements.filter(status__in=ON_ITS_WAY).exists()
        and not asked_for_itself(actor, loan)
    )


def may_approve(actor: User, disbursement: Disbursement) -> bool:
    """Say whether the person may approve the payment: another one asked for it.

    Nor could the person have accepted the offer in the borrower's stead.
    """
    return may_refuse(actor, disbursement) and not held_the_link(actor, disbursement.loan)


def may_refuse(actor: User, disbursement: Disbursement) -> bool:
    """Say whether the person may refuse the payment: another one asked for it."""
    return (
        disbursement.may("refuse")
        and actor.has_perm(APPROVE)
        and disbursement.requested_by_id != actor.pk
    )


def may_give_up(actor: User, disbursement: Disbursement) -> bool:
    """Say whether the person may take back what they asked for."""
    return disbursement.may("cancel") and (
        disbursement.requested_by_id == actor.pk or actor.has_perm(APPROVE)
    )


def would_be_alone(actor: User, disbursement: Disbursement) -> bool:
    """Say whether the person would be the only one of the lender from the acceptance to the bank.

    So it is where the same person asked for the payment within what one may pay out alone, and
    recorded the acceptance, or the borrower accepted by a link; until another one told the bank.
    """
    if disbursement.status != "approved" or disbursement.checked_by_id is not None:
        return False
    offer = disbursement.loan.offer
    accepted_by = None if offer is None else offer.accepted_by_id
    return disbursement.requested_by_id == actor.pk and accepted_by in (None, actor.pk)


def may_instruct(actor: User, disbursement: Disbursement) -> bool:
    """Say whether the person may put the payment into a file for the bank."""
    return (
        disbursement.may("instruct")
        and actor.has_perm(SETTLE)
        and not would_be_alone(actor, disbursement)
    )


def may_confirm(actor: User, disbursement: Disbursement) -> bool:
    """Say whether the person may record that the bank paid."""
    return (
        disbursement.may("confirm")
        and actor.has_perm(SETTLE)
        and not would_be_alone(actor, disbursement)
    )


def may_fail(actor: User, disbursement: Disbursement) -> bool:
    """Say whether the person may record that the bank refused."""
    return disbursement.may("fail") and actor.has_perm(SETTLE)


def may_reverse(actor: User, disbursement: Disbursement) -> bool:
    """Say whether the person may record that the money came back."""
    return disbursement.may("reverse") and actor.has_perm(REVERSE)
