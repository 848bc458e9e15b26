"""Install the first service levels of lenders that have none."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Entity
from apps.audit import services as audit
from apps.core.errors import DomainError
from apps.desk.models import ServiceLevel
from apps.products.models import Product


@transaction.atomic
def load_levels(*, actor: str, rows: Iterable[Mapping[str, Any]], now: datetime) -> int:
    """Enter rows for the lenders that never had one; return how many. People change them later.

    Raises DomainError for a row that names what is not there.
    """
    lenders = {one.code: one for one in Entity.objects.filter(service_levels=None)}
    known = set(Entity.objects.values_list("code", flat=True))
    entered = 0
    for row in rows:
        if row.get("entity") not in known:
            raise DomainError("unknown_lender", _("There is no such lender."))
        if row["entity"] in lenders:
            _enter(actor, lenders[row["entity"]], row, now=now)
            entered += 1
    return entered


def _enter(actor: str, entity: Entity, row: Mapping[str, Any], *, now: datetime) -> None:
    product = None
    if row.get("product"):
        product = Product.objects.filter(entity=entity, code=row["product"]).first()
        if product is None:
            raise DomainError("unknown_product", _("There is no product with this code."))
    try:
        amount = Decimal(row.get("from_amount", "0"))
    except InvalidOperation:
        raise DomainError("unknown_amount", _("This is no amount.")) from None
    made = ServiceLevel(
        entity=entity,
        cause=row.get("cause", ""),
        product=product,
        from_amount=amount,
        hours=row["hours"],
        owner=row["owner"],
        entered_at=now,
    )
    made.save(force_insert=True)
    audit.record(actor, "desk.service_level_entered", made, entity=entity.code, hours=made.hours)
