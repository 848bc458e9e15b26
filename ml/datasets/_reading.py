"""Finding and checking the files of a public data set."""

import hashlib
import zlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

_BLOCK = 1 << 20


class DatasetMissing(ValueError):
    """The folder or file of a data set is not there, or is not the one that was published."""


def read(
    folder: Path, filename: str, *, needed: Sequence[str] = (), sha256: str | None = None
) -> pd.DataFrame:
    """Return the CSV file of that name, empty fields as missing.

    DatasetMissing if the folder or the file is absent, cannot be read as a table, lacks a needed
    column or, where `sha256` is given, has another content.
    """
    path = find(folder, filename)
    if sha256 is not None and (found := _sha256(path)) != sha256:
        raise DatasetMissing(f"{filename} is not the published file: its SHA-256 is {found}.")
    try:
        table = pd.read_csv(path, low_memory=False)
    except (ValueError, OSError, EOFError, zlib.error) as error:
        raise DatasetMissing(f"{filename} cannot be read as a table: {error}.") from error
    lacking = [name for name in needed if name not in table.columns]
    if lacking:
        raise DatasetMissing(f"{filename} has no column {lacking[0]}.")
    return table


def find(folder: Path, filename: str) -> Path:
    """Return the path of a file in the folder of public data; DatasetMissing if it is absent."""
    if not folder.is_dir():
        raise DatasetMissing(f"There is no folder {folder}, so no public data to read.")
    path = folder / filename
    if not path.is_file():
        raise DatasetMissing(f"{filename} is not in {folder}.")
    return path


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
