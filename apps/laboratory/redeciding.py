"""Decide past applications of one product anew: score, price, judge. No database is written.

The price follows the risk as in a real decision: the band's add-on comes on top of the listed
rate, and the ratios are formed at that price. Where it is the price of the stored decision, the
stored ratios are used; else they are formed anew from the facts frozen with the application. The
amount and the term stay what was asked for, so nobody is made a counter-offer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from apps.decisions.policy import Ladder, Policy
from apps.decisions.policy_inputs import INPUTS
from apps.laboratory import judging
from apps.laboratory.judging import Column, Numbers
from apps.laboratory.population import MOVED_BY_RATE, Past
from apps.scoring import champion
from apps.scoring.models import ModelVersion
from ml.schema import Schema, SchemaViolation
from ml.serving import Scorer

Floats = npt.NDArray[np.float64]
# Why a machine gives no outcome of its own, as a decision would say it; people decide then.
NOT_SCORED = "features_refused"
NO_MODEL = "no_champion"


@dataclass(frozen=True)
class Side:
    """What decides: a policy, and by segment the model that scores; None where there is none."""

    policy: Policy
    models: Mapping[str, ModelVersion | None]


@dataclass(frozen=True)
class Redecided:
    """What one side says about each application, in their order."""

    outcomes: list[str]
    pds: list[float | None]
    bands: list[str]
    causes: list[str]
    rates: list[Decimal]


@dataclass
class Group:
    """Past applications of one product, with the columns made of them so far."""

    rows: Sequence[Past]
    _columns: dict[str, Column] = field(default_factory=dict)
    _pds: dict[Any, Floats] = field(default_factory=dict)

    @property
    def product(self) -> str:
        """The product's code."""
        return self.rows[0].product

    @property
    def currency(self) -> str:
        """The currency of every amount."""
        return self.rows[0].currency

    def column(self, name: str) -> Column:
        """Return an input as a column; the amounts are those asked for, whatever is stored."""
        if name not in self._columns:
            self._columns[name] = judging.column(name, [row.inputs.get(name) for row in self.rows])
        return self._columns[name]

    def know(self, model: ModelVersion, pds: Floats) -> None:
        """Take a model's PDs as they were stored, in the rows' order; NaN where it has none."""
        self._pds[model.pk] = pds

    def pds(self, model: ModelVersion | None) -> Floats:
        """Return the PD each gets from a model, NaN where it gets none. Raises ModelUnusable."""
        key = None if model is None else model.pk
        if key not in self._pds:
            self._pds[key] = _pds(self.rows, model)
        return self._pds[key]


def by_product(rows: Sequence[Past]) -> list[Group]:
    """Return the applications of each product together, in the order of their codes."""
    found: dict[str, list[Past]] = {}
    for row in rows:
        found.setdefault(row.product, []).append(row)
    return [Group(found[product]) for product in sorted(found)]


def decide(group: Group, side: Side) -> Redecided:
    """Return what a side says about the applications of one product.

    Raises PolicyGap where its policy has no bands for the product, ModelUnusable for a model that
    fails its checks, ValueError for a stored input that is none.
    """
    model = side.models[group.rows[0].segment]
    scores = group.pds(model)
    scored = np.flatnonzero(~np.isnan(scores))
    cause = NO_MODEL if model is None else NOT_SCORED
    found = Redecided(
        outcomes=["refer"] * len(group.rows),
        pds=[None] * len(group.rows),
        bands=[""] * len(group.rows),
        causes=[cause] * len(group.rows),
        rates=[row.listed_rate for row in group.rows],
    )
    if len(scored):
        _judge(group, side.policy, scored, Numbers.of_floats(scores[scored]), found=found)
    return found


def _judge(
    group: Group, policy: Policy, scored: judging.Places, risk: Numbers, *, found: Redecided
) -> None:
    """Write into `found` what the policy says about those that were scored."""
    ladder = policy.ladder_for(group.product)
    rates = _rates(group, ladder, scored, risk)
    columns = {
        name: column
        for name in judging.inputs_of(policy, product=group.product, currency=group.currency)
        if (column := _column(group, name, scored, rates)) is not None
    }
    judged = judging.judge(policy, risk, columns, product=group.product, currency=group.currency)
    names = [band.name for band in judged.bands]
    causes, outcomes = judged.causes(), judged.outcomes.tolist()
    for place, row in enumerate(scored.tolist()):
        found.outcomes[row] = outcomes[place]
        found.pds[row] = float(risk.floats[place])
        found.bands[row] = names[judged.band[place]]
        found.causes[row] = causes[place]
        found.rates[row] = rates[place]


def _rates(group: Group, ladder: Ladder, scored: judging.Places, risk: Numbers) -> list[Decimal]:
    places = judging.band_places(ladder, risk).tolist()
    addons = [band.rate_addon for band in ladder.bands]
    return [
        group.rows[row].listed_rate + addons[place]
        for row, place in zip(scored.tolist(), places, strict=True)
    ]


def _column(
    group: Group, name: str, scored: judging.Places, rates: Sequence[Decimal]
) -> Column | None:
    """Return an input of those that were scored, at their price."""
    if name == "pd" or name not in INPUTS:
        return None
    if name not in MOVED_BY_RATE:
        return group.column(name).at(scored)
    rows = [group.rows[row] for row in scored.tolist()]
    return judging.column(
        name,
        [
            row.inputs.get(name) if rate == row.rate else row.ratios_at(rate)[name]
            for row, rate in zip(rows, rates, strict=True)
        ],
    )


def _pds(rows: Sequence[Past], model: ModelVersion | None) -> Floats:
    """Return stored PDs where this very model gave them, and what it says now for the rest."""
    found = np.full(len(rows), np.nan)
    if model is None:
        return found
    asked = []
    for place, row in enumerate(rows):
        if row.scored_by == model.pk and row.pd is not None:
            found[place] = row.pd
        else:
            asked.append(place)
    if asked:
        scorer = champion.scorer_of(model)
        found[asked] = _scored(scorer, [rows[place].features for place in asked])
    # As in a real decision, 0 and 1 are no probabilities anybody may be judged by.
    found[~((found > 0) & (found < 1))] = np.nan
    return found


def _scored(scorer: Scorer, features: Sequence[Mapping[str, Any]]) -> Floats:
    """Return a PD for each row of features, NaN where a row does not fit the model's schema."""
    schema = scorer.schema
    try:
        return scorer.score_matrix(schema.to_matrix(_frame(schema, features)))
    except SchemaViolation:
        fitting = [place for place, row in enumerate(features) if _fits(schema, row)]
    found = np.full(len(features), np.nan)
    if fitting:
        matrix = np.array([schema.to_matrix_row(features[place]) for place in fitting])
        found[fitting] = scorer.score_matrix(matrix)
    return found


def _frame(schema: Schema, features: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    names = set(schema.names)
    if any(row.keys() != names for row in features):
        raise SchemaViolation("", "names", None, "A row has other features than the model.")
    return pd.DataFrame({name: [row[name] for row in features] for name in schema.names})


def _fits(schema: Schema, row: Mapping[str, Any]) -> bool:
    try:
        schema.to_matrix_row(row)
    except SchemaViolation:
        return False
    return True
