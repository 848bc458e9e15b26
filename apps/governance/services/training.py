"""Train a model on finished loans, test it on later ones, and register it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import DomainError, NotPermitted
from apps.governance import datasets, kinds, later_loans, policies
from apps.governance.datasets import Sample
from apps.governance.errors import TrainingImpossible
from apps.governance.models import TrainingRun
from apps.products.models import Product
from apps.scoring import model_words
from apps.scoring import services as scoring
from ml import artefact as artefacts
from ml import training
from ml.application_schema import SCHEMA
from ml.artefact import Artefact
from ml.leakage import LeakageFound
from ml.training import TrainedModel, TrainingConfig


@dataclass(frozen=True, kw_only=True)
class Window:
    """Which loans to learn from, [from_date, to_date), and which later ones to test on.

    Without `holdout_to_date` the newest share of the window itself is held out and tested on.
    """

    from_date: date
    to_date: date
    holdout_to_date: date | None = None


def train(
    *,
    actor: User,
    segment: str,
    from_date: date,
    to_date: date,
    holdout_to_date: date | None = None,
    kind: str = kinds.DEFAULT,
    config: TrainingConfig | None = None,
    now: datetime,
) -> TrainingRun:
    """Return the run that trained and registered a model on loans paid out in the window.

    It decides nothing until it is promoted. The test sample is what was paid out from `to_date`
    to before `holdout_to_date`; without that date, the newest loans of the window, from which
    the model then does not learn. Rows and defaults of the run are those it learned from; the
    hash is of the whole window. `config` instead of the kind's own is for tests. Raises
    NotPermitted, TrainingImpossible with the reason, and ModelRefused when this very model is
    registered already.
    """
    window = Window(from_date=from_date, to_date=to_date, holdout_to_date=holdout_to_date)
    check(actor=actor, segment=segment, window=window, kind=kind)
    sample = datasets.build(segment=segment, from_date=from_date, to_date=to_date)
    trained = _trained(sample, window, config or kinds.config_of(kind))
    packed = artefacts.pack(trained)
    figures = {
        "development": later_loans.counted(trained.metrics),
        "refused": sample.refused,
        "unseen": trained.unseen,
        **_out_of_time(segment, window, sample, trained=trained, packed=packed),
    }
    figures |= _of_manifest(packed.manifest, figures["holdout"])
    run = TrainingRun(
        segment=segment,
        from_date=from_date,
        to_date=to_date,
        holdout_to_date=holdout_to_date,
        rows=trained.rows,
        defaults=figures["development"]["bads"],
        dataset_sha256=sample.sha256,
        figures=figures,
        started_by=actor,
        trained_at=now,
    )
    return _register(actor, run=run, packed=packed, name=_name(run, packed.kind))


def check(*, actor: User, segment: str, window: Window, kind: str) -> None:
    """Raise NotPermitted, or DomainError with a sentence for each wrong input."""
    if not actor.has_perm(policies.TRAIN):
        raise NotPermitted("not_permitted", _("Your role does not train models."))
    errors = {}
    if kind not in kinds.OFFERS:
        errors["kind"] = _("No such kind of model can be trained.")
    if not Product.objects.filter(scoring_segment=segment).exists():
        errors["segment"] = _("No product is scored in this segment.")
    if window.to_date <= window.from_date:
        errors["to_date"] = _("The window must end after it begins.")
    elif window.holdout_to_date is not None and window.holdout_to_date <= window.to_date:
        errors["holdout_to_date"] = _("The test window must end after the training window.")
    if errors:
        raise DomainError("training_window", _("These loans cannot be trained on."), fields=errors)


def _trained(sample: Sample, window: Window, config: TrainingConfig) -> TrainedModel:
    if not sample.rows:
        raise TrainingImpossible(
            "no_finished_loans",
            _("No finished loan of this segment was paid out in these dates."),
        )
    try:
        return training.train(
            sample.frame,
            sample.bad,
            schema=SCHEMA,
            config=config,
            dates=sample.paid_out if window.holdout_to_date is None else None,
            groups=sample.groups,
        )
    except training.TrainingRefused as refusal:
        raise TrainingImpossible("training_refused", str(refusal)) from refusal
    except LeakageFound as found:
        raise TrainingImpossible("leakage_found", _leakage_sentence(found)) from found


def _leakage_sentence(found: LeakageFound) -> str:
    names = dict.fromkeys(model_words.suspect(one.feature) for one in found.report.stops)
    return _(
        "Nothing was trained. These tell how the loans ended, so they were hardly known when "
        "people applied: %(features)s. (%(details)s)"
    ) % {"features": ", ".join(names), "details": str(found)}


def _of_manifest(manifest: Mapping[str, Any], holdout: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what an approver reads about the model itself, under the manifest's own names."""
    later = (holdout or {}).get("warning")
    report = manifest["leakage"]
    return {
        "model": manifest["model"],
        "calibration": manifest["calibration"],
        "calibration_choice": manifest["calibration_choice"],
        "leakage": {"joint_auc": report["joint_auc"], "findings": list(report["findings"])},
        "warnings": [*manifest["warnings"], *([later] if later else [])],
    }


def _out_of_time(
    segment: str, window: Window, sample: Sample, *, trained: TrainedModel, packed: Artefact
) -> dict[str, Any]:
    """Return the figures on later loans: of the new model, and of the champion on the same."""
    if window.holdout_to_date is None:
        return later_loans.on_the_newest(segment=segment, sample=sample, trained=trained)
    return later_loans.on_a_window(
        segment=segment, from_date=window.to_date, to_date=window.holdout_to_date, packed=packed
    )


@transaction.atomic
def _register(actor: User, *, run: TrainingRun, packed: Artefact, name: str) -> TrainingRun:
    run.model = scoring.register_model(
        actor=actor, segment=run.segment, name=name, artefact=packed, now=run.trained_at
    )
    run.save()
    audit.record(
        actor,
        "governance.trained",
        run,
        segment=run.segment,
        model=str(run.model),
        rows=run.rows,
        defaults=run.defaults,
        dataset_sha256=run.dataset_sha256,
    )
    return run


def _name(run: TrainingRun, kind: str) -> str:
    # A name is stored, so it does not depend on the language of who asked.
    with translation.override("en"):
        family = model_words.kind(kind)
    return f"{family}, loans of {run.from_date:%b %Y} to {run.last_learned_day:%b %Y}"
