"""A packed model on disk: one JSON file, or a folder whose parts a person can open.

The folder holds `manifest.json`, the model's own text (`model.txt` for LightGBM, `model.json`
for the others) and `SHA256SUMS`, which `sha256sum -c` checks too. Reading verifies everything
and refuses what is missing, added, cut short or changed.
"""

import errno
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from ml.artefact import Artefact, ArtefactCorrupt, checksum, kind_of
from ml.canonical import canonical_bytes

_SUMS = "SHA256SUMS"
_MANIFEST = "manifest.json"
_BODIES = ("model.txt", "model.json")
_KEYS = {"body", "manifest", "sha256"}


def write(artefact: Artefact, path: Path) -> None:
    """Write a single file if the path ends in .json, else a new folder; FileExistsError if there.

    The whole model appears at once or not at all: it is written beside the path under another
    name, brought to the disk, and only then given its own. A manifest is written in the one byte
    form of its hash, so equal models are equal files.
    """
    if path.exists():
        raise FileExistsError(errno.EEXIST, "A model is never overwritten", str(path))
    if path.suffix != ".json":
        path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as staging:
        staged = Path(staging) / path.name
        if path.suffix == ".json":
            whole = {"body": artefact.body, "manifest": artefact.manifest}
            _write_through(staged, canonical_bytes({**whole, "sha256": artefact.sha256}))
            # Unlike a rename, a link refuses a name that somebody has taken in the meantime.
            path.hardlink_to(staged)
        else:
            _write_folder(artefact, staged)
            staged.rename(path)
    _sync_folder(path.parent)


def _write_folder(artefact: Artefact, folder: Path) -> None:
    parts = {
        _MANIFEST: canonical_bytes(artefact.manifest),
        _BODIES[artefact.body.startswith("{")]: artefact.body.encode(),
    }
    sums = [f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in parts.items()]
    parts[_SUMS] = "\n".join([*sums, f"# model {artefact.sha256}", ""]).encode()
    folder.mkdir()
    for name, content in parts.items():
        _write_through(folder / name, content)
    _sync_folder(folder)


def _write_through(file: Path, content: bytes) -> None:
    """Write a new file and wait until the disk has it."""
    with file.open("xb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path: Path) -> Artefact:
    """Return the packed model of a file or folder, or raise ArtefactCorrupt with what is wrong."""
    try:
        return _of_folder(path) if path.is_dir() else _of_file(path)
    except OSError as error:
        name = Path(error.filename or path).name
        raise ArtefactCorrupt(f"{name} cannot be opened: {error.strerror}.") from error
    except ArtefactCorrupt:
        raise
    # A number of thousands of digits is a plain ValueError; brackets without end go too deep.
    except (ValueError, RecursionError) as error:
        raise ArtefactCorrupt("The file is no packed model, or it was cut short.") from error


def _of_file(path: Path) -> Artefact:
    whole = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(whole, dict) or whole.keys() != _KEYS:
        raise ArtefactCorrupt("The file is no packed model.")
    return _checked(whole["body"], whole["manifest"], whole["sha256"])


def _of_folder(folder: Path) -> Artefact:
    lines = (folder / _SUMS).read_text(encoding="utf-8").splitlines()
    marked = [line.removeprefix("# model ") for line in lines if line.startswith("# model ")]
    pairs = (line.split("  ", 1) for line in lines if "  " in line)
    named = {name: digest for digest, name in pairs}
    bodies = [name for name in _BODIES if name in named]
    if len(marked) != 1 or len(bodies) != 1 or named.keys() != {_MANIFEST, *bodies}:
        raise ArtefactCorrupt("The folder's list of checksums is not that of a packed model.")
    present = {file.name for file in folder.iterdir()}
    if present != {_SUMS, *named}:
        strange = ", ".join(sorted(present ^ {_SUMS, *named}))
        raise ArtefactCorrupt(f"The folder misses a file or holds a foreign one: {strange}.")
    contents = {name: (folder / name).read_bytes() for name in named}
    for name, content in contents.items():
        if hashlib.sha256(content).hexdigest() != named[name]:
            raise ArtefactCorrupt(f"{name} is not the file that was written.")
    return _checked(contents[bodies[0]].decode(), json.loads(contents[_MANIFEST]), marked[0])


def _checked(body: Any, manifest: Any, expected: Any) -> Artefact:
    if not (isinstance(body, str) and isinstance(manifest, dict) and isinstance(expected, str)):
        raise ArtefactCorrupt("The file is no packed model.")
    try:
        found = checksum(body, manifest)
    except (ValueError, RecursionError) as error:
        raise ArtefactCorrupt(f"The model's manifest is not JSON: {error}.") from error
    if found != expected:
        raise ArtefactCorrupt("The model's content does not match its checksum.")
    try:
        kind_of(manifest)
    except (KeyError, TypeError) as error:
        raise ArtefactCorrupt("The manifest does not say what kind of model this is.") from error
    return Artefact(body=body, manifest=manifest, sha256=expected)
