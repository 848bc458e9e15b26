"""Register trained models."""

from datetime import datetime

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import StaleRecord
from apps.scoring import artefact_checks, signing
from apps.scoring.errors import ModelRefused
from apps.scoring.models import ModelVersion
from ml import artefact as artefacts
from ml.artefact import Artefact


@transaction.atomic
def register_model(
    *, actor: User | str, segment: str, name: str, artefact: Artefact, now: datetime
) -> ModelVersion:
    """Store a trained model, signed; it decides nothing until it is promoted.

    Raises ModelRefused for content that does not match its hash, a schema the house does not
    collect, a protected attribute among the features, or a model registered before.
    """
    artefact_checks.require_acceptable(artefact)
    if ModelVersion.objects.filter(segment=segment, sha256=artefact.sha256).exists():
        raise ModelRefused(
            "model_registered_before", _("This model is registered in the segment already.")
        )
    last = ModelVersion.objects.filter(segment=segment).aggregate(n=models.Max("number"))["n"]
    model = ModelVersion(
        segment=segment,
        number=(last or 0) + 1,
        name=name,
        body=artefact.body,
        manifest=artefact.manifest,
        sha256=artefact.sha256,
        signature=artefacts.sign(artefact, signing.private_key()).hex(),
        schema_hash=artefact.manifest["schema_hash"],
        developed_by=actor if isinstance(actor, User) else None,
    )
    try:
        with transaction.atomic():
            model.save(force_insert=True)
    except IntegrityError as error:
        raise StaleRecord(
            "stale_record", _("Somebody else registered a model at the same moment. Try again.")
        ) from error
    audit.record(
        actor,
        "scoring.model_registered",
        model,
        segment=segment,
        number=model.number,
        sha256=model.sha256,
        at=now.isoformat(),
    )
    return model
