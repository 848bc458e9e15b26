"""How much a person may approve alone. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Limit:
    """A limit in one currency; `personal` limits outweigh those of a role."""

    currency: str
    product_code: str
    amount: Decimal
    personal: bool


def approval_limit(limits: Iterable[Limit], *, currency: str, product_code: str) -> Decimal:
    """Return the amount one may approve alone; zero where no limit is recorded.

    Personal before role, product before general; among several roles the largest counts.
    """
    fitting = [
        limit
        for limit in limits
        if limit.currency == currency and limit.product_code in {"", product_code}
    ]
    if not fitting:
        return Decimal(0)
    best = max((limit.personal, bool(limit.product_code)) for limit in fitting)
    return max(
        limit.amount for limit in fitting if (limit.personal, bool(limit.product_code)) == best
    )
