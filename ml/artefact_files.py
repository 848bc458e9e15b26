"""A packed model on disk: one JSON file, or a folder whose parts a person can open.

The folder holds `manifest.json`, the model's own text (`model.txt` for LightGBM, `model.json`
for the others) and `SHA256SUMS`, which `sha256sum -c` checks too. Reading verifies everything
and refuses what is missing, added, cut short or changed.
"""

import hashlib
import json
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

    A manifest is written in the one byte form of its hash, so equal models are equal files.
    """
    if path.suffix == ".json":
        whole = {"body": artefact.body, "manifest": artefact.manifest, "sha256": artefact.sha256}
        with path.open("xb") as file:
            file.write(canonical_bytes(whole))
        return
    path.mkdir(parents=True)
    parts = {
        _MANIFEST: canonical_bytes(artefact.manifest),
        _BODIES[artefact.body.startswith("{")]: artefact.body.encode(),
    }
    for name, content in parts.items():
        (path / name).write_bytes(content)
    sums = [f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in parts.items()]
    (path / _SUMS).write_bytes("\n".join([*sums, f"# model {artefact.sha256}", ""]).encode())


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
