"""Enter into the block list, and lift entries.

An entry takes effect at once, because it is the cautious side; lifting takes a second person.
"""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.audit import services as audit
from apps.core import dates
from apps.core.errors import Conflict, NotPermitted
from apps.core.visibility import get_visible
from apps.customers import checks, contact, fingerprints, policies, selectors, sentences
from apps.customers.entries import BlockEntry
from apps.customers.findings import Finding
from apps.customers.models import BlockListEntry, Customer

LONGEST_REASON = 300


@transaction.atomic
def block(*, actor: User, entity: Entity, entry: BlockEntry, now: datetime) -> BlockListEntry:
    """Keep a lender from lending to a customer, or to whoever has an official number.

    A submission sent twice is written once. Raises NotPermitted, Conflict where such an entry
    stands already, DomainError with a sentence for each field.
    """
    if not policies.may_block(actor) or not _works_for(actor, entity):
        raise NotPermitted("not_permitted", _("Your role does not keep the block list."))
    before = BlockListEntry.objects.filter(pk=entry.key).first()
    if before is not None:
        if before.listed_by_id != actor.pk:
            raise Conflict("key_in_use", _("This form was used before. Open it anew."))
        return before
    today = dates.local_date(now, entity.time_zone)
    grounds = set(BlockListEntry.Ground.values)
    clean = sentences.checked(checks.block, entry, today=today, grounds=grounds)
    customer = _customer(actor, entity, clean.customer_number)
    index = fingerprints.identity(clean.kind, clean.number) if clean.number else ""
    if _stands(entity, customer, index, today):
        raise Conflict("blocked_already", _("An entry about this stands on the block list."))
    listed = BlockListEntry.objects.create(
        pk=clean.key,
        entity=entity,
        customer=customer,
        kind=clean.kind,
        number=clean.number or None,
        index=index,
        ground=clean.ground,
        source=clean.source,
        from_date=clean.from_date,
        until_date=clean.until_date,
        listed_by=actor,
    )
    audit.record(
        actor,
        "customers.block_listed",
        listed,
        ground=listed.ground,
        about=listed.kind or "customer",
        from_date=listed.from_date,
        until_date=listed.until_date,
    )
    return listed


@transaction.atomic
def lift(*, actor: User, entry: BlockListEntry, reason: str, now: datetime) -> BlockListEntry:
    """Lift an entry that another person listed; the row stays with who lifted it and why.

    Raises NotVisible, NotPermitted for who listed it, Conflict where it was lifted before,
    StaleRecord where somebody else was faster.
    """
    if not policies.may_block(actor):
        raise NotPermitted("not_permitted", _("Your role does not keep the block list."))
    found = get_visible(selectors.block_list(actor), actor, pk=entry.pk)
    if policies.listed(actor, found):
        raise NotPermitted("own_entry", _("You listed this yourself; another person must lift it."))
    try:
        said = contact.line(reason, limit=LONGEST_REASON)
    except Finding as finding:
        raise sentences.refusal({"reason": finding}) from None
    found.move("lift", lifted_by=actor, lifted_at=now, lifting_reason=said)
    audit.record(actor, "customers.block_lifted", found, ground=found.ground)
    return found


def _works_for(actor: User, entity: Entity) -> bool:
    return actor.works_everywhere or actor.branch.entity_id == entity.pk


def _customer(actor: User, entity: Entity, number: str) -> Customer | None:
    if not number:
        return None
    rows = Customer.objects.visible_to(actor).filter(entity=entity, number__iexact=number)
    customer = rows.first()
    if customer is None:
        raise sentences.refuse("customer_number", "no_such_customer")
    return customer


def _stands(entity: Entity, customer: Customer | None, index: str, today: date) -> bool:
    about = {"customer": customer} if customer is not None else {"index": index}
    return BlockListEntry.objects.filter(entity=entity, **about).in_effect(today).exists()
