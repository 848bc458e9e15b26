"""May this person do this with this customer? Plain predicates for buttons and services."""

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.customers.models import BlockListEntry, Customer

MANAGE_BLOCK_LIST = "customers.manage_block_list"
VIEW_BLOCK_LIST = "customers.view_block_list"


def in_reach(actor: User, customer: Customer) -> bool:
    """Say whether the customer belongs to a branch the person works in."""
    return actor.works_everywhere or customer.branch_id in accounts.branch_ids(actor)


def may_edit(actor: User, customer: Customer) -> bool:
    """Say whether the person may record and change facts about the customer."""
    return actor.has_perm("customers.edit_customer") and in_reach(actor, customer)


def may_correct(actor: User, customer: Customer) -> bool:
    """Say whether the person may correct facts that an appeal shows to be wrong."""
    return actor.has_perm("customers.correct_customer") and in_reach(actor, customer)


def may_reveal(actor: User, customer: Customer) -> bool:
    """Say whether the person may read personal data in clear."""
    return actor.has_perm("customers.reveal_customer") and in_reach(actor, customer)


def may_upload(actor: User, customer: Customer) -> bool:
    """Say whether the person may add documents."""
    return actor.has_perm("customers.upload_document") and in_reach(actor, customer)


def may_download(actor: User, customer: Customer) -> bool:
    """Say whether the person may open documents."""
    return actor.has_perm("customers.download_document") and in_reach(actor, customer)


def may_block(actor: User) -> bool:
    """Say whether the person may enter into the block list."""
    return actor.has_perm(MANAGE_BLOCK_LIST)


def may_lift(actor: User, entry: BlockListEntry) -> bool:
    """Say whether the person may lift the entry: never one they listed themselves."""
    return entry.is_standing and actor.has_perm(MANAGE_BLOCK_LIST) and not listed(actor, entry)


def listed(actor: User, entry: BlockListEntry) -> bool:
    """Say whether the person listed the entry."""
    return entry.listed_by_id == actor.pk
