"""What a policy says about many applications at once: the same as `policy.evaluate`, by columns.

Exact although it computes with floats: of two decimals that round to different floats, the one
with the larger float is the larger. Where value and threshold round to the same float, the
decimals themselves are compared. Pure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from apps.decisions.policy import SEVERITY, Band, Ladder, Policy, Rule
from apps.decisions.policy_inputs import INPUTS, Value

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Small = npt.NDArray[np.int8]
Places = npt.NDArray[np.intp]
Number = Decimal | str | None

PASSED, FAILED, MISSING = 0, 1, 2
# The code of "the band itself does not approve"; rules and findings have codes of their own.
BAND = "pd_band"
_REFER = SEVERITY["refer"]
_NOTHING = -1


@dataclass(frozen=True)
class Numbers:
    """A numeric input of many applications; `floats` is NaN where it is not known.

    `exact(i)` is the decimal of the i-th application.
    """

    floats: Floats
    exact: Callable[[int], Decimal]

    @classmethod
    def of(cls, values: Sequence[Number]) -> "Numbers":
        """Return decimals, or their texts. Raises ValueError for what is no finite number."""
        floats = np.array([np.nan if one is None else _float(one) for one in values], dtype=float)
        return cls(floats, lambda place: Decimal(_known(values[place])))

    @classmethod
    def of_floats(cls, floats: Floats) -> "Numbers":
        """Return floats as the policy reads them: by their shortest exact text."""
        return cls(floats, lambda place: Decimal(repr(float(floats[place]))))

    def __len__(self) -> int:
        return len(self.floats)

    @property
    def known(self) -> Flags:
        """Say for each application whether the number is known."""
        return ~np.isnan(self.floats)

    def at(self, places: Places) -> "Numbers":
        """Return the numbers of some applications only."""
        chosen = places.tolist()
        return Numbers(self.floats[places], lambda place: self.exact(chosen[place]))

    def at_least(self, limit: Decimal) -> Flags:
        """Say for each whether it is known and not below the limit."""
        edge = float(limit)
        return self._with_ties(self.floats > edge, edge, lambda number: number >= limit)

    def at_most(self, limit: Decimal) -> Flags:
        """Say for each whether it is known and not above the limit."""
        edge = float(limit)
        return self._with_ties(self.floats < edge, edge, lambda number: number <= limit)

    def _with_ties(self, found: Flags, edge: float, holds: Callable[[Decimal], bool]) -> Flags:
        ties = np.flatnonzero(self.floats == edge)
        found[ties] = [holds(self.exact(place)) for place in ties.tolist()]
        return found


@dataclass(frozen=True)
class Words:
    """A text or a yes-or-no of many applications; None where it is not known."""

    values: npt.NDArray[np.object_]

    @classmethod
    def of(cls, values: Sequence[Value]) -> "Words":
        """Return the values as a column."""
        column = np.empty(len(values), dtype=object)
        column[:] = values
        return cls(column)

    @property
    def known(self) -> Flags:
        """Say for each application whether it is known."""
        return np.array([one is not None for one in self.values], dtype=bool)

    def at(self, places: Places) -> "Words":
        """Return the values of some applications only."""
        return Words(self.values[places])

    def among(self, wanted: Sequence[Value]) -> Flags:
        """Say for each whether it is one of these."""
        return np.array([one in wanted for one in self.values], dtype=bool)


Column = Numbers | Words


@dataclass(frozen=True)
class Judgement:
    """What a policy says about each application of one product.

    `severity` is that of the outcome (`policy.SEVERITY`) and `band` a place in `bands`. `results`
    has a row of PASSED, FAILED or MISSING for each rule; `findings` holds by code the severity of
    what the band or ladder found, or -1 where it found nothing.
    """

    severity: Small
    bands: tuple[Band, ...]
    band: Places
    rules: tuple[Rule, ...]
    results: Small
    findings: Mapping[str, Small] = field(default_factory=dict)

    @property
    def outcomes(self) -> npt.NDArray[np.object_]:
        """Return approve, refer or decline for each application."""
        return _NAMES[self.severity]

    def causes(self) -> list[str]:
        """Return for each the codes of what did not approve, the most severe first."""
        found: list[list[str]] = [[] for _ in range(len(self.severity))]
        band_asks = _severities(self.bands)[self.band]
        pairs = zip(self.rules, self.results, strict=True)
        asked = [
            *((rule.code, _asked(rule, row)) for rule, row in pairs),
            *self.findings.items(),
            (BAND, band_asks),
        ]
        for level in (SEVERITY["decline"], _REFER):
            for code, severity in asked:
                for place in np.flatnonzero(severity == level).tolist():
                    found[place].append(code)
        return [" ".join(codes) for codes in found]


def column(name: str, values: Sequence[Any]) -> Column:
    """Return an input's values, as `policy_inputs.to_json` stores them, as a column.

    Raises ValueError for a value that is not of the input's kind.
    """
    if INPUTS[name].kind == "number":
        return Numbers.of(values)
    wanted: type = bool if INPUTS[name].kind == "boolean" else str
    if any(one is not None and type(one) is not wanted for one in values):
        raise ValueError(f"{name} holds a value of another kind.")
    return Words.of(values)


def inputs_of(policy: Policy, *, product: str, currency: str) -> frozenset[str]:
    """Return the names of the inputs a policy looks at in applications of a product."""
    rules = policy.rules_for(product=product, currency=currency)
    return frozenset({"amount", "term_months", *(rule.input for rule in rules)})


def band_places(ladder: Ladder, pd: Numbers) -> Places:
    """Return for each application the place of its band; the bands run from 0 to 1 in order."""
    places = np.zeros(len(pd), dtype=np.intp)
    for band in ladder.bands[1:]:
        places += pd.at_least(band.start)
    return places


def judge(
    policy: Policy,
    pd: Numbers,
    columns: Mapping[str, Column],
    *,
    product: str,
    currency: str,
) -> Judgement:
    """Return what the policy says about applications of one product, all with a known PD.

    A column left out is not known. Raises PolicyGap where no ladder covers the product and
    ValueError where a PD is not known or lies outside 0 to 1.
    """
    if not ((pd.floats >= 0) & (pd.floats < 1)).all():
        raise ValueError("Every application needs a probability of default from 0 to below 1.")
    ladder = policy.ladder_for(product)
    places = band_places(ladder, pd)
    rules = policy.rules_for(product=product, currency=currency)
    every = {**columns, "pd": pd}
    results = np.full((len(rules), len(pd)), MISSING, dtype=np.int8)
    for row, rule in zip(results, rules, strict=True):
        _fill(row, rule, every.get(rule.input))
    findings = _findings(ladder, places, every, currency)
    severity = _severities(ladder.bands)[places]
    for asked in (*map(_asked, rules, results), *findings.values()):
        severity = np.maximum(severity, asked)
    return Judgement(severity, ladder.bands, places, rules, results, findings)


_NAMES = np.array(sorted(SEVERITY, key=SEVERITY.__getitem__), dtype=object)


def _fill(row: Small, rule: Rule, found: Column | None) -> None:
    """Write PASSED or FAILED where the rule's input is known."""
    if found is None:
        return
    known = found.known
    row[known] = np.where(_met(rule, found), PASSED, FAILED)[known]


