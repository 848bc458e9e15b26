"""Who may answer which override; used for buttons and enforced in services."""

from apps.accounts.models import User
from apps.npa import policies
from apps.npa.models import Override


def may_answer(actor: User, override: Override) -> bool:
    """Say whether the person may approve or refuse an override: another one proposed it."""
    return (
        override.may("approve")
        and actor.has_perm(policies.APPROVE_OVERRIDE)
        and override.proposed_by_id != actor.pk
    )


def may_withdraw(actor: User, override: Override) -> bool:
    """Say whether the person may take back an override: their own."""
    return override.may("withdraw") and override.proposed_by_id == actor.pk


def may_propose_end(actor: User, override: Override) -> bool:
    """Say whether the person may ask that an override ends before its time."""
    held = actor.has_perm(policies.PROPOSE_OVERRIDE) or actor.has_perm(policies.APPROVE_OVERRIDE)
    return override.may("propose_end") and held


def may_answer_end(actor: User, override: Override) -> bool:
    """Say whether the person may end an override, or keep it: another one asked for its end."""
    return (
        override.may("end")
        and actor.has_perm(policies.APPROVE_OVERRIDE)
        and override.end_proposed_by_id != actor.pk
    )
