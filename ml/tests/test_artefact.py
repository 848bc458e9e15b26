"""A stored model comes back as it went, or not at all."""

import dataclasses
import json
import math
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from ml import artefact, artefact_files, baseline, canonical
from ml.application_schema import SCHEMA
from ml.artefact import Artefact, ArtefactCorrupt
from ml.calibration import Beta, Calibration, Platt, probability, probability_of
from ml.canonical import sha256
from ml.scaling import PRESETS, Scale
from ml.serving import Scorer
from ml.training import TrainedModel

IN_ANOTHER_PROCESS = """
import json, sys
from ml import artefact
given = json.load(sys.stdin)
scorer = artefact.load(given["body"], given["manifest"], expected_sha256=given["sha256"])
print(json.dumps([scorer.score_one(row).pd for row in given["rows"]]))
"""


def through_a_json_column(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest as a database's JSON type gives it back: numbers become decimals."""
    stored = json.loads(json.dumps(manifest), parse_float=Decimal)
    restored: dict[str, Any] = json.loads(json.dumps(stored, default=_plain))
    return restored


def _plain(number: Decimal) -> float | int:
    return int(number) if number == number.to_integral_value() else float(number)


def test_it_scores_to_the_last_bit_in_another_process(
    packed: Artefact, scorer: Scorer, features: pd.DataFrame
) -> None:
    rows = SCHEMA.to_rows(features.head(20))
    given = {
        "body": packed.body,
        "manifest": packed.manifest,
        "sha256": packed.sha256,
        "rows": rows,
    }

    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout) == [scorer.score_one(row).pd for row in rows]


def test_it_survives_a_json_column(packed: Artefact) -> None:
    manifest = through_a_json_column(packed.manifest)

    loaded = artefact.load(packed.body, manifest, expected_sha256=packed.sha256)

    assert loaded.sha256 == packed.sha256
    assert loaded.schema == SCHEMA


def test_it_says_what_the_model_is(packed: Artefact, scorer: Scorer) -> None:
    manifest = packed.manifest

    assert manifest["schema_hash"] == SCHEMA.hash
    assert manifest["rows"] == 4000
    assert manifest["seed"] == manifest["config"]["seed"]
    assert set(manifest["libraries"]) == {"python", "lightgbm", "numpy", "scikit-learn"}
    assert manifest["format"] == "creditrisk-model-2"
    assert manifest["model"] == {"kind": "lightgbm", **scorer.model.facts()} | {"leaves": 8}
    assert manifest["config"]["model"]["kind"] == "lightgbm"
    assert manifest["calibration_choice"]["reason"]
    assert manifest["leakage"]["stopped"] is False
    assert manifest["out_of_time"] is None
    assert manifest["metrics"]["auc"] > 0.7


@pytest.mark.parametrize("end", [0, 100, -1])
def test_it_refuses_truncated_trees(packed: Artefact, end: int) -> None:
    with pytest.raises(ArtefactCorrupt, match="checksum"):
        artefact.load(packed.body[:end], packed.manifest, expected_sha256=packed.sha256)


def test_it_refuses_a_changed_number(packed: Artefact) -> None:
    kinder = packed.manifest | {"calibration": {"method": "platt", "intercept": -9, "slope": 1}}

    with pytest.raises(ArtefactCorrupt, match="checksum"):
        artefact.load(packed.body, kinder, expected_sha256=packed.sha256)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"format": "other"}, "format"),
        ({"schema": {}}, "cannot be read"),
        ({"schema_hash": "0" * 64}, "does not match the hash"),
        ({"calibration": {"intercept": 0, "slope": -1}}, "positive slope"),
        ({"scale": {"base_odds": -1}}, "positive base odds"),
        ({"scale": None}, "cannot be read"),
        ({"extra": float("nan")}, "not JSON"),
        ({"extra": object()}, "not JSON"),
    ],
)
def test_it_refuses_a_foreign_manifest(packed: Artefact, change: dict[str, Any], why: str) -> None:
    manifest = packed.manifest | change
    try:
        expected = artefact.checksum(packed.body, manifest)
    except (TypeError, ValueError):
        expected = packed.sha256

    with pytest.raises(ArtefactCorrupt, match=why):
        artefact.load(packed.body, manifest, expected_sha256=expected)


def test_it_refuses_trees_of_other_features(packed: Artefact) -> None:
    text = packed.body.replace("enquiries_6m", "enquiries_9m")

    with pytest.raises(ArtefactCorrupt, match="other features"):
        artefact.load(
            text, packed.manifest, expected_sha256=artefact.checksum(text, packed.manifest)
        )


