"""The principal factors behind one applicant's risk, beside the typical applicant just above a cut.

A factor's contribution is the exact attribution of its features for this applicant less that for
the reference: over all factors it adds up to the distance between both in log-odds of bad. Its
gain is by how much the log-odds fall once its features alone are set to the reference, by the
model itself. Guarantees:

- every factor named contributed to the distance and, set to the reference alone, lowers the risk;
- none is told by a feature that lies on the safe side of its reference;
- of all sets of that size among the strongest factors, the one named lowers the risk most
  together; where such a set holds what may not be named, one factor fewer is named, and where
  not even one is left so, the one that may be named and lowers it most;
- nothing protected, and no proxy for it, is named, nor part of a factor that is;
- there is no chance in it, so the same model, row and cut-off name the same factors.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from ml.reference import Typical
from ml.schema import Value
from ml.serving import Scorer

Floats = npt.NDArray[np.float64]

# Below this share of everything that raised the risk, a factor is no principal one.
SMALLEST_SHARE = 0.05
# So many of the strongest factors are combined: at most 70 sets of four.
_WIDTH = 8


@dataclass(frozen=True, kw_only=True)
class Moved:
    """One feature of a factor: value, its reference, and its part of the contribution."""

    feature: str
    group: str
    unit: str
    value: Value
    reference: Value
    contribution: float


@dataclass(frozen=True, kw_only=True)
class Factor:
    """Some features that count as one; `features` are those worse than the reference.

    The strongest feature comes first.
    """

    groups: tuple[str, ...]
    features: tuple[Moved, ...]
    contribution: float
    gain: float

    @property
    def is_adverse(self) -> bool:
        """Say whether it may be named: it raised the risk by attribution and by scoring again."""
        return bool(self.features) and self.contribution > 0 and self.gain > 0


class Comparison:
    """One applicant beside the reference of a cut-off. ValueError for a model without one."""

    def __init__(
        self, scorer: Scorer, row: dict[str, Value], *, cutoff: float, shares: dict[str, float]
    ) -> None:
        """Compare a row that fits the schema; `shares` are its attributions as scored."""
        if scorer.reference is None:
            raise ValueError("This model was stored without a reference.")
        self.typical: Typical = scorer.reference.just_above(cutoff)
        self._scorer, self._row, self._shares = scorer, row, shares
        schema = scorer.schema
        self._present = schema.to_matrix_row(row)
        self._reference = schema.to_matrix_row(self.typical.values)
        self._expected = scorer.attributions_of(self._reference)
        self._groups = tuple(one for one in scorer.reference.factors if not self._sensitive(one))
        self._columns = [
            [n for n, feature in enumerate(schema.features) if feature.group in groups]
            for groups in self._groups
        ]

    def factors(self) -> tuple[Factor, ...]:
        """Return every factor that may be named or not, in declared order, with its gain."""
        gains = self.gains([(place,) for place in range(len(self._groups))])
        found = zip(self._groups, self._columns, gains, strict=True)
        return tuple(self._factor(groups, columns, gain) for groups, columns, gain in found)

    def named(self, most: int) -> tuple[Factor, ...]:
        """Return one to `most` principal factors, the largest contribution first; maybe none."""
        found = self.factors()
        adverse = {place for place, one in enumerate(found) if one.is_adverse}
        smallest = SMALLEST_SHARE * sum(one.contribution for one in found if one.contribution > 0)
        count = min(most, sum(found[place].contribution >= smallest for place in adverse))
        for size in range(count, 0, -1):
            best = self._best(found, size)
            if adverse.issuperset(best):
                return tuple(sorted((found[place] for place in best), key=_order))
        return tuple(
            sorted((found[place] for place in adverse), key=lambda one: -one.gain)[: min(count, 1)]
        )

    def _best(self, found: Sequence[Factor], size: int) -> tuple[int, ...]:
        """Return the set of a size that lowers the risk most, whether it may be named or not."""
        places = sorted(range(len(found)), key=lambda place: (-_strength(found[place]), place))
        sets = list(combinations(sorted(places[:_WIDTH]), size))
        return sets[int(np.argmax(self.gains(sets)))]

    def gains(self, sets: Sequence[Iterable[int]]) -> list[float]:
        """Return by how much the log-odds fall with each set of factors at the reference."""
        rows = np.tile(self._present, (len(sets) + 1, 1))
        for number, places in enumerate(sets, start=1):
            for place in places:
                columns = self._columns[place]
                rows[number, columns] = self._reference[columns]
        log_odds = self._scorer.log_odds_of(rows)
        found: list[float] = (log_odds[0] - log_odds[1:]).tolist()
        return found

    def _sensitive(self, groups: tuple[str, ...]) -> bool:
        features = self._scorer.schema.features
        return any(one.group in groups and one.sensitivity != "none" for one in features)

    def _factor(self, groups: tuple[str, ...], columns: list[int], gain: float) -> Factor:
        features = [self._moved(column) for column in columns]
        worse = [
            one for one, column in zip(features, columns, strict=True) if self._is_worse(column)
        ]
        return Factor(
            groups=groups,
            features=tuple(sorted(worse, key=lambda one: (-one.contribution, one.feature))),
            contribution=sum(one.contribution for one in features),
            gain=gain,
        )

    def _is_worse(self, column: int) -> bool:
        """Say whether a value differs from its reference, and not towards the safe side."""
        apart = self._present[column] - self._reference[column]
        if np.isnan(apart):
            return bool(np.isnan(self._present[column]) != np.isnan(self._reference[column]))
        return bool(apart != 0 and apart * self._scorer.schema.features[column].direction >= 0)

    def _moved(self, column: int) -> Moved:
        feature = self._scorer.schema.features[column]
        return Moved(
            feature=feature.name,
            group=feature.group,
            unit=feature.unit,
            value=self._row[feature.name],
            reference=self.typical.values[feature.name],
            contribution=self._shares[feature.name] - self._expected[feature.name],
        )


def _strength(one: Factor) -> float:
    """Return what a factor could matter at most: interactions make gain and share differ."""
    return max(one.contribution, one.gain)


def _order(one: Factor) -> tuple[float, tuple[str, ...]]:
    return -one.contribution, one.groups
