"""The rule tables as they are stored, and which of them a lender is under on a day."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import Entity
from apps.core.errors import DomainError
from apps.loans.models import Loan
from apps.npa import regimes, rule_reading
from apps.npa.models import Layer, RuleTable
from apps.npa.regimes import Head, Lender, NoRules, Rules

# One table is some kilobytes; a lender's life knows a few dozen.
_KNOWN = 200


@dataclass(frozen=True, slots=True)
class Stored:
    """A rule table with its key."""

    pk: int
    rules: Rules


def tables() -> list[Stored]:
    """Return every rule table, in the order of regimes and dates."""
    rows = RuleTable.objects.order_by("entity_kind", "regime", "effective_from", "code")
    return [of_row(row) for row in rows]


def of_row(row: RuleTable) -> Stored:
    """Return a row as it is read."""
    head = {one.name: _plain(getattr(row, one.name)) for one in fields(Head)}
    return Stored(row.pk, _read(json.dumps(head), json.dumps(row.body)))


def lender(entity: Entity, on: date) -> Lender:
    """Return what about a lender decides on its rules on a day."""
    begun = Layer.objects.filter(entity=entity, effective_from__lte=on)
    layer = begun.order_by("-effective_from").values_list("layer", flat=True).first()
    return Lender(country=entity.country, kind=entity.kind, layer=layer or "")


def chosen(entity: Entity, *, on: date, product: str = "", purpose: str = "") -> Stored:
    """Return the table that a lender is under on a day.

    Raises DomainError, with the day and the tables in its sentence, where none or two are in force.
    """
    found = tables()
    try:
        rules = regimes.choose(
            [one.rules for one in found],
            lender=lender(entity, on),
            on=on,
            product=product,
            purpose=purpose,
        )
    except NoRules as error:
        raise _refusal(entity, error) from None
    return next(one for one in found if one.rules is rules)


def chosen_for(loan: Loan, *, on: date) -> Stored:
    """Return the table that a loan is under on a day, by its lender, product and purpose.

    Raises DomainError as `chosen` does.
    """
    return chosen(
        loan.branch.entity,
        on=on,
        product=loan.product.code,
        purpose=loan.application.purpose,
    )


def in_force(entity: Entity, *, on: date) -> list[Stored]:
    """Return all tables that loans of a lender may be under on a day: one, or more by scope.

    Raises DomainError where none is in force, or two are for everything.
    """
    found = tables()
    rules = regimes.standing([one.rules for one in found], lender=lender(entity, on), on=on)
    if not rules or sum(1 for one in rules if not one.scope) > 1:
        return [chosen(entity, on=on)]
    return [one for one in found if one.rules in rules]


def standing_for(entity: Entity, on: date) -> list[Stored]:
    """Return what `in_force` does, and nothing where that refuses.

    Tables for everything come last.
    """
    try:
        found = in_force(entity, on=on)
    except DomainError:
        return []
    return sorted(found, key=lambda one: not one.rules.scope)


def _refusal(entity: Entity, error: NoRules) -> DomainError:
    values = {"lender": entity.name, "day": error.day, "tables": ", ".join(error.codes)}
    if error.codes:
        sentence = _("More than one rule table is in force for %(lender)s on %(day)s: %(tables)s.")
        return DomainError("two_rule_tables", sentence % values)
    sentence = _("No rules for classes and provisions are in force for %(lender)s on %(day)s.")
    return DomainError("no_rule_table", sentence % values)


@lru_cache(maxsize=_KNOWN)
def _read(head: str, body: str) -> Rules:
    named: Mapping[str, Any] = json.loads(head)
    return rule_reading.read(named, json.loads(body), named["code"])


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
