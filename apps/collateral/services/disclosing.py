"""Show the official number of a thing in clear, to whoever may read personal data."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.collateral import policies
from apps.collateral.models import Item
from apps.collateral.services import _ground
from apps.core.errors import NotVisible
from apps.core.visibility import get_visible


@transaction.atomic
def read_registration(*, actor: User, item: Item) -> str:
    """Return the number; the reading is on the audit trail (rule book 8.2).

    Raises NotPermitted, NotVisible where there is none.
    """
    _ground.permit(actor, policies.VIEW)
    _ground.permit(actor, policies.REVEAL)
    found = get_visible(Item.objects.all(), actor, pk=item.pk)
    if not found.registration:
        raise NotVisible("not_found", _("There is no such value on record."))
    audit.record(actor, "collateral.registration_read", found)
    return found.registration
