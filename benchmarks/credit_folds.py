"""One part of the record: train on some rows of a set, judge on the others."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

import ml
from ml import artefact, canonical, datasets, discrimination, inference, metrics, presets, training
from ml.datasets import Dataset
from ml.families import Config
from ml.leakage import LeakageConfig
from ml.training import TrainingConfig

FOLDS = 5
OUT_OF_TIME = -1
_CUT = np.datetime64("2011-01-01")
# From so many rows on, three inner folds settle what five do on fewer.
_MANY_ROWS = 10_000


@dataclass(frozen=True)
class Part:
    """Which rows of which set: fold 0 to 4 of a shuffle, or OUT_OF_TIME.

    A file of one's own has its path as `name` and its column of outcomes as `variant`.
    """

    name: str
    variant: str
    seed: int
    fold: int
    model: str

    @property
    def key(self) -> str:
        """Return a name fit for a file."""
        where = f"{Path(self.name).stem}-{self.variant}-{self.seed}-{self.fold}-{self.model}"
        return f"{where}-{self._recipe}"

    @property
    def _recipe(self) -> str:
        """Return what the part's result depends on beside its rows, as a short hash.

        The configuration, the library's version and, for a file of one's own, its whole path: so
        that a part is not taken up again after any of them has changed.
        """
        config = config_of(self.model, many_rows=False).to_dict()
        return canonical.sha256(canonical.canonical_bytes([config, ml.VERSION, self.name]))[:10]


@dataclass(frozen=True)
class Judged:
    """What the model said about rows it never saw, and how well."""

    part: Part
    auc: float
    ks: float
    brier: float
    log_loss: float
    h_measure: float
    model: dict[str, Any]
    calibration: str
    pd: list[float]
    bad: list[int]

    def to_json(self) -> str:
        """Return everything as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Judged":
        """Return what `to_json` wrote."""
        found = json.loads(text)
        return cls(**{**found, "part": Part(**found["part"])})


def parts_of(name: str, variant: str, *, seed: int, model: str) -> Iterator[Part]:
    """Yield the five folds of a set by one shuffle."""
    for fold in range(FOLDS):
        yield Part(name, variant, seed, fold, model)


def judge(part: Part, folder: Path) -> Judged:
    """Return how a model of the rows outside a part does on the part.

    The model goes through its stored form: what is judged is what would serve.
    """
    data = _loaded(part.name, part.variant, folder)
    seen, unseen = _rows(data, part)
    trained = training.train(
        data.frame.iloc[seen],
        data.bad[seen],
        schema=data.schema,
        config=config_of(part.model, many_rows=len(seen) >= _MANY_ROWS),
    )
    packed = artefact.pack(trained)
    scorer = artefact.load(packed.body, packed.manifest, expected_sha256=packed.sha256)
    pd, bad = scorer.score_frame(data.frame.iloc[unseen]), data.bad[unseen]
    return Judged(
        part=part,
        auc=metrics.auc(pd, bad) or 0.0,
        ks=metrics.ks(pd, bad) or 0.0,
        brier=metrics.brier(pd, bad),
        log_loss=metrics.log_loss(pd, bad),
        h_measure=discrimination.h_measure(pd, bad) or 0.0,
        model=packed.manifest["model"],
        calibration=trained.calibration.method,
        pd=[round(float(one), 9) for one in pd],
        bad=[int(one) for one in bad],
    )


def config_of(model: str, *, many_rows: bool) -> TrainingConfig:
    """Return how the record or the champion is trained."""
    models: dict[str, Config] = {"record": presets.record(), "champion": presets.CHAMPION}
    return TrainingConfig(
        model=models[model],
        folds=3 if many_rows else 5,
        # Card behaviour is what the Taiwanese set is made of.
        leakage=LeakageConfig(behavioural=True),
    )


def _rows(data: Dataset, part: Part) -> tuple[Any, Any]:
    if part.fold != OUT_OF_TIME:
        splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=part.seed)
        return list(splitter.split(np.zeros(len(data.bad)), data.bad))[part.fold]
    if data.dates is None:
        raise ValueError(f"{part.name} has no dates, so nothing of it is out of time.")
    return np.flatnonzero(data.dates < _CUT), np.flatnonzero(data.dates >= _CUT)


@lru_cache(maxsize=2)
def _loaded(name: str, variant: str, folder: Path) -> Dataset:
    if name in datasets.names():
        return datasets.load(name, folder, variant=variant)
    return _of_file(Path(name), target=variant)


def _of_file(file: Path, *, target: str) -> Dataset:
    """Return an unknown file under a contract inferred from it; outcomes must be 0 and 1."""
    raw = pd.read_csv(file)
    inferred = inference.infer_schema(raw, name=file.name.split(".")[0], target=target)
    shaped = inference.shape(raw.drop(columns=target), inferred)
    return Dataset(
        file.name,
        variant=target,
        frame=shaped.frame,
        bad=raw[target].to_numpy(dtype=np.float64),
        schema=inferred.schema,
        caveat=f"Inferred; left out: {inferred.dropped}; repaired cells: {shaped.repairs}.",
    )
