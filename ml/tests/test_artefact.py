"""A stored model comes back as it went, or not at all."""

import json
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from ml import artefact, baseline, canonical
from ml.application_schema import SCHEMA
from ml.artefact import Artefact, ArtefactCorrupt
from ml.serving import Scorer

IN_ANOTHER_PROCESS = """
import json, sys
from ml import artefact
given = json.load(sys.stdin)
scorer = artefact.load(given["text"], given["manifest"], expected_sha256=given["sha256"])
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
        "text": packed.booster_text,
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

    loaded = artefact.load(packed.booster_text, manifest, expected_sha256=packed.sha256)

    assert loaded.sha256 == packed.sha256
    assert loaded.schema == SCHEMA


def test_it_says_what_the_model_is(packed: Artefact) -> None:
    manifest = packed.manifest

    assert manifest["schema_hash"] == SCHEMA.hash
    assert manifest["rows"] == 4000
    assert manifest["seed"] == manifest["config"]["seed"]
    assert set(manifest["libraries"]) == {"python", "lightgbm", "numpy"}
    assert manifest["metrics"]["auc"] > 0.7


@pytest.mark.parametrize("end", [0, 100, -1])
def test_it_refuses_truncated_trees(packed: Artefact, end: int) -> None:
    with pytest.raises(ArtefactCorrupt, match="checksum"):
        artefact.load(packed.booster_text[:end], packed.manifest, expected_sha256=packed.sha256)


def test_it_refuses_a_changed_number(packed: Artefact) -> None:
    kinder = packed.manifest | {"calibration": {"method": "platt", "intercept": -9, "slope": 1}}

    with pytest.raises(ArtefactCorrupt, match="checksum"):
        artefact.load(packed.booster_text, kinder, expected_sha256=packed.sha256)


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
        expected = artefact.checksum(packed.booster_text, manifest)
    except (TypeError, ValueError):
        expected = packed.sha256

    with pytest.raises(ArtefactCorrupt, match=why):
        artefact.load(packed.booster_text, manifest, expected_sha256=expected)


def test_it_refuses_trees_of_other_features(packed: Artefact) -> None:
    text = packed.booster_text.replace("enquiries_6m", "enquiries_9m")

    with pytest.raises(ArtefactCorrupt, match="other features"):
        artefact.load(
            text, packed.manifest, expected_sha256=artefact.checksum(text, packed.manifest)
        )


def test_it_signs_and_verifies(packed: Artefact) -> None:
    key, stranger = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()

    signature = artefact.sign(packed, key)

    artefact.verify(packed, signature, key.public_key())
    with pytest.raises(ArtefactCorrupt, match="signature"):
        artefact.verify(packed, signature, stranger.public_key())
    changed = Artefact(packed.booster_text + " ", packed.manifest, packed.sha256)
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
