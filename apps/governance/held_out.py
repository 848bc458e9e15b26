"""The loans a model is validated on, those it learned from, and all that is measured on them."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from django.utils.translation import gettext as _

from apps.governance import cut_offs, datasets, kinds, protected_groups, proving
from apps.governance import report_facts as facts
from apps.governance import report_probes as probes
from apps.governance.datasets import Sample
from apps.governance.errors import ReportImpossible
from apps.governance.models import TrainingRun
from apps.governance.report_facts import Facts, Floats, Rival, Rows
from apps.scoring import champion, model_words
from apps.scoring import selectors as scoring
from apps.scoring.errors import ScoringFailed
from apps.scoring.models import ModelVersion
from ml import artefact as artefacts
from ml.application_schema import SCHEMA
from ml.scorecard import ScorecardConfig
from ml.serving import Scorer
from ml.training import TrainingConfig, TrainingRefused

FORMAT = "validation report 1"
# By these the book is cut into segments; each is a category of the schema.
SEGMENTS = ("purpose", "employment_type", "home_ownership")


@dataclass(frozen=True, eq=False)
class Loans:
    """All loans of a training's window, the part learned from, and the later ones judged on."""

    whole: Sample
    learned: pd.DataFrame
    learned_bad: Floats
    later: pd.DataFrame
    later_bad: Floats
    paid_out: npt.NDArray[np.datetime64]
    customers: list[Any]
    refused: dict[str, int]
    later_sha256: str


def loans(run: TrainingRun) -> Loans:
    """Return the loans of a training as they are today. Raises ReportImpossible without later ones.

    The hash of the whole window tells whether they are those of then.
    """
    whole = datasets.build(segment=run.segment, from_date=run.from_date, to_date=run.to_date)
    if run.holdout_to_date is not None:
        other = datasets.build(
            segment=run.segment, from_date=run.to_date, to_date=run.holdout_to_date
        )
        newer = np.ones(other.rows, dtype=bool)
        older = np.ones(whole.rows, dtype=bool)
    else:
        other, older = whole, whole.paid_out <= np.datetime64(run.last_learned_day)
        newer = ~older
    if not newer.any() or not older.any():
        raise ReportImpossible(
            "no_later_loans",
            _("There are no later loans with a known outcome to validate this model on."),
        )
    return Loans(
        whole=whole,
        learned=whole.frame[older],
        learned_bad=whole.bad[older],
        later=other.frame[newer],
        later_bad=other.bad[newer],
        paid_out=other.paid_out[newer],
        customers=[key for key, is_newer in zip(other.customers, newer, strict=True) if is_newer],
        refused=other.refused,
        later_sha256=other.sha256,
    )


def measure(run: TrainingRun, *, now: datetime) -> Facts:
    """Return all facts of the validation report of a run's model.

    Raises ReportImpossible without later loans, ScoringFailed for a model that cannot be read.
    """
    found = loans(run)
    scorer = champion.scorer_of(run.model)
    later = _rows(scorer, found.later, found.later_bad)
    cut_off, whose = _cut_off(run.segment, later, now)
    days = [date.fromisoformat(str(day)) for day in found.paid_out]
    groups = protected_groups.of_borrowers(run.segment, found.customers, days)
    measured = {
        "format": FORMAT,
        "model": _model(run, scorer),
        "data": _data(run, found, days),
        "cut_off": {"below": cut_off, "whose": whose},
        "ranking": facts.ranking(later.pd, later.bad),
        "calibration": facts.calibration(later.pd, later.bad),
        "steadiness": facts.steadiness(
            later,
            development=_rows(scorer, found.learned, found.learned_bad),
            out_of_fold_auc=run.figures["development"].get("auc"),
            months=found.paid_out,
            segments={name: list(found.later[name]) for name in SEGMENTS},
        ),
        "population": facts.population(
            run.model.manifest.get("baseline"), scorer.schema, later, scale=scorer.scale
        ),
        "champion": facts.benchmark(later.pd, later.bad, _champion(run, found)),
        "scorecard": facts.benchmark(later.pd, later.bad, _scorecard(run, found)),
        "explanation": probes.explanation(scorer, later),
        "robustness": probes.robustness(scorer, later, cut_off=cut_off),
        "treatment": facts.treatment(later.pd, later.bad, groups, cut_off=cut_off),
        "proof": proving.prove(run, found.whole, found.later, later.pd, offered=_offered(run)),
        "speed": probes.speed(scorer, SCHEMA.to_rows(found.later.head(200))),
    }
    plain: Facts = facts.plain(measured)
    return plain


