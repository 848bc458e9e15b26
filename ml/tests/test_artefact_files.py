"""A packed model on disk: what is read is what was written, or nothing is."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ml import artefact, artefact_files
from ml.artefact import Artefact, ArtefactCorrupt
from ml.serving import Scorer

Change = Callable[[Path], object]


def as_stored(value: Any) -> Any:
    """Return a value as JSON gives it back."""
    return json.loads(json.dumps(value))


@pytest.fixture(params=["model.json", "model"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)


def test_it_scores_as_it_did_before_it_was_stored(
    packed: Artefact, path: Path, scorer: Scorer, features: pd.DataFrame
) -> None:
    artefact_files.write(packed, path)

    found = artefact_files.read(path)

    assert (found.body, found.sha256) == (packed.body, packed.sha256)
    assert found.manifest == as_stored(packed.manifest)
    again = artefact.load(found.body, found.manifest, expected_sha256=found.sha256)
    assert again.score_frame(features).tolist() == scorer.score_frame(features).tolist()


def test_it_writes_equal_models_as_equal_files(packed: Artefact, tmp_path: Path) -> None:
    turned = Artefact(packed.body, dict(reversed(packed.manifest.items())), packed.sha256)
    for name, one in (("a", packed), ("b", turned), ("a.json", packed), ("b.json", turned)):
        artefact_files.write(one, tmp_path / name)

    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_it_writes_a_folder_a_person_can_open(packed: Artefact, tmp_path: Path) -> None:
    artefact_files.write(packed, tmp_path / "model")

    names = sorted(file.name for file in (tmp_path / "model").iterdir())
    assert names == ["SHA256SUMS", "manifest.json", "model.txt"]
    assert (tmp_path / "model" / "model.txt").read_text() == packed.body
    assert json.loads((tmp_path / "model" / "manifest.json").read_text()) == as_stored(
        packed.manifest
    )


def test_it_calls_a_model_that_is_json_so(packed: Artefact, tmp_path: Path) -> None:
    body = json.dumps({"trees": packed.body, "statistics": {}, "shift": 1.0})
    changed = Artefact(body, packed.manifest, artefact.checksum(body, packed.manifest))

    artefact_files.write(changed, tmp_path / "model")

    assert (tmp_path / "model" / "model.json").read_text() == body
    assert artefact_files.read(tmp_path / "model").body == body


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="The program sha256sum is not here.")
def test_it_is_checked_by_sha256sum_too(packed: Artefact, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    artefact_files.write(packed, folder)

    def check() -> int:
        command = ["sha256sum", "--strict", "--check", "SHA256SUMS"]  # the name is looked up
        return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode

    assert check() == 0
    (folder / "model.txt").write_text(packed.body + " ")
    assert check() == 1


def test_it_overwrites_nothing(packed: Artefact, path: Path) -> None:
    artefact_files.write(packed, path)

    with pytest.raises(FileExistsError):
        artefact_files.write(packed, path)
    assert artefact_files.read(path).sha256 == packed.sha256


class Unplugged(BaseException):
    """The end of a process, which nothing in it expects."""


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), Unplugged()])
@pytest.mark.parametrize("step", range(4))
def test_it_leaves_nothing_half_written(
    packed: Artefact,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: BaseException,
    step: int,
) -> None:
    """The disk fails at the first, second... file, or at the folder that holds them."""
    calls, sync = iter(range(100)), os.fsync
    steps = 1 if path.suffix else 4

    def failing(descriptor: int) -> None:
        if next(calls) == min(step, steps - 1):
            assert not path.exists(), "nobody may read what is not whole yet"
            raise failure
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(type(failure)):
        artefact_files.write(packed, path)

    assert list(path.parent.iterdir()) == []
    monkeypatch.undo()
    artefact_files.write(packed, path)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_it_yields_to_who_was_faster(
    packed: Artefact, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name was free when the writing began and is taken when it ends."""
    sync = os.fsync

    def overtaken(descriptor: int) -> None:
        sync(descriptor)
        if not path.exists():
            monkeypatch.undo()
            artefact_files.write(packed, path)

    slower = Artefact(packed.body, {**packed.manifest, "rows": 1}, "0" * 64)
    monkeypatch.setattr(os, "fsync", overtaken)

    with pytest.raises(OSError, match=r"exists|not empty"):
        artefact_files.write(slower, path)

    assert artefact_files.read(path).sha256 == packed.sha256
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_it_lets_others_read_what_a_plain_write_would(packed: Artefact, path: Path) -> None:
    """The folder that hides the unfinished is private; what comes out of it is not."""
    plain = path.parent / "plain"
    plain.mkdir()
    (plain / "file").touch()

    artefact_files.write(packed, path)

    files = [path] if path.suffix else list(path.iterdir())
    assert {file.stat().st_mode for file in files} == {(plain / "file").stat().st_mode}
    if path.is_dir():
        assert path.stat().st_mode == plain.stat().st_mode


