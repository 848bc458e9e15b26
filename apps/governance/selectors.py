"""What can be asked about trainings and promotions."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from apps.accounts.models import Entity, User
from apps.decisions import selectors as decisions
from apps.governance import datasets, register_rules
from apps.governance.lifecycle import OPEN, PENDING
from apps.governance.models import (
    Condition,
    ModelDocument,
    Promotion,
    RegisterEntry,
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
    """Return all promotions with model and people, without the facts of their papers."""
    people = ("model__developed_by", "proposed_by", "validated_by", "decided_by", "owner")
    return Promotion.objects.select_related(*people).defer(*_HEAVY)


def promotions_locked() -> QuerySet[Promotion]:
    """Return promotions that nobody else changes until the transaction ends."""
    rows = Promotion.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("model", "report", "document", "entry", "owner", "decided_by")


def open_promotion(model: ModelVersion) -> Promotion | None:
    """Return the promotion of a model that waits for an answer or its day, or None."""
    return promotions().filter(model=model, status__in=OPEN).first()


def newest_report(model: ModelVersion) -> ValidationReport | None:
    """Return the newest validation report of a model, or None."""
    return all_reports().filter(model=model).first()


def document_of(model: ModelVersion) -> ModelDocument | None:
    """Return the draft of a model's documentation, else what was signed last, or None."""
    rows = ModelDocument.objects.filter(model=model).select_related("written_by", "signed_by")
    return rows.order_by("status", "-written_at").first()


def signed_document(model: ModelVersion) -> ModelDocument | None:
    """Return the documentation of a model that was signed last, or None."""
    rows = ModelDocument.objects.filter(model=model, status="signed")
    return rows.select_related("signed_by").order_by("-signed_at").first()


def subject(kind: str, code: str) -> str:
    """Return how the register names a thing."""
    return f"{kind}:{code}"


def subject_of(model: ModelVersion) -> str:
    """Return how the register names a model."""
    return subject("model", str(model.pk))


def register_entry(named: str) -> RegisterEntry | None:
    """Return the newest entry of a thing, or None."""
    rows = RegisterEntry.objects.filter(subject=named)
    people = ("owner", "approver", "recorded_by")
    return rows.select_related(*people).order_by("-recorded_at", "-pk").first()


def owned_models(actor: User) -> QuerySet[ModelVersion, Any]:
    """Return the keys of the models that a person owns by their newest entry."""
    newest = RegisterEntry.objects.filter(model=OuterRef("pk")).order_by("-recorded_at", "-pk")
    rows = ModelVersion.objects.annotate(owned_by=Subquery(newest.values("owner")[:1]))
    return rows.filter(owned_by=actor.pk).values("pk")


def is_registered(model: ModelVersion) -> bool:
    """Say whether the model has a complete entry in the register."""
    entry = register_entry(subject_of(model))
    return entry is not None and not register_rules.missing(entry.body)


def register_history(named: str) -> QuerySet[RegisterEntry]:
    """Return all entries of a thing, newest first."""
    rows = RegisterEntry.objects.filter(subject=named)
    return rows.select_related("owner", "approver", "recorded_by").order_by("-recorded_at")


def deciding(model: ModelVersion) -> ModelVersion | None:
    """Return the present champion of a model's segment with its manifest; None if it is this."""
    found = ModelVersion.objects.filter(segment=model.segment, status="champion").defer("body")
    return found.exclude(pk=model.pk).first()


def whole_model(model: ModelVersion) -> ModelVersion:
    """Return a model with its manifest."""
    return ModelVersion.objects.defer("body").get(pk=model.pk)


def kind_and_features(model: ModelVersion) -> tuple[str, list[str]]:
    """Return of what kind a model is and what it looks at."""
    return model.kind, [one["name"] for one in model.manifest["schema"]["features"]]


def policy_codes(end: datetime, now: datetime) -> set[str]:
    """Return the lenders that had a policy in force at a moment that is not to come."""
    day = min(end, now).date()
    return {
        entity.code
        for entity in Entity.objects.order_by("code")
        if decisions.policy_in_force(entity, day) is not None
    }


def title_of(kind: str, code: str) -> str:
    """Return what a thing that nobody has entered yet is called: a policy by its lender."""
    lender = Entity.objects.filter(code=code).values_list("name", flat=True).first()
    if kind == RegisterEntry.Kind.POLICY and lender:
        return _("Credit policy of %(lender)s") % {"lender": lender}
    return code


def has_policy(code: str) -> bool:
    """Say whether there is a lender whose policy could be entered."""
    return Entity.objects.filter(code=code).exists()


def documented_facts(model: ModelVersion) -> dict[str, Any]:
    """Return what the machine knows of a model for its documentation, as JSON values."""
    run = TrainingRun.objects.get(model=model)
    report, entry = newest_report(model), register_entry(subject_of(model))
    manifest = model.manifest
    return {
        "model": str(model),
        "sha256": model.sha256,
        "kind": model.kind,
        "segment": model.segment,
        "features": [one["name"] for one in manifest["schema"]["features"]],
        "schema_hash": model.schema_hash,
        "calibration": manifest["calibration"].get("method", ""),
        "seed": manifest.get("config", {}).get("seed"),
        "libraries": manifest.get("libraries", {}),
        "learned_from": run.from_date.isoformat(),
        "learned_to": run.last_learned_day.isoformat(),
        "rows": run.rows,
        "defaults": run.defaults,
        "dataset_sha256": run.dataset_sha256,
        "report_sha256": report.sha256 if report else "",
        "tier": entry.tier if entry else "",
        "replaces": str(found) if (found := scoring.champion(model.segment)) else "",
    }


def is_against_champion(report: ValidationReport | None, model: ModelVersion) -> bool:
    """Say whether a report compares a model with the champion of now, or with none as there is."""
    if report is None:
        return False
    measured, now = report.facts["champion"], deciding(model)
    return (measured and measured["sha256"]) == (now and now.sha256)


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


def condition_of(promotion: Promotion, by: datetime | None = None) -> Condition | None:
    """Return the condition that counts, or that counted by a moment; None where none was set."""
    rows = promotion.conditions.select_related("set_by").order_by("-set_at", "-pk")
    return (rows if by is None else rows.filter(set_at__lt=by)).first()


def has_lapsed(promotion: Promotion, day: date, by: datetime | None = None) -> bool:
    """Say whether the approval's end, or that of an exception it rests on, lies before a day.

    Of a gate that was let pass twice the later end counts. An approval that was renewed rests on
    what was said then, and no more on exceptions. What was said after `by` does not count.
    """
    condition = condition_of(promotion, by)
    if condition is not None and condition.until is not None and condition.until < day:
        return True
    decided = promotion.decided_at
    if condition is not None and decided is not None and condition.set_at > decided:
        return False
    granted = promotion.exceptions.all()
    granted = granted if by is None else granted.filter(granted_at__lt=by)
    ends = granted.order_by().values("gate").annotate(last=Max("until"))
    return ends.filter(last__lt=day).exists()


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
