"""A model as text and JSON with a checksum: nothing in it can run, and nothing can be swapped.

The same data, seed and library versions give the same checksum; there is no time stamp inside.
"""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519

import ml
from ml.calibration import Platt
from ml.canonical import canonical_bytes, sha256
from ml.scaling import Scale
from ml.schema import Schema
from ml.serving import Scorer
from ml.training import TrainedModel

FORMAT = "creditrisk-model-1"


class ArtefactCorrupt(ValueError):
    """The stored model is not the one that was packed, or not a model at all."""


@dataclass(frozen=True)
class Artefact:
    """A packed model. `sha256` covers the trees and the manifest together."""

    booster_text: str
    manifest: dict[str, Any]
    sha256: str


def pack(trained: TrainedModel) -> Artefact:
    """Return the model in its storable form."""
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "ml_version": ml.VERSION,
        "schema": trained.schema.to_dict(),
        "schema_hash": trained.schema.hash,
        "calibration": trained.calibration.to_dict(),
        "scale": trained.scale.to_dict(),
        "config": trained.config.to_dict(),
        "seed": trained.config.seed,
        "trees": trained.trees,
        "rows": trained.rows,
        "bad_rate": trained.bad_rate,
        "data_sha256": trained.data_sha256,
        "unseen": trained.unseen,
        "metrics": trained.metrics,
        "baseline": trained.baseline,
        "libraries": {
            "python": platform.python_version(),
            "lightgbm": lightgbm.__version__,
            "numpy": np.__version__,
        },
    }
    return Artefact(
        booster_text=trained.booster_text,
        manifest=manifest,
        sha256=checksum(trained.booster_text, manifest),
    )


def checksum(booster_text: str, manifest: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the trees and the canonical manifest."""
    return sha256(booster_text.encode(), canonical_bytes(manifest))


def load(booster_text: str, manifest: Mapping[str, Any], *, expected_sha256: str) -> Scorer:
    """Return a scorer, or raise ArtefactCorrupt with what is wrong.

    The checksum is compared before anything is parsed: LightGBM's reader trusts its input.
    """
    try:
        found = checksum(booster_text, manifest)
    except (TypeError, ValueError, AttributeError) as error:
        raise ArtefactCorrupt(f"The model's manifest is not JSON: {error}.") from error
    if found != expected_sha256:
        raise ArtefactCorrupt(
            f"The model's checksum is {found[:12]}… where {expected_sha256[:12]}… was expected."
        )
    if manifest.get("format") != FORMAT:
        raise ArtefactCorrupt(f"The model's format is {manifest.get('format')!r}, not {FORMAT!r}.")
    try:
        schema = Schema.from_dict(manifest["schema"])
        line = Platt(
            intercept=manifest["calibration"]["intercept"], slope=manifest["calibration"]["slope"]
        )
        scale = Scale(**manifest["scale"])
        booster = lightgbm.Booster(model_str=booster_text)
    except (KeyError, TypeError, ValueError, lightgbm.basic.LightGBMError) as error:
        raise ArtefactCorrupt(f"The model cannot be read: {error}.") from error
    if schema.hash != manifest["schema_hash"]:
        raise ArtefactCorrupt("The model's schema does not match the hash beside it.")
    try:
        return Scorer(schema=schema, booster=booster, calibration=line, scale=scale, sha256=found)
    except ValueError as error:
        raise ArtefactCorrupt(f"The model cannot be read: {error}") from error


def sign(artefact: Artefact, private_key: ed25519.Ed25519PrivateKey) -> bytes:
    """Return the Ed25519 signature of the artefact's checksum."""
    return private_key.sign(_signed_bytes(artefact))


def verify(artefact: Artefact, signature: bytes, public_key: ed25519.Ed25519PublicKey) -> None:
    """Raise ArtefactCorrupt unless the content has its checksum and the key signed it."""
    if checksum(artefact.booster_text, artefact.manifest) != artefact.sha256:
        raise ArtefactCorrupt("The model's content does not match its checksum.")
    try:
        public_key.verify(signature, _signed_bytes(artefact))
    except InvalidSignature:
        raise ArtefactCorrupt("The model's signature was not made with this key.") from None


def _signed_bytes(artefact: Artefact) -> bytes:
    """Return what is signed: the format name keeps the signature from meaning anything else."""
    return f"{FORMAT}:{artefact.sha256}".encode()
