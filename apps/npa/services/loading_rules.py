"""Load rule tables and the layers of lenders from a file's content."""

from dataclasses import asdict, fields
from typing import Any

from django.db import transaction

from apps.accounts.models import Entity
from apps.audit import services as audit
from apps.npa import rule_reading
from apps.npa.models import Layer, LoanDay, RuleTable
from apps.npa.regimes import Head, Rules
from apps.products.models import Product, Purpose
from apps.products.reading import expect
from apps.products.services import Loaded, upsert

# These may be said otherwise of a table by which days were ended: no class follows from them.
_WORDS = ("name", "source", "note", "status")


@transaction.atomic
def load_rules(*, actor: Any, data: Any) -> Loaded:
    """Bring rule tables and layers to what the file's content says; what it leaves out stays.

    Idempotent. Raises CatalogueRefused with the place, and where a table would say something else
    than when days were ended by it; then nothing was changed.
    """
    loaded = Loaded()
    codes = []
    for rules, body in rule_reading.read_all(data):
        codes.append(rules.code)
        _bring(rules, body, loaded)
    entities = {entity.code: entity for entity in Entity.objects.all()}
    layers = rule_reading.read_layers(data, entities=entities)
    for one in layers:
        key = {"entity": entities[one.entity], "effective_from": one.effective_from}
        upsert(Layer, key, {"layer": one.layer}, loaded)
    if loaded.touched:
        audit.record(actor, "npa.rules_loaded", "npa.rules", tables=codes, **asdict(loaded))
    return loaded


def _bring(rules: Rules, body: dict[str, Any], loaded: Loaded) -> None:
    values: dict[str, Any] = {one.name: getattr(rules, one.name) for one in fields(Head)}
    values |= {name: list(values[name]) for name in ("countries", "layers", "scope")}
    values |= {"body": body, "status": str(rules.status)}
    code = values.pop("code")
    _expect_known(rules)
    row = RuleTable.objects.filter(code=code).first()
    if row is not None:
        differing = [name for name in values if getattr(row, name) != values[name]]
        _expect_unused(row, rules, [name for name in differing if name not in _WORDS])
    upsert(RuleTable, {"code": code}, values, loaded)


def _expect_known(rules: Rules) -> None:
    """Refuse a scope that no loan can be in: a code misspelt would match nothing, unnoticed."""
    asked = set(rules.scope) - set(Purpose.values)
    known = Product.objects.filter(code__in=asked).values_list("code", flat=True) if asked else ()
    for code in sorted(asked.difference(known)):
        expect(False, f"{rules.code}.scope", f"No product or purpose is called {code}.")  # noqa: FBT003 - reads as a sentence


def _expect_unused(row: RuleTable, rules: Rules, differing: list[str]) -> None:
    """Refuse what would make another class of a day that was ended by the table."""
    ended_by = LoanDay.objects.filter(rule_table_id=row.pk)
    if differing == ["effective_to"] and rules.effective_to is not None:
        ended_by = ended_by.filter(day__gt=rules.effective_to)
    elif differing == ["effective_to"]:
        return
    expect(
        not differing or not ended_by.exists(),
        rules.code,
        "Days were ended by this table. End it, and say what changed in another from a later day.",
    )
