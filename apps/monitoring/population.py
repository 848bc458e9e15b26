"""Who was scored: stored features counted in the bins of the training sample. Pure.

The rows come as text, chunk after chunk, and only counts are kept: a million scores need no more
memory than one chunk. Every verdict allows for chance (`ml.drift`), so that it does not depend on
how many were scored.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from apps.monitoring.spans import Span
from ml import drift, tallies
from ml.drift import DriftConfig, DriftReport
from ml.scaling import Scale
from ml.schema import Feature, Schema, SchemaError
from ml.tallies import Tally

Floats = npt.NDArray[np.float64]
# Features as JSON text, and log-odds, of one score each.
Chunk = Sequence[tuple[str, float]]
# A verdict on stable scores is wrong once in twenty times over so many spans.
_WATCHED = {Span.MONTH: 24, Span.DAY: 730}
_FORGOTTEN = -1.0


class NoTrainingSample(ValueError):
    """The model does not say what its training sample looked like."""


@dataclass(frozen=True)
class Training:
    """What a model says of the sample it was trained on."""

    schema: Schema
    scale: Scale
    baseline: Mapping[str, Any]

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Any]) -> "Training":
        """Return it from the model's manifest. Raises NoTrainingSample where it is not there."""
        try:
            schema = Schema.from_dict(manifest["schema"])
            found = cls(schema, Scale(**manifest["scale"]), manifest["baseline"])
            missing = set(schema.names) - found.baseline["features"].keys()
        except (LookupError, TypeError, SchemaError, ValueError) as error:
            raise NoTrainingSample(str(error)) from error
        if missing:
            raise NoTrainingSample(f"nothing is known of {', '.join(sorted(missing))}")
        return found

    def counted(self, chunks: Iterable[Chunk]) -> Tally:
        """Return the counts of all scores of the chunks."""
        whole = tallies.of_sample(
            self.baseline, self.schema, np.empty((0, len(self.schema.names))), np.empty(0)
        )
        for chunk in chunks:
            whole += self._counted(chunk)
        return whole

    def report(self, tally: Tally, span: Span) -> DriftReport | None:
        """Return how far the counted scores lie from training; None where nobody was scored."""
        if not tally.rows:
            return None
        config = DriftConfig(months_watched=_WATCHED[span])
        return drift.of_tally(self.baseline, tally, config=config)

    def _counted(self, chunk: Chunk) -> Tally:
        matrix, unseen = encoded(self.schema, [features for features, _log_odds in chunk])
        log_odds = np.array([log_odds for _features, log_odds in chunk], dtype=np.float64)
        return tallies.of_sample(
            self.baseline,
            self.schema,
            matrix,
            self.scale.scores_at(log_odds),
            unseen=unseen,
        )


def encoded(schema: Schema, texts: Sequence[str]) -> tuple[Floats, dict[str, int]]:
    """Return stored rows as the model saw them, and how many categories were never declared.

    Rows were checked before they were scored; what is not among a row's features counts as
    missing, and text among numbers is refused with ValueError.
    """
    # One document is read faster than thousands of small ones.
    rows = json.loads(f"[{','.join(texts)}]")
    numeric = [feature.name for feature in schema.features if feature.kind != "category"]
    places = {name: place for place, name in enumerate(schema.names)}
    # Columns are counted one by one.
    matrix = np.empty((len(rows), len(places)), dtype=np.float64, order="F")
    if numeric:
        matrix[:, [places[name] for name in numeric]] = _numbers(rows, numeric)
    unseen = {}
    for feature in schema.features:
        if feature.kind == "category":
            matrix[:, places[feature.name]], count = _codes(feature, rows)
            unseen[feature.name] = count
    return matrix, {name: count for name, count in unseen.items() if count}


def facts(training: Training, tally: Tally, span: Span) -> dict[str, Any]:
    """Return the figures of those who were scored, as JSON values."""
    report = training.report(tally, span)
    return {
        "scored": tally.rows,
        "counts": tally.to_dict(),
        "drift": None if report is None else report.to_dict(),
    }


def _numbers(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Floats:
    read = itemgetter(*names)
    try:
        found = [read(row) for row in rows]
    except KeyError:
        found = [tuple(row.get(name) for name in names) for row in rows]
        found = [one[0] for one in found] if len(names) == 1 else found
    # None becomes NaN, true and false one and nought.
    return np.array(found, dtype=np.float64).reshape(len(rows), len(names))


def _codes(feature: Feature, rows: Sequence[Mapping[str, Any]]) -> tuple[Floats, int]:
    """Return the codes of a category as `Feature.encode` gives them, and how many were bucketed."""
    codes: dict[Any, float] = {name: float(code) for name, code in feature.codes.items()}
    codes[None] = np.nan
    name = feature.name
    found = np.array([codes.get(row.get(name), _FORGOTTEN) for row in rows], dtype=np.float64)
    strange = found == _FORGOTTEN
    if feature.other is None:
        # They have no bucket; the tally counts their code as undeclared.
        return found, 0
    found[strange] = codes[feature.other]
    return found, int(strange.sum())
