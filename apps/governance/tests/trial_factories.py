"""Models that are tried beside the champion, for tests."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group

from apps.accounts.models import Branch, User
from apps.decisions.tests import factories as decisions
from apps.governance import selectors, services, standing
from apps.governance.models import (
    GateSet,
    ModelDocument,
    Promotion,
    TrainingRun,
    Trial,
    ValidationReport,
)
from apps.governance.services import Plan
from apps.governance.tests import factories as base
from apps.scoring import champion
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories as scoring

NOW: datetime = decisions.NOW
BEFORE = NOW - timedelta(days=1)
UNTIL = NOW + timedelta(days=30)
SEGMENT = decisions.SEGMENT
HALF = Decimal("0.5")


def plan(kind: str, **changes: Any) -> Plan:
    """Return a plan; of a challenger half of the traffic and 8 against 11 per cent."""
    given: dict[str, Any] = {"kind": kind, "until": UNTIL}
    if kind == "challenger":
        given |= {
            "share": HALF,
            "baseline": Decimal("0.08"),
            "difference": Decimal("0.03"),
            "power": Decimal("0.8"),
        }
    return Plan(**{**given, **changes})


def person(rita: User, name: str, role: str) -> User:
    """Return somebody beside rita, made where there is none."""
    email = f"{name.lower()}@lender.example"
    found = User.objects.filter(email=email).first()
    if found is None:
        found = User.objects.create(email=email, name=name, branch=rita.branch)
        found.groups.set(Group.objects.filter(name=role))
    return User.objects.get(pk=found.pk)


def facts(**changes: Any) -> dict[str, Any]:
    """Return of a validation report what the gates read: a model that passes them."""
    deciding = ModelVersion.objects.filter(segment=SEGMENT, status="champion").first()
    return {
        "ranking": {"auc": {"value": 0.75}, "ks": {"ks": 0.4}},
        "calibration": {"error": 0.01, "hosmer_lemeshow": {"p_value": 0.5}, "red_bands": 0},
        "population": {"score": {"psi": 0.01}},
        "steadiness": {"auc_drop": 0.0},
        "champion": deciding and {"sha256": deciding.sha256, "auc": 0.74},
        "treatment": [],
        "speed": {"slow_ms": 1.0},
        "proof": {"same": True},
        **changes,
    }


def asked_for(model: ModelVersion, rita: User, **changes: Any) -> Promotion:
    """Return the promotion of a model that is documented and registered; Owen owns it."""
    owner = person(rita, "Owen", "credit_manager")
    second = person(rita, "Gina", "model_approver")
    if not GateSet.objects.exists():
        vera = person(rita, "Vito", "model_validator")
        asked = services.propose_gates(
            actor=vera, effective_from=BEFORE.date(), body=base.EASY, reason="First", now=BEFORE
        )
        services.approve_gates(actor=second, gate_set=asked, seen=asked.sha256, now=BEFORE)
    if not TrainingRun.objects.filter(model=model).exists():
        TrainingRun.objects.create(
            model=model,
            segment=model.segment,
            **base.WINDOW,
            rows=900,
            defaults=90,
            dataset_sha256="a" * 64,
            figures={"development": {"auc": 0.75, "bands": []}},
            started_by=rita,
            trained_at=BEFORE,
        )
    report = ValidationReport.objects.create(
        model=model, facts=facts(**changes), sha256="r" * 64, asked_by=rita, made_at=BEFORE
    )
    document = ModelDocument.objects.create(
        model=model,
        status="signed",
        body=base.DOCUMENT,
        facts={},
        sha256="d" * 64,
        written_by=rita,
        written_at=BEFORE,
        signed_by=rita,
        signed_at=BEFORE,
    )
    entry = base.registered(model, rita, owner, second, now=BEFORE)
    return Promotion.objects.create(
        model=model,
        evidence=selectors.evidence(model),
        reason="Better",
        report=report,
        document=document,
        entry=entry,
        owner=owner,
        proposed_by=rita,
        proposed_at=BEFORE + timedelta(minutes=model.promotions.count()),
    )


def accepted(model: ModelVersion, rita: User, **changes: Any) -> Promotion:
    """Return the promotion of a model that an independent validator accepted."""
    found = asked_for(model, rita, **changes)
    return services.validate(
        actor=person(rita, "Vito", "model_validator"),
        promotion=found,
        outcome="accepted",
        note="Report read.",
        seen=standing.of(found, now=BEFORE).seen,
        now=BEFORE,
    )


def proposed(rita: User, kind: str, *, seed: int = 7, **changes: Any) -> Trial:
    """Return the trial of another model of rita's that she asks for; a challenger's is accepted."""
    model = ModelVersion.objects.filter(
        segment=SEGMENT, sha256=scoring.trained_artefact(seed).sha256
    ).first() or scoring.registered(SEGMENT, rita, seed=seed)
    if kind == "challenger" and not model.promotions.exists():
        accepted(model, rita)
    return services.propose_trial(
        actor=rita, model=model, plan=plan(kind, **changes), reason="Is it better?", now=BEFORE
    )


def running(rita: User, mark: User, kind: str, *, seed: int = 7, **changes: Any) -> Trial:
    """Return a trial that mark has let start the day before."""
    trial = proposed(rita, kind, seed=seed, **changes)
    return services.start_trial(actor=mark, trial=trial, answer="Seen.", now=BEFORE)


def stage(branch: Branch, rita: User, mark: User) -> ModelVersion:
    """Return the champion; a policy is in force."""
    return decisions.stage(branch, rita, mark)


def spoil(model: ModelVersion) -> None:
    """Alter the stored model behind everybody's back."""
    ModelVersion.objects.filter(pk=model.pk).update(body=model.body.replace("1", "2", 1) + " ")
    champion.forget()
