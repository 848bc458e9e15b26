"""What can be asked about trainings and promotions."""

from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet

from apps.governance import datasets
from apps.governance.lifecycle import PENDING
from apps.governance.models import (
    Promotion,
    ReportRequest,
    TrainingRequest,
    TrainingRun,
    ValidationReport,
)
from apps.products.models import Product
from apps.scoring import selectors as scoring
from apps.scoring.models import ModelVersion

# Model texts and manifests are large, and no list shows them.
_HEAVY = ("model__body", "model__manifest")


def runs() -> QuerySet[TrainingRun]:
    """Return all training runs with model and analyst."""
    return TrainingRun.objects.select_related("model", "started_by").defer(*_HEAVY)


def newest_requests(limit: int = 5) -> list[TrainingRequest]:
    """Return what is asked for and did not end well, newest first: pending and failed ones."""
    rows = TrainingRequest.objects.select_related("requested_by")
    return list(rows.exclude(status="completed").order_by("-requested_at")[:limit])


def is_training() -> bool:
    """Say whether a request waits or runs."""
    return TrainingRequest.objects.filter(status__in=PENDING).exists()


def promotions() -> QuerySet[Promotion]:
    """Return all promotions with model and people."""
    return Promotion.objects.select_related(
        "model__developed_by", "proposed_by", "decided_by"
    ).defer(*_HEAVY)


def open_promotion(model: ModelVersion) -> Promotion | None:
    """Return the promotion of a model that waits for a decision, or None."""
    return promotions().filter(model=model, status="proposed").first()


def all_reports() -> QuerySet[ValidationReport]:
    """Return all validation reports with model and people, newest first."""
    rows = ValidationReport.objects.select_related("model__training_run", "asked_by")
    return rows.defer(*_HEAVY).order_by("-made_at", "-id")


def reports(model: ModelVersion) -> QuerySet[ValidationReport]:
    """Return the reports of a model without their facts, newest first."""
    return all_reports().filter(model=model).defer("facts", *_HEAVY)


def report_request(model: ModelVersion) -> ReportRequest | None:
    """Return the newest request for a report that did not end well; None where none is newer."""
    newest = ReportRequest.objects.filter(model=model).order_by("-requested_at").first()
    return None if newest is None or newest.status == "completed" else newest


def segments() -> list[str]:
    """Return the segments in which products are scored."""
    return sorted(set(Product.objects.values_list("scoring_segment", flat=True)))


def usual_window(segment: str) -> tuple[date, date, date] | None:
    """Return (from, to, holdout to): the latest quarter of the finished loans is the test.

    Dates of payment; the test begins with a month. None where nothing is finished.
    """
    found = datasets.finished(segment).values_list("loan__disbursed_date", flat=True)
    days = [day for day in found if day is not None]
    if not days:
        return None
    first, last = days[0], days[-1]
    split = days[3 * len(days) // 4].replace(day=1)
    return first, split, last + timedelta(days=1)


def evidence(model: ModelVersion) -> dict[str, Any] | None:
    """Return what an approver judges a model by, as JSON values; None without a training run."""
    run = TrainingRun.objects.filter(model=model).first()
    if run is None:
        return None
    deciding = scoring.champion(model.segment)
    return {
        "model": str(model),
        "sha256": model.sha256,
        "schema_hash": model.schema_hash,
        "segment": model.segment,
        "from_date": run.from_date.isoformat(),
        "to_date": run.to_date.isoformat(),
        "holdout_to_date": run.holdout_to_date.isoformat() if run.holdout_to_date else None,
        "rows": run.rows,
        "defaults": run.defaults,
        "dataset_sha256": run.dataset_sha256,
        "figures": run.figures,
        "replaces": None if deciding is None else str(deciding),
    }
