"""Read and check the rates of the taxes on fees, each from a day on. Pure.

A fee that is asked for on a day bears each tax of its lender at the rate of that day. Penal charges
and interest bear none. A rate of zero ends a tax.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from apps.products.reading import expect, once, rows, typed


@dataclass(frozen=True, kw_only=True)
class TaxSpec:
    """A tax on the fees of a lender, as a fraction of the fee, from a day on."""

    entity: str
    code: str
    name: str
    rate: Decimal
    effective_from: date


def read(data: Any, *, entities: Collection[str]) -> list[TaxSpec]:
    """Return the rates of a file's content, or raise CatalogueRefused with the place."""
    found = []
    for place, row in rows(data, "tax_rates"):
        spec = TaxSpec(**typed(TaxSpec, row, place))
        expect(spec.entity in entities, place, f"There is no entity {spec.entity!r}.")
        expect(0 <= spec.rate < 1, place, "rate is a fraction: 0.18 for 18 per cent.")
        expect(bool(spec.code) and bool(spec.name), place, "A tax has a code and a name.")
        found.append(spec)
    once([f"{one.entity} {one.code} {one.effective_from}" for one in found], "tax_rates")
    return found
