"""What items are worth on a day, and what each lien on them gets: one question for many items."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from apps.applications.affordability import Security
from apps.collateral import rulebook, waterfall, worth
from apps.collateral.models import Insurance, Item, Lien, Valuation
from apps.collateral.rules import KindTerms
from apps.core.errors import DomainError
from apps.core.money import money


@dataclass(frozen=True, kw_only=True)
class Worth:
    """An item on a day. `value` is the lower of price and valuation (rule book 9.2).

    Without a valuation by that day there is neither value nor realisable value. A stale one still
    has both, and is said to be stale.
    """

    item: Item
    on: date
    terms: KindTerms
    valuation: Valuation | None
    insurance: Insurance | None
    liens: tuple[Lien, ...]

    @property
    def value(self) -> Decimal | None:
        """Return the lower of price and valuation."""
        if self.valuation is None:
            return None
        return Security(self.item.price, self.valuation.amount).value

    @property
    def realisable(self) -> Decimal | None:
        """Return what a sale would bring, rounded to the currency's smallest unit."""
        if self.value is None or self.valuation is None:
            return None
        brings = worth.realisable(
            self.value, haircut=self.terms.haircut, stated=self.valuation.realisable_amount
        )
        return money(brings, self.item.currency)

    @property
    def is_stale(self) -> bool:
        """Whether the valuation does not hold on the day any more."""
        return self.valuation is not None and self.valuation.valid_until < self.on

    @property
    def is_insured(self) -> bool:
        """Whether a policy runs on the day."""
        return self.insurance is not None and self.insurance.valid_until >= self.on

    @property
    def lacks_insurance(self) -> bool:
        """Whether insurance is needed and no policy runs."""
        return self.terms.needs_insurance and not self.is_insured

    @property
    def charges(self) -> list[waterfall.Charge]:
        """Return the liens as the waterfall takes them."""
        return [waterfall.Charge(lien.rank, lien.secured_amount, lien.pk) for lien in self.liens]

    @property
    def shares(self) -> dict[uuid.UUID, waterfall.Share]:
        """Return what each lien gets of the value; nothing where there is none."""
        return _by_lien(waterfall.shares(self.value or Decimal(0), self.charges))

    @property
    def realised(self) -> dict[uuid.UUID, waterfall.Share]:
        """Return what each lien would get of the realisable value."""
        return _by_lien(waterfall.shares(self.realisable or Decimal(0), self.charges))

    @property
    def secured(self) -> Decimal:
        """Return all that the liens secure."""
        return sum((lien.secured_amount for lien in self.liens), Decimal(0))

    @property
    def left(self) -> Decimal:
        """Return what is left of the value for another lien."""
        return waterfall.left_over(self.value or Decimal(0), self.charges)

    @property
    def shortfall(self) -> Decimal:
        """Return by how much the liens secure more than the value."""
        return waterfall.shortfall(self.value or Decimal(0), self.charges)


def on_day(items: Iterable[Item], on: date) -> dict[uuid.UUID, Worth]:
    """Return each item's worth on a day; three questions, however many items.

    Liens are those that stand now. Raises DomainError where no rules had begun by that day.
    """
    rows = {item.pk: item for item in items}
    valued, insured, charged = _valuations(rows, on), _insurances(rows, on), _liens(rows)
    return {
        key: Worth(
            item=item,
            on=on,
            terms=terms(item.kind, on),
            valuation=valued.get(key),
            insurance=insured.get(key),
            liens=tuple(charged.get(key, ())),
        )
        for key, item in rows.items()
    }


def of_item(item: Item, on: date) -> Worth:
    """Return what one item is worth on a day."""
    return on_day([item], on)[item.pk]


def terms(kind: str, on: date) -> KindTerms:
    """Return how a kind is judged on a day. Raises DomainError where nothing was laid down."""
    try:
        return rulebook.installed().terms(kind, on)
    except LookupError:
        sentence = _("Nothing is laid down about this kind of security for that day.")
        raise DomainError("no_rules", sentence, fields={"on": sentence}) from None


def _valuations(items: Collection[uuid.UUID], on: date) -> dict[uuid.UUID, Valuation]:
    """Return of each item the latest valuation by a day that nobody has corrected."""
    rows = Valuation.objects.filter(
        item__in=items, valued_date__lte=on, corrected_by__isnull=True
    ).order_by("item_id", "-valued_date", "-recorded_at", "-id")
    return {row.item_id: row for row in rows.distinct("item_id")}


def _insurances(items: Collection[uuid.UUID], on: date) -> dict[uuid.UUID, Insurance]:
    """Return of each item the policy that runs longest of those that had begun."""
    rows = Insurance.objects.filter(item__in=items, from_date__lte=on)
    longest = rows.order_by("item_id", "-valid_until", "-recorded_at", "-id")
    return {row.item_id: row for row in longest.distinct("item_id")}


def _liens(items: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Lien]]:
    rows = Lien.objects.filter(item__in=items, status="standing")
    found: dict[uuid.UUID, list[Lien]] = {}
    for row in rows.select_related("application").order_by("item_id", "rank"):
        found.setdefault(row.item_id, []).append(row)
    return found


def _by_lien(found: Iterable[waterfall.Share]) -> dict[uuid.UUID, waterfall.Share]:
    return {share.charge.key: share for share in found}  # type: ignore[misc]  # keys are liens'
