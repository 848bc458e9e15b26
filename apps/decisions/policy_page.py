"""A policy version laid out for reading."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from apps.core import formatting
from apps.decisions import rulebook, sentences
from apps.decisions.models import PolicyVersion
from apps.decisions.policy import Ladder, Rule
from apps.decisions.reasons import plain


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


@dataclass(frozen=True)
class LadderTable:
    """The bands of some products."""

    scope: str
    bands: list[BandLine]


@dataclass(frozen=True)
class Page:
    """A whole policy."""

    name: str
    rules: list[RuleLine]
    ladders: list[LadderTable]


def of_version(version: PolicyVersion) -> Page:
    """Return a version for reading. Raises PolicyUnusable for one that was altered."""
    parsed = rulebook.policy_of(version)
    currency = version.entity.currency
    return Page(
        name=parsed.name,
        rules=[_rule(rule, currency) for rule in parsed.rules],
        ladders=[_ladder(ladder) for ladder in parsed.ladders],
    )


def state_of(version: PolicyVersion, in_force: PolicyVersion | None, today: date) -> str:
    """Return whether a version is in force, was, or will be."""
    if version == in_force:
        return "active"
    return "pending" if version.effective_from > today else "superseded"


def _rule(rule: Rule, currency: str) -> RuleLine:
    scope = ", ".join((*rule.products, *rule.currencies))
    return RuleLine(
        sentence=rule.sentence,
        code=rule.code,
        what=sentences.input_name(rule.input),
        requirement=sentences.requirement(
            rule.test, plain(rule.threshold), about=rule.input, currency=currency
        ),
        outcome=rule.outcome,
        scope=scope or _("all products"),
    )


def _ladder(ladder: Ladder) -> LadderTable:
    bands = [
        BandLine(
            name=band.name,
            span=_("%(start)s to below %(below)s")
            % {
                "start": formatting.format_percent(band.start),
                "below": formatting.format_percent(band.below),
            },
            outcome=band.outcome,
        )
        for band in ladder.bands
    ]
    return LadderTable(", ".join(ladder.products) or _("all other products"), bands)
