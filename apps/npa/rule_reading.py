"""Read a rule table and check that it says everything both readings need. Pure.

A file's table may be `like` another of the file: it has the body of that one, but for the parts
that it gives itself. Nothing else is filled in: a part that is missing, unknown, of the wrong kind
or out of order is refused with its place.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from apps.npa import rule_checks, rule_parts
from apps.npa.regimes import Head, Rules
from apps.npa.rule_parts import DayCount, Reserve, Status, Upgrade
from apps.products.reading import expect, once, rows, typed

_LISTS: Mapping[str, type] = {
    "grades": rule_parts.Grade,
    "bands": rule_parts.Band,
    "glide": rule_parts.Glide,
    "ageing": rule_parts.Ageing,
    "buckets": rule_parts.Bucket,
    "rates": rule_parts.Rate,
    "segments": rule_parts.Segment,
    "stage_3": rule_parts.Stage3,
    "disputed": rule_parts.Disputed,
}
_PARTS: Mapping[str, type] = {
    "counting": rule_parts.Counting,
    "exempt": rule_parts.Exempt,
    "restructuring": rule_parts.Restructuring,
    "stages": rule_parts.Stages,
    "revolving": rule_parts.Revolving,
    "crop": rule_parts.Crop,
    "erosion": rule_parts.Erosion,
    "ecl": rule_parts.Ecl,
}
_MAY_LACK = ("revolving", "crop", "erosion", "ecl")
_CHOICES: Mapping[str, type[StrEnum]] = {"day_count": DayCount, "upgrade": Upgrade}
_PLAIN = ("contagion", "loss", "reserve_needs_leave")
BODY = (*_CHOICES, *_PLAIN, "reserve", *_LISTS, *_PARTS)


@dataclass(frozen=True, kw_only=True)
class _Plain:
    contagion: bool
    loss: str
    reserve_needs_leave: bool


def read_all(data: Any) -> list[tuple[Rules, dict[str, Any]]]:
    """Return the tables of a file's content, each with its whole body as JSON.

    Raises CatalogueRefused with the place where one breaks a rule.
    """
    bodies: dict[str, dict[str, Any]] = {}
    found = []
    for place, row in rows(data, "tables"):
        given = {**row}
        like, body = given.pop("like", None), given.pop("body", None)
        expect(isinstance(body, Mapping), f"{place}.body", "An object must stand here.")
        expect(
            like is None or like in bodies, f"{place}.like", "No table before this is so called."
        )
        whole = {**bodies.get(like or "", {}), **(body or {})}
        rules = read(given, whole, place)
        bodies[rules.code] = whole
        found.append((rules, whole))
    once([rules.code for rules, _body in found], "tables")
    return found


@dataclass(frozen=True, kw_only=True)
class LayerSpec:
    """Under which layer of its regulator a lender is, from a day on."""

    entity: str
    layer: str
    effective_from: date


def read_layers(data: Any, *, entities: Collection[str]) -> list[LayerSpec]:
    """Return the layers of lenders of a file's content, or raise CatalogueRefused."""
    found = []
    for place, row in rows(data, "lenders"):
        spec = LayerSpec(**typed(LayerSpec, row, place))
        expect(spec.entity in entities, place, f"There is no entity {spec.entity!r}.")
        expect(bool(spec.layer), place, "A layer has a name.")
        found.append(spec)
    once([f"{one.entity} {one.effective_from}" for one in found], "lenders")
    return found


def read(head: Mapping[str, Any], body: Mapping[str, Any], place: str) -> Rules:
    """Return a table of its head and its body, or raise CatalogueRefused with the place."""
    status = _choice(Status, head.get("status"), f"{place}.status")
    named = typed(Head, head, place) | {"status": status}
    inside = f"{place}.body"
    odd = sorted(set(body) ^ set(BODY))
    expect(not odd, inside, f"Missing or unknown: {', '.join(odd)}.")
    values: dict[str, Any] = {
        name: _choice(kind, body[name], f"{inside}.{name}") for name, kind in _CHOICES.items()
    }
    reserve = body["reserve"]
    values["reserve"] = None if reserve is None else _choice(Reserve, reserve, f"{inside}.reserve")
    values |= typed(_Plain, {name: body[name] for name in _PLAIN}, inside)
    for name, kind in _LISTS.items():
        found = rows(body, name, inside=inside)
        values[name] = tuple(kind(**typed(kind, row, where)) for where, row in found)
    for name, kind in _PARTS.items():
        values[name] = _part(kind, body[name], f"{inside}.{name}", may_lack=name in _MAY_LACK)
    rules = Rules(**named, **values)
    rule_checks.check(rules, place)
    return rules


def _choice(kind: type[StrEnum], given: Any, place: str) -> StrEnum:
    expect(given in list(kind), place, f"One of {', '.join(kind)}.")
    return kind(given)


def _part(kind: type, given: Any, place: str, *, may_lack: bool) -> Any:
    if given is None and may_lack:
        return None
    expect(isinstance(given, Mapping), place, "An object must stand here.")
    return kind(**typed(kind, given, place))
