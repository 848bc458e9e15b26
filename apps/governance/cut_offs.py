"""Below which probability of default a segment approves, by the policies in force."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.core import dates
from apps.decisions import selectors as decisions
from apps.products.models import Product


def of_segment(segment: str, now: datetime) -> Decimal | None:
    """Return the strictest cut-off of the policies that decide in a segment; None without one."""
    products = Product.objects.filter(scoring_segment=segment).select_related("entity")
    by_entity: dict[Any, list[Product]] = {}
    for product in products:
        by_entity.setdefault(product.entity, []).append(product)
    found = [
        cut_off
        for entity, sold in by_entity.items()
        for cut_off in _of_policy(entity, {product.code for product in sold}, now)
    ]
    return min(found, default=None)


def _of_policy(entity: Any, codes: set[str], now: datetime) -> list[Decimal]:
    policy = decisions.policy_in_force(entity, dates.local_date(now, entity.time_zone))
    if policy is None:
        return []
    return [
        max(Decimal(band["below"]) for band in approving)
        for ladder in policy.document["ladders"]
        if (not ladder["products"] or codes & set(ladder["products"]))
        and (approving := _approving(ladder))
    ]


def _approving(ladder: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [band for band in ladder["bands"] if band["outcome"] == "approve"]
