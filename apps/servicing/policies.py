"""Who may change what of a loan's life; used for buttons and enforced in services."""

import uuid
from decimal import Decimal

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.loans.models import Loan
from apps.repayments.facts import Kind
from apps.repayments.models import AccountEvent
from apps.servicing.models import Pause, Proposal, Transfer

VIEW = "loans.view_loan"
# Money comes in: the same right as for any payment.
POST = "repayments.post_repayment"
# The register of what was written off, and what was paid on it.
VIEW_LOSSES = "repayments.view_repayment"
TOP_UP = "applications.take_application"
TAKE_BACK = "repayments.reverse_repayment"
CHANGE = "servicing.change_loan"
RESTRUCTURE = "servicing.restructure_loan"
PROPOSE = "servicing.propose_relief"
APPROVE = "servicing.approve_relief"
CLOSE = "servicing.close_loan"
RATES = "servicing.manage_rates"
PROPOSE_TRANSFER = "servicing.propose_transfer"
APPROVE_TRANSFER = "servicing.approve_transfer"


def limit(actor: User, loan: Loan) -> Decimal:
    """Return the largest amount the person may agree to give up or pay back; zero without one."""
    return accounts.approval_limit(actor, currency=loan.currency, product_code=loan.product.code)


def may_answer(actor: User, proposal: Proposal) -> bool:
    """Say whether the person may approve or refuse a proposal: another one proposed it."""
    return (
        proposal.may("approve") and actor.has_perm(APPROVE) and proposal.proposed_by_id != actor.pk
    )


def was_of_two(actor: User, event: AccountEvent) -> bool:
    """Say whether the person is one of the two who agreed on what happened: neither undoes it."""
    is_by_two = event.approved_by_id is not None
    return is_by_two and actor.pk in (event.made_by_id, event.approved_by_id)


def may_undo(actor: User, event: AccountEvent) -> bool:
    """Say whether the person may take back what changed a loan."""
    is_derived = event.kind == Kind.CHANGE and event.made_by_id is None
    stands = event.status == "live" and not is_derived
    return stands and actor.has_perm(TAKE_BACK) and not was_of_two(actor, event)


def may_withdraw(actor: User, proposal: Proposal) -> bool:
    """Say whether the person may take back a proposal: their own."""
    return proposal.may("withdraw") and proposal.proposed_by_id == actor.pk


def reach(actor: User) -> set[uuid.UUID] | None:
    """Return the branches a person works in; None for all."""
    return None if actor.works_everywhere else accounts.branch_ids(actor)


def reaches(actor: User, branch_id: uuid.UUID) -> bool:
    """Say whether a person works in a branch."""
    found = reach(actor)
    return found is None or branch_id in found


def may_answer_transfer(actor: User, transfer: Transfer, branches: set[uuid.UUID] | None) -> bool:
    """Say whether a person of these branches may take over or refuse what another proposed."""
    return (
        transfer.may("approve")
        and actor.has_perm(APPROVE_TRANSFER)
        and transfer.proposed_by_id != actor.pk
        and (branches is None or transfer.to_branch_id in branches)
    )


def may_withdraw_transfer(actor: User, transfer: Transfer) -> bool:
    """Say whether the person may take back a transfer: their own."""
    return transfer.may("withdraw") and transfer.proposed_by_id == actor.pk


def may_end(actor: User, pause: Pause) -> bool:
    """Say whether the person may end a pause."""
    return pause.may("end") and actor.has_perm(CHANGE)