@pytest.mark.parametrize(
    "body",
    [
        '{"trees": ' + "[" * 100_000,
        json.dumps({"trees": 1, "statistics": {}, "shift": 0}),
        json.dumps([]),
    ],
)
def test_it_refuses_a_body_that_is_no_model(packed: Artefact, body: str) -> None:
    expected = artefact.checksum(body, packed.manifest)

    with pytest.raises(ArtefactCorrupt, match="cannot be read"):
        artefact.load(body, packed.manifest, expected_sha256=expected)


def test_it_refuses_statistics_of_a_feature_there_is_not(packed: Artefact) -> None:
    body = json.dumps({"trees": packed.body, "statistics": {"999": [0.0]}, "shift": 0.0})

    with pytest.raises(ArtefactCorrupt, match="cannot be read"):
        artefact.load(
            body, packed.manifest, expected_sha256=artefact.checksum(body, packed.manifest)
        )


def test_it_verifies_no_manifest_that_has_no_checksum(packed: Artefact) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    strange = Artefact(packed.body, packed.manifest | {"rows": math.nan}, packed.sha256)

    with pytest.raises(ArtefactCorrupt, match="not JSON"):
        artefact.verify(strange, artefact.sign(packed, key), key.public_key())


def test_it_signs_and_verifies(packed: Artefact) -> None:
    key, stranger = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()

    signature = artefact.sign(packed, key)

    artefact.verify(packed, signature, key.public_key())
    with pytest.raises(ArtefactCorrupt, match="signature"):
        artefact.verify(packed, signature, stranger.public_key())
    changed = Artefact(packed.body + " ", packed.manifest, packed.sha256)
    with pytest.raises(ArtefactCorrupt, match="checksum"):
        artefact.verify(changed, signature, key.public_key())


def test_it_writes_equal_values_as_equal_bytes() -> None:
    assert canonical.canonical_bytes({"b": 1.0, "a": [1e20, 0.5, -0.0]}) == (
        b'{"a":[100000000000000000000,0.5,0],"b":1}'
    )
    assert canonical.sha256(b"ab", b"c") != canonical.sha256(b"a", b"bc")


def test_it_finds_no_drift_in_its_own_sample(packed: Artefact, features: pd.DataFrame) -> None:
    matrix = SCHEMA.to_matrix(features)

    found = baseline.feature_psi(packed.manifest["baseline"], SCHEMA, matrix)

    assert tuple(found) == SCHEMA.names
    assert max(found.values()) == 0
    for entry in packed.manifest["baseline"]["features"].values():
        assert sum(entry["shares"]) == pytest.approx(1)


def test_it_sees_drift_in_the_feature_that_moved(
    packed: Artefact, scorer: Scorer, features: pd.DataFrame
) -> None:
    moved = features.assign(
        annual_income=features["annual_income"] * 3, enquiries_6m=None, purpose="wedding"
    )

    found = baseline.feature_psi(packed.manifest["baseline"], SCHEMA, SCHEMA.to_matrix(moved))

    drifted = {name for name, value in found.items() if value >= 0.25}
    assert drifted == {"annual_income", "enquiries_6m", "purpose"}
    scores = scorer.scale.offset + 0 * features["amount"].to_numpy()
    assert baseline.score_psi(packed.manifest["baseline"], scores) > 0.25


class FirstFormat:
    """A model as version 1 packed it: trees alone, a straight line, and a flat configuration."""

    def __init__(self, features: pd.DataFrame, bad: pd.Series) -> None:
        self.matrix = SCHEMA.to_matrix(features)
        self.booster = lightgbm.train(
            {
                "objective": "binary",
                "num_leaves": 4,
                "monotone_constraints": [feature.direction for feature in SCHEMA.features],
                "verbosity": -1,
                "num_threads": 1,
                "seed": 1,
            },
            lightgbm.Dataset(
                self.matrix,
                label=bad.to_numpy(),
                feature_name=list(SCHEMA.names),
                categorical_feature=[
                    place
                    for place, feature in enumerate(SCHEMA.features)
                    if feature.kind == "category"
                ],
                params={"verbosity": -1},
            ),
            num_boost_round=12,
        )
        self.line = Platt(intercept=0.125, slope=1.1)
        self.body: str = self.booster.model_to_string(num_iteration=-1)
        self.manifest: dict[str, Any] = {
            "format": "creditrisk-model-1",
            "ml_version": "1",
            "schema": SCHEMA.to_dict(),
            "schema_hash": SCHEMA.hash,
            "calibration": {"method": "platt", "intercept": 0.125, "slope": 1.1},
            "scale": {"base_score": 600, "base_odds": 50, "points_to_double": 20},
            "config": {"n_estimators": 400, "num_leaves": 4, "monotone": True, "seed": 1},
            "seed": 1,
            "trees": 12,
            "rows": len(bad),
            "bad_rate": float(bad.mean()),
            "data_sha256": "0" * 64,
            "unseen": {},
            "metrics": {"sample": "out_of_fold", "auc": 0.75},
            "baseline": {"rows": len(bad), "score": {}, "features": {}},
            "libraries": {"python": "3.11.0", "lightgbm": "4.6.0", "numpy": "2.2.0"},
        }
        self.sha256 = artefact.checksum(self.body, self.manifest)


