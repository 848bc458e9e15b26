"""Load the catalogue of entities, branches, products and fees."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.conf import settings
from django.db import models, transaction

from apps.accounts.models import Branch, Entity
from apps.audit import services as audit
from apps.products import catalogue
from apps.products import taxes as tax_rates
from apps.products.conditions import OTHER_ORDERS, ConditionsSpec
from apps.products.models import Conditions, Fee, Product, Purpose, TaxRate

_ORDERS = ("allocation_order", *OTHER_ORDERS)


@dataclass
class Loaded:
    """How many rows a load made, changed, removed and left as they were."""

    created: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0

    @property
    def touched(self) -> int:
        """Return how many rows are different now."""
        return self.created + self.changed + self.removed


@transaction.atomic
def load(*, actor: Any, entities: Any, products: Any) -> Loaded:
    """Bring entities, branches, products and fees to what the files' content says.

    Idempotent: a second load of the same content changes nothing and leaves no event. What the
    files no longer name stays, save a fee of a product they do name. Raises CatalogueRefused
    with the place; then nothing was changed.
    """
    loaded = Loaded()
    entity_specs = catalogue.entities(entities, kinds=Entity.Kind.values)
    for entity_spec in entity_specs:
        _load_entity(entity_spec, loaded)
    product_specs = catalogue.products(
        products,
        countries=dict(Entity.objects.values_list("code", "country")),
        purposes=Purpose.values,
        schedules=Product.Schedule.values,
        bases=Fee.Basis.values,
        languages=[code for code, _name in settings.LANGUAGES],
        stored=_stored(),
    )
    for product_spec in product_specs:
        _load_product(product_spec, loaded)
    if loaded.touched:
        audit.record(
            actor,
            "products.loaded",
            "products.catalogue",
            entities=[spec.code for spec in entity_specs],
            products=[spec.code for spec in product_specs],
            **asdict(loaded),
        )
    return loaded


@transaction.atomic
def load_taxes(*, actor: Any, taxes: Any) -> Loaded:
    """Bring the tax rates of lenders to what the file's content says; what it leaves out stays.

    Idempotent as `load`. Raises CatalogueRefused with the place; then nothing was changed.
    """
    loaded = Loaded()
    entities = {entity.code: entity for entity in Entity.objects.all()}
    specs = tax_rates.read(taxes, entities=entities)
    for spec in specs:
        key = {
            "entity": entities[spec.entity],
            "code": spec.code,
            "effective_from": spec.effective_from,
        }
        upsert(TaxRate, key, {"name": spec.name, "rate": spec.rate}, loaded)
    if loaded.touched:
        audit.record(
            actor,
            "products.taxes_loaded",
            "products.taxes",
            rates=[f"{one.entity} {one.code} {one.effective_from} {one.rate}" for one in specs],
        )
    return loaded


def _load_entity(spec: catalogue.EntitySpec, loaded: Loaded) -> None:
    values = {name: value for name, value in vars(spec).items() if name != "branches"}
    values |= {"weekend": list(spec.weekend), "holidays": list(spec.holidays)}
    entity = upsert(Entity, {"code": values.pop("code")}, values, loaded)
    for branch in spec.branches:
        upsert(Branch, {"code": branch.code}, {"entity": entity, "name": branch.name}, loaded)


def _load_product(spec: catalogue.ProductSpec, loaded: Loaded) -> None:
    apart = ("fees", "conditions")
    values = {name: value for name, value in vars(spec).items() if name not in apart}
    values["entity"] = Entity.objects.get(code=spec.entity)
    values["purposes"] = list(spec.purposes)
    product = upsert(Product, {"code": values.pop("code")}, values, loaded)
    _remove_fees(product, keep=[fee.code for fee in spec.fees], loaded=loaded)
    for fee in spec.fees:
        values = {name: value for name, value in vars(fee).items() if name != "code"}
        upsert(Fee, {"product": product, "code": fee.code}, values, loaded)
    _load_conditions(product, spec.conditions, loaded)


def _stored() -> dict[str, catalogue.Repaid]:
    """Return the schedule and the conditions of every product, as the catalogue writes them."""
    rows = Conditions.objects.select_related("product")
    return {row.product.code: (row.product.schedule, _spec(row)) for row in rows}


def _spec(row: Conditions) -> ConditionsSpec:
    values = {one.name: getattr(row, one.name) for one in fields(ConditionsSpec)}
    orders = {name: tuple(values[name]) for name in _ORDERS}
    return ConditionsSpec(**{**values, **orders})


def _load_conditions(product: Product, spec: ConditionsSpec | None, loaded: Loaded) -> None:
    if spec is None:
        count, _ = Conditions.objects.filter(product=product).delete()
        loaded.removed += count
        return
    values = {**vars(spec), **{name: list(getattr(spec, name)) for name in _ORDERS}}
    upsert(Conditions, {"product": product}, values, loaded)


def _remove_fees(product: Product, *, keep: Iterable[str], loaded: Loaded) -> None:
    count, _ = product.fees.exclude(code__in=keep).delete()
    loaded.removed += count


def upsert(
    model: type[models.Model], key: Mapping[str, Any], values: Mapping[str, Any], loaded: Loaded
) -> Any:
    """Make the row of a key, or bring it to the values; count which of both."""
    row = model._default_manager.filter(**key).first()
    if row is None:
        loaded.created += 1
        return model._default_manager.create(**key, **values)
    different = [name for name, value in values.items() if getattr(row, name) != value]
    if not different:
        loaded.unchanged += 1
        return row
    for name in different:
        setattr(row, name, values[name])
    row.save()
    loaded.changed += 1
    return row
