"""Which loans to act on: a model of behaviour beside the plain rule, on a real record held back.

For each fifth of 45,985 accounts a champion learns from the other four, from the months whose
outcome was known when the judged year began; judged are the accounts of the fifth in that year,
all five together. Precision at k is the share of the k loans put first that were 90 days past due
within six months; ties count by their fair share. The rule warns after three ends of months in a
row that are 30 days past due or more; days past due alone are the other peer.
"""

import os
from pathlib import Path

import numpy as np

from benchmarks import measuring
from benchmarks.measuring import Figure
from ml import discrimination, metrics, presets, training
from ml.behaviour import Floats
from ml.behaviour_schema import SCHEMA
from ml.datasets import credit_record
from ml.datasets.credit_record import FOLDS, Sample
from ml.leakage import LeakageConfig
from ml.training import TrainingConfig

COUNTS = (100, 500, 1000, 2000, 5000)


def main() -> None:
    """Judge and report."""
    asked = measuring.options(__doc__ or "", folds=FOLDS)
    folder = Path(os.environ.get("DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
    if not (folder / credit_record.FILE).is_file():
        print(f"No {credit_record.FILE} in {folder}: name the folder of the public sets with DATA.")
        return
    record = credit_record.read(folder)
    pairs = [credit_record.held_back(record, fold=fold) for fold in range(asked.folds)]
    model = np.concatenate([_judged(early, late) for early, late in pairs])
    bad, rule, days = (
        np.concatenate([part(late) for _early, late in pairs])
        for part in (lambda s: s.bad, lambda s: s.by_rule, lambda s: s.frame["days_now"])
    )
    measuring.report(
        "Early warning by behaviour",
        [*_ordering(model, days, bad), *_precision(model, rule, days, bad)],
        on="",
        recorded=asked.record,
        command="make bench-behaviour",
    )


def _judged(early: Sample, late: Sample) -> Floats:
    """Return the PDs of loans held back, by a champion that learned from the others."""
    config = TrainingConfig(model=presets.CHAMPION, leakage=LeakageConfig(behavioural=True))
    found = training.train(
        early.frame,
        early.bad,
        schema=SCHEMA,
        config=config,
        weight=early.weight,
        groups=early.loan,
    )
    margins = found.model.margins(SCHEMA.encode(late.frame).matrix)
    return found.calibration.probability_of(margins)


def _ordering(model: Floats, days: Floats, bad: Floats) -> list[Figure]:
    by_model, by_days = metrics.auc(model, bad), metrics.auc(days, bad)
    if by_model is None or by_days is None:
        raise ValueError("Nobody of those held back was bad, or everybody.")
    n = len(bad)
    known = ("observed", float(bad.mean()))
    return [
        measuring.figure("AUC", by_model, "", peer=("days past due", by_days), goal="", n=n),
        measuring.figure("mean PD", float(model.mean()), "", peer=known, goal="", n=n),
    ]


def _precision(model: Floats, rule: Floats, days: Floats, bad: Floats) -> list[Figure]:
    found = []
    for count in (int(rule.sum()), *COUNTS):
        mine, *others = (
            discrimination.top(order, bad, count=count).precision for order in (model, rule, days)
        )
        name = f"precision at {count:,}"
        for peer, value in zip(("the rule", "days past due"), others, strict=True):
            goal = "above the rule" if peer == "the rule" else ""
            found.append(
                measuring.figure(name, mine, "", peer=(peer, value), goal=goal, n=len(bad))
            )
    return found


if __name__ == "__main__":
    main()