def _met(rule: Rule, found: Column) -> Flags:
    threshold = rule.threshold
    if isinstance(found, Words):
        return found.among(threshold if isinstance(threshold, tuple) else (threshold,))
    if not isinstance(threshold, Decimal):
        raise TypeError(f"{rule.code} compares numbers, not {threshold!r}.")
    return found.at_least(threshold) if rule.test == "at_least" else found.at_most(threshold)


def _asked(rule: Rule, results: Small) -> Small:
    """Return the severity each result of a rule asks for."""
    by_result = np.array([0, SEVERITY[rule.outcome], _REFER], dtype=np.int8)
    return by_result[results]


def _severities(bands: Sequence[Band]) -> Small:
    return np.array([SEVERITY[band.outcome] for band in bands], dtype=np.int8)


def _findings(
    ladder: Ladder, places: Places, columns: Mapping[str, Column], currency: str
) -> dict[str, Small]:
    """Return by code what ladder and bands found; a code that found nothing is left out."""
    found = {
        "pd_near_cutoff": _near_cutoff(ladder, columns["pd"]),
        "band_amount": np.full(len(places), _NOTHING, dtype=np.int8),
        "band_term": np.full(len(places), _NOTHING, dtype=np.int8),
    }
    for place, band in enumerate(ladder.bands):
        here = places == place
        if band.most_amount:
            limit = band.most_amount.get(currency)
            asked = _above(columns.get("amount"), limit, band, rows=len(places))
            found["band_amount"][here] = asked[here]
        if band.longest_term_months is not None:
            longest = Decimal(band.longest_term_months)
            asked = _above(columns.get("term_months"), longest, band, rows=len(places))
            found["band_term"][here] = asked[here]
    return {code: asked for code, asked in found.items() if (asked != _NOTHING).any()}


def _near_cutoff(ladder: Ladder, pd: Column) -> Small:
    found = np.full(len(pd.known), _NOTHING, dtype=np.int8)
    margin = ladder.refer_margin
    if margin is None or not isinstance(pd, Numbers):
        return found
    for bound in ladder.cutoffs:
        found[pd.at_least(bound - margin) & pd.at_most(bound + margin)] = _REFER
    return found


def _above(values: Column | None, limit: Decimal | None, band: Band, *, rows: int) -> Small:
    """Return what follows from a limit of a band; not known, or no limit to compare, is refer."""
    if limit is None or not isinstance(values, Numbers):
        return np.full(rows, _REFER, dtype=np.int8)
    beyond = SEVERITY[band.beyond or "refer"]
    asked = np.where(values.at_most(limit), _NOTHING, beyond)
    return np.where(values.known, asked, _REFER).astype(np.int8)


def _float(number: Decimal | str) -> float:
    """Return the nearest float; infinity stands for what no float can hold."""
    found = float(number)
    if not np.isfinite(found) and not Decimal(number).is_finite():
        raise ValueError(f"{number} is no finite number.")
    return found


def _known(number: Number) -> Decimal | str:
    if number is None:
        raise ValueError("The number is not known.")
    return number
