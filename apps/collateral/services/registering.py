"""Enter a thing into the register, with its first valuation and its first lien."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Branch, User
from apps.audit import services as audit
from apps.collateral import checks, numbering, policies, registration
from apps.collateral.entries import ItemEntry, LienEntry, ValuationEntry
from apps.collateral.errors import RegisteredAlready
from apps.collateral.models import Item
from apps.collateral.services import _ground, charging, valuing
from apps.core import dates
from apps.core.visibility import get_visible
from apps.customers.models import Customer

_ONCE = "collateral_item_once"


@transaction.atomic
def register(
    *,
    actor: User,
    entry: ItemEntry,
    now: datetime,
    valuation: ValuationEntry | None = None,
    lien: LienEntry | None = None,
) -> Item:
    """Enter a thing into the register, with a valuation and a lien if given: all of it or nothing.

    It belongs to the branch of the application it secures, else of its owner, else of the actor.
    A submission sent twice is written once. Raises NotPermitted, RegisteredAlready where the thing
    stands there, and what `value` and `charge` raise.
    """
    _ground.permit(actor, policies.KEEP)
    before = Item.objects.filter(pk=entry.key).first()
    if before is not None:
        _ground.refuse_other(before.registered_by_id, actor)
        return before
    checks.refuse(checks.item(entry))
    branch = _branch(actor, entry, lien)
    if entry.owner is not None:
        owner = get_visible(Customer.objects.all(), actor, pk=entry.owner.pk)
        if owner.entity_id != branch.entity_id:
            checks.refuse({"owner": _("This customer is with another lender.")})
    item = _write(actor, entry, branch, now=now)
    audit.record(
        actor,
        "collateral.item_registered",
        item,
        kind=item.kind,
        currency=item.currency,
        has_number=bool(item.registration_index),
        is_own=item.owner_id is not None,
    )
    if valuation is not None:
        valuing.value(actor=actor, item=item, entry=valuation, now=now)
    if lien is not None:
        charging.charge(actor=actor, item=item, entry=lien, now=now)
    return item


def _branch(actor: User, entry: ItemEntry, lien: LienEntry | None) -> Branch:
    if lien is not None and lien.application is not None:
        return lien.application.branch
    return entry.owner.branch if entry.owner is not None else actor.branch


def _write(actor: User, entry: ItemEntry, branch: Branch, *, now: datetime) -> Item:
    number = registration.canonical(entry.registration)
    index = registration.index(number)
    _refuse_twice(actor, branch, index)
    item = Item(
        pk=entry.key,
        number=numbering.take(on=dates.local_date(now, branch.entity.time_zone)),
        entity=branch.entity,
        branch=branch,
        kind=entry.kind,
        description=entry.description.strip(),
        currency=entry.currency,
        price=entry.price,
        owner=entry.owner,
        owner_name=None if entry.owner is not None else entry.owner_name.strip(),
        registration=number or None,
        registration_index=index,
        registered_by=actor,
    )
    try:
        with transaction.atomic():
            item.save(force_insert=True)
    except IntegrityError as error:
        # Somebody registered the same thing between our look and our row.
        if _ONCE in str(error):
            _refuse_twice(actor, branch, index)
        raise
    return item


def _refuse_twice(actor: User, branch: Branch, index: str) -> None:
    if not index:
        return
    there = Item.objects.live().filter(entity=branch.entity_id, registration_index=index)
    found = there.first()
    if found is not None:
        is_seen = there.visible_to(actor).exists()
        raise RegisteredAlready(found.number if is_seen else "")
