"""One application through the champion: against the bare trees, and against shap.

The model is what a training run of the product makes of 20,000 synthetic applications.
"""

import warnings
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import lightgbm
import numpy as np
import pandas as pd
import shap

from benchmarks import measuring
from benchmarks.measuring import Figure
from ml import artefact, synthetic, training
from ml.application_schema import SCHEMA
from ml.serving import Scorer
from ml.training import TrainingConfig

MICROSECONDS = 1_000_000


def main() -> None:
    """Measure and report."""
    asked = measuring.options(__doc__ or "", rows=20_000, times=200)
    frame = synthetic.generate(
        synthetic.MARKETS["in-retail"],
        rows=asked.rows,
        seed=11,
        start=date(2024, 1, 1),
        end=date(2024, 12, 31),
    )
    packed = artefact.pack(training.train(frame[list(SCHEMA.names)], frame["bad"], schema=SCHEMA))
    scorer = artefact.load(packed.booster_text, packed.manifest, expected_sha256=packed.sha256)
    booster = lightgbm.Booster(model_str=packed.booster_text)
    matrix = scorer.schema.to_matrix(frame[list(SCHEMA.names)])
    bench = Bench(scorer, booster, frame, matrix, asked.times)
    figures = [*_alone(bench), _beside_shap(bench), _batch(bench)]
    measuring.report("Scoring one application", figures, on="", recorded=asked.record)


@dataclass(frozen=True)
class Bench:
    """A model, its trees alone, and applications as a table and as numbers."""

    scorer: Scorer
    booster: lightgbm.Booster
    frame: pd.DataFrame
    matrix: np.ndarray
    times: int

    @cached_property
    def row(self) -> dict[str, object]:
        """The first application as the values the product hands over."""
        first = self.frame[list(SCHEMA.names)].iloc[0]
        given = {str(name): None if pd.isna(value) else value for name, value in first.items()}
        return dict(self.scorer.schema.validate_row(given))


def _alone(bench: Bench) -> list[Figure]:
    """Compare with the trees alone, which get a row of numbers and check nothing."""
    scorer, booster, row, encoded = bench.scorer, bench.booster, bench.row, bench.matrix[:1]
    plain, bare, explained, contributions = measuring.by_turns(
        [
            lambda: scorer.score_one(row, explain=False),
            lambda: booster.predict(encoded, raw_score=True, num_threads=1),
            lambda: scorer.score_one(row),
            lambda: booster.predict(encoded, pred_contrib=True, num_threads=1),
        ],
        times=bench.times,
    )
    return [
        measuring.figure(
            "score_one, PD and score",
            plain * MICROSECONDS,
            "µs",
            peer=("Booster on numpy, 1 thread", bare * MICROSECONDS),
            goal="at most 3",
            n=bench.times,
        ),
        measuring.figure(
            "score_one with attributions",
            explained * MICROSECONDS,
            "µs",
            peer=("pred_contrib, 1 thread", contributions * MICROSECONDS),
            goal="at most 1.3",
            n=bench.times,
        ),
    ]


def _beside_shap(bench: Bench) -> Figure:
    """Compare with the usual way: predict_proba on a DataFrame and shap's explainer.

    The peer's trees are as many and as large as ours, and it gets one thread as we do.
    """
    # shap says so at every call, which would be measured as well.
    warnings.filterwarnings("ignore", message="LightGBM binary classifier with TreeExplainer")
    config = TrainingConfig()
    peer = lightgbm.LGBMClassifier(
        n_estimators=bench.booster.num_trees(),
        num_leaves=config.num_leaves,
        learning_rate=config.learning_rate,
        n_jobs=1,
        verbosity=-1,
    )
    columns = pd.DataFrame(bench.matrix, columns=list(SCHEMA.names))
    peer.fit(columns, bench.frame["bad"])
    explainer, one = shap.TreeExplainer(peer), columns.head(1)
    scorer, row, times = bench.scorer, bench.row, max(bench.times // 10, 5)
    own, usual = measuring.by_turns(
        [
            lambda: scorer.score_one(row),
            lambda: (peer.predict_proba(one), explainer.shap_values(one)),
        ],
        times=times,
    )
    return measuring.figure(
        "score_one with attributions",
        own * MICROSECONDS,
        "µs",
        peer=("predict_proba on a DataFrame + shap.TreeExplainer", usual * MICROSECONDS),
        goal="at most 0.33",
        n=times,
    )


def _batch(bench: Bench) -> Figure:
    """Compare rows a second with those of the bare trees."""
    scorer, booster, matrix = bench.scorer, bench.booster, bench.matrix
    own, bare = measuring.by_turns(
        [
            lambda: scorer.score_matrix(matrix),
            lambda: booster.predict(matrix, raw_score=True, num_threads=1),
        ],
        times=1,
    )
    rows = len(matrix)
    return measuring.figure(
        "score_matrix",
        rows / own,
        "rows/s",
        peer=("Booster on numpy, 1 thread", rows / bare),
        goal="at least 0.8",
        n=rows,
    )


if __name__ == "__main__":
    main()