@pytest.fixture(scope="module")
def first(features: pd.DataFrame, applications: pd.DataFrame) -> FirstFormat:
    return FirstFormat(features, applications["bad"])


def test_it_scores_a_model_of_the_first_format_as_it_did(
    first: FirstFormat, features: pd.DataFrame
) -> None:
    scorer = artefact.load(first.body, first.manifest, expected_sha256=first.sha256)

    margins = np.asarray(first.booster.predict(first.matrix, raw_score=True, num_threads=1))
    log_odds = first.line.log_odds_of(margins)
    shares = np.asarray(first.booster.predict(first.matrix, pred_contrib=True, num_threads=1))
    assert scorer.score_frame(features).tolist() == probability(log_odds).tolist()
    explained = scorer.explain_frame(features)
    assert explained.attributions.tolist() == (1.1 * shares[:, :-1]).tolist()
    assert explained.base == 0.125 + 1.1 * shares[0, -1]
    one = scorer.score_one(SCHEMA.to_rows(features.head(1))[0])
    assert (one.log_odds, one.score) == (log_odds[0], Scale().score_at(float(log_odds[0])))
    assert scorer.sha256 == first.sha256


def test_it_keeps_the_checksum_and_the_signature_of_the_first_format(first: FirstFormat) -> None:
    """The hash stands in scores and decisions, and signatures were made over the old name."""
    key = ed25519.Ed25519PrivateKey.generate()
    stored = Artefact(first.body, first.manifest, first.sha256)
    expected = sha256(first.body.encode(), canonical.canonical_bytes(first.manifest))

    artefact.verify(stored, key.sign(f"creditrisk-model-1:{expected}".encode()), key.public_key())

    assert stored.kind == "lightgbm"
    assert first.sha256 == expected


def test_it_refuses_a_first_format_that_was_changed(first: FirstFormat) -> None:
    for change in ({"format": "creditrisk-model-2"}, {"calibration": {}}, {"scale": {"base": 1}}):
        manifest = first.manifest | change
        with pytest.raises(ArtefactCorrupt, match="checksum"):
            artefact.load(first.body, manifest, expected_sha256=first.sha256)
        forged = artefact.checksum(first.body, manifest)
        with pytest.raises(ArtefactCorrupt, match="cannot be read"):
            artefact.load(first.body, manifest, expected_sha256=forged)


def test_it_keeps_a_first_format_on_disk(first: FirstFormat, tmp_path: Path) -> None:
    for name in ("model.json", "model"):
        stored = Artefact(first.body, first.manifest, first.sha256)
        artefact_files.write(stored, tmp_path / name)
        assert artefact_files.read(tmp_path / name) == stored


def test_it_refuses_a_model_of_a_kind_nobody_knows(packed: Artefact) -> None:
    for model in ({"kind": "oracle"}, {}, None, "lightgbm"):
        manifest = packed.manifest | {"model": model}
        forged = artefact.checksum(packed.body, manifest)
        with pytest.raises(ArtefactCorrupt, match="cannot be read"):
            artefact.load(packed.body, manifest, expected_sha256=forged)


def test_it_carries_a_scale_with_limits(trained: TrainedModel, features: pd.DataFrame) -> None:
    scale = PRESETS["300-850"].scale
    stored = artefact.pack(dataclasses.replace(trained, scale=scale))

    scorer = artefact.load(stored.body, stored.manifest, expected_sha256=stored.sha256)

    assert stored.manifest["scale"] == {
        "base_score": 600,
        "base_odds": 30,
        "points_to_double": 50,
        "minimum": 300,
        "maximum": 850,
    }
    scores = [scorer.score_one(row).score for row in SCHEMA.to_rows(features.head(200))]
    assert scorer.scale == scale
    assert 300 <= min(scores) < 600 < max(scores) <= 850


def test_it_carries_a_curve(trained: TrainedModel, features: pd.DataFrame) -> None:
    curved = Calibration(trained.calibration.line, Beta(a=0.5, b=1.5, c=-0.25))
    stored = artefact.pack(dataclasses.replace(trained, calibration=curved))

    scorer = artefact.load(stored.body, stored.manifest, expected_sha256=stored.sha256)

    rows = SCHEMA.to_rows(features.head(100))
    scored = [scorer.score_one(row) for row in rows]
    assert [one.pd for one in scored] == scorer.score_frame(features.head(100)).tolist()
    assert scorer.calibration == curved
    for one in scored:
        assert one.log_odds == pytest.approx(one.base + math.fsum(one.attributions.values()))
        assert one.pd == pytest.approx(probability_of(curved.final(one.log_odds)))
        assert one.score == pytest.approx(Scale().score(one.pd))
