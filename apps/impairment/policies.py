"""Who may see and do what about expected credit loss; for buttons, enforced in services."""

from typing import TYPE_CHECKING

from apps.npa import policies as npa

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.impairment.models import ParameterSet

VIEW = npa.VIEW
PROPOSE = "impairment.propose_parameters"
APPROVE = "impairment.approve_parameters"


def may_answer(actor: "User", one: "ParameterSet") -> bool:
    """Say whether the person may approve or refuse parameters: another one proposed them."""
    return (
        one.may("approve")
        and actor.has_perm(APPROVE)
        and one.proposed_by_id is not None
        and one.proposed_by_id != actor.pk
    )


def may_withdraw(actor: "User", one: "ParameterSet") -> bool:
    """Say whether the person may take parameters back: their own."""
    return one.may("withdraw") and one.proposed_by_id == actor.pk
