"""Are the reasons the ones that count? The named factors beside every other set as large.

For declined applicants a model has not learned from: does the score rise more with the named
factors at their reference than with any other set of as many, and does it rise with each alone?
The bare limit names the largest attributions without scoring again. With DATA=folder the public
sets go through the same code.
"""

import os
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import combinations
from pathlib import Path
from statistics import mean

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks import measuring
from benchmarks.measuring import Figure
from ml import artefact, datasets, presets, synthetic, training
from ml.application_schema import SCHEMA
from ml.boosting import BoostingConfig
from ml.families import Config
from ml.principal import Comparison
from ml.schema import Schema
from ml.scorecard import ScorecardConfig
from ml.serving import Scorer
from ml.training import TrainingConfig

Floats = npt.NDArray[np.float64]

MOST = 4
LEARNED = 20_000
# A cut-off that declines three of ten of those it learned from.
APPROVED_SHARE = 0.7
SETS = ("lendingclub", "hmeq")
GOAL = "at least 0.95"


@dataclass(frozen=True)
class Subject:
    """A portfolio, in the order of its rows: the first half learns, the second is declined."""

    name: str
    schema: Schema
    frame: pd.DataFrame
    bad: Floats
    model: Config


@dataclass(frozen=True)
class Fidelity:
    """One entry a declined applicant: is the named set the best, do all its factors count, bare."""

    best: list[bool]
    all_raise: list[bool]
    bare: list[bool]
    named: list[int]


def main() -> None:
    """Measure and report."""
    asked = measuring.options(__doc__ or "", declined=500)
    found = [figure for one in _subjects() for figure in _figures(one, asked.declined)]
    measuring.report("Reasons that are true", found, on="", recorded=asked.record)


def _subjects() -> list[Subject]:
    made = synthetic.generate(
        synthetic.MARKETS["in-retail"],
        rows=2 * LEARNED,
        seed=11,
        start=date(2024, 1, 1),
        end=date(2024, 12, 31),
    )
    ours = partial(Subject, schema=SCHEMA, frame=made, bad=made["bad"].to_numpy())
    subjects = [
        ours("champion", model=presets.CHAMPION),
        ours("scorecard", model=ScorecardConfig()),
    ]
    folder = os.environ.get("DATA", "")
    for name in SETS if folder else ():
        one = datasets.load(name, Path(folder))
        schema = one.schema.without_sensitive(proxies=True)
        subjects.append(Subject(name, schema, one.frame, one.bad, BoostingConfig()))
    return subjects


def _figures(one: Subject, most: int) -> list[Figure]:
    half = min(len(one.frame) // 2, LEARNED)
    frame = one.frame[list(one.schema.names)]
    packed = artefact.pack(
        training.train(
            frame.iloc[:half],
            one.bad[:half],
            schema=one.schema,
            config=TrainingConfig(model=one.model),
        )
    )
    scorer = artefact.load(packed.body, packed.manifest, expected_sha256=packed.sha256)
    cutoff = float(np.quantile(scorer.score_frame(frame.iloc[:half]), APPROVED_SHARE))
    rows = frame.iloc[half : half + LEARNED]
    declined = rows[scorer.score_frame(rows) > cutoff].iloc[:most]
    found = _fidelity(scorer, one.schema, declined, cutoff)
    count = len(found.best)
    bare = ("largest attributions", mean(found.bare))
    return [
        measuring.figure(
            f"{one.name}: named set raises the score most",
            mean(found.best),
            "share",
            peer=bare,
            goal=GOAL,
            n=count,
        ),
        measuring.figure(
            f"{one.name}: every named factor raises it",
            mean(found.all_raise),
            "share",
            peer=("all of them", 1.0),
            goal="1",
            n=count,
        ),
        measuring.figure(
            f"{one.name}: factors named",
            mean(found.named),
            "a decline",
            peer=("at most", MOST),
            goal="1 to 4",
            n=count,
        ),
    ]


def _fidelity(scorer: Scorer, schema: Schema, declined: pd.DataFrame, cutoff: float) -> Fidelity:
    found = Fidelity([], [], [], [])
    for row in schema.to_rows(declined):
        shares = scorer.score_one(row).attributions
        compared = Comparison(scorer, row, cutoff=cutoff, shares=shares)
        factors, named = compared.factors(), compared.named(MOST)
        # One that names nothing is referred to a person; it counts as a miss.
        sets = list(combinations(range(len(factors)), max(len(named), 1)))
        gains = compared.gains(sets)
        places = tuple(factors.index(one) for one in named)
        largest = sorted(range(len(factors)), key=lambda place: -factors[place].contribution)
        bare = tuple(sorted(largest[: max(len(named), 1)]))
        best = max(gains) - 1e-9
        found.best.append(bool(named) and gains[sets.index(tuple(sorted(places)))] >= best)
        alone = compared.gains([(place,) for place in places])
        found.all_raise.append(bool(named) and all(gain > 0 for gain in alone))
        found.bare.append(gains[sets.index(bare)] >= best)
        found.named.append(len(named))
    return found


if __name__ == "__main__":
    main()