def _rows(scorer: Scorer, frame: pd.DataFrame, bad: Floats) -> Rows:
    return Rows(scorer.schema.to_matrix(frame), bad, scorer.score_frame(frame))


def _model(run: TrainingRun, scorer: Scorer) -> Facts:
    model, manifest = run.model, run.model.manifest
    return {
        "name": str(model),
        "title": model.name,
        "segment": model.segment,
        "sha256": model.sha256,
        "schema_hash": model.schema_hash,
        "kind": model.kind,
        "features": list(scorer.schema.names),
        "seed": manifest.get("config", {}).get("seed"),
        "calibration": manifest["calibration"].get("method", ""),
        "libraries": manifest.get("libraries", {}),
    }


def _data(run: TrainingRun, found: Loans, days: list[date]) -> Facts:
    return {
        "from": run.from_date.isoformat(),
        "to": run.last_learned_day.isoformat(),
        "later_from": min(days).isoformat(),
        "later_to": max(days).isoformat(),
        "learned_rows": len(found.learned_bad),
        "learned_bads": int(found.learned_bad.sum()),
        "later_rows": len(found.later_bad),
        "later_bads": int(found.later_bad.sum()),
        "held_out": run.holdout_to_date is None,
        "sha256": found.whole.sha256,
        "later_sha256": found.later_sha256,
        "as_trained": found.whole.sha256 == run.dataset_sha256,
        "refused": found.refused,
    }


def _cut_off(segment: str, later: Rows, now: datetime) -> tuple[float, str]:
    """Return below which PD is approved, and who says so: the policy, else the middle of all."""
    found: Decimal | None = cut_offs.of_segment(segment, now)
    if found is not None and 0 < found < 1:
        return float(found), "policy"
    return float(np.median(later.pd)), "median"


def _champion(run: TrainingRun, found: Loans) -> Rival | None:
    """Return the present champion on the later loans; None without one or where it is this."""
    deciding = scoring.champion(run.segment)
    if deciding is None or deciding.pk == run.model_id:
        return None
    learned = TrainingRun.objects.filter(model=deciding).first()
    first = date.fromisoformat(str(found.paid_out.min()))
    return Rival(
        name=str(deciding),
        sha256=deciding.sha256,
        pd=_scored(deciding, found),
        has_learned_from_them=learned is not None and learned.last_learned_day >= first,
    )


def _scored(model: ModelVersion, found: Loans) -> Floats | None:
    """Return a model's probabilities on the later loans; None where it cannot be read."""
    try:
        return champion.scorer_of(model).score_frame(found.later)
    except ScoringFailed:
        return None


def _scorecard(run: TrainingRun, found: Loans) -> Rival | None:
    """Return a logistic scorecard of the same loans; None for one, or where none can be made."""
    if run.model.kind == "scorecard":
        return None
    config = run.model.manifest.get("config", {})
    plain = TrainingConfig(model=ScorecardConfig(), folds=config.get("folds", 5))
    try:
        packed = artefacts.pack(proving.train_like(run, found.whole, plain))
    except (TrainingRefused, ValueError):
        return None
    scorer = artefacts.load(packed.body, packed.manifest, expected_sha256=packed.sha256)
    return Rival(
        name=str(model_words.kind("scorecard")),
        sha256=packed.sha256,
        pd=scorer.score_frame(found.later),
        has_learned_from_them=False,
    )


def _offered(run: TrainingRun) -> TrainingConfig | None:
    kind = run.model.kind
    return kinds.config_of(kind) if kind in kinds.OFFERS else None