def test_it_makes_the_folders_above_a_folder_but_not_above_a_file(
    packed: Artefact, tmp_path: Path
) -> None:
    artefact_files.write(packed, tmp_path / "deep" / "down" / "model")

    assert artefact_files.read(tmp_path / "deep" / "down" / "model").sha256 == packed.sha256
    with pytest.raises(FileNotFoundError):
        artefact_files.write(packed, tmp_path / "lost" / "model.json")
    assert not (tmp_path / "lost").exists()


def test_it_refuses_what_is_not_there(path: Path) -> None:
    with pytest.raises(ArtefactCorrupt, match="cannot be opened"):
        artefact_files.read(path)


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda file: file.write_text(""), "cut short"),
        (lambda file: file.write_bytes(file.read_bytes()[:-1]), "cut short"),
        (lambda file: file.write_bytes(b"\xff" + file.read_bytes()), "no packed model"),
        (lambda file: file.write_text("[]"), "no packed model"),
        (lambda file: file.write_text("{}"), "no packed model"),
        (lambda file: file.write_text("[" * 100_000), "no packed model"),
        (lambda file: replaced(file, '"rows":4000', f'"rows":{"4" * 5000}'), "no packed model"),
        (lambda file: replaced(file, '"sha256":', '"sha512":'), "no packed model"),
        (lambda file: replaced(file, '"sha256":"', '"sha256":"0'), "does not match its checksum"),
        (lambda file: replaced(file, '"rows":4000', '"rows":4001'), "does not match its checksum"),
        (lambda file: replaced(file, '"rows":4000', '"rows":NaN'), "is not JSON"),
        (lambda file: replaced(file, "num_leaves=8", "num_leaves=9"), "does not match"),
        (lambda file: replaced(file, '"body":"tree', '"body":"\\ud800tree'), "is not JSON"),
    ],
)
def test_it_refuses_a_file_that_was_changed(
    packed: Artefact, tmp_path: Path, change: Change, why: str
) -> None:
    file = tmp_path / "model.json"
    artefact_files.write(packed, file)
    change(file)

    with pytest.raises(ArtefactCorrupt, match=why):
        artefact_files.read(file)


def summed_anew(folder: Path, name: str) -> None:
    """Give a changed file its new checksum, as a forger would."""
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    kept = [f"{digest}  {name}" if line.endswith(f"  {name}") else line for line in lines]
    (folder / "SHA256SUMS").write_text("\n".join([*kept, ""]))


def forged(folder: Path, name: str, old: str, new: str) -> None:
    replaced(folder / name, old, new)
    summed_anew(folder, name)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda folder: (folder / "model.txt").unlink(), "model.txt"),
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json"),
        (lambda folder: (folder / "SHA256SUMS").unlink(), "^SHA256SUMS cannot be opened"),
        (lambda folder: (folder / "run.py").write_text("pass"), "foreign one: run.py"),
        (lambda folder: (folder / "SHA256SUMS").write_text(""), "list of checksums"),
        (lambda folder: replaced(folder / "SHA256SUMS", "# model", "# tree"), "list of checksums"),
        (lambda folder: replaced(folder / "SHA256SUMS", "model.txt", "../m.txt"), "list of check"),
        (
            lambda folder: replaced(folder / "model.txt", "num_leaves=8", "num_leaves=9"),
            "model.txt",
        ),
        (lambda folder: replaced(folder / "manifest.json", "4000", "4001"), "manifest.json is not"),
        (
            lambda folder: forged(folder, "model.txt", "num_leaves=8", "num_leaves=9"),
            "does not match its checksum",
        ),
        (
            lambda folder: forged(folder, "manifest.json", '"rows":4000', '"rows":4001'),
            "does not match its checksum",
        ),
        (lambda folder: forged(folder, "manifest.json", '"rows":4000', '"rows":'), "cut short"),
        (lambda folder: forged(folder, "manifest.json", '"rows":4000', '"rows":Infinity'), "JSON"),
    ],
)
def test_it_refuses_a_folder_that_was_changed(
    packed: Artefact, tmp_path: Path, change: Change, why: str
) -> None:
    folder = tmp_path / "model"
    artefact_files.write(packed, folder)
    change(folder)

    with pytest.raises(ArtefactCorrupt, match=why):
        artefact_files.read(folder)


@pytest.mark.parametrize("manifest", [{}, {"format": "creditrisk-model-2"}, {"model": {}}])
def test_it_refuses_a_manifest_without_a_kind(tmp_path: Path, manifest: dict[str, Any]) -> None:
    sha256 = artefact.checksum("tree", manifest)
    file = tmp_path / "model.json"
    file.write_text(json.dumps({"body": "tree", "manifest": manifest, "sha256": sha256}))

    with pytest.raises(ArtefactCorrupt, match="what kind of model"):
        artefact_files.read(file)


@pytest.mark.parametrize("part", ["body", "manifest", "sha256"])
def test_it_refuses_parts_of_another_type(packed: Artefact, tmp_path: Path, part: str) -> None:
    whole = {"body": packed.body, "manifest": packed.manifest, "sha256": packed.sha256}
    file = tmp_path / "model.json"
    file.write_text(json.dumps(whole | {part: 5}))

    with pytest.raises(ArtefactCorrupt, match="no packed model"):
        artefact_files.read(file)
