"""A model as text and JSON with a checksum: nothing in it can run, and nothing can be swapped.

`pack` makes it, `load` reads it after the checksum, `write` and `read` keep it as one JSON file
or as a folder. The same data, seed and library versions give the same checksum; there is no time
stamp inside.
"""

import importlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import sklearn
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519

import ml
from ml import models
from ml.calibration import Calibration
from ml.canonical import canonical_bytes, sha256
from ml.estimator import TrainingRefused
from ml.reference import Reference
from ml.scaling import Scale
from ml.schema import Schema
from ml.serving import Scorer
from ml.training import TrainedModel

FORMAT = "creditrisk-model-2"
# Trees with a straight line, packed before there were other kinds; they score as they did.
FIRST_FORMAT = "creditrisk-model-1"
_OPTIONAL = ("catboost", "xgboost")


class ArtefactCorrupt(ValueError):
    """The stored model is not the one that was packed, or not a model at all."""


@dataclass(frozen=True)
class Artefact:
    """A packed model. `sha256` covers the body and the manifest together."""

    body: str
    manifest: dict[str, Any]
    sha256: str

    @property
    def kind(self) -> str:
        """Return which family the model is of."""
        return kind_of(self.manifest)


def pack(trained: TrainedModel) -> Artefact:
    """Return the model in its storable form."""
    body = trained.model.to_body()
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "ml_version": ml.VERSION,
        "model": {"kind": trained.model.kind, **trained.model.facts()},
        "schema": trained.schema.to_dict(),
        "schema_hash": trained.schema.hash,
        "calibration": trained.calibration.to_dict(),
        "calibration_choice": {
            "reason": trained.choice.reason,
            "log_loss": dict(trained.choice.log_loss),
        },
        "scale": trained.scale.to_dict(),
        "config": trained.config.to_dict(),
        "seed": trained.config.seed,
        "rows": trained.rows,
        "bad_rate": trained.bad_rate,
        "data_sha256": trained.data_sha256,
        "unseen": trained.unseen,
        "metrics": trained.metrics,
        "out_of_time": trained.out_of_time,
        "leakage": trained.leakage,
        "warnings": list(trained.warnings),
        "baseline": trained.baseline,
        "reference": trained.reference.to_dict(),
        "libraries": _libraries(body, trained.model.kind),
    }
    return Artefact(body=body, manifest=manifest, sha256=checksum(body, manifest))


def kind_of(manifest: Mapping[str, Any]) -> str:
    """Return the family of a packed model; KeyError or TypeError if the manifest is none."""
    if manifest["format"] == FIRST_FORMAT:
        return "lightgbm"
    return str(manifest["model"]["kind"])


def checksum(body: str, manifest: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the body and the canonical manifest."""
    return sha256(body.encode(), canonical_bytes(manifest))


def load(body: str, manifest: Mapping[str, Any], *, expected_sha256: str) -> Scorer:
    """Return a scorer, or raise ArtefactCorrupt with what is wrong.

    The checksum is compared before anything is parsed: LightGBM's reader trusts its input.
    """
    found = _found(body, manifest)
    if found != expected_sha256:
        raise ArtefactCorrupt(
            f"The model's checksum is {found[:12]}… where {expected_sha256[:12]}… was expected."
        )
    if manifest.get("format") not in (FORMAT, FIRST_FORMAT):
        raise ArtefactCorrupt(f"The model's format is {manifest.get('format')!r}, not {FORMAT!r}.")
    try:
        schema = Schema.from_dict(manifest["schema"])
        scorer = Scorer(
            model=models.load(kind_of(manifest), body, schema),
            calibration=Calibration.from_dict(manifest["calibration"]),
            scale=Scale(**manifest["scale"]),
            sha256=found,
            reference=_reference(manifest, schema),
        )
        schema_hash = manifest["schema_hash"]
    except TrainingRefused as error:
        raise ArtefactCorrupt(f"The model cannot be read here: {error}") from error
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ArtefactCorrupt(f"The model cannot be read: {error}.") from error
    if schema.hash != schema_hash:
        raise ArtefactCorrupt("The model's schema does not match the hash beside it.")
    return scorer


def sign(artefact: Artefact, private_key: ed25519.Ed25519PrivateKey) -> bytes:
    """Return the Ed25519 signature of the artefact's checksum."""
    return private_key.sign(_signed_bytes(artefact))


def verify(artefact: Artefact, signature: bytes, public_key: ed25519.Ed25519PublicKey) -> None:
    """Raise ArtefactCorrupt unless the content has its checksum and the key signed it."""
    if _found(artefact.body, artefact.manifest) != artefact.sha256:
        raise ArtefactCorrupt("The model's content does not match its checksum.")
    try:
        public_key.verify(signature, _signed_bytes(artefact))
    except InvalidSignature:
        raise ArtefactCorrupt("The model's signature was not made with this key.") from None


def _reference(manifest: Mapping[str, Any], schema: Schema) -> Reference | None:
    """Return whom applicants are compared with; None for a model packed before that was kept."""
    written = manifest.get("reference")
    return None if written is None else Reference.from_dict(written, schema)


def _found(body: str, manifest: Mapping[str, Any]) -> str:
    """Return the checksum of what may be anything; ArtefactCorrupt where it has none."""
    try:
        return checksum(body, manifest)
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ArtefactCorrupt(f"The model's manifest is not JSON: {error}.") from error


def _signed_bytes(artefact: Artefact) -> bytes:
    """Return what is signed: the format name keeps the signature from meaning anything else."""
    return f"{artefact.manifest['format']}:{artefact.sha256}".encode()


def _libraries(body: str, kind: str) -> dict[str, str]:
    """Return the versions of what the model was made with; optional ones only where they were."""
    used = {
        "python": platform.python_version(),
        "lightgbm": lightgbm.__version__,
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
    }
    for name in _OPTIONAL:
        if kind == name or (kind == "blend" and f'"kind": "{name}"' in body):
            used[name] = str(importlib.import_module(name).__version__)
    return used
