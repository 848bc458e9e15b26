"""Who may see and do what about stress tests; for buttons, enforced in services.

Tests are of whole lenders, capital and profit among them: roles of single branches see none.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.stress.models import Terms

VIEW = "stress.view_test"
RUN = "stress.run_test"
PROPOSE = "stress.propose_terms"
APPROVE = "stress.approve_terms"


def may_answer(actor: "User", one: "Terms") -> bool:
    """Say whether the person may approve or refuse what another person proposed."""
    return one.may("approve") and actor.has_perm(APPROVE) and one.proposed_by_id != actor.pk


def may_withdraw(actor: "User", one: "Terms") -> bool:
    """Say whether the person may take a proposal back: their own."""
    return one.may("withdraw") and actor.has_perm(PROPOSE) and one.proposed_by_id == actor.pk
