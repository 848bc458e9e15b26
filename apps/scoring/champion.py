"""Loaded models, kept per process and verified before first use.

A model is read from the database once per process and model; checksum and signature are
verified then. A later request only compares the champion's hash, so a promotion takes effect
with the next score and a changed row never serves.
"""

import threading

from django.utils.translation import gettext as _

from apps.scoring import selectors, signing
from apps.scoring.errors import ModelUnusable, NoChampion
from apps.scoring.models import ModelVersion
from ml import artefact
from ml.artefact import Artefact, ArtefactCorrupt
from ml.serving import Scorer

# A process serves a champion per segment and, in replays, a few older models beside it.
_MOST_KEPT = 16
_kept: dict[tuple[str, str], Scorer] = {}
_lock = threading.Lock()


def current(segment: str) -> tuple[ModelVersion, Scorer]:
    """Return the champion of a segment, ready to score. Raises NoChampion or ModelUnusable."""
    model = selectors.champion(segment)
    if model is None:
        raise NoChampion(segment)
    return model, scorer_of(model)


def scorer_of(model: ModelVersion) -> Scorer:
    """Return the loaded form of any registered model. Raises ModelUnusable."""
    key = (model.sha256, model.signature)
    scorer = _kept.get(key)
    if scorer is None:
        with _lock:
            scorer = _kept.get(key) or _load(model)
            _keep(key, scorer)
    if scorer.schema.hash != model.schema_hash:
        raise ModelUnusable(_("its schema is not the one it was registered with."))
    return scorer


def verified_artefact(model: ModelVersion) -> Artefact:
    """Return the stored artefact after checking hash and signature. Raises ModelUnusable."""
    stored = Artefact(body=model.body, manifest=model.manifest, sha256=model.sha256)
    try:
        artefact.verify(stored, bytes.fromhex(model.signature), signing.public_key())
    except (ArtefactCorrupt, ValueError, TypeError, AttributeError) as error:
        raise ModelUnusable(str(error)) from error
    return stored


def forget() -> None:
    """Drop what is kept in this process, so that the next score reads the database again."""
    with _lock:
        _kept.clear()


def _keep(key: tuple[str, str], scorer: Scorer) -> None:
    if len(_kept) >= _MOST_KEPT:
        _kept.pop(next(iter(_kept)))
    _kept[key] = scorer


def _load(model: ModelVersion) -> Scorer:
    stored = verified_artefact(model)
    try:
        return artefact.load(stored.body, stored.manifest, expected_sha256=model.sha256)
    except ArtefactCorrupt as error:
        raise ModelUnusable(str(error)) from error
