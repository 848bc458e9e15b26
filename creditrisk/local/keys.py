"""Secrets of a local demonstration: made once, kept in `var/demo.env`, never used elsewhere."""

import base64
import os
import secrets
from pathlib import Path


def load(file: Path) -> dict[str, str]:
    """Returns the secrets kept in the file; whatever is missing there is made and added.

    Losing the file makes the demo's encrypted fields unreadable, so it is only ever added to.
    """
    found = _read(file)
    missing = {name: value for name, value in fresh().items() if name not in found}
    if missing:
        _append(file, missing)
    return found | missing


def fresh() -> dict[str, str]:
    """Returns new random secrets by the names of the settings that read them."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FIELD_ENCRYPTION_KEYS": f"k1:{_key()}",
        "BLIND_INDEX_KEY": _key(),
        "MODEL_SIGNING_KEY": _key(),
    }


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _read(file: Path) -> dict[str, str]:
    try:
        lines = file.read_text().splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name: value for name, _, value in pairs}


def _append(file: Path, values: dict[str, str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "w") as target:
        target.writelines(f"{name}={value}\n" for name, value in values.items())
