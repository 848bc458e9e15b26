"""What every action on an item begins with: permitted, seen, locked, and still of use."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.collateral import policies
from apps.collateral.errors import Ended
from apps.collateral.models import Item
from apps.core import dates
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.visibility import get_visible

LONGEST_REASON = 300


def permit(actor: User, permission: str) -> None:
    """Raise NotPermitted without the permission."""
    if not actor.has_perm(permission):
        raise NotPermitted("not_permitted", _("Your role does not allow this with collateral."))


def locked(actor: User, item: Item, permission: str = policies.KEEP) -> Item:
    """Return an item the person may see, locked until the transaction ends.

    Liens, valuations and releases of one item are written one after the other under this lock.
    Raises NotPermitted, or NotVisible.
    """
    permit(actor, permission)
    rows = Item.objects.select_for_update(of=("self",), no_key=True)
    return get_visible(rows.select_related("branch__entity", "owner"), actor, pk=item.pk)


def locked_live(actor: User, item: Item) -> Item:
    """Return an item as `locked` does. Raises Ended where it secures nothing any more."""
    found = locked(actor, item)
    if not found.is_live:
        raise Ended
    return found


def today(item: Item, now: datetime) -> date:
    """Return the day it is for the item's lender."""
    return dates.local_date(now, item.branch.entity.time_zone)


def said(reason: str, *, field: str = "reason") -> str:
    """Return a reason without blanks around it. Raises DomainError for none, or a very long one."""
    text = " ".join(reason.split())
    if not text or len(text) > LONGEST_REASON or not text.isprintable():
        sentence = (
            _("At most %(most)d characters.") % {"most": LONGEST_REASON} if text else _("Say why.")
        )
        raise DomainError("reason_missing", sentence, fields={field: sentence})
    return text


def refuse_other(maker: object, actor: User) -> None:
    """Raise Conflict where a form's key was used before by somebody else."""
    if maker != actor.pk:
        raise Conflict("key_in_use", _("This form was used before. Open it anew."))
