"""A policy version laid out for reading, beside another one, and for writing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import Entity
from apps.core import formatting
from apps.decisions import (
    policy_difference,
    policy_document,
    policy_sentences,
    policymaking,
    sentences,
)
from apps.decisions.models import PolicyVersion
from apps.decisions.policy import Ladder, Policy, Rule
from apps.decisions.policy_problems import Problem
from apps.products.models import Product


@dataclass(frozen=True)
class RuleLine:
    """One rule in words."""

    sentence: str
    code: str
    what: str
    requirement: str
    outcome: str
    scope: str


@dataclass(frozen=True)
class BandLine:
    """One band of a ladder."""

    name: str
    span: str
    outcome: str
    addon: str
    limits: list[str]
    beyond: str


@dataclass(frozen=True)
class LadderTable:
    """The bands of some products."""

    scope: str
    margin: str
    bands: list[BandLine]


@dataclass(frozen=True)
class ChangeLine:
    """One thing a declined applicant may be told to change."""

    what: str
    reach: str
    weight: str


@dataclass(frozen=True)
class Page:
    """A whole policy."""

    name: str
    rules: list[RuleLine]
    ladders: list[LadderTable]
    changes: list[ChangeLine]


@dataclass(frozen=True)
class Fault:
    """One thing to mend, with where it is."""

    place: str
    anchor: str
    sentence: str
    is_warning: bool


def of_version(version: PolicyVersion) -> Page | None:
    """Return a version for reading, or None while it cannot be read as a policy."""
    parsed = _parsed(version)
    if parsed is None:
        return None
    names = product_names(version.entity)
    return Page(
        name=parsed.name,
        rules=[_rule(rule, version.entity.currency, names) for rule in parsed.rules],
        ladders=[_ladder(ladder, names) for ladder in parsed.ladders],
        changes=[
            ChangeLine(
                what=policy_sentences.change_name(row.what),
                reach=policy_sentences.reach(row),
                weight=formatting.format_number(row.weight),
            )
            for row in parsed.changes
        ],
    )


def state_of(version: PolicyVersion, in_force: PolicyVersion | None, today: date) -> str:
    """Return whether a version is in force, was or will be, or what keeps it from that."""
    if version.status != "approved" or version.effective_from is None:
        return version.status
    if version == in_force:
        return "active"
    return "pending" if version.effective_from > today else "superseded"


def faults(document: Mapping[str, Any], entity: Entity) -> list[Fault]:
    """Return everything wrong with a document for a lender, refusals before warnings."""
    found = policymaking.problems_of(document, entity)
    return [_fault(one) for one in sorted(found, key=lambda one: one.is_warning)]


def differences(version: PolicyVersion, other: PolicyVersion) -> list[str] | None:
    """Return what a version changes of another; None where one cannot be read."""
    old, new = _parsed(other), _parsed(version)
    if old is None or new is None:
        return None
    names = product_names(version.entity)
    return [
        policy_sentences.difference(one, names=names, currency=version.entity.currency)
        for one in policy_difference.differences(old, new, list(names))
    ]


def product_names(entity: Entity) -> dict[str, str]:
    """Return a lender's products, name by code."""
    rows = Product.objects.filter(entity=entity).order_by("name")
    return dict(rows.values_list("code", "name"))


def _parsed(version: PolicyVersion) -> Policy | None:
    try:
        return policy_document.parse(version.document)
    except policy_document.PolicyRefused:
        return None


def _fault(one: Problem) -> Fault:
    return Fault(
        place=policy_sentences.place(one.place),
        anchor=one.place.anchor,
        sentence=policy_sentences.problem(one),
        is_warning=one.is_warning,
    )


def _rule(rule: Rule, currency: str, names: Mapping[str, str]) -> RuleLine:
    products = policy_sentences.scope(rule.products, names)
    return RuleLine(
        sentence=rule.sentence,
        code=rule.code,
        what=sentences.input_name(rule.input),
        requirement=policy_sentences.requirement(rule, currency),
        outcome=rule.outcome,
        scope=", ".join((products, *rule.currencies)),
    )


def _ladder(ladder: Ladder, names: Mapping[str, str]) -> LadderTable:
    bands = [
        BandLine(
            name=band.name,
            span=policy_sentences.span(band),
            outcome=band.outcome,
            addon=policy_sentences.share(band.rate_addon) if band.rate_addon else "—",
            limits=policy_sentences.limits(band),
            beyond=band.beyond or "",
        )
        for band in ladder.bands
    ]
    others = _("all other products")
    scope = policy_sentences.scope(ladder.products, names) if ladder.products else others
    margin = ladder.refer_margin
    return LadderTable(scope, policy_sentences.share(margin) if margin else "", bands)
