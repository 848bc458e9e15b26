"""The register as it stood at the end of a day: what was entered, and what the rest of it tells.

Nothing is kept twice: the state of a model comes from the audit trail, its validation from the
promotions, its papers from what was signed, each as of the day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.audit.models import Event
from apps.governance import gate_words, register_rules, register_words, selectors
from apps.governance.models import (
    Finding,
    GateSet,
    ModelDocument,
    Promotion,
    RegisterEntry,
    TrainingRun,
    ValidationReport,
)
from apps.products.models import Product
from apps.scoring import feature_words, model_words
from apps.scoring.models import ModelVersion

_MOVES = {
    "scoring.model_registered": "development",
    "scoring.model_promoted": "active",
    "scoring.model_rolled_back": "active",
    "scoring.model_retired": "inactive",
}


# The name of a column with its value; a day and a number are written as where they are read asks.
Field = tuple[str, str | date | int]


@dataclass(frozen=True)
class Row:
    """One thing in the register on a day; `fields` are all its columns with their names."""

    kind: str
    kind_words: str
    code: str
    title: str
    status: str
    status_words: str
    tier: str
    tier_words: str
    owner: str
    approver: str
    validated_on: date | None
    next_validation: date | None
    is_due: bool
    open_findings: int
    missing: list[str]
    fields: list[Field]


def rows(day: date, *, now: datetime) -> list[Row]:
    """Return everything in the register on a day: models first, then policies and vendors."""
    end = _end(day)
    models = ModelVersion.objects.filter(created_at__lt=end).select_related("developed_by")
    found = [_of_model(model, end) for model in models.defer("body").order_by("segment", "number")]
    others = RegisterEntry.objects.filter(recorded_at__lt=end).exclude(kind="model")
    subjects = set(others.values_list("subject", flat=True))
    subjects |= {selectors.subject("policy", code) for code in selectors.policy_codes(end, now)}
    return [*found, *(_of_other(named, end) for named in sorted(subjects))]


def row(named: str, day: date, *, now: datetime) -> Row | None:
    """Return one thing of the register; None for one that is not there on the day."""
    found = [one for one in rows(day, now=now) if selectors.subject(one.kind, one.code) == named]
    return found[0] if found else None


def table(day: date, *, now: datetime) -> Iterator[Sequence[str]]:
    """Yield the register as a table: a heading, then a line for each thing."""
    found = rows(day, now=now)
    names = list(dict.fromkeys(name for one in found for name, _value in one.fields))
    yield [_("As of"), *names]
    for one in found:
        values = dict(one.fields)
        yield [day.isoformat(), *(str(values.get(name, "")) for name in names)]


def _end(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC)


def _last(end: datetime) -> date:
    """Return the day that ends at the moment."""
    return end.date() - timedelta(days=1)


def _entry(named: str, end: datetime) -> RegisterEntry | None:
    rows_ = RegisterEntry.objects.filter(subject=named, recorded_at__lt=end)
    return rows_.select_related("owner", "approver").order_by("-recorded_at", "-pk").first()


def _of_model(model: ModelVersion, end: datetime) -> Row:
    entry = _entry(selectors.subject_of(model), end)
    promotion = _validation(model, end)
    validated = promotion.validated_at.date() if promotion and promotion.validated_at else None
    status = _status(model, promotion, end)
    tier = entry.tier if entry else ""
    due = _next(validated, tier, end)
    findings = _findings(model, end)
    return Row(
        kind="model",
        kind_words=_("Model"),
        code=str(model.pk),
        title=entry.title if entry else str(model),
        status=status,
        status_words=str(register_words.STATUSES[status]),
        tier=tier,
        tier_words=str(gate_words.LEVELS.get(tier, "")),
        owner=entry.owner.name if entry else "",
        approver=entry.approver.name if entry else "",
        validated_on=validated,
        next_validation=due,
        is_due=due is not None and due < end.date() and status in ("active", "restricted"),
        open_findings=len(findings),
        missing=register_rules.missing(entry.body) if entry else list(register_rules.TEXTS),
        fields=[
            (_("Kind"), _("Model")),
            (_("Name"), entry.title if entry else str(model)),
            (_("Version"), str(model.number)),
            (_("State"), str(register_words.STATUSES[status])),
            *entered(entry),
            *_made(model),
            *_papers(model, end),
            (_("Validated on"), validated or ""),
            (_("Validated by"), _name(promotion and promotion.validated_by)),
            (
                _("Outcome of the validation"),
                promotion.get_validation_display() if promotion else "",
            ),
            (_("Approved by"), _name(promotion and _approver(promotion, end))),
            (_("Next validation by"), due or ""),
            (_("Open findings"), "; ".join(_said(one) for one in findings)),
        ],
    )


def _of_other(named: str, end: datetime) -> Row:
    kind, _colon, code = named.partition(":")
    entry = _entry(named, end)
    status = "active" if entry else "not_entered"
    title = entry.title if entry else selectors.title_of(kind, code)
    kind_words = str(RegisterEntry.Kind(kind).label)
    return Row(
        kind=kind,
        kind_words=kind_words,
        code=code,
        title=title,
        status=status,
        status_words=str(register_words.STATUSES[status]),
        tier=entry.tier if entry else "",
        tier_words=str(gate_words.LEVELS[entry.tier]) if entry else "",
        owner=entry.owner.name if entry else "",
        approver=entry.approver.name if entry else "",
        validated_on=None,
        next_validation=None,
        is_due=False,
        open_findings=0,
        missing=register_rules.missing(entry.body) if entry else list(register_rules.TEXTS),
        fields=[
            (_("Kind"), kind_words),
            (_("Name"), title),
            (_("State"), str(register_words.STATUSES[status])),
            *entered(entry),
        ],
    )


def _status(model: ModelVersion, promotion: Promotion | None, end: datetime) -> str:
    """Return the state of a model on a day, by the acts that the audit trail kept until then."""
    acts = Event.objects.filter(
        subject=audit.reference(model), verb__in=_MOVES, occurred_at__lt=end
    )
    last = acts.order_by("-occurred_at", "-pk").values_list("verb", flat=True).first()
    status = _MOVES.get(last or "", "development")
    if status == "active":
        return "restricted" if promotion and _is_restricted(promotion, end) else "active"
    if status != "development":
        return status
    if promotion is not None:
        return "approved" if _approver(promotion, end) else "validated"
    return "development" if selectors.newest_report(model) else "revalidation_required"


def _is_restricted(promotion: Promotion, end: datetime) -> bool:
    """Say whether the approval held until a day only on the day, or had lapsed on it."""
    condition = selectors.condition_of(promotion, end)
    holds_until = condition is not None and condition.until is not None
    return holds_until or selectors.has_lapsed(promotion, _last(end), end)


def _approver(promotion: Promotion, end: datetime) -> User | None:
    """Return who had approved a promotion by the end of a day; None while nobody had.

    Who refuses leaves no gates; neither did those who approved before there were gates.
    """
    if promotion.decided_at is None or promotion.decided_at >= end:
        return None
    was_approved = promotion.by_two or promotion.gate_set_id is not None
    is_gone = promotion.status == "withdrawn" and _was(promotion, "withdrawn", end)
    return promotion.decided_by if was_approved and not is_gone else None


def _was(promotion: Promotion, step: str, end: datetime) -> bool:
    """Say whether a promotion was refused or withdrawn before the end, by the audit trail."""
    acts = Event.objects.filter(subject=audit.reference(promotion), occurred_at__lt=end)
    return acts.filter(verb=f"governance.promotion_{step}").exists()


def _validation(model: ModelVersion, end: datetime) -> Promotion | None:
    """Return the newest promotion whose model a validator had accepted and nobody refused then."""
    accepted = Promotion.objects.filter(
        model=model, validated_at__lt=end, validation__in=("accepted", "with_findings")
    )
    rows = accepted.select_related("validated_by", "decided_by").order_by("-validated_at")
    standing = (one for one in rows if one.status != "refused" or not _was(one, "refused", end))
    return next(standing, None)


def _next(validated: date | None, tier: str, end: datetime) -> date | None:
    found = GateSet.objects.in_force(_last(end))
    if found is None or not tier:
        return None
    return register_rules.next_validation(validated, tier, found.body)


def _findings(model: ModelVersion, end: datetime) -> list[Finding]:
    raised = Finding.objects.filter(model=model, raised_at__lt=end).order_by("due_on")
    return [one for one in raised if one.closed_at is None or one.closed_at >= end]


def _said(one: Finding) -> str:
    return f"{one.get_severity_display()}, {formats.date_format(one.due_on)}: {one.what}"


def entered(entry: RegisterEntry | None) -> list[Field]:
    """Return what people entered, with the names of the columns."""
    texts = entry.body if entry else {}
    level = {name: getattr(entry, name, "") for name in register_rules.PARTS}
    return [
        (_("Owner"), entry.owner.name if entry else ""),
        (_("Approver"), entry.approver.name if entry else ""),
        (_("Tier"), str(gate_words.LEVELS.get(entry.tier, "")) if entry else ""),
        *(
            (str(register_words.PARTS[name]), str(gate_words.LEVELS.get(level[name], "")))
            for name in register_rules.PARTS
        ),
        *((str(register_words.TEXTS[name]), texts.get(name, "")) for name in register_rules.TEXTS),
    ]


def _made(model: ModelVersion) -> list[Field]:
    """Return what the model itself and its training tell."""
    run = TrainingRun.objects.filter(model=model).first()
    manifest = model.manifest
    products = Product.objects.filter(scoring_segment=model.segment).select_related("entity")
    libraries = manifest.get("libraries", {})
    features = manifest.get("schema", {}).get("features", [])
    level = manifest.get("calibration", {})
    return [
        (_("Segment"), model.segment),
        (_("Products"), ", ".join(sorted({one.name for one in products}))),
        (_("Countries"), ", ".join(sorted({one.entity.country for one in products}))),
        (_("Developer"), _name(model.developed_by)),
        (_("Kind of model"), str(model_words.kind(model.kind)) if manifest else ""),
        (_("Features"), "; ".join(feature_words.feature(one["name"]) for one in features)),
        (_("Protected attributes among them"), _("none")),
        (_("Target"), _("default by the end of the loan") if run else ""),
        (_("Learned from"), run.from_date if run else ""),
        (_("Last day learned from"), run.last_learned_day if run else ""),
        (_("Loans learned from"), run.rows if run else ""),
        (_("Hash of the model"), model.sha256),
        (_("Hash of the data"), run.dataset_sha256 if run else ""),
        (_("Libraries"), ", ".join(f"{name} {number}" for name, number in libraries.items())),
        (_("Seed"), str(manifest.get("config", {}).get("seed", ""))),
        (_("Calibration"), model_words.calibration(level["method"], "") if level else ""),
        (_("Scale"), model_words.scale(manifest["scale"]) if manifest else ""),
    ]


def _papers(model: ModelVersion, end: datetime) -> list[Field]:
    """Return what the signed documentation and the newest report told before the end."""
    signed = ModelDocument.objects.filter(model=model, signed_at__lt=end).order_by("-signed_at")
    document, body = signed.first(), {}
    if document is not None:
        body = document.body
    reports = ValidationReport.objects.filter(model=model, made_at__lt=end).order_by("-made_at")
    report = reports.defer("facts").first()
    limits = "; ".join(
        f"{one['limitation']} ({one['mitigant']})" for one in body.get("limitations", [])
    )
    return [
        (_("Purpose"), body.get("purpose", "")),
        (_("Whom it is for"), body.get("intended", "")),
        (_("Whom it is not for"), body.get("excluded", "")),
        (_("Prohibited uses"), body.get("prohibited", "")),
        (_("Assumptions"), body.get("assumptions", "")),
        (_("Limitations and mitigants"), limits),
        (_("Hash of the documentation"), document.sha256 if document else ""),
        (_("Hash of the report"), report.sha256 if report else ""),
    ]


def _name(person: Any) -> str:
    return person.name if person else ""
