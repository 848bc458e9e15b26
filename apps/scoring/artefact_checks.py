"""Whether a trained model may be registered: whole, on our features, without protected ones."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from apps.scoring.errors import ModelRefused
from ml import artefact as artefacts
from ml.application_schema import SCHEMA
from ml.artefact import Artefact, ArtefactCorrupt
from ml.schema import is_protected


def require_acceptable(artefact: Artefact) -> None:
    """Raise ModelRefused unless the artefact is whole and built on what the house collects."""
    try:
        scorer = artefacts.load(artefact.body, artefact.manifest, expected_sha256=artefact.sha256)
    except ArtefactCorrupt as error:
        protected = _protected_in(artefact.manifest)
        if protected:
            raise _protected_refusal(protected) from error
        raise ModelRefused("artefact_corrupt", str(error)) from error
    declared = scorer.schema.protected
    protected = [name for name in scorer.schema.names if is_protected(name) or name in declared]
    if protected:
        raise _protected_refusal(protected)
    if scorer.schema.hash != SCHEMA.hash:
        raise ModelRefused(
            "schema_unknown",
            _("The model was trained on other features than applications provide."),
        )


def _protected_in(manifest: Mapping[str, Any]) -> list[str]:
    """Return protected names in a manifest whose schema cannot even be read."""
    try:
        names = [str(feature["name"]) for feature in manifest["schema"]["features"]]
    except (KeyError, TypeError):
        return []
    return [name for name in names if is_protected(name)]


def _protected_refusal(names: list[str]) -> ModelRefused:
    return ModelRefused(
        "protected_feature",
        _("A model must not use protected attributes: %(names)s.") % {"names": ", ".join(names)},
    )
