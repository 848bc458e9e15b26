"""Who may do what with collateral; used for buttons and enforced in services."""

from apps.accounts.models import User
from apps.collateral.models import Item, Release

VIEW = "collateral.view_item"
KEEP = "collateral.keep_item"
RELEASE = "collateral.release_item"
REVEAL = "customers.reveal_customer"
# What a lien can be for: requests that were submitted and are not over.
CHARGEABLE = ("submitted", "scored", "in_review", "approved")


def may_keep(actor: User, item: Item) -> bool:
    """Say whether the person may value, insure and charge the item now."""
    return actor.has_perm(KEEP) and item.is_live


def may_move(actor: User, item: Item, action: str) -> bool:
    """Say whether the person may pledge, perfect, withdraw or invoke the item now."""
    needed = RELEASE if action == "invoke" else KEEP
    return actor.has_perm(needed) and item.may(action)


def may_ask_release(actor: User, item: Item) -> bool:
    """Say whether the person may ask to release the item or a lien on it now."""
    return actor.has_perm(KEEP) and item.is_charged


def asked(actor: User, release: Release) -> bool:
    """Say whether the person asked for the release."""
    return release.asked_by_id == actor.pk


def may_answer_release(actor: User, release: Release) -> bool:
    """Say whether the person may grant or refuse a release: with the right, and not the asker."""
    return actor.has_perm(RELEASE) and release.may("grant") and not asked(actor, release)
