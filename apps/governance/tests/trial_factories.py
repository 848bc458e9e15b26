"""Models that are tried beside the champion, for tests."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.accounts.models import Branch, User
from apps.decisions.tests import factories as decisions
from apps.governance import services
from apps.governance.models import Trial
from apps.governance.services import Plan
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


def proposed(rita: User, kind: str, *, seed: int = 7, **changes: Any) -> Trial:
    """Return the trial of another model of rita's that she asks for."""
    model = ModelVersion.objects.filter(
        segment=SEGMENT, sha256=scoring.trained_artefact(seed).sha256
    ).first() or scoring.registered(SEGMENT, rita, seed=seed)
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
